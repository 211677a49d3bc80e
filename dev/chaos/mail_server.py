"""The laboratory's mail server: up, down, or in a bad mood.

It runs as a program of its own, with the virtualenv's aiosmtpd: a killed one refuses
connections as a real one does.
"""

import json
import subprocess
from typing import NamedTuple

from ..console import Failure

PROGRAM = """\
import asyncio, email, email.policy, json, sys
from aiosmtpd.smtp import SMTP


def get_mood():
    with open(sys.argv[3]) as file:
        return file.read()


class Box:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if get_mood() == "drop":
            server.transport.abort()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mood = get_mood()
        if mood.startswith(("4", "5")):
            return mood
        if mood == "slow":
            await asyncio.sleep(5)
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        line = {"id": mail["Message-Id"], "subject": mail["Subject"]}
        line["is_lost"] = mood == "lose"
        with open(sys.argv[2], "a") as box:
            for address in envelope.rcpt_tos:
                box.write(json.dumps({**line, "to": address}) + "\\n")
        if mood == "lose":
            server.transport.abort()
        return "250 OK"


async def serve():
    loop = asyncio.get_running_loop()
    factory = lambda: SMTP(Box(), hostname="localhost")
    server = await loop.create_server(factory, "127.0.0.1", int(sys.argv[1]))
    loop.add_reader(sys.stdin, sys.exit)  # The laboratory has ended
    print("ready", flush=True)
    await server.serve_forever()


asyncio.run(serve())
"""


class Mail(NamedTuple):
    id: str
    subject: str
    to: str
    is_lost: bool = False  # the sender got no answer


class MailServer:
    def __init__(self, environment, folder, port):
        self.port = port
        self.box = folder / "mails"
        self.mood = folder / "mood"
        program = [environment.bin / "python", "-c", PROGRAM]
        self.command = [*program, str(port), self.box, self.mood]
        self.process = None

    def start(self):
        self.box.touch()
        self.behave("")
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(self.command, **pipes)
        if not self.process.stdout.readline():
            raise Failure(f"The mail server does not start on port {self.port}.")

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
            self.process = None

    def behave(self, mood):
        """Take e-mails from now on if `mood` is empty.

        :param str mood: an answer that refuses them, `slow` to take five seconds for
            each, `drop` to end the connection before the content, or `lose` to end it
            instead of an answer
        """
        self.mood.write_text(mood)

    def get_mails(self):
        lines = self.box.read_text().splitlines()
        return [Mail(**json.loads(line)) for line in lines]
