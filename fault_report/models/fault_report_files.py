from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from . import file_rules
from .fault_report import WAITING_STATES


class FaultReport(models.Model):
    """Files and messages of a report: who adds them, and what the chatter offers."""

    _inherit = "fault.report"

    can_add_files = fields.Boolean(compute="_compute_can_add_files")

    @api.depends_context("uid")
    @api.depends("state")
    def _compute_can_add_files(self):
        allowed = self._origin.sudo(False)._filter_may_add_to()
        for report in self:
            report.can_add_files = report._origin in allowed

    def _get_photo_urls(self):
        """Return the addresses of the photos of each report, those of its points first.

        :return: dict of lists, by report
        """
        pictures = self.env["ir.attachment"]._read_group(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", self.ids),
                ("mimetype", "=like", "image/%"),
            ],
            ["res_id"],
            ["id:array_agg"],
        )
        found = dict(pictures)
        points = self.point_ids.filtered("value_photo")
        return {
            report: [
                *(
                    f"/web/image/fault.report.point/{point.id}/value_photo"
                    for point in points & report.point_ids
                ),
                *(f"/web/image/{file_id}" for file_id in found.get(report.id, ())),
            ]
            for report in self
        }

    # === WHO MAY === #

    def _filter_may_add_to(self):
        """Return the reports that the user may add files and messages to.

        Those they may edit, and their own while these wait to be handled. A customer's
        user who sees a report may write about it.
        """
        if not self.env.user._is_internal():
            return self._filtered_access("read")
        editable = self._filtered_access("write")
        own = (self - editable)._filter_own_waiting()
        return editable + own._filtered_access("read")

    def _filter_own_waiting(self):
        """Return those that the user filed himself and that nobody has handled."""
        user = self.env.user
        if not user.has_group("fault_report.group_create"):
            return self.browse()
        # Asked for before it is known whether the user may read them
        own_sudo = (
            self.sudo()
            .exists()
            .filtered(
                lambda report: (
                    report.create_uid == user and report.state in WAITING_STATES
                )
            )
        )
        return self.browse(own_sudo.ids)

    def _mail_get_operation_for_mail_message_operation(self, message_operation):
        """Who may add to a report writes about it, see `_filter_may_add_to`."""
        if message_operation == "create" and not self.env.user._is_internal():
            return dict.fromkeys(self, "read")
        operations = super()._mail_get_operation_for_mail_message_operation(
            message_operation
        )
        if message_operation == "create":
            own = self._filter_own_waiting()
            return {
                report: "read" if report in own else operation
                for report, operation in operations.items()
            }
        return operations

    # === WHAT THE CHATTER OFFERS === #

    def _thread_to_store(self, store, fields, *, request_list=None):
        result = super()._thread_to_store(store, fields, request_list=request_list)
        if request_list is not None and store.target.is_current_user(self.env):
            may_remove = self.env["ir.attachment"]._may_remove_fault_report_files()
            for report in self:
                store.add(report, {"canRemoveFiles": may_remove}, as_thread=True)
        return result

    # === FILES THAT CAME BY E-MAIL === #

    def _process_attachments_for_post(
        self, attachments, attachment_ids, message_values
    ):
        """Keep an e-mail whose files cannot be kept, and say which ones are missing."""
        if not attachments or message_values.get("message_type") != "email":
            return super()._process_attachments_for_post(
                attachments, attachment_ids, message_values
            )
        kept, refusals = self._split_mail_files(attachments)
        values = super()._process_attachments_for_post(
            kept, attachment_ids, message_values
        )
        if refusals:
            body = values.get("body") or message_values.get("body") or Markup()
            lines = Markup().join(Markup("<li>%s</li>") % line for line in refusals)
            note = self.env._("These files of the e-mail were not kept:")
            values["body"] = body + Markup("<p>%s</p><ul>%s</ul>") % (note, lines)
        return values

    def _split_mail_files(self, attachments):
        """Return the files that can be kept, and a sentence for each of the others."""
        limits = self.company_id._get_fault_report_limits()
        room = limits.files - self.env["ir.attachment"].sudo().search_count(
            [("res_model", "=", self._name), ("res_id", "=", self.id)]
        )
        kept, refusals = [], []
        for attachment in attachments:
            name, content = attachment[:2]
            if content is None:
                continue
            if not isinstance(content, bytes):
                content = getattr(content, "as_string", lambda c=content: c)().encode()
            try:
                file_rules.check_file(self.env, name, content, limits)
            except ValidationError as error:
                refusals.append(str(error))
                continue
            if len(kept) < room:
                kept.append(attachment)
            else:
                refusals.append(
                    self.env._(
                        "“%(file)s”: a report has %(limit)s files at most.",
                        file=file_rules.clean_name(name),
                        limit=limits.files,
                    )
                )
        return kept, refusals
