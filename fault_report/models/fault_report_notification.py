from odoo import api, models
from odoo.fields import Domain

CREATED = "fault_report.created"
ANSWER_ACTIVITY = "fault_report.mail_activity_type_answer"
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
            # The clock is no field of whoever files.
            reports.sudo()._start_unassigned_clock()
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
        # Whoever writes need not see who notices it.
        report_sudo = self.sudo()
        if report_sudo._is_written_by_customer(message.sudo()):
            report_sudo._notice_answer(message.sudo())
        elif report_sudo._is_public_answer(message.sudo()):
            report_sudo._end_answer_waiting()
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

    def _get_dispatchers(self):
        """Return the users who may assign and convert reports in this company.

        Hook: an override chooses others.
        """
        self.ensure_one()
        # With all of their company's reports, administrators are asked after them
        return self._get_users_with("group_edit", "group_convert") - (
            self._get_administrators()
        )

    def _get_users_with(self, *groups):
        """Return the users of the report's company with all of these permissions."""
        self.ensure_one()
        return self.env["res.users"].search(
            Domain("company_ids", "in", self.company_id.ids)
            & Domain.AND(
                Domain("all_group_ids", "in", self.env.ref(f"fault_report.{name}").ids)
                for name in groups
            )
        )

    # === THE CUSTOMER HAS ANSWERED === #

    def _notice_answer(self, message):
        """See to it that somebody inside notices what the customer wrote."""
        self.ensure_one()
        if not self.is_answer_waiting:
            self.is_answer_waiting = True
        if not self._is_notifying():
            return
        if self._get_answer_technician():
            is_told = self._tell_technician_of_answer()
        else:
            is_told = self._notify_safely(
                "answered", self._get_subscribers(), messages=message
            )
        if not is_told:
            self._plan_safely(ANSWER_ACTIVITY, self._get_answer_responsible())
        self._tell_workers_of_answer(message)

    def _tell_technician_of_answer(self):
        """Return whether the technician is told: with all else that has changed."""
        technician = self._get_answer_technician()
        setting = "fault_report_notify_changed"
        return technician != self.env.user and bool(
            technician._get_fault_report_channels(setting)
        )

    def _get_answer_technician(self):
        return self.technician_id.filtered(self._can_be_technician)

    def _get_answer_responsible(self):
        """Return who gets an activity where nobody wants messages.

        Hook: the user must be allowed to see the report.
        """
        return (
            self._get_answer_technician()
            or self._get_dispatchers()
            or self._get_administrators()
            or self._get_users_with("group_edit")
        )[:1]

    def _tell_workers_of_answer(self, message):
        """Tell who does the work, on the order if they get no message."""
        order = self._get_work_order()
        workers = order and order._get_work_order_workers() - self.technician_id
        for worker in workers or ():
            setting = "fault_report_notify_changed"
            if not self._notify_safely(
                "answered", worker, setting=setting, messages=message
            ):
                order._plan_answer_activity(self, worker)

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
