"""The laboratory's file store: it can be full, and it can lose power.

As root it is a small file system of its own, which a filler fills. Other users cannot
mount one: then a limit of the size of files stops Odoo in the middle of a photo, with
another error than that of a full disk.
"""

import contextlib
import os
import resource
import shutil
import subprocess
import time
from pathlib import Path

from ..paths import IS_ROOT

MEGABYTES = 400
FILLER = ".filler"
BLOCK = bytes(1 << 20)
LIMIT = 20_000  # bytes, less than a photo has


class FileStore:
    def __init__(self, folder, journal):
        self.folder = folder
        self.journal = journal
        self.is_mounted = False
        self.first = set()

    def make(self, source, is_small):
        """Create it with a copy of the template's files."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.is_mounted = (is_small and IS_ROOT) and self._run(
            "mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "chaos", self.folder
        )
        if source.exists():
            shutil.copytree(source, self.folder, dirs_exist_ok=True)
        self.first = set(self._get_files())

    def remove(self):
        if os.path.ismount(self.folder):
            self._run("umount", "--lazy", self.folder)

    def _run(self, *command):
        options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return not subprocess.run(command, check=False, **options).returncode

    def _get_files(self):
        return [path for path in self.folder.rglob("*") if path.is_file()]

    def get_content(self, name):
        path = self.folder / name
        return path.read_bytes() if path.exists() else None

    # === FULL === #

    @contextlib.contextmanager
    def filled(self, get_pids):
        """Leave no space inside of the block.

        :param get_pids: returns the processes that write
        """
        if not self.is_mounted:
            with self._limited(get_pids):
                yield
            return
        filler = self.folder / FILLER
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(BLOCK):
                pass
        try:
            yield
        finally:
            filler.unlink()

    @contextlib.contextmanager
    def _limited(self, get_pids):
        pids = get_pids()
        for pid in pids:
            hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (LIMIT, hard))
        try:
            yield
        finally:
            for pid in {*pids, *get_pids()}:
                with contextlib.suppress(ProcessLookupError):
                    hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
                    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))

    # === READ-ONLY === #

    @contextlib.contextmanager
    def read_only(self):
        """Refuse all writing inside of the block."""
        self._allow_writing(False)
        try:
            yield
        finally:
            self._allow_writing(True)

    def _allow_writing(self, is_allowed):
        if not self.is_mounted:
            # Root could write even then; but root mounts it
            for folder in (self.folder, *filter(Path.is_dir, self.folder.rglob("*"))):
                folder.chmod(0o700 if is_allowed else 0o500)
            return
        mode = "rw" if is_allowed else "ro"
        # It is refused while a file is being written
        while not self._run("mount", "-o", f"remount,{mode}", self.folder):
            time.sleep(0.01)

    # === WITHOUT POWER === #

    def lose_power(self):
        """Lose what was not flushed to the disk, as a power cut may.

        A file that was not flushed is empty; one whose folder was not flushed after it
        is gone. Files of the template are safe.

        :return: the number of lost files
        """
        places = {}
        for place, line in enumerate(self.journal.read_text().splitlines()):
            places[int(line)] = place
        lost = 0
        for path in set(self._get_files()) - self.first:
            flushed = places.get(path.stat().st_ino, -1)
            if flushed < 0:
                path.write_bytes(b"")
            elif places.get(path.parent.stat().st_ino, -1) < flushed:
                path.unlink()
            else:
                continue
            lost += 1
        return lost
