from odoo import api, fields, models, tools
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools.misc import babel_locale_parse, posix_to_ldml

# Fields that portal users may read over RPC; pages show a few more under sudo. Not
# the messages: Odoo's portal chatter has its own route for those.
PORTAL_FIELDS = frozenset(
    {
        "id",
        "display_name",
        "name",
        "reference",
        "state",
        "progress",
        "priority",
        "is_emergency",
        "reported_at",
        "date_handled",
        "planned_start",
        "planned_end",
        "customer_order_ref",
        "create_uid",
        "public_comment",
        "company_id",
        "partner_id",
        "facility_id",
        "equipment_id",
        "access_url",
    }
)
# The columns that the portal reads of the records around a report. With the first one,
# Odoo would read all others as well: more than a hundred of a contact. By `create_date`
# it is known that a record exists (`get_existing`).
PORTAL_COLUMNS = {
    # Of its page, and of the rules that decide who sees it
    "fault.report": (
        "access_token",
        "anonymised_at",
        "arrival_deadline",
        "arrived_at",
        "channel",
        "close_reason",
        "comment",
        "comment_internal",
        "commercial_partner_id",
        "company_id",
        "contact_id",
        "contact_name",
        "create_date",
        "customer_order_ref",
        "date_assigned",
        "date_handled",
        "date_on_the_way",
        "email_from",
        "equipment_id",
        "expected_arrival",
        "facility_id",
        "is_emergency",
        "name",
        "outcome",
        "partner_id",
        "phone",
        "planned_end",
        "planned_start",
        "priority",
        "reference",
        "reported_at",
        "resolution_deadline",
        "resolved_at",
        "responded_at",
        "response_deadline",
        "sale_order_id",
        "sla_policy_id",
        "state",
        "technician_id",
        "verdict",
        "visit_answer",
        "work_order_id",
        "work_order_model",
        # Of a calendar entry
        "write_date",
    ),
    "res.users": ("active", "company_id", "create_date", "partner_id", "share"),
    "res.partner": (
        "active",
        "allow_no_facility",
        "commercial_partner_id",
        "company_id",
        "cost_center",
        "create_date",
        "email",
        "is_company",
        "is_facility",
        "limit_facilities",
        "name",
        "parent_id",
        "phone",
        "subgroup_id",
        "technician_id",
        "tz",
        "user_id",
    ),
    "res.company": (
        "active",
        "alias_domain_id",
        "fault_report_ask_verdict",
        "fault_report_danger_words",
        "fault_report_emergency_phone",
        "fault_report_emergency_text",
        "fault_report_keep_position",
        "fault_report_max_files",
        "fault_report_max_megabytes",
        "fault_report_portal_may_set_urgent",
        "fault_report_properties_definition",
        "fault_report_rate",
        "fault_report_reminder_hours",
        "fault_report_template_id",
        "fault_report_unassigned_minutes",
        "fault_report_verdict_days",
        "fault_report_visits",
        "name",
        "parent_id",
        "parent_path",
        "resource_calendar_id",
    ),
    "maintenance.equipment": (
        "category_id",
        "company_id",
        "create_date",
        "customer_id",
        "facility_id",
        "name",
        "serial_no",
        "technician_user_id",
    ),
}
# Operators that portal users may use on a related record's id
ID_OPERATORS = {"=", "!=", "in", "not in", "child_of", "parent_of"}


