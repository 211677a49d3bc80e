from odoo import api, models
from odoo.exceptions import ValidationError

# Of a number, with its prefix and suffix
MAX_NUMBER_LENGTH = 64


class IrSequence(models.Model):
    _inherit = "ir.sequence"

    @api.constrains("code", "prefix", "suffix", "padding")
    def _check_fault_report_numbers(self):
        """Refuse what fault reports cannot be numbered with: they could not be filed.

        :raise UserError: for a prefix or suffix that Odoo cannot read
        """
        for sequence in self.filtered(lambda seq: seq.code == "fault.report"):
            affixes = "".join(sequence._get_prefix_suffix())
            if not 0 <= sequence.padding <= MAX_NUMBER_LENGTH - len(affixes):
                raise ValidationError(
                    self.env._(
                        "Numbers of fault reports have at most %(length)s characters: "
                        "choose a shorter prefix or suffix, or fewer digits.",
                        length=MAX_NUMBER_LENGTH,
                    )
                )
