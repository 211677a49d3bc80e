import contextlib
import os
import uuid

from odoo import api, models


class IrAttachment(models.Model):
    """Files are there as a whole or not at all, whatever dies while they are written.

    Odoo writes them under their final name. A process that is killed, or a disk that is
    full, leaves half a file there, and Odoo refuses the same photo from then on.
    """

    _inherit = "ir.attachment"

    @api.model
    def _get_path(self, bin_data, sha):
        """Take away what an interrupted write has left under this name."""
        path = self._full_path(f"{sha[:2]}/{sha}")
        if self._is_half_written(bin_data, path):
            os.unlink(path)
        return super()._get_path(bin_data, sha)

    @api.model
    def _is_half_written(self, content, path):
        """Return whether a beginning of this content is all that the file holds."""
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
        """Write under another name first, then give the file its own at once."""
        name, path = self._get_path(bin_value, checksum)
        if os.path.exists(path):
            return name
        # Removed by the vacuum if the transaction, or the process, ends here
        self._mark_for_gc(name)
        folder = os.path.dirname(path)
        half = os.path.join(folder, f".half-{uuid.uuid4().hex}")
        try:
            with open(half, "xb") as file:
                file.write(bin_value)
                file.flush()
                os.fsync(file.fileno())
            os.replace(half, path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(half)
            raise
        self._sync_folder(folder)
        return name

    @api.model
    def _sync_folder(self, folder):
        """Let the disk know the new name before the database names it."""
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
