import math
import re

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ..tools import danger, file_rules
from ..tools.context_switches import with_own_context, without_search_switches

# Upper limit of the setting, reports per minute
MOST_REPORTS = 100

# Limits of a company that hold for its branches too
LIMIT_FIELDS = [
    "fault_report_max_files",
    "fault_report_max_megabytes",
    "fault_report_rate",
    "fault_report_day_reports",
    "fault_report_day_megabytes",
    "fault_report_day_sms",
    "fault_report_keep_position",
]

# Found on the nearest parent that has one: a copy would not follow a change
EMERGENCY_LIMITS = {
    "fault_report_emergency_phone": {"limit": 40},
    "fault_report_emergency_text": {"limit": 300, "multiline": True},
    "fault_report_danger_words": {"limit": 20_000, "multiline": True},
}
_PHONE = re.compile(r"[0-9+*#() ./-]*[0-9][0-9+*#() ./-]*")

# Values of the sequence, where the one that was installed has been deleted
NEW_SEQUENCE = {
    "name": "Fault report",
    "code": "fault.report",
    "prefix": "FR/%(year)s/",
    "padding": 5,
    "company_id": False,
}

# Smallest limit of a request: a report may have several files
LEAST_REQUEST = 50 * file_rules.MEGABYTE


class ResCompany(models.Model):
    _name = "res.company"
    _inherit = ["res.company", "fault.report.text.mixin"]
    _text_limits = EMERGENCY_LIMITS

    fault_report_reminder_hours = fields.Float(
        string="Time to Reminder",
        groups="base.group_user",
        help="Hours after which the assigned technician is reminded of a fault report "
        "that is still waiting. 0: never.",
    )
    fault_report_reminder_repeat = fields.Boolean(
        string="Repeat the Reminder",
        groups="base.group_user",
        help="Remind again and again after the same time, not just once.",
    )
    fault_report_escalation = fields.Boolean(
        string="Then Escalate",
        default=True,
        groups="base.group_user",
        help="If the report is still waiting after the same time again, notify the "
        "head of its subgroup, else the administrators of fault reports.",
    )
    fault_report_unassigned_minutes = fields.Integer(
        string="Time to Assign",
        default=30,
        groups="base.group_user",
        help="Minutes after which dispatchers, else the administrators, are notified "
        "of a fault report without a technician. 0: never.",
    )
    fault_report_reminder_working_hours = fields.Boolean(
        string="Count Working Hours",
        groups="base.group_user",
        help="The time to the reminder is that of the company's working hours, without "
        "nights, weekends and holidays.",
    )
    fault_report_sla_anew = fields.Boolean(
        string="Reopened Reports Count Anew",
        groups="base.group_user",
        help="The deadlines of a reopened fault report count from then. Otherwise they "
        "go on where they stood.",
    )
    fault_report_work_order_model = fields.Selection(
        [("maintenance.request", "Maintenance request")],
        string="Kind of Work Order",
        required=True,
        default="maintenance.request",
        groups="base.group_user",
        help="The kind of order that “Generate a Work Order” creates.",
    )
    fault_report_signature_closes = fields.Boolean(
        string="Signature Closes the Work",
        groups="base.group_user",
    )
    fault_report_close_activities = fields.Boolean(
        string="Close Activities",
        groups="base.group_user",
        help="When the work order is done, the activities of its fault reports are "
        "marked as done, too.",
    )
    fault_report_product_id = fields.Many2one(
        "product.product",
        string="Service Product",
        domain="[('type', '=', 'service'), ('sale_ok', '=', True)]",
        check_company=True,
        # Users who read a company also read the names of linked records.
        groups="base.group_user",
        help="Put on the sales orders of fault reports, with the time of their notes.",
    )
    fault_report_order_details = fields.Boolean(
        string="Comment and Contact",
        groups="base.group_user",
        help="The public comment and the contact of fault reports are printed on their "
        "sales orders and invoices.",
    )
    fault_report_portal_may_set_urgent = fields.Boolean(
        string="Customers May Choose Urgent",
        groups="base.group_user",
        help="On the portal and in forms of web pages. Otherwise only staff set it.",
    )
    fault_report_visits = fields.Boolean(
        string="Announce Visits",
        groups="base.group_user",
        help="Customers are notified when a technician comes, confirm it or ask for "
        "another time, and are notified when the technician is on the way.",
    )
    fault_report_ask_verdict = fields.Boolean(
        string="Ask Whether It Works",
        groups="base.group_user",
        help="When the work is done or a fault report is solved, customers answer "
        "“It works” or “Still broken”. What is still broken comes back by itself.",
    )
    fault_report_verdict_days = fields.Integer(
        string="Days to Answer",
        default=14,
        groups="base.group_user",
        help="How many days after that an answer is taken.",
    )
    fault_report_retention_months = fields.Integer(
        string="Keep Reporters For",
        default=0,
        groups="base.group_user",
        help="Months after handling. Then names, addresses and numbers of reporters "
        "are removed for good. 0: they are kept.",
    )
    fault_report_retention_files = fields.Boolean(
        string="Photos and files as well",
        groups="base.group_user",
        help="Otherwise photos and files stay on the report.",
    )
    fault_report_properties_definition = fields.PropertiesDefinition(
        string="Fault Report Properties",
        groups="base.group_user",
    )

    fault_report_template_id = fields.Many2one(
        "fault.report.template",
        string="Service Template",
        check_company=True,
        ondelete="restrict",
        groups="base.group_user",
        help="New fault reports get the points of this template. Empty: none.",
    )

    _fault_report_reminder_not_negative = models.Constraint(
        # The upper limit also refuses NaN
        "CHECK(fault_report_reminder_hours >= 0"
        " AND fault_report_reminder_hours < 10000)",
        "The time to the reminder cannot be negative, nor 10,000 hours or more. "
        "0 switches it off.",
    )

    _fault_report_retention_range = models.Constraint(
        "CHECK(fault_report_retention_months BETWEEN 0 AND 1200)",
        "The months that reporters are kept for are a number from 0 to 1,200.",
    )
    _fault_report_verdict_range = models.Constraint(
        "CHECK(fault_report_verdict_days BETWEEN 1 AND 365)",
        "The days in which customers may answer are a number from 1 to 365.",
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

    @api.model_create_multi
    def create(self, vals_list):
        """Let branches start with the settings of their parent."""
        return super().create(
            [{**self._prepare_branch_settings(vals), **vals} for vals in vals_list]
        )

    def write(self, vals):
        self._write_limits_of_branches(vals)
        result = super().write(vals)
        if not {"active", "fault_report_max_megabytes"}.isdisjoint(vals):
            self.env.registry.clear_cache()
        if "alias_domain_id" in vals:
            self._move_fault_report_alias()
        if not self._get_fault_report_reminder_settings().isdisjoint(vals):
            self._reschedule_fault_report_reminders()
        if "user_ids" in vals:
            self.env["fault.report"]._release_from_leavers(
                Domain("company_id", "in", self.ids)
            )
        if "resource_calendar_id" in vals:
            # Users who may write the company change the dates of all its reports.
            self.env["fault.report"].sudo()._recount_service_levels()
        return result

    @api.model
    def _find_for_signin(self, text):
        """Return the company with the id in a sign-in link, if it exists."""
        # The logo is public; nothing else of the company is shown.
        companies_sudo = self.sudo()
        # The maximum length of an id
        if not text or not text.isdecimal() or len(text) > 9:
            return companies_sudo
        return companies_sudo.browse(int(text)).exists()

    # === BRANCHES === #

    # Three ways, as in Odoo: limits are those of the root; the template and the product
    # are found on the nearest parent that has one; other settings start like those of
    # the parent. An e-mail alias and projects are of one company only.

    @api.model
    def _prepare_branch_settings(self, vals):
        """Return the values of a new branch that are those of its parent."""
        # Users who create a branch may read its parent.
        parent_sudo = self.sudo().browse(vals.get("parent_id") or ())
        if not parent_sudo:
            return {}
        return {
            name: parent_sudo[name]
            for name, field in self._fields.items()
            if name.startswith("fault_report_")
            and field.store
            and not field.relational
            and name not in EMERGENCY_LIMITS
            and field.type != "properties_definition"
        }

    def _find_fault_report_setting(self, name):
        """Return the linked record of the company, else of its nearest parent.

        For any user; the record is under sudo.
        """
        # Users need no access to the settings, nor to parents of their company. What is
        # archived does not count, whatever the context of a form says.
        company_sudo = without_search_switches(self).sudo()
        while company_sudo.parent_id and not company_sudo[name]:
            company_sudo = company_sudo.parent_id
        return company_sudo[name]

    def _get_fault_report_sequence(self):
        """Return the sequence of the company, else of its nearest parent, else shared.

        Without an active one, an archived one goes on, or a new one begins: no report
        and no e-mail is lost for want of a number. For any user; the record is under
        sudo.
        """
        self.ensure_one()
        # Users who file a report need no access to sequences and parents.
        path = self.sudo().parent_ids.ids
        domain = [("code", "=", "fault.report"), ("company_id", "in", (*path, False))]
        # The same for sequences
        sequence_sudo = self.env["ir.sequence"].sudo()
        sequences_sudo = (
            # With their columns, in the same query
            sequence_sudo.search_fetch(domain)
            or sequence_sudo.with_context(active_test=False).search(domain)
            or with_own_context(sequence_sudo).create(NEW_SEQUENCE)
        )
        return sequences_sudo.sorted(
            lambda sequence: (
                path.index(sequence.company_id.id) if sequence.company_id else -1
            )
        )[-1:]

    def _write_limits_of_branches(self, vals):
        """Write changed limits on companies and branches together.

        Odoo writes them one by one, and refuses the first as long as others differ.
        """
        limits = {name: vals[name] for name in LIMIT_FIELDS if name in vals}
        roots = self.filtered(lambda company: not company.parent_id)
        if not limits or not roots:
            return
        self.check_access("write")
        # Users who may write a company change the limits of its branches.
        companies_sudo = self.sudo().search([("id", "child_of", roots.ids)])
        if companies_sudo > roots:
            super(ResCompany, companies_sudo).write(limits)

    def _get_company_root_delegated_field_names(self):
        return [*super()._get_company_root_delegated_field_names(), *LIMIT_FIELDS]

    # === LIMITS === #

    fault_report_max_files = fields.Integer(
        string="Files of a Report",
        required=True,
        default=file_rules.Limits().files,
        groups="base.group_user",
        help="The most files that a fault report may have.",
    )
    fault_report_max_megabytes = fields.Integer(
        string="Size of a File",
        required=True,
        default=file_rules.Limits().megabytes,
        groups="base.group_user",
        help="In MB; larger files are refused.",
    )
    fault_report_rate = fields.Integer(
        string="Reports a Minute",
        required=True,
        default=10,
        groups="base.group_user",
        help="The most reports that one user or one address may send in a minute.",
    )
    # For senders without an account
    fault_report_day_reports = fields.Integer(
        string="Reports a Day",
        required=True,
        default=1000,
        groups="base.group_user",
        help="From QR codes and web sites together. One code may use a tenth of it, "
        "one key half of it.",
    )
    fault_report_day_megabytes = fields.Integer(
        string="Megabytes a Day",
        required=True,
        default=5000,
        groups="base.group_user",
        help="Files of these reports together. One code may use a tenth of it, one "
        "key half of it.",
    )
    fault_report_day_sms = fields.Integer(
        string="SMS a Day",
        required=True,
        default=200,
        groups="base.group_user",
        help="SMS to staff about what people outside send; then e-mails are sent "
        "instead. One code may use a tenth of it, one key half of it.",
    )
    fault_report_keep_position = fields.Boolean(
        string="Keep the Position in Photos",
        groups="base.group_user",
        help="Otherwise it is removed from photos where they were taken.",
    )

    _fault_report_day_range = models.Constraint(
        "CHECK(fault_report_day_reports > 0 AND fault_report_day_megabytes > 0"
        " AND fault_report_day_sms >= 0)",
        "Accept at least one report and one megabyte a day.",
    )

    # As whole sentences, for the translation
    @api.constrains(
        "fault_report_max_files", "fault_report_max_megabytes", "fault_report_rate"
    )
    def _check_fault_report_limits(self):
        for company in self:
            if not 1 <= company.fault_report_max_files <= file_rules.MOST_FILES:
                raise ValidationError(
                    self.env._(
                        "A fault report has 1 to %s files: choose a number in between.",
                        file_rules.MOST_FILES,
                    )
                )
            if not 1 <= company.fault_report_max_megabytes <= file_rules.MOST_MEGABYTES:
                raise ValidationError(
                    self.env._(
                        "A file has 1 to %s MB at most: choose a number in between.",
                        file_rules.MOST_MEGABYTES,
                    )
                )
            if not 1 <= company.fault_report_rate <= MOST_REPORTS:
                raise ValidationError(
                    self.env._(
                        "One sender files 1 to %s reports in a minute: choose a number "
                        "in between.",
                        MOST_REPORTS,
                    )
                )

    def _get_fault_report_limits(self):
        """Return the limits for files of this company's reports, for any user."""
        self.ensure_one()
        company_sudo = self.sudo()  # Users need no access to the settings
        return file_rules.Limits(
            company_sudo.fault_report_max_files,
            company_sudo.fault_report_max_megabytes,
            company_sudo.fault_report_keep_position,
        )

    def _get_fault_report_rate(self):
        """Return how many reports per minute one user or one address may send."""
        self.ensure_one()
        # Reporters need no access to the settings
        return self.sudo().fault_report_rate

    def _get_fault_report_quota(self, kind, shares=()):
        """Return the daily limits by scope, for `_check_quota`.

        :param str kind: `reports`, `megabytes` or `sms`
        :param shares: names of sources that have a part of the limit each, with the
            divisor: `("code:7", 10)`
        """
        self.ensure_one()
        # Reporters need no access to the settings
        limit = self.sudo()[f"fault_report_day_{kind}"]
        limit *= file_rules.MEGABYTE if kind == "megabytes" else 1
        limits = {f"{kind}:company:{self.id}": limit}
        for name, divisor in shares:
            limits[f"{kind}:{name}"] = math.ceil(limit / divisor)
        return limits

    @api.model
    def _get_fault_report_max_request(self):
        """Return the maximum size of a request, before its company is known.

        Base64 makes files a third larger.
        """
        return max(LEAST_REQUEST, 2 * self._get_most_megabytes() * file_rules.MEGABYTE)

    @api.model
    @tools.ormcache()
    def _get_most_megabytes(self):
        """Return the largest limit of all companies, asked by each request."""
        # It is not confidential.
        (megabytes,) = self.sudo()._read_group(
            [], aggregates=["fault_report_max_megabytes:max"]
        )[0]
        return megabytes or 0

    # === EMERGENCIES === #

    fault_report_emergency_phone = fields.Char(
        string="Emergency Number",
        groups="base.group_user",
        help="Stands above every form outside, to tap.",
    )
    fault_report_emergency_text = fields.Text(
        string="Emergency Text",
        translate=True,
        groups="base.group_user",
        help="Stands beside the number: when to call it.",
    )
    fault_report_danger_words = fields.Text(
        string="Words That Mean Danger",
        groups="base.group_user",
        help="One per line, in all languages of your customers.",
    )

    @api.constrains("fault_report_emergency_phone")
    def _check_fault_report_emergency_phone(self):
        for company in self:
            phone = company.fault_report_emergency_phone
            if phone and not _PHONE.fullmatch(phone):
                raise ValidationError(
                    self.env._("Enter one emergency number, such as 112.")
                )

    def _get_fault_report_danger_words(self):
        """Return the words that mean danger, folded by `tools.danger`."""
        words = self._find_fault_report_setting("fault_report_danger_words")
        return danger.read_words(words)

    def _handles_fault_report_emergencies(self):
        """Return whether emergencies are set up."""
        return any(map(self._find_fault_report_setting, EMERGENCY_LIMITS))

    # === E-MAIL ALIAS === #

    fault_report_alias_id = fields.Many2one(
        "mail.alias", copy=False, ondelete="set null", groups="base.group_user"
    )
    fault_report_alias_name = fields.Char(
        string="E-mail Alias",
        compute="_compute_fault_report_alias_name",
        inverse="_inverse_fault_report_alias_name",
        groups="base.group_user",
        help="Each e-mail to this address becomes a fault report. Empty: none.",
    )

    @api.depends("fault_report_alias_id.alias_name")
    def _compute_fault_report_alias_name(self):
        for company in self:
            company.fault_report_alias_name = company.fault_report_alias_id.alias_name

    def _inverse_fault_report_alias_name(self):
        for company in self:
            name = company.fault_report_alias_name
            if company.fault_report_alias_id:
                # Users who may write the company may choose its alias.
                company.fault_report_alias_id.sudo().write(
                    company._prepare_fault_report_alias_values(name)
                )
            elif name:
                # Users who may write the company may create its alias.
                company.fault_report_alias_id = (
                    with_own_context(self)
                    .env["mail.alias"]
                    .sudo()
                    .create(company._prepare_fault_report_alias_values(name))
                )

    def _prepare_fault_report_alias_values(self, name):
        """Return the values of the alias, which accepts e-mails from everyone."""
        self.ensure_one()
        models = self.env["ir.model"]
        return {
            "alias_name": name,
            "alias_domain_id": self.alias_domain_id.id,
            "alias_contact": "everyone",
            "alias_model_id": models._get_id("fault.report"),
            "alias_parent_model_id": models._get_id("res.company"),
            "alias_parent_thread_id": self.id,
            "alias_defaults": {"company_id": self.id},
        }

    def _move_fault_report_alias(self):
        """Move the alias to the domain of its company."""
        for company in self.filtered("fault_report_alias_id"):
            # Users who may write the company may move its alias.
            alias_sudo = company.fault_report_alias_id.sudo()
            alias_sudo.alias_domain_id = company.alias_domain_id

    # === REMINDERS === #

    @api.model
    def _get_fault_report_reminder_settings(self):
        return {
            "fault_report_reminder_hours",
            "fault_report_reminder_repeat",
            "fault_report_escalation",
            "fault_report_unassigned_minutes",
            "fault_report_reminder_working_hours",
            "resource_calendar_id",
        }

    def _reschedule_fault_report_reminders(self):
        """Recompute the reminders of waiting reports; handled ones have none."""
        # Users who may write the company change the dates of all its reports.
        Report = self.env["fault.report"].sudo()
        waiting = Report.search(
            Report._get_waiting_domain() & Domain("company_id", "in", self.ids)
        )
        for name in ("reminder_date", "escalation_date", "unassigned_date"):
            self.env.add_to_compute(Report._fields[name], waiting)
