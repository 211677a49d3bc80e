from datetime import datetime

from odoo import api, fields, models


class FaultReport(models.Model):
    """The progress of a report, from filing to the invoice."""

    _inherit = "fault.report"

    # Not stored: it depends on orders of several models, which cannot trigger it.
    progress = fields.Selection(
        "_get_progress_labels", compute="_compute_progress", compute_sudo=True
    )

    @api.model
    def _get_progress_labels(self):
        """Return all steps with their labels, worded for customers."""
        # In tuples, the keys would be exported as translatable terms.
        labels = {
            "received": self.env._("Received"),
            "assigned": self.env._("Assigned"),
            "sale_order": self.env._("Sales order created"),
            "work_order": self.env._("Work order created"),
            "started": self.env._("Work started"),
            "done": self.env._("Work done"),
            "invoiced": self.env._("Invoiced"),
            "solved": self.env._("Solved"),
            "cancelled": self.env._("Cancelled"),
        }
        return list(labels.items())

    # With all that the steps read, so that a list fetches it in its one query
    @api.depends(
        "state",
        "outcome",
        "technician_id",
        "reported_at",
        "date_assigned",
        "date_handled",
        "work_order_model",
        "work_order_id",
        "sale_order_id.invoice_status",
        "sale_order_id.invoice_ids.state",
    )
    def _compute_progress(self):
        # Use stored values: a form could name any order
        orders = self._origin._get_work_order_by_report()
        for report in self:
            steps = report._origin._get_progress_steps(orders.get(report._origin))
            done = [key for key, is_done, _date in steps if is_done]
            report.progress = done[-1] if done else False

    def _get_progress(self):
        """Return the steps of the report as an ordered list of dicts.

        `key` and `label` of the step, whether it is `done`, and its `date` (in the
        user's time zone), False if unknown. Customers may see all of it.
        """
        self.ensure_one()
        # Users who may see the report may see its progress.
        report_sudo = self.sudo()
        labels = dict(self._get_progress_labels())
        steps = report_sudo._get_progress_steps(report_sudo._get_work_order())
        return [
            {
                "key": key,
                "label": labels[key],
                "done": is_done,
                "date": is_done and self._get_local_date(date),
            }
            for key, is_done, date in steps
        ]

    def _get_progress_steps(self, work_order):
        """Return the steps of one report: key, whether done, and date."""
        steps = [("received", bool(self), self.reported_at)]
        if self.technician_id or not self.outcome:
            is_assigned = bool(self.technician_id or work_order)
            steps.append(("assigned", is_assigned, self.date_assigned))
        if self.outcome:
            return [*steps, (self.outcome, True, self.date_handled)]
        sale_order = self._get_sale_order()
        if work_order or not sale_order:
            steps += self._get_work_steps(work_order)
        else:
            steps.append(("sale_order", True, self.date_handled))
        if sale_order:
            steps.append(("invoiced", *sale_order._get_fault_report_invoiced()))
        return steps

    def _get_work_steps(self, work_order):
        progress = work_order and work_order._get_work_order_state() or "planned"
        is_done = progress == "done"
        return [
            ("work_order", bool(work_order), work_order and work_order.create_date),
            ("started", is_done or progress == "started", False),
            ("done", is_done, is_done and work_order._get_work_order_date_done()),
        ]

    def _get_local_date(self, value):
        if isinstance(value, datetime):
            return fields.Datetime.context_timestamp(self, value).date()
        return value or False
