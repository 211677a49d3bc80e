from lxml import etree

from odoo import api, models, tools
from odoo.exceptions import AccessError
from odoo.fields import Command

from ...tools.context_switches import TO_USERS, get_switch
from ..client_guards import read_ids

MODEL = "fault.report"
# The fields of a file that determine its record
PLACE = {"res_model", "res_id", "res_field"}


class MailTemplate(models.Model):
    """A template may name any sender; about fault reports, users send as themselves."""

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
            report_ids = read_ids(Report, "id", email_values.get("res_id", res_ids))
            Report.browse(report_ids)._check_may_send_outside()
            email_values = {**Report._get_own_name(), **email_values}
            Report._check_own_name(
                email_values.get("author_id"), email_values.get("email_from")
            )
        return super().send_mail_batch(
            res_ids, force_send, raise_exception, email_values, email_layout_xmlid
        )

    # Odoo writes these values under sudo, and clients choose them for any template.

    @api.model
    def _check_chosen_values(self, email_values):
        """Raise for values that change other records than the new mail."""
        if self.env.su or self.env.user._is_admin():
            return
        fields_ = self.env["mail.mail"]._fields
        # Sending files to external people requires more than read access.
        files = self._find_files_of_reports(email_values.get("attachment_ids"))
        is_past = "mail_message_id" in email_values or any(
            not self._is_only_linked(fields_[name], value)
            for name, value in email_values.items()
            if name in fields_ and fields_[name].type in ("one2many", "many2many")
        )
        is_odd_id = type(email_values.get("res_id") or 0) is not int
        if is_past or is_odd_id or not files.has_access("write"):
            raise AccessError(
                self.env._("You may not choose what this e-mail says or sends along.")
            )

    @api.model
    def _is_only_linked(self, field, value):
        """Return whether the commands only link existing records or create files."""
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
        """Return the linked files that belong to a report or to its messages."""
        ids = read_ids(self.env["mail.mail"], "attachment_ids", value)
        files = self.env["ir.attachment"].browse(ids).exists()
        return files.filtered(
            lambda file: (
                file._is_from_fault_report()
                # Read the file's record to check access to it next.
                or file.sudo().res_model == "mail.message"
            )
        )

    # === RENDERING === #

    @api.model
    def _has_unsafe_expression_template_qweb(self, template_src, model, fname=None):
        """Keep the answer for templates about reports: it follows from the text."""
        check = super()._has_unsafe_expression_template_qweb
        if model != MODEL:
            return check(template_src, model, fname)
        return self._check_once(str(template_src or ""), fname, check)

    @api.model
    @tools.ormcache("text", "fname", cache="templates")
    def _check_once(self, text, fname, check):
        return check(text, MODEL, fname)


class IrQweb(models.AbstractModel):
    _inherit = "ir.qweb"

    def _compile(self, template):
        """Compile the text of a message to users once, like a view.

        Odoo does so for each message. Other templates with a text are not affected.
        """
        is_text = isinstance(template, etree._Element)
        if not is_text or not get_switch(self.env, TO_USERS):
            return super()._compile(template)
        return self._compile_text(etree.tostring(template), template)

    @tools.conditional(
        "xml" not in tools.config["dev_mode"],
        tools.ormcache(
            "text",
            # What Odoo caches views by, and what it reads besides for texts
            "tuple(self.env.context.get(k) or False for k in self._get_text_keys())",
            cache="templates",
        ),
    )
    def _compile_text(self, text, template):
        return super()._compile(template)

    @api.model
    def _get_text_keys(self):
        return [*self._get_template_cache_keys(), "preserve_comments", "dev_mode"]