class FaultReport(models.Model):
    """Access of customers to a report: its page, and the access token."""

    _name = "fault.report"
    _inherit = ["fault.report", "portal.mixin"]

    # Only the server reads the token, to put it into links.
    access_token = fields.Char(groups=fields.NO_ACCESS, protected=True)
    public_comment = fields.Text(
        string="Comment",
        compute="_compute_public_comment",
        compute_sudo=True,
        help="The comment, unless it is internal.",
    )

    # The customer on the portal. Stored, because with a join PostgreSQL scans all
    # reports to find the newest ones of one customer.
    commercial_partner_id = fields.Many2one(
        "res.partner",
        string="Customer's Company",
        related="partner_id.commercial_partner_id",
        store=True,
        precompute=True,
        protected=True,
        technical=True,
    )

    # Includes the columns that the list counts, filters and sorts by
    _customer_index = models.Index(
        "(commercial_partner_id, reported_at, id)"
        " INCLUDE (company_id, facility_id, state)"
    )

    @api.depends("comment", "comment_internal")
    def _compute_public_comment(self):
        for report in self:
            report.public_comment = not report.comment_internal and report.comment

    def _compute_access_url(self):
        for report in self:
            report.access_url = f"/my/fault_reports/{report.id}"

    # === WHAT CUSTOMERS READ === #

    @api.model
    def _fetch_portal_columns(self):
        """Read what the portal needs of the user, their customer and the company."""
        # Of the user's own records; what is shown of them is decided later.
        user_sudo = self.env.user.sudo()
        user_sudo.fetch(PORTAL_COLUMNS["res.users"])
        partner_sudo = user_sudo.partner_id
        # Together; those that have changed since are read next.
        known_sudo = partner_sudo.browse(self._get_portal_partner_ids(self.env.uid))
        known_sudo.fetch(PORTAL_COLUMNS["res.partner"])
        partner_sudo._get_portal_chain().fetch(PORTAL_COLUMNS["res.partner"])
        if partner_sudo.limit_facilities:
            every = partner_sudo.with_context(active_test=False)
            every.allowed_facility_ids.fetch(PORTAL_COLUMNS["res.partner"])
        # Its limits, which are no secret, and its name
        self.env.company.sudo().fetch(PORTAL_COLUMNS["res.company"])

    @api.model
    @tools.ormcache("uid")
    def _get_portal_partner_ids(self, uid):
        """Return the ids of the user's contacts, as they were, to read them first."""
        # Of the user's own records, only their ids are kept.
        user_sudo = self.env["res.users"].browse(uid).sudo()
        partner_sudo = user_sudo.partner_id
        partner_sudo.fetch(PORTAL_COLUMNS["res.partner"])
        return tuple(partner_sudo._get_portal_chain().ids)

    def _fetch_portal_page(self):
        """Read what the page of the report shows, and what its rules compare."""
        # Whether the user may see it is checked next.
        self.sudo().fetch(PORTAL_COLUMNS["fault.report"])

    def _fetch_portal_place(self):
        """Read what the portal shows of the place of a report that the user may see."""
        # The page decides what is shown of them.
        report_sudo = self.sudo()
        report_sudo.equipment_id.fetch(PORTAL_COLUMNS["maintenance.equipment"])
        partners_sudo = report_sudo.facility_id | report_sudo.contact_id
        partners_sudo.fetch(PORTAL_COLUMNS["res.partner"])

    @api.model
    def _get_portal_fields(self):
        """Return the names of the fields that customers read over RPC.

        Hook: an override adds fields that are public to the customer of any report.
        """
        return PORTAL_FIELDS

    def _has_field_access(self, field, operation):
        # Called for each field of each record: who reads is looked up last.
        is_open = operation == "read" and field.name in self._get_portal_fields()
        if not is_open and self._is_for_customer():
            return False
        return super()._has_field_access(field, operation)

    @api.model
    def _is_for_customer(self):
        """Return whether the user is limited to the fields of `_get_portal_fields`."""
        return not self.env.su and self._is_limited_user(self.env.uid)

    # Odoo clears this cache whenever the groups of a user change.
    @api.model
    @tools.ormcache("uid")
    def _is_limited_user(self, uid):
        return not self.env["res.users"].browse(uid)._is_internal()

    # Customers may read some related records, but not search through them: some
    # relations bypass the rules of the other model, and a count reveals data as well.

    @api.model
    def _search(self, domain, offset=0, limit=None, order=None, **kwargs):
        if self._is_for_customer():
            self._check_customer_domain(domain)
            self._check_customer_order(order)
        elif limit:
            found = self._search_by_term(Domain(domain), offset, limit, order, **kwargs)
            if found is not None:
                return found
        return super()._search(domain, offset, limit, order, **kwargs)

    @api.model
    def _read_group_groupby(self, alias, groupby_spec, query):
        if self._is_for_customer():
            self._check_customer_path(groupby_spec.partition(":")[0])
        return super()._read_group_groupby(alias, groupby_spec, query)

    @api.model
    def _check_customer_domain(self, domain):
        """Raise for conditions on anything but the report's own columns."""
        for condition in Domain(domain).iter_conditions():
            name = condition.field_expr
            self._check_customer_path(name)
            field = self._fields[name]
            # Odoo checks access to stored fields only: a search method may reveal more
            self._check_field_access(field, "read")
            if "any" in condition.operator or (
                field.relational
                and not self._is_comparison_of_ids(condition.operator, condition.value)
            ):
                raise self._get_customer_path_error(name)

    @api.model
    def _is_comparison_of_ids(self, operator, value):
        values = value if isinstance(value, list | tuple | set | frozenset) else [value]
        # A boolean checks whether there is one
        return operator in ID_OPERATORS and all(
            isinstance(one, int | None) for one in values
        )

    @api.model
    def _check_customer_order(self, order):
        """Raise for an order by the columns of a related record."""
        for part in filter(None, (order or "").split(",")):
            name = part.strip().partition(" ")[0]
            # Odoo's syntax to sort by a relation's id
            self._check_customer_path(name.removesuffix(".id"))

    @api.model
    def _check_customer_path(self, path):
        if path not in self._fields:
            raise self._get_customer_path_error(path)

    @api.model
    def _get_customer_path_error(self, path):
        return AccessError(
            self.env._("You may search by what the fault report says, not by %s.", path)
        )

    @api.model
    def _format_for_customer(self, moment):
        """Return date and time without seconds, for the user.

        As Odoo's widget shows them, which reads the language from the database.
        """
        language = tools.get_lang(self.env)
        pattern = posix_to_ldml(
            f"{language.date_format} {language.time_format}",
            locale=babel_locale_parse(language.code),
        )
        return tools.format_datetime(
            self.env,
            moment,
            tz=str(self.env.tz),
            dt_format=pattern.replace(":ss", "").replace(":s", ""),
        )

    # === THE ACCESS TOKEN === #

    def _portal_ensure_token(self):
        # Recipients of the link may see the report, or have filed it.
        return super(FaultReport, self.sudo())._portal_ensure_token()

    def _sign_token(self, pid):
        # The signature does not reveal the token that it is made of.
        return super(FaultReport, self.sudo())._sign_token(pid)

    def _get_share_url(
        self, redirect=False, signup_partner=False, pid=None, share_token=True
    ):
        report = self
        if not self.env.su and self.env.user._is_internal():
            # The link contains the token, with which anyone can post as the customer.
            self.check_access("write")
            # The user shares the link without reading the token.
            report = self.sudo()
        elif not self.env.su:
            # Users with access rights get a link without the token.
            share_token = False
        return super(FaultReport, report)._get_share_url(
            redirect, signup_partner, pid, share_token
        )

    # Public in Odoo: over RPC it would reveal the token
    @api.private
    def get_portal_url(self, *args, **kwargs):
        return super().get_portal_url(*args, **kwargs)

    def _get_tracking_url(self):
        """Return the URL of the tracking page; anyone who knows it sees the report."""
        self.ensure_one()
        # For the reporter, who may have no account.
        report_sudo = self.sudo()
        return report_sudo.get_base_url() + report_sudo.get_portal_url()
