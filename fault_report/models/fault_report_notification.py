from odoo import api, models
from odoo.fields import Domain

CREATED = "fault_report.created"
CHANGED = "fault_report.changed"
# They change `state`, which is what is told
LINKS = {"outcome", "work_order_id", "sale_order_id"}


class FaultReport(models.Model):
    """Who is told what, by his own choice: new, assigned and changed reports.

    Messages are queued in the transaction of what they tell: none goes out for what was
    rolled back.
    """

    _inherit = "fault.report"

    # === WHAT HAPPENS === #

    @api.model_create_multi
    def create(self, vals_list):
        reports = super().create(vals_list)
        if reports._is_notifying():
            reports._get_created_ids().update(reports.ids)
            reports._notify_created()
        return reports

    def write(self, vals):
        told_of = self._get_notified_fields() | LINKS
        if not self._is_notifying() or not told_of & vals.keys():
            return super().write(vals)
        self._remember()
        # To compare with; whether the user may write is checked below.
        before = {
            report.id: (report.technician_id, report._get_news())
            for report in self.sudo()
        }
        result = super().write(vals)
        # Only messages are made of what the user may not read himself.
        for report_sudo in self.sudo():
            technician, news = before[report_sudo.id]
            if report_sudo.technician_id and report_sudo.technician_id != technician:
                report_sudo._notify_safely("assigned", report_sudo.technician_id)
            report_sudo._notify_customers(news)
        return result

    def _message_post_after_hook(self, message, msg_vals):
        result = super()._message_post_after_hook(message, msg_vals)
        if message.message_type in ("comment", "email") and (
            not message.author_id or message.author_id.partner_share
        ):
            self._remember(messages=message)
        return result

    @api.model
    def _is_notifying(self):
        """Return whether messages are wanted: not for an import, nor for demo data."""
        context = self.env.context
        is_silent_import = context.get("import_file") and context.get(
            "tracking_disable"
        )
        return self.env.registry.ready and not is_silent_import

    @api.model
    def _get_notified_fields(self):
        """Return the names of the fields whose change the technician is told of.

        Hook: an override adds to the set. Fields of many records are not supported.
        """
        return {
            *("name", "priority", "comment", "comment_internal", "status_id"),
            *("partner_id", "facility_id", "equipment_id", "subgroup_id"),
            *("contact_id", "contact_name", "email_from", "phone"),
            *("cost_center", "customer_order_ref"),
            *("technician_id", "state"),
        }

    # === NEW AND ASSIGNED === #

    def _notify_created(self):
        """Tell the technicians of their reports, and who wants to know of new ones."""
        # Who files a report need not see the users that are told.
        reports_sudo = self.sudo()
        subscribers = reports_sudo._get_subscribers()
        for report in reports_sudo:
            technician = report.technician_id
            told = {}
            if technician:
                told[technician.id] = report._notify_safely("assigned", technician)
            users = subscribers.filtered(
                lambda user: report.company_id in user.company_ids  # noqa: B023
            )
            if users:
                report._notify_safely("new", users, told=told)

    def _get_subscribers(self):
        """Return the users who want to know of new reports in these companies."""
        return self.env["res.users"].search(
            Domain("fault_report_notify_new", "!=", "none")
            & Domain(self._get_technician_domain())
            & Domain("company_ids", "in", self.company_id.ids)
        )

    # === TO THE CUSTOMER === #

    def _get_news(self):
        """Return what a customer may be told of: a work order, or that it is solved."""
        self.ensure_one()
        return {
            "converted": bool(self.work_order_id),
            "solved": self.outcome == "solved",
        }

    def _notify_customers(self, before):
        """Tell the customer's users what has become of their report."""
        self.ensure_one()
        for kind, is_so in self._get_news().items():
            if is_so and not before[kind]:
                self._notify_safely(kind, self._get_customer_users())

    def _get_customer_users(self):
        """Return the portal users whose report it is.

        Who filed it, its contact, and who follows it; each is asked for his own
        choice, and told only of what he may see.
        Hook: an override adds to them.
        """
        self.ensure_one()
        partners = self.contact_id + self.message_partner_ids
        return (self.create_uid | partners.user_ids).filtered("share")

    # === CHANGED === #

    def _remember(self, notes=None, messages=None):
        """Keep how the reports were, to tell their technicians what has changed.

        That happens once, before the commit; then it is known what really has.
        """
        data = self.env.cr.precommit.data
        key = f"{CHANGED}.{self.env.uid}"
        created = self._get_created_ids()
        names = sorted(self._get_notified_fields())
        # What changes is told to the technician, whoever changes it.
        for report in self.sudo():
            technician = report.technician_id
            if report.id in created or not technician or technician == self.env.user:
                continue
            if key not in data:
                data[key] = {}
                self.env.cr.precommit.add(self.browse()._notify_changed)
            if report.id not in data[key]:
                data[key][report.id] = {
                    "before": {name: report[name] for name in names},
                    "notes": [],
                    "messages": [],
                }
            memory = data[key][report.id]
            memory["notes"] += notes.ids if notes else []
            memory["messages"] += messages.ids if messages else []

    def _notify_changed(self):
        """Tell the technicians what this user has changed in the transaction."""
        memories = self.env.cr.precommit.data.pop(f"{CHANGED}.{self.env.uid}", {})
        created = self._get_created_ids()
        # What is told was written with the user's rights; telling needs none of his.
        for report in self.sudo().browse(memories).exists():
            memory = memories[report.id]
            technician = memory["before"]["technician_id"].with_env(report.env)
            changes = report._get_changes(memory["before"])
            notes = self.env["fault.report.note"].sudo().browse(memory["notes"])
            messages = self.env["mail.message"].sudo().browse(memory["messages"])
            notes, messages = notes.exists(), messages.exists()
            if report.id in created or not (changes or notes or messages):
                continue
            told = {}
            if messages and not changes and not notes:
                told[technician.id] = messages._get_channels_to_follower(technician)
            report._notify_safely(
                "changed",
                technician,
                told=told,
                changes=changes,
                notes=notes,
                messages=messages,
            )

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


class FaultReportNote(models.Model):
    _inherit = "fault.report.note"

    @api.model_create_multi
    def create(self, vals_list):
        notes = super().create(vals_list)
        for report, its_notes in notes.grouped("report_id").items():
            report._remember(notes=its_notes)
        return notes


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
