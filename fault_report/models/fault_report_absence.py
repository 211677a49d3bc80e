from odoo import models


class FaultReport(models.Model):
    """Say on the report why it did not go to the technician that the place has."""

    _inherit = "fault.report"

    def _note_absences(self):
        """Write a note on each report that was proposed to who cannot take it."""
        # Who files a report need not see the users it may go to.
        for report in self.sudo():
            is_chosen = report.technician_id != report.place_technician_id
            absent = None if is_chosen else report._get_absent_technicians()
            if absent:
                report.message_post(
                    body=report._get_absence_text(absent),
                    subtype_xmlid="mail.mt_note",
                    author_id=self.env.ref("base.partner_root").id,
                )

    def _get_absent_technicians(self):
        """Return the place's technicians that come first but cannot take the report."""
        self.ensure_one()
        absent = self.env["res.users"]
        for technician in self._get_technicians_of_place():
            if self._can_be_technician(technician):
                break
            absent |= technician
        return absent

    def _get_absence_text(self, absent):
        names = ", ".join(absent.mapped("name"))
        if self.technician_id:
            return self.env._(
                "Given to %(technician)s, because %(absent)s cannot take it "
                "(has left, or may not see reports of this company).",
                technician=self.technician_id.name,
                absent=names,
            )
        return self.env._(
            "Nobody is assigned, because %(absent)s cannot take it (has left, or may "
            "not see reports of this company). Choose somebody else.",
            absent=names,
        )
