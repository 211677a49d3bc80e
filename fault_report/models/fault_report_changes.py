from odoo import api, models

from .fault_report_notification import CREATED

CHANGED = "fault_report.changed"
# What is remembered of a report besides its fields: ids by model
NEWS = {
    "notes": "fault.report.note",
    "messages": "mail.message",
    "files": "ir.attachment",
}


class FaultReport(models.Model):
    """What somebody else has changed is told to the technician, once a transaction."""

    _inherit = "fault.report"

    def _remember(self, points=None, **news):
        """Keep how the reports were, to tell their technicians what has changed.

        That happens once, before the commit; then it is known what really has.

        :param points: service points that are about to be answered
        :param news: new records, by the keys of `NEWS`
        """
        # What changes is told to the technician, whoever changes it.
        for report in self.sudo():
            memory = report._get_memory()
            if memory is None:
                continue
            for point in (points or self.env["fault.report.point"]).sudo():
                memory["points"].setdefault(point.id, point._get_answer_text())
            for name, records in news.items():
                memory[name].update(records.ids)

    def _get_memory(self):
        """Return what is kept of the report, or None if nobody is to be told."""
        self.ensure_one()
        is_new = self.id in self._get_created_ids()
        is_silent = is_new or not self._is_notifying()
        if is_silent or self.technician_id.id in (False, self.env.uid):
            return None
        data = self.env.cr.precommit.data
        key = f"{CHANGED}.{self.env.uid}"
        if key not in data:
            data[key] = {}
            self.env.cr.precommit.add(self.browse()._notify_changed)
        if self.id not in data[key]:
            names = sorted(self._get_notified_fields())
            data[key][self.id] = {
                "before": {name: self[name] for name in names},
                "points": {},
                **{name: set() for name in NEWS},
            }
        return data[key][self.id]

    def _notify_changed(self):
        """Tell the technicians what this user has changed in the transaction."""
        memories = self.env.cr.precommit.data.pop(f"{CHANGED}.{self.env.uid}", {})
        created = self._get_created_ids()
        # What is told was written with the user's rights; telling needs none of his.
        for report in self.sudo().browse(memories).exists():
            if report.id not in created:
                report._notify_changed_safely(memories[report.id])

    def _notify_changed_safely(self, memory):
        self.ensure_one()
        technician = memory["before"]["technician_id"].with_env(self.env)
        news = {
            name: self.env[model].browse(sorted(memory[name])).exists()
            for name, model in NEWS.items()
        }
        news["files"] = news["files"]._filter_untold(technician, news["messages"])
        changes = [
            *self._get_changes(memory["before"]),
            *self._get_answer_changes(memory["points"]),
        ]
        if not changes and not any(news.values()):
            return
        told = {}
        if not (changes or news["notes"] or news["files"]):
            told[technician.id] = news["messages"]._get_channels_to_follower(technician)
        self._notify_safely("changed", technician, told=told, changes=changes, **news)

    def _remember_as_created(self):
        """Let nothing that is added right away count as a change."""
        self._get_created_ids().update(self.ids)

    @api.model
    def _get_created_ids(self):
        """Return the set of the reports that this user made in this transaction.

        What he adds to them right away is part of making them.
        """
        key = f"{CREATED}.{self.env.uid}"
        return self.env.cr.precommit.data.setdefault(key, set())

    def _get_changes(self, before):
        """Return the fields whose values differ from `before`, with both values."""
        self.ensure_one()
        return [
            (name, value, self[name])
            for name, value in before.items()
            if value != self[name] and (value or self[name])
        ]

    @api.model
    def _get_answer_changes(self, before):
        """Return the service points whose answers differ from `before`, with both."""
        points = self.env["fault.report.point"].browse(before).exists()
        return [
            (point.name, before[point.id], point._get_answer_text())
            for point in points
            if before[point.id] != point._get_answer_text()
        ]


class FaultReportPoint(models.Model):
    _inherit = "fault.report.point"

    def _remember_answers(self):
        """Keep the answers as they are, before they are changed."""
        for report, points in self.grouped("report_id").items():
            report._remember(points=points)

    def _get_answer_text(self):
        """Return the answer with its remark; an empty text if there is neither."""
        self.ensure_one()
        texts = (self._get_value_text(), self.remark)
        return " – ".join(text for text in texts if text)


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    def _remember_on_fault_reports(self):
        """Let the technicians be told of new files of their reports."""
        # Whoever adds a file was allowed to.
        files = self.sudo().filtered(
            lambda file: (
                file.res_model == "fault.report" and file.res_id and not file.res_field
            )
        )
        for report_id, its_files in files.grouped("res_id").items():
            self.env["fault.report"].browse(report_id).exists()._remember(
                files=its_files
            )

    def _filter_untold(self, user, messages):
        """Return the files that no message shows or has brought to `user`."""
        posted = self.env["mail.message"].search([("attachment_ids", "in", self.ids)])
        told = posted.filtered(
            lambda message: (
                message in messages or message._get_channels_to_follower(user)
            )
        )
        return self - told.attachment_ids


class MailMessage(models.Model):
    _inherit = "mail.message"

    def _get_channels_to_follower(self, user):
        """Return how Odoo itself has told `user`, a follower, of all these messages."""
        notifications = self.env["mail.notification"].search(
            [
                ("mail_message_id", "in", self.ids),
                ("res_partner_id", "=", user.partner_id.id),
            ]
        )
        if len(notifications.mail_message_id) < len(self):
            return set()
        return set(notifications.mapped("notification_type"))
