from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from .errors import TooManyRequestsError

CREATED = "fault_report.created"
# They change `state`, which is what is told
LINKS = {"outcome", "work_order_id", "sale_order_id"}
# More reports from outside within this time are told of together
MANY = 10
MANY_WITHIN = timedelta(minutes=10)
SUMMARY_BATCH = 1000
# Messages that people outside cause
CAUSED_KINDS = {"new", "assigned", "changed"}


class FaultReport(models.Model):
    """Who is told what, by his own choice: new, assigned and changed reports.

    Messages are queued in the transaction of what they tell: none goes out for what was
    rolled back.
    """

    _inherit = "fault.report"

    is_in_summary = fields.Boolean(
        readonly=True,
        copy=False,
        help="It is new, and the next message about many new reports tells of it.",
    )

    _in_summary_index = models.Index("(id) WHERE is_in_summary")

    @api.model
    def _get_protected_fields(self):
        return super()._get_protected_fields() | {"is_in_summary"}

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
            if users and report._is_one_of_many():
                report.is_in_summary = True
            elif users:
                report._notify_safely("new", users, told=told)

    def _get_subscribers(self):
        """Return the users who want to know of new reports in these companies."""
        return self.env["res.users"].search(
            Domain("fault_report_notify_new", "!=", "none")
            & Domain(self._get_technician_domain())
            & Domain("company_ids", "in", self.company_id.ids)
        )

    # === MANY AT ONCE === #

    def _is_one_of_many(self):
        """Return whether more has come from outside lately than is told one by one."""
        self.ensure_one()
        if self.channel == "form":
            return False
        recent = (
            self._get_waiting_domain()
            & Domain("company_id", "=", self.company_id.id)
            & Domain("channel", "!=", "form")
            & Domain("reported_at", ">", fields.Datetime.now() - MANY_WITHIN)
        )
        return self.search_count(recent, limit=MANY + 1) > MANY

    @api.model
    def _cron_send_summaries(self):
        """Tell who wants to know of new reports of those that came in great number.

        Each report is in one message: it is marked as told in the transaction that
        queues the message.
        """
        domain = Domain("is_in_summary", "=", True)
        found = self.search(domain, order="id", limit=SUMMARY_BATCH)
        for company, reports in (
            found.try_lock_for_update().grouped("company_id").items()
        ):
            reports.is_in_summary = False
            users = reports._get_subscribers().filtered(
                lambda user: company in user.company_ids  # noqa: B023
            )
            if users:
                reports[-1]._notify_safely("new", users, summary=reports)
        self.env["ir.cron"]._commit_progress(
            len(found), remaining=self.search_count(domain)
        )

    def _limit_channels(self, kind, channels):
        """Return the ways on which a user is told: SMS cost, and strangers cause them.

        Once the day's are used up, an e-mail is sent instead.
        """
        if "sms" not in channels or not self._is_caused_from_outside(kind):
            return channels
        source = {
            "code": self.channel == "qr" and self.equipment_id.id,
            "key": self.integration_id.id,
        }
        # Counted for whoever causes it, who has no rights on the count
        attempts = self.env["fault.report.attempt"].sudo()
        limits = self.company_id._get_fault_report_quota("sms", source)
        try:
            attempts._check_quota(limits)
        except TooManyRequestsError:
            return (channels - {"sms"}) | {"email"}
        return channels

    def _is_caused_from_outside(self, kind):
        user = self.env.user
        is_staff = user._is_internal() and not user._is_superuser()
        return kind in CAUSED_KINDS and not is_staff

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
            users = is_so and not before[kind] and self._get_customer_users()
            if users:
                self._notify_safely(kind, users)

    def _get_customer_users(self):
        """Return the portal users whose report it is.

        Who filed it, its contact, and who follows it; each is asked for his own
        choice, and told only of what he may see.
        Hook: an override adds to them.
        """
        self.ensure_one()
        partners = self.contact_id + self.message_partner_ids
        return (self.create_uid | partners.user_ids).filtered("share")
