from odoo import api, fields, models

from odoo.addons.fault_report.models.fault_report import GONE
from odoo.addons.fault_report.models.intake.public_form import ASKED_CONTACTS
from odoo.addons.fault_report.tools import text_rules
from odoo.addons.fault_report.tools.context_switches import (
    WITHOUT_POINTS,
    get_switch,
    switch_on,
)

CHANNEL = "website"
# Marks a form without service points
WITHOUT_POINTS_FIELD = "without_points"
# What a form asks for, and a form that does not say so
ASKED_FIELD = "asked_contact"
ASKED = "either"
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
    def _read_asked_contact(self, text):
        """Return the option of a block; the default for a text that is none."""
        return text if text in ASKED_CONTACTS else ASKED

    @api.model
    def _prepare_website_form(self, website, without_points=False, asked_contact=None):
        """Return the rendering values of the form on the website."""
        asked_contact = self._read_asked_contact(asked_contact)
        # Visitors may not read companies; the form shows public data only.
        values = self._prepare_public_form(website.sudo().company_id)
        if without_points:
            values["points"] = values["points"].browse()
        return {
            **values,
            **self._prepare_public_contact(asked_contact),
            WITHOUT_POINTS_FIELD: without_points,
            ASKED_FIELD: asked_contact,
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
        vals = dict(form.vals)
        without_points = bool(vals.pop(WITHOUT_POINTS_FIELD, None))
        reports = switch_on(self, **{WITHOUT_POINTS: without_points})
        return reports._file_public_form(
            CHANNEL,
            f"website:{website.id}",
            form._replace(vals=self._read_website_vals(vals)),
            # Visitors may not read companies.
            company_id=website.sudo().company_id.id,
        )

    @api.model
    def _read_website_vals(self, vals):
        """Return the values of a public form; raise if the contact data is missing."""
        asked = self._read_asked_contact(vals.pop(ASKED_FIELD, None))
        place = vals.pop("facility", "")
        # What is wrong with the rest is said first
        self._read_public_values(vals)
        self._check_reachable(asked, vals)
        self._add_described_place(vals, place)
        return vals

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
