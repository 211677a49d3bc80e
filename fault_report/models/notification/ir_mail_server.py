from odoo import models


class IrMailServer(models.Model):
    _inherit = "ir.mail_server"

    def _build_email__(self, *args, **kwargs):
        """Make attachments inline that the body references with `cid:`."""
        message = super()._build_email__(*args, **kwargs)
        for part in message.iter_attachments():
            name = part.get_filename() or ""
            if name.startswith("fault-report-"):
                part["Content-ID"] = f"<{name}>"
                part.replace_header("Content-Disposition", f'inline; filename="{name}"')
        return message
