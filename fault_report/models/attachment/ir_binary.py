import logging

from odoo import models
from odoo.http import Stream

from ...tools import picture
from .file_stream import ReportFileStream

_logger = logging.getLogger(__name__)
_WHOLE = {"width": 0, "height": 0, "crop": False, "quality": 0}


class IrBinary(models.AbstractModel):
    """Streams of files of reports, served with their own type."""

    _inherit = "ir.binary"

    def _record_to_stream(self, record, field_name):
        """Serve what another addon streams from elsewhere with its own type as well."""
        stream = super()._record_to_stream(record, field_name)
        is_elsewhere = type(stream) is not Stream
        if not is_elsewhere or isinstance(stream, ReportFileStream):
            return stream
        if not self._is_of_fault_report(record):
            return stream
        return ReportFileStream.make(stream, stream.mimetype)

    def _get_stream_from(self, record, *args, **kwargs):
        """Serve the original of an e-mail as a download only."""
        stream = super()._get_stream_from(record, *args, **kwargs)
        if record._name == "ir.attachment" and record._is_raw_fault_report_mail():
            stream.mimetype = "application/octet-stream"
            stream.as_attachment = True
        return stream

    def _get_image_stream_from(self, record, field_name="raw", *args, **options):
        """Serve a picture of a report in full size if it cannot be resized."""
        stream = self._get_fault_report_stream(record, field_name)
        if not stream or not any(options.get(name) for name in _WHOLE):
            return super()._get_image_stream_from(record, field_name, *args, **options)
        if picture.is_cheap(stream.read(), stream.true_mimetype):
            try:
                with picture.quiet():
                    return super()._get_image_stream_from(
                        record, field_name, *args, **options
                    )
            # Stored before pictures were checked on arrival, or with another Pillow
            except Exception as error:
                _logger.info("%s cannot be made small: %r", record, error)
        return super()._get_image_stream_from(
            record, field_name, *args, **{**options, **_WHOLE}
        )

    def _get_fault_report_stream(self, record, field_name):
        """Return the stream of a picture of a report, or None if it is none."""
        try:
            if not self._is_of_fault_report(record) or field_name not in record._fields:
                return None
            stream = self._record_to_stream(record, field_name)
        # Odoo responds to each of them
        except Exception:
            return None
        if not isinstance(stream, ReportFileStream):
            return None
        return stream if stream.true_mimetype.startswith("image/") else None

    def _is_of_fault_report(self, record):
        if record._name == "ir.attachment":
            # Read as the user first, like Odoo, which fills the cache
            return bool(record.mimetype) and record._is_from_fault_report()
        return record._name.startswith("fault.report") and bool(record.exists())
