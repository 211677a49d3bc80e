from odoo import api, fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    fault_report_reminder_hours = fields.Float(
        string="Time to Reminder",
        help="Hours after which the assigned technician is reminded of a fault report "
        "that still waits. 0: never.",
    )
    fault_report_reminder_repeat = fields.Boolean(
        string="Repeat the Reminder",
        help="Remind again and again after the same time, not just once.",
    )
    fault_report_escalation = fields.Boolean(
        string="Then Tell Who Is in Charge",
        default=True,
        help="If the report still waits after the same time again, tell the head of "
        "its subgroup, else the administrators of fault reports.",
    )
    fault_report_unassigned_minutes = fields.Integer(
        string="Time to Assign",
        default=30,
        help="Minutes after which dispatchers, else the administrators, are told of a "
        "fault report that has no technician. 0: never.",
    )
    fault_report_work_order_model = fields.Selection(
        [("maintenance.request", "Maintenance request")],
        string="Kind of Work Order",
        required=True,
        default="maintenance.request",
        help="What “Generate a Work Order” makes of a fault report.",
    )
    fault_report_close_activities = fields.Boolean(
        string="Close Activities",
        help="When the work order is done, the activities of its fault reports are "
        "marked as done, too.",
    )
    fault_report_product_id = fields.Many2one(
        "product.product",
        string="Service Product",
        domain="[('type', '=', 'service'), ('sale_ok', '=', True)]",
        check_company=True,
        help="Put on the sales orders of fault reports, with the time of their notes.",
    )
    fault_report_properties_definition = fields.PropertiesDefinition(
        string="Fault Report Properties"
    )

    fault_report_template_id = fields.Many2one(
        "fault.report.template",
        string="Service Template",
        check_company=True,
        ondelete="restrict",
        help="New fault reports get the points of this template. Empty: none.",
    )

    _fault_report_reminder_not_negative = models.Constraint(
        # The upper end keeps out what is no number too
        "CHECK(fault_report_reminder_hours >= 0"
        " AND fault_report_reminder_hours < 10000)",
        "The time to the reminder cannot be negative, nor 10,000 hours or more. "
        "0 switches it off.",
    )

    _fault_report_unassigned_not_negative = models.Constraint(
        "CHECK(fault_report_unassigned_minutes >= 0"
        " AND fault_report_unassigned_minutes < 600000)",
        "The time to assign cannot be negative, nor 600,000 minutes or more. "
        "0 switches it off.",
    )

    @api.constrains("fault_report_template_id")
    def _check_fault_report_template(self):
        self._check_company(["fault_report_template_id"])

    def write(self, vals):
        result = super().write(vals)
        if "alias_domain_id" in vals:
            self._move_fault_report_alias()
        if not self._get_fault_report_reminder_settings().isdisjoint(vals):
            self._reschedule_fault_report_reminders()
        return result

    def _get_fault_report_template(self):
        """Return the template for new fault reports, whoever files them."""
        # A reporter need not see the settings of the company.
        return self.sudo().fault_report_template_id

    @api.model
    def _find_for_signin(self, text):
        """Return the company that a link names by its id, if there is one."""
        # Its logo is for everybody; anything else of it is not shown.
        companies_sudo = self.sudo()
        # As long as an id can be
        if not text or not text.isdecimal() or len(text) > 9:
            return companies_sudo
        return companies_sudo.browse(int(text)).exists()
