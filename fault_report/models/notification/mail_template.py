from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Command

from ..client_guards import get_ids

MODEL = "fault.report"
# Where a file belongs
PLACE = {"res_model", "res_id", "res_field"}


class MailTemplate(models.Model):
    """Whoever may write a template chooses a sender in it; it is sent as the user."""

    _inherit = "mail.template"

    def _send_check_access(self, res_ids):
        result = super()._send_check_access(res_ids)
        if self.model == MODEL:
            self.env[MODEL].browse(res_ids)._check_may_send_outside()
        return result

    def send_mail_batch(
        self,
        res_ids,
        force_send=False,
        raise_exception=False,
        email_values=None,
        email_layout_xmlid=False,
    ):
        email_values = email_values or {}
        self._check_chosen_values(email_values)
        if email_values.get("model", self.model) == MODEL:
            Report = self.env[MODEL]
            report_ids = get_ids(email_values.get("res_id", res_ids))
            Report.browse(report_ids)._check_may_send_outside()
            email_values = {**Report._get_own_name(), **email_values}
            Report._check_own_name(
                email_values.get("author_id"), email_values.get("email_from")
            )
        return super().send_mail_batch(
            res_ids, force_send, raise_exception, email_values, email_layout_xmlid
        )

    # Odoo writes these values under sudo, and with any template a client chooses them.

    @api.model
    def _check_chosen_values(self, email_values):
        """Refuse values that reach past the new mail: into other messages, or files."""
        if self.env.su or self.env.user._is_admin():
            return
        fields_ = self.env["mail.mail"]._fields
        is_past = "mail_message_id" in email_values or any(
            not self._is_only_linked(fields_[name], value)
            for name, value in email_values.items()
            if name in fields_ and fields_[name].type in ("one2many", "many2many")
        )
        is_odd_id = type(email_values.get("res_id") or 0) is not int
        # To send them out of the house asks for more than to read them.
        files = self._find_files_of_reports(email_values.get("attachment_ids"))
        if is_past or is_odd_id or not files.has_access("write"):
            raise AccessError(
                self.env._("You may not choose what this e-mail says or sends along.")
            )

    @api.model
    def _is_only_linked(self, field, value):
        """Return whether a list names records that there are, or new files alone."""
        if field.type == "one2many":
            return not value
        if isinstance(value, models.BaseModel):
            return True
        return all(
            isinstance(command, int)
            or command[0] in (Command.LINK, Command.SET, Command.CLEAR)
            or (
                command[0] == Command.CREATE
                and field.comodel_name == "ir.attachment"
                and PLACE.isdisjoint(command[2])
            )
            for command in value or ()
        )

    @api.model
    def _find_files_of_reports(self, value):
        """Return those of the named files that came by a report, or by a message."""
        files = self.env["ir.attachment"].browse(get_ids(value or [])).exists()
        return files.filtered(
            lambda file: (
                file._is_from_fault_report()
                # Where it belongs decides what is asked for next.
                or file.sudo().res_model == "mail.message"
            )
        )
