from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

# Of a number, with its prefix and suffix
MAX_NUMBER_LENGTH = 64
# How often numbers are drawn until they are free
MOST_DRAWS = 3


class IrSequence(models.Model):
    """Numbers of fault reports."""

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

    def _draw_fault_report_numbers(self, company_id, count):
        """Return the next numbers that no report of the company has.

        A sequence starts anew when it is reset or gets date ranges. Unless its prefix
        differs then, its numbers are taken, and no report could be filed.
        """
        self.ensure_one()
        for _attempt in range(MOST_DRAWS):
            numbers, are_free = self._draw_next_numbers(company_id, count)
            if are_free:
                return numbers
            self._skip_taken_numbers(company_id)
        return numbers

    def _draw_next_numbers(self, company_id, count):
        """Return the next numbers, and whether all are free: mostly in one query."""
        if self.implementation != "standard" or self.use_date_range:
            numbers = [self._next() for _number in range(count)]
            return numbers, not self._are_some_taken(company_id, numbers)
        prefix, suffix = self._get_prefix_suffix()
        rows = self.env.execute_query(
            SQL(
                "SELECT number, EXISTS (SELECT FROM fault_report WHERE company_id = %s"
                " AND reference = %s || lpad(number::text,"
                " greatest(%s, length(number::text)), '0') || %s)"
                " FROM (SELECT nextval(%s) AS number FROM generate_series(1, %s)) ours",
                company_id,
                prefix,
                self.padding,
                suffix,
                f"ir_sequence_{self.id:03d}",
                count,
            )
        )
        numbers = [
            f"{prefix}{number:0{self.padding}}{suffix}" for number, _taken in rows
        ]
        return numbers, not any(is_taken for _number, is_taken in rows)

    def _are_some_taken(self, company_id, numbers):
        """Return whether reports of the company have one of these numbers."""
        return bool(
            self.env.execute_query(
                SQL(
                    "SELECT 1 FROM fault_report"
                    " WHERE company_id = %s AND reference IN %s LIMIT 1",
                    company_id,
                    tuple(numbers),
                )
            )
        )

    def _skip_taken_numbers(self, company_id):
        """Let the sequence go on after the last number of the company's reports."""
        counter, prefix, suffix = self, *self._get_prefix_suffix()
        if self.use_date_range:
            today = fields.Date.today()
            counter = self.date_range_ids.filtered(
                lambda period: period.date_from <= today <= period.date_to
            )[:1]
            prefix, suffix = self._get_prefix_suffix(date_range=counter.date_from)
        rows = self.env.execute_query(
            SQL(
                "SELECT max(number::bigint) FROM (SELECT substr(reference, %s,"
                " length(reference) - %s) AS number FROM fault_report"
                " WHERE company_id = %s AND starts_with(reference, %s)"
                " AND length(reference) > %s) ours WHERE number ~ '^[0-9]{1,9}$'",
                len(prefix) + 1,
                len(prefix) + len(suffix),
                company_id,
                prefix,
                len(prefix) + len(suffix),
            )
        )
        last = rows[0][0] or 0
        counter.number_next = last + abs(self.number_increment)
