from odoo import api, models
from odoo.tools import SQL

from ..fault_report import WAITING_STATES

SIGNAL = "fault_report/waiting_changed"


class FaultReport(models.Model):
    """Signal open web clients that the number of waiting reports may have changed.

    The signal carries no number: each client requests its own, which depends on the
    user and the selected companies.
    """

    _inherit = "fault.report"

    def _write_multi(self, vals_list):
        # All changes of the state are written to the database here.
        if self._changes_waiting(vals_list):
            self._signal_waiting_changed()
        return super()._write_multi(vals_list)

    def _changes_waiting(self, vals_list):
        """Return whether writing these columns changes a company's waiting reports."""
        if self._is_waiting_signalled():
            return False
        changes = {
            report.id: vals
            for report, vals in zip(self, vals_list, strict=True)
            if not vals.keys().isdisjoint(("state", "company_id"))
        }
        if not changes:
            return False
        # The cache holds the new values; the old ones are in the database only.
        rows = self.env.execute_query(
            SQL(
                "SELECT id, state, company_id FROM fault_report WHERE id IN %s",
                tuple(changes),
            )
        )

        def waits_in(state, company_id):
            return company_id if state in WAITING_STATES else None

        return any(
            waits_in(state, company_id)
            != waits_in(
                changes[report_id].get("state", state),
                changes[report_id].get("company_id", company_id),
            )
            for report_id, state, company_id in rows
        )

    @api.model
    def _is_waiting_signalled(self):
        return SIGNAL in self.env.cr.cache

    @api.model
    def _signal_waiting_changed(self):
        """Signal once per transaction, to users who may see reports."""
        if self._is_waiting_signalled():
            return
        # Unlike `precommit.data`, this survives a flush and is reset by a rollback to a
        # savepoint, which removes the signal.
        self.env.cr.cache[SIGNAL] = True
        self.env.cr.precommit.add(self._send_waiting_changed)

    @api.model
    def _send_waiting_changed(self):
        # Not `env.ref`, which costs a query to check that the group exists
        group_id = self.env["ir.model.data"]._xmlid_to_res_id("fault_report.group_view")
        self.env["res.groups"].browse(group_id or ())._bus_send(SIGNAL, {})
