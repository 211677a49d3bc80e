from datetime import date, datetime, time

from dateutil.relativedelta import relativedelta
from pytz import timezone, utc

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date

from ..models.client_guards import find_ids

FIRST_YEAR, LAST_YEAR = 1970, 2100


class FaultReportCustomerMonth(models.TransientModel):
    """Print what was reported by a customer in a month."""

    _name = "fault.report.customer.month"
    _description = "Monthly Service Report"
    _inherit = ["fault.report.reference.mixin"]

    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        domain="[('is_facility', '=', False)]",
        default=lambda self: self._default_partner_id(),
    )
    month = fields.Date(default=lambda self: self._default_month())
    company_id = fields.Many2one(
        "res.company", default=lambda self: self.env.company, required=True
    )
    # The month in words, as the date is shown with a day, and the number of reports
    summary = fields.Char(string="Fault Reports", compute="_compute_summary")

    def _default_partner_id(self):
        """Return the customer from whose list or form the dialog was opened.

        A person whom no report names as its customer stands for their company.
        """
        context = self.env.context
        if context.get("active_model") != "res.partner":
            return False
        ids = find_ids(context.get("active_ids"))
        partners = self.env["res.partner"].browse(ids).exists()
        customers = partners.filtered(lambda partner: not partner.is_facility)
        if len(customers) != 1:
            return False
        own = Domain("partner_id", "=", customers.id)
        if self.env["fault.report"].search_count(own, limit=1):
            return customers
        return customers._get_fault_report_customer()

    def _default_month(self):
        return fields.Date.context_today(self).replace(day=1) - relativedelta(months=1)

    @api.depends("partner_id", "month", "company_id")
    def _compute_summary(self):
        self.summary = False
        Report = self.env["fault.report"]
        for dialog in self.filtered(lambda dialog: dialog._is_complete()):
            count = Report.search_count(dialog._get_domain())
            dialog.summary = f"{dialog._get_month_name()}: {count}"

    def action_print(self):
        """Return the action that makes the PDF."""
        self.ensure_one()
        self._get_bounds()
        action = self.env.ref("fault_report.action_report_customer_month")
        return {**action.report_action(self), "close_on_report_download": True}

    def _get_bounds(self):
        """Return start and end of the month in the company's time zone, as UTC.

        :raises UserError: without a customer and a month
        """
        self.ensure_one()
        if not self._is_complete():
            raise UserError(self.env._("Choose a customer and a month."))
        start = date(self.month.year, self.month.month, 1)
        zone = timezone(self._get_zone())
        return tuple(
            zone.localize(datetime.combine(day, time.min))
            .astimezone(utc)
            .replace(tzinfo=None)
            for day in (start, start + relativedelta(months=1))
        )

    def _is_complete(self):
        is_month = self.month and FIRST_YEAR <= self.month.year < LAST_YEAR
        return bool(self.partner_id and is_month and self.company_id)

    def _get_zone(self):
        """Return the name of the company's time zone."""
        # It is no secret, unlike the calendar and the address of the company.
        company_sudo = self.company_id.sudo()
        return (
            company_sudo.resource_calendar_id.tz or company_sudo.partner_id.tz or "UTC"
        )

    def _get_domain(self):
        """Return the domain of the reports of the customer and its departments."""
        start, end = self._get_bounds()
        customer = Domain("partner_id", "=", self.partner_id.id)
        customer |= Domain("commercial_partner_id", "=", self.partner_id.id)
        period = Domain("reported_at", ">=", start) & Domain("reported_at", "<", end)
        return customer & period & Domain("company_id", "=", self.company_id.id)

    def _get_month_name(self):
        return format_date(self.env, self.month, date_format="LLLL yyyy")

    def _get_report_base_filename(self):
        self.ensure_one()
        name = self.env._(
            "Service Report %(customer)s %(month)s",
            customer=self.partner_id.name or "",
            month=self.month and self.month.strftime("%Y-%m"),
        )
        # A slash would end the name of a folder
        return name.replace("/", "-")
