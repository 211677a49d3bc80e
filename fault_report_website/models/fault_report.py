from odoo import api, fields, models

from odoo.addons.fault_report.models.fault_report import GONE
from odoo.addons.fault_report.tools import text_rules
from odoo.addons.fault_report.tools.context_switches import (
    WITHOUT_POINTS,
    get_switch,
    switch_on,
)

CHANNEL = "website"
# Marks a form without service points
WITHOUT_POINTS_FIELD = "without_points"
MAX_TOKEN = 100


class FaultReport(models.Model):
    """Reports by visitors of the website."""

    _inherit = "fault.report"

    channel = fields.Selection(
        selection_add=[(CHANNEL, "Website block")], ondelete={CHANNEL: f"set {GONE}"}
    )

    @api.model
    def _get_channels_without_customer(self):
        return super()._get_channels_without_customer() | {CHANNEL}

    @api.model
    def _must_answer_points(self, channel):
        if channel == CHANNEL:
            return not get_switch(self.env, WITHOUT_POINTS)
        return super()._must_answer_points(channel)

    def _is_from_stranger(self):
        return super()._is_from_stranger() or self.channel == CHANNEL

    @api.model
    def _prepare_website_form(self, website, without_points=False):
        """Return the rendering values of the form on the website."""
        # Visitors may not read companies; the form shows public data only.
        values = self._prepare_public_form(website.sudo().company_id)
        if without_points:
            values["points"] = values["points"].browse()
        return {
            **values,
            WITHOUT_POINTS_FIELD: without_points,
            "captcha_keys": self._get_captcha_keys(),
        }

    @api.model
    def _check_website_rate(self, website, address):
        """Count an attempt to file from this address; raise if there are too many."""
        # Visitors may not read companies.
        company = website.sudo().company_id
        self.env["fault.report.attempt"]._check_rate(
            "website_address", company._get_fault_report_rate(), address=address
        )

    @api.model
    def _file_website_form(self, website, form):
        """File a visitor's report for the company of the website.

        :param form: `vals`, `points`, `files`, `key` and `fingerprint`
        :return: the report, without access rules
        """
        without_points = bool(form.vals.pop(WITHOUT_POINTS_FIELD, None))
        reports = switch_on(self, **{WITHOUT_POINTS: without_points})
        return reports._file_public_form(
            CHANNEL,
            f"website:{website.id}",
            form,
            # Visitors may not read companies.
            company_id=website.sudo().company_id.id,
        )

    @api.model
    def _find_website_report(self, website, secret):
        """Return the report that the visitor has just filed, or nothing."""
        if text_rules.find_problem(secret, MAX_TOKEN):
            return self
        # The token in the URL gives access to this report only.
        return self.sudo().search(
            [
                ("channel", "=", CHANNEL),
                ("company_id", "=", website.sudo().company_id.id),
                ("access_token", "=", secret),
            ],
            limit=1,
        )
