from odoo import models


class IrBinary(models.AbstractModel):
    _inherit = "ir.binary"

    def _get_stream_from(self, record, *args, **kwargs):
        """Let no browser show an e-mail that is kept as it came."""
        stream = super()._get_stream_from(record, *args, **kwargs)
        if record._name == "ir.attachment" and record._is_raw_fault_report_mail():
            stream.mimetype = "application/octet-stream"
            stream.as_attachment = True
        return stream
