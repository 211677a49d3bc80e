import math

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from . import file_rules

# Reports a minute: beyond it no company goes
MOST_REPORTS = 100
# One code, and one key, may use such a part of what the company accepts in a day
SHARES = {"code": 10, "key": 2}
# Of a request, where files are small: a report has several
LEAST_REQUEST = 50 * file_rules.MEGABYTE


class ResCompany(models.Model):
    """How much may be sent with a report, and how often."""

    _inherit = "res.company"

    fault_report_max_files = fields.Integer(
        string="Files of a Report",
        required=True,
        default=file_rules.Limits().files,
        help="So many files a fault report has at most.",
    )
    fault_report_max_megabytes = fields.Integer(
        string="Size of a File",
        required=True,
        default=file_rules.Limits().megabytes,
        help="In MB; larger files are refused.",
    )
    fault_report_rate = fields.Integer(
        string="Reports a Minute",
        required=True,
        default=10,
        help="So many reports one customer's user, or one address, sends in a minute.",
    )
    # Of what people outside send without an account
    fault_report_day_reports = fields.Integer(
        string="Reports a Day",
        required=True,
        default=1000,
        help="From QR codes and web sites together. One code may use a tenth of it, "
        "one key half of it.",
    )
    fault_report_day_megabytes = fields.Integer(
        string="Megabytes a Day",
        required=True,
        default=5000,
        help="Files of these reports together. One code may use a tenth of it, one "
        "key half of it.",
    )
    fault_report_day_sms = fields.Integer(
        string="SMS a Day",
        required=True,
        default=200,
        help="SMS to staff about what people outside send; then e-mails are sent "
        "instead. One code may use a tenth of it, one key half of it.",
    )
    fault_report_keep_position = fields.Boolean(
        string="Keep the Position in Photos",
        help="Otherwise it is removed from photos where they were taken.",
    )

    _fault_report_day_range = models.Constraint(
        "CHECK(fault_report_day_reports > 0 AND fault_report_day_megabytes > 0"
        " AND fault_report_day_sms >= 0)",
        "Accept at least one report and one megabyte a day.",
    )

    # Written out: the sentences are translated
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
        """Return the limits for files of this company's reports, whoever adds them."""
        self.ensure_one()
        company_sudo = self.sudo()  # Whoever adds a file need not see the settings
        return file_rules.Limits(
            company_sudo.fault_report_max_files,
            company_sudo.fault_report_max_megabytes,
            company_sudo.fault_report_keep_position,
        )

    def _get_fault_report_rate(self):
        """Return how many reports a minute one user or one address may send."""
        self.ensure_one()
        # Whoever sends a report need not see the settings
        return self.sudo().fault_report_rate

    def _get_fault_report_quota(self, kind, source):
        """Return the most of a day by scope, as `_check_quota` takes it.

        :param str kind: `reports`, `megabytes` or `sms`
        :param dict source: ids of the object whose `code` was scanned, and of the
            integration whose `key` was used, if any
        """
        self.ensure_one()
        # Whoever sends a report need not see the settings
        limit = self.sudo()[f"fault_report_day_{kind}"]
        limit *= file_rules.MEGABYTE if kind == "megabytes" else 1
        limits = {f"{kind}:company:{self.id}": limit}
        for name, share in SHARES.items():
            if source.get(name):
                scope = f"{kind}:{name}:{source[name]}"
                limits[scope] = math.ceil(limit / share)
        return limits

    @api.model
    def _get_fault_report_max_request(self):
        """Return the largest size of a request, before it is known who it is for.

        In base64 a file takes a third more than it has.
        """
        # What the widest company takes is no secret.
        (megabytes,) = self.sudo()._read_group(
            [], aggregates=["fault_report_max_megabytes:max"]
        )[0]
        return max(LEAST_REQUEST, 2 * (megabytes or 0) * file_rules.MEGABYTE)
