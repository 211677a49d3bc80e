from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import get_lang

from .fault_report_sla_policy import TARGETS

# Rows of the table; the figures above it cover all reports
MOST_ROWS = 1000
RESULTS = ("kept", "missed", "running")


class ReportCustomerMonth(models.AbstractModel):
    """The values of the PDF with the reports of a customer in a month.

    Like the customer's edition of a report, it has what the customer's page shows.
    Templates get texts instead of records, so that they cannot show more.
    """

    _name = "report.fault_report.report_customer_month"
    _description = "Monthly Service Report as PDF"

    @api.model
    def _get_report_values(self, docids, data=None):
        """Return the content for each dialog.

        :raises AccessError: if a dialog is not the reader's own, or they may not read
            fault reports or the customer
        """
        # Never more than what the reader may read
        dialogs = self.sudo(False).env["fault.report.customer.month"].browse(docids)
        dialogs.exists().check_access("read")
        if not dialogs.env["fault.report"]._reads_staff_edition():
            raise AccessError(self.env._("You may not print these fault reports."))
        return {
            "doc_ids": dialogs.ids,
            "doc_model": dialogs._name,
            "docs": dialogs,
            "pages": [self._prepare_page(dialog) for dialog in dialogs.exists()],
        }

    @api.model
    def _prepare_page(self, dialog):
        """Return the printed content, in the customer's language."""
        dialog.partner_id.check_access("read")
        lang = get_lang(self.env, dialog.partner_id.lang).code
        dialog = dialog.with_context(lang=lang, tz=dialog._get_zone())
        reports = dialog.env["fault.report"].search(
            dialog._get_domain(), order="reported_at, id"
        )
        # The reader may read these reports, but not each object or policy of them; what
        # the customer gets is chosen here.
        results = {one: self._get_results(one) for one in reports.sudo()}
        page = self.with_env(dialog.env)
        return {
            "doc": dialog,
            "lang": lang,
            "month": dialog._get_month_name(),
            "address": reports._get_address_text(dialog.partner_id),
            "count": len(reports),
            "targets": page._count_targets(results),
            "rows": [
                page._prepare_row(*one) for one in list(results.items())[:MOST_ROWS]
            ],
            "left_out": max(len(reports) - MOST_ROWS, 0),
        }

    @api.model
    def _get_results(self, report):
        """Return the result of each target, by target, if customers may know it."""
        if not report.sla_policy_id.shown_to_customer:
            return {}
        now = fields.Datetime.now()
        results = {name: report._get_target_result(name, now) for name in TARGETS}
        return {name: result for name, result in results.items() if result}

    @api.model
    def _count_targets(self, results):
        """Return a row for each target that a report has: numbers, and average hours.

        :param results: the results of each report, by report
        """
        labels = {
            "response": self.env._("Response"),
            "arrival": self.env._("Arrival"),
            "resolution": self.env._("Resolution"),
        }
        rows = []
        for target, label in labels.items():
            found = {one: got[target] for one, got in results.items() if target in got}
            hours = [one[f"{target}_time"] for one in found]
            hours = [value for value in hours if value is not False]
            numbers = Counter(found.values())
            if found:
                rows.append(
                    {
                        "name": label,
                        **{name: numbers[name] for name in RESULTS},
                        "hours": self._format_average(hours),
                    }
                )
        return rows

    @api.model
    def _format_average(self, hours):
        """Return the average as on the form, such as 1:30; empty without hours."""
        if not hours:
            return ""
        minutes = round(sum(hours) / len(hours) * 60)
        return f"{minutes // 60}:{minutes % 60:02}"

    @api.model
    def _prepare_row(self, report, results):
        """Return the texts of a report."""
        labels = {
            "missed": self.env._("Missed"),
            "running": self.env._("Running"),
            "kept": self.env._("Kept"),
        }
        progress = dict(report._get_progress_labels()).get(report.progress)
        done = report.resolved_at and report._get_print_time(report.resolved_at)
        return {
            "reference": report.reference,
            "equipment": report.equipment_id.display_name or "",
            "facility": report.facility_id.name or "",
            "name": report.name,
            "reported": report._get_print_time(report.reported_at),
            "done": done or progress or "",
            # The worst one, as in the back office
            "result": next(
                (labels[one] for one in labels if one in results.values()), ""
            ),
            "is_missed": "missed" in results.values(),
        }
