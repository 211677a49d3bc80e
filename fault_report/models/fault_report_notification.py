from odoo import SUPERUSER_ID, api, models
from odoo.fields import Domain

from .context_switches import SILENT_IMPORT, get_switch

CREATED = "fault_report.created"
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
        is_silent = get_switch(self.env, SILENT_IMPORT) or (
            # Only code acts as the superuser; a client does not choose its context.
            self.env.uid == SUPERUSER_ID
            and context.get("import_file")
            and context.get("tracking_disable")
        )
        return self.env.registry.ready and not is_silent

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
