"""The laboratory's clock: the time of day of all its processes, moved as one likes.

libfaketime was tried: with a monotonic clock that is left alone, Python's `time.sleep`
fails.
"""

import struct
import time

from .. import system
from ..console import call
from ..paths import ROOT

SOURCE = ROOT / "dev" / "chaos" / "clock.c"


class Clock:
    def __init__(self, folder):
        self.library = folder / "clock.so"
        self.file = folder / "clock"

    def make(self):
        """Create it with the right time; return the variables of its processes."""
        system.need("cc", ["gcc", "libc6-dev"], "A C compiler (a clock that is moved)")
        call(
            ["cc", "-shared", "-fPIC", "-O2", "-o", self.library, SOURCE],
            "The clock cannot be compiled:",
        )
        self.file.write_bytes(struct.pack("l", 0))
        return {"LD_PRELOAD": str(self.library), "CHAOS_CLOCK": str(self.file)}

    def move(self, seconds):
        """Let all processes have another time of day: so far from the right one."""
        with self.file.open("r+b") as file:
            file.write(struct.pack("l", int(seconds)))

    def set(self, moment):
        """Let it be this moment now: an aware `datetime`."""
        self.move(moment.timestamp() - time.time())
