from odoo import api, fields, models
from odoo.exceptions import ValidationError

from . import file_rules

# Reports a minute: beyond it no company goes
MOST_REPORTS = 100
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
    fault_report_keep_position = fields.Boolean(
        string="Keep the Position in Photos",
        help="Otherwise it is removed from photos where they were taken.",
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
