"""Run jobs in parallel processes; show their output in sequence.

Not with pytest-xdist: its workers share one command line, hence the same database and
the same port of Odoo.
"""

import json
import multiprocessing
import os
import resource
import sys
import time
import traceback

from .console import Failure

# Not threads: a job prints, waits for programs and must be interruptible
_fork = multiprocessing.get_context("fork")


class Job:
    """A function that returns an exit code; its output is written to `log`.

    :ivar bool is_small: whether it runs beside the others, one such job at a time
    """

    def __init__(self, function, log, is_small=False):
        self.function = function
        self.log = log
        self.is_small = is_small
        self.cost = log.with_suffix(".json")
        self.process = None
        self.shown = 0

    def start(self):
        self.log.write_bytes(b"")
        self.cost.unlink(missing_ok=True)
        sys.stdout.flush()
        self.process = _fork.Process(target=self._work)
        self.process.start()

    def _work(self):
        with self.log.open("ab") as output, open(os.devnull) as nothing:
            os.dup2(nothing.fileno(), 0)
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
        code, start = 1, time.monotonic()
        try:
            code = self.function()
        except Failure as failure:
            print(f"\n{failure}")
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        self.cost.write_text(json.dumps([time.monotonic() - start, _get_cpu_time()]))
        # The command that started it has to do the rest only once
        os._exit(code)

    def read_cost(self):
        """Return the seconds that it took, and those of CPU time with its programs.

        Without those of PostgreSQL, which others started. `None` if it was killed.
        """
        return json.loads(self.cost.read_text()) if self.cost.exists() else None

    def is_running(self):
        return self.process is not None and self.process.is_alive()

    def is_over(self):
        return self.process is not None and not self.process.is_alive()

    def show(self):
        """Print the output since the last call."""
        if self.process is not None:
            text = self.log.read_bytes()[self.shown :]
            self.shown += len(text)
            sys.stdout.buffer.write(text)
            sys.stdout.flush()

    def stop(self):
        """End the job; the commands' signal handler ends its programs first."""
        if self.is_running():
            self.process.terminate()
            self.process.join(10)
            self.process.kill()
            self.process.join()


def _get_cpu_time():
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    usages = map(resource.getrusage, whose)
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def run(jobs, count):
    """Run the jobs, `count` at once; return their exit codes, not 0 for a killed one.

    A small one runs beside them: while browsers and PostgreSQL are waited for, it uses
    the time. They are started, and their output shown, in the given order.
    """
    try:
        for job in jobs:
            while not job.is_over():
                _start_more(jobs, count)
                job.show()
                time.sleep(0.1)
            job.show()
    finally:
        for job in jobs:
            job.stop()
    return [job.process.exitcode for job in jobs]


def _start_more(jobs, count):
    for is_small, most in ((False, count), (True, 1)):
        kind = [job for job in jobs if job.is_small == is_small]
        running = sum(job.is_running() for job in kind)
        waiting = [job for job in kind if job.process is None]
        for job in waiting[: max(most - running, 0)]:
            job.start()
