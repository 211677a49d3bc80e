import contextlib
import os
import time
import uuid
from pathlib import Path

from odoo import api, models

from ...tools import picture_rules

# How the name of a file begins that is not written to its end
HALF = ".half-"
DAY = 24 * 60 * 60  # seconds


class IrAttachment(models.Model):
    """Store files of reports atomically.

    Odoo writes a file under its final name. If the process is killed or the disk is
    full, a partial file remains, and Odoo refuses the same photo from then on. Other
    files are written by Odoo's own code; so are all where another addon stores files
    elsewhere, such as in an object store.
    """

    _inherit = "ir.attachment"

    @api.model
    def _get_path(self, bin_data, sha):
        """Remove a partial file left by an interrupted write."""
        if picture_rules.is_for_report(self.env, sha):
            path = self._full_path(f"{sha[:2]}/{sha}")
            if self._is_partial(bin_data, path):
                os.unlink(path)
        return super()._get_path(bin_data, sha)

    @api.model
    def _is_partial(self, content, path):
        """Return whether the file holds only the beginning of this content."""
        try:
            size = os.path.getsize(path)
            if size >= len(content):
                return False
            with open(path, "rb") as file:
                return file.read() == bytes(content[:size])
        except FileNotFoundError:
            return False

    @api.model
    def _file_write(self, bin_value, checksum):
        is_elsewhere = self._storage() != "file"
        if is_elsewhere or not picture_rules.is_for_report(self.env, checksum):
            return super()._file_write(bin_value, checksum)
        name, path = self._get_path(bin_value, checksum)
        if not os.path.exists(path):
            # Removed by the vacuum if the transaction fails or the process ends
            self._mark_for_gc(name)
            self._write_atomically(bin_value, path)
        return name

    @api.model
    def _write_atomically(self, content, path):
        """Write under another name, then rename, so that no partial file has this name.

        The rename is on the disk before the commit of the database.
        """
        folder = os.path.dirname(path)
        half = os.path.join(folder, f"{HALF}{uuid.uuid4().hex}")
        try:
            with open(half, "xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(half, path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(half)
            raise
        self._sync_folder(folder)

    @api.model
    def _sync_folder(self, folder):
        """Flush the directory entries of the folder to the disk."""
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    @api.autovacuum
    def _gc_halves(self):
        """Remove the files of processes that were killed while they wrote."""
        oldest = time.time() - DAY
        for path in Path(self._filestore()).glob(f"??/{HALF}*"):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < oldest:
                    path.unlink()
