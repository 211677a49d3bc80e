from odoo import models


class IrModelFieldsSelection(models.Model):
    """The kinds of work order: one is removed with the addon that brought it."""

    _inherit = "ir.model.fields.selection"

    def _process_ondelete(self):
        """Release the reports of removed kinds, whichever addon they are from."""
        result = super()._process_ondelete()
        field = self.env["res.company"]._fields.get("fault_report_work_order_model")
        removed = self.filtered(
            lambda kind: (
                kind.field_id.model == "res.company"
                and field
                and kind.field_id.name == field.name
                # Others are removed with this addon
                and kind.value in (field.ondelete or {})
            )
        )
        if removed:
            self.env["fault.report"]._release_from_kinds(removed.mapped("value"))
        return result
