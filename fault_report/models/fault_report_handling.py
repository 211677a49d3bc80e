from odoo import models
from odoo.exceptions import UserError

from . import text_rules
from .fault_report import TEXT_LIMITS, WAITING_STATES


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
        self.technician_id = technician
        return True

    def action_cancel(self, reason=False):
        """Cancel reports that no order was made of."""
        return self._close("cancelled", reason)

    def action_solve(self, reason=False):
        """Close reports that need no order, for instance after a phone call."""
        return self._close("solved", reason)

    def action_open_cancel_dialog(self):
        """Ask for the reason, then cancel."""
        return self._get_close_dialog("cancelled", self.env._("Cancel Fault Report"))

    def action_open_solve_dialog(self):
        """Ask how it was solved, then close."""
        return self._get_close_dialog("solved", self.env._("Solved Without an Order"))

    def action_reopen(self):
        """Take back cancelling or solving."""
        self.check_access("write")
        for report in self:
            if not report.outcome:
                raise UserError(
                    self.env._("%(report)s is not closed.", report=report.reference)
                )
        self._write_outcome(False, False)
        return True

    def _close(self, outcome, reason):
        self.check_access("write")
        self._check_waiting()
        self._write_outcome(outcome, reason)
        return True

    def _write_outcome(self, outcome, reason):
        text_rules.check_texts(self, {"close_reason": reason}, TEXT_LIMITS)
        # Only the actions, which check access and state, write how it ended.
        self.sudo().write({"outcome": outcome, "close_reason": reason})

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

    def _get_close_dialog(self, outcome, title):
        self.check_access("write")
        self._check_waiting()
        return self._get_dialog("fault.report.close", title, default_outcome=outcome)

    def _get_dialog(self, model, title, **context):
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": model,
            "view_mode": "form",
            "target": "new",
            "context": {"default_report_ids": self.ids, **context},
        }
