from odoo import api, fields, models

from odoo.addons.fault_report.models.fault_report import GONE

CHANNEL = "api"
# One key can use half of the daily limits
KEY_SHARE = 2


class FaultReport(models.Model):
    _inherit = "fault.report"

    channel = fields.Selection(
        selection_add=[(CHANNEL, "Web site")], ondelete={CHANNEL: f"set {GONE}"}
    )
    integration_id = fields.Many2one(
        "fault.report.integration",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The web site that sent it.",
        protected=True,
    )

    @api.model
    def _get_channel_fields(self):
        return super()._get_channel_fields() | {"integration_id"}

    @api.model
    def _get_channels_without_customer(self):
        return super()._get_channels_without_customer() | {CHANNEL}

    @api.model
    def _get_quota_shares(self, channel, vals):
        shares = super()._get_quota_shares(channel, vals)
        integration = channel == CHANNEL and vals["integration_id"]
        if not integration:
            return shares
        return [*shares, (f"key:{int(integration)}", KEY_SHARE)]

    @api.model
    def _may_set_urgent(self, channel, company, vals):
        # A program decides for the company; visitors can read the key of a web page.
        integration = self.env["fault.report.integration"].browse(
            vals.get("integration_id")
        )
        by_program = channel == CHANNEL and integration and not integration.in_page
        return by_program or super()._may_set_urgent(channel, company, vals)

    def _is_from_stranger(self):
        # Any visitor may use the key of a web page; who asks may not read integrations.
        was_in_page = self.integration_id.sudo().was_in_page
        return super()._is_from_stranger() or was_in_page
