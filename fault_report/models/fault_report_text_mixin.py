from odoo import api, models

from ..tools import text_rules


class FaultReportTextMixin(models.AbstractModel):
    """Mixin of models with texts from external sources: refuses unusable ones.

    Texts are checked before writing: database errors are no messages for users.
    """

    _name = "fault.report.text.mixin"
    _description = "Model With Checked Texts"
    _inherit = ["fault.report.protected.mixin"]

    # The arguments of `text_rules.check_texts` by field
    _text_limits = {}

    @api.model_create_multi
    def create(self, vals_list):
        context = self.env.context
        defaults = {name: context.get(f"default_{name}") for name in self._text_limits}
        for vals in vals_list:
            self._check_protected_fields(vals)
            text_rules.check_texts(self, {**defaults, **vals}, self._text_limits)
        return super().create(vals_list)

    def write(self, vals):
        self._check_protected_fields(vals)
        text_rules.check_texts(self, vals, self._text_limits)
        return super().write(vals)
