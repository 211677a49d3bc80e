from odoo import api, models
from odoo.exceptions import UserError

from . import text_rules
from .fault_report import TEXT_LIMITS, WAITING_STATES

# Of a column of ids
MAX_ID = 2**31


class FaultReport(models.Model):
    """What is done with a report by hand: assign, solve, cancel, reopen."""

    _inherit = "fault.report"

    def action_assign(self, technician=None):
        """Give the reports to a technician; without one, open the dialog to choose.

        :param technician: a `res.users` record, or its id
        """
        self.check_access("write")
        self._check_waiting()
        if not technician:
            return self._get_dialog("fault.report.assign", self.env._("Assign"))
        self.technician_id = self._read_record("res.users", technician)
        return True

    def action_cancel(self, reason=False):
        """Cancel reports that no order was made of.

        Without a reason nothing is done but to open the dialog that asks for it.
        """
        return self._close("cancelled", reason, self.env._("Cancel Fault Report"))

    def action_solve(self, reason=False):
        """Close reports that need no order, for instance after a phone call.

        Without a reason nothing is done but to open the dialog that asks for it.
        """
        return self._close("solved", reason, self.env._("Solved Without an Order"))

    def action_reopen(self, reason=False):
        """Take back cancelling or solving; the reason is kept in the log.

        Without a reason nothing is done but to open the dialog that asks for it.
        """
        self.check_access("write")
        for report in self:
            if not report.outcome:
                raise UserError(
                    self.env._("%(report)s is not closed.", report=report.reference)
                )
        if self._has_to_ask(reason):
            return self._get_dialog(
                "fault.report.reopen", self.env._("Reopen Fault Report")
            )
        self._check_reason(reason)
        # What is erased from the report stays readable in its log.
        self._message_log_batch(
            {
                report.id: self.env._(
                    "Reopened: %(reason)s (had been closed with “%(former)s”)",
                    reason=reason or "–",
                    former=report.close_reason or "–",
                )
                for report in self
            }
        )
        self._write_outcome(False, False)
        return True

    def _close(self, outcome, reason, title):
        self.check_access("write")
        self._check_waiting()
        if self._has_to_ask(reason):
            return self._get_dialog(
                "fault.report.close", title, default_outcome=outcome
            )
        self._check_reason(reason)
        self._write_outcome(outcome, reason)
        return True

    def _has_to_ask(self, reason):
        """Return whether the reason is missing and there is somebody to ask for it."""
        # Other addons and scheduled actions act as superuser: nobody to answer.
        return text_rules.is_blank(str(reason or "")) and not self.env.su

    def _check_reason(self, reason):
        text_rules.check_texts(self, {"close_reason": reason}, TEXT_LIMITS)

    def _write_outcome(self, outcome, reason):
        vals = {"outcome": outcome, "close_reason": reason}
        if not outcome:
            vals["duplicate_of_id"] = False
        # Only the actions, which check access and state, write how it ended.
        return self.sudo().write(vals)

    def _check_waiting(self):
        for report in self:
            if report.state not in WAITING_STATES:
                state = dict(self._fields["state"]._description_selection(self.env))
                raise UserError(
                    self.env._(
                        "%(report)s is already %(state)s.",
                        report=report.reference,
                        state=state[report.state].lower(),
                    )
                )

    @api.model
    def _read_record(self, model, given):
        """Return the record that the caller of an action has given, or its id is of."""
        if isinstance(given, models.BaseModel) and given._name == model:
            return given.ensure_one()
        if type(given) is int and 0 < given < MAX_ID:
            return self.env[model].browse(given)
        raise UserError(
            self.env._(
                "Choose one %s.", self.env["ir.model"].sudo()._get(model).name.lower()
            )
        )

    def _get_dialog(self, model, title, **context):
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": model,
            "view_mode": "form",
            "target": "new",
            "context": {"default_report_ids": self.ids, **context},
        }
