from odoo import api, fields, models

# What a customer's user may read over RPC; pages show some more, chosen one by one
PORTAL_FIELDS = frozenset(
    {
        *("id", "display_name", "name", "reference", "state", "progress", "priority"),
        *(
            "reported_at",
            "date_handled",
            "customer_order_ref",
            "create_uid",
            "public_comment",
        ),
        *("company_id", "partner_id", "facility_id", "equipment_id"),
        *("access_url", "website_message_ids"),
    }
)


class FaultReport(models.Model):
    """The page of a report for its customer, and the secret that opens it."""

    _name = "fault.report"
    _inherit = ["fault.report", "portal.mixin"]

    # The secret is for the server alone, which puts it into links.
    access_token = fields.Char(groups=fields.NO_ACCESS, protected=True)
    public_comment = fields.Text(
        string="Comment",
        compute="_compute_public_comment",
        compute_sudo=True,
        help="The comment, unless it is internal.",
    )

    # Whose it is on the portal. Kept with the report, because PostgreSQL goes through
    # all of them when it has to look the customers up to find the newest of one.
    commercial_partner_id = fields.Many2one(
        "res.partner",
        string="Customer's Company",
        related="partner_id.commercial_partner_id",
        store=True,
        precompute=True,
        protected=True,
    )

    # With what the list counts, filters and sorts by, so that it need not be looked up
    _customer_index = models.Index(
        "(commercial_partner_id, reported_at DESC, id DESC)"
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
    def _get_portal_fields(self):
        """Return the names of the fields that customers read over RPC.

        Hook: an override adds to the set what is no secret of any customer's report.
        """
        return PORTAL_FIELDS

    def _has_field_access(self, field, operation):
        if not super()._has_field_access(field, operation):
            return False
        if self.env.su or self.env.user._is_internal():
            return True
        return operation == "read" and field.name in self._get_portal_fields()

    # === THE SECRET === #

    def _portal_ensure_token(self):
        # Whoever is given the link may see the report, or has filed it.
        return super(FaultReport, self.sudo())._portal_ensure_token()

    def _sign_token(self, pid):
        # The signature does not tell the secret that is in it.
        return super(FaultReport, self.sudo())._sign_token(pid)

    def _get_share_url(self, *args, **kwargs):
        # It holds the secret, with which anybody speaks as the customer.
        if not self.env.su and self.env.user._is_internal():
            self.check_access("write")
        return super()._get_share_url(*args, **kwargs)

    # Public in Odoo: over RPC it would tell the secret
    @api.private
    def get_portal_url(self, *args, **kwargs):
        return super().get_portal_url(*args, **kwargs)

    def _get_tracking_url(self):
        """Return the address where anybody who knows it follows the report."""
        self.ensure_one()
        # Whoever filed the report is given it; he may have no account.
        report_sudo = self.sudo()
        return report_sudo.get_base_url() + report_sudo.get_portal_url()
