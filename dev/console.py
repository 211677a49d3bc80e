"""Output of the commands: one line for each step, with its duration."""

import contextlib
import signal
import subprocess
import sys
import time


class Failure(Exception):
    """A command failed; the message is one sentence that says what to do."""


def say(text):
    print(text, flush=True)


@contextlib.contextmanager
def step(text):
    """Print the name of a step, then how many seconds it took."""
    print(f"  {text} … ", end="", flush=True)
    start = time.monotonic()
    try:
        yield
    except BaseException:
        print("failed", flush=True)
        raise
    print(f"{time.monotonic() - start:.1f} s", flush=True)


def call(command, failure, **options):
    """Run a command quietly; return its output.

    :raises Failure: with the last lines of the output if the command fails
    """
    result = subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
        check=False,
        **options,
    )
    if result.returncode:
        tail = "\n".join(
            "    " + line for line in result.stdout.strip().splitlines()[-15:]
        )
        raise Failure(f"{failure}\n{tail}")
    return result.stdout


def main(commands):
    """Run the command named on the command line; a `Failure` exits with its message."""
    name = sys.argv[1] if len(sys.argv) > 1 else "help"
    for number in (signal.SIGTERM, signal.SIGHUP):
        # Like Ctrl-C: programs are ended, incomplete files and databases removed
        signal.signal(number, signal.default_int_handler)
    try:
        if name not in commands:
            raise Failure("Commands: " + ", ".join(commands))
        sys.exit(commands[name]() or 0)
    except Failure as failure:
        sys.exit(f"\n{failure}")
    except KeyboardInterrupt:
        sys.exit("\nInterrupted; the same command takes up where it stopped.")
