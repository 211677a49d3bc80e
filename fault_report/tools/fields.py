from odoo import fields
from odoo.exceptions import ValidationError
from odoo.modules.db import FunctionStatus
from odoo.tools import SQL

from . import photo_rules, search_rules


class OptionalFloat(fields.Float):
    """A number that may be missing: False then, while 0 is a value.

    Odoo's own Float returns 0 for a missing number. A reading of 0 differs from no
    reading, and a limit of 0 from no limit.
    """

    falsy_value = None
    aggregator = "avg"

    def convert_to_column(self, value, record, values=None, validate=True):
        if _is_missing(value):
            return None
        self._check_is_number(value, record)
        return super().convert_to_column(value, record, values, validate)

    def convert_to_cache(self, value, record, validate=True):
        if _is_missing(value):
            return None
        self._check_is_number(value, record)
        return super().convert_to_cache(value, record, validate)

    def _check_is_number(self, value, record):
        """Refuse in words what is no number, or larger than any that Python knows."""
        try:
            float(value)
        except (TypeError, ValueError, OverflowError) as error:
            label = self._description_string(record.env)
            raise ValidationError(
                record.env._("“%s” takes a number.", label)
            ) from error

    def convert_to_record(self, value, record):
        return False if value is None else value

    def convert_to_export(self, value, record):
        return "" if _is_missing(value) else value


class Photo(fields.Image):
    """A photo from outside, checked and reduced by `photo_rules`.

    Odoo's own Image field decodes unchecked content, in `onchange` too.
    """

    def _image_process(self, value, env):
        limits = env.company._get_fault_report_limits()
        return photo_rules.clean_photo(env, value, limits)


class GeneratedText(fields.Text):
    """A text that PostgreSQL keeps: an expression of other columns of the row.

    It is never written or read by Odoo, only searched. No change of its sources is
    missed, not even one by SQL.

    :param sources: the names of the columns in the expression
    :param expression: its SQL, made of immutable functions
    """

    sources = ()
    expression = ""
    readonly = True
    prefetch = False
    copy = False

    @property
    def column_type(self):
        return ("text", f"text GENERATED ALWAYS AS ({self.expression}) STORED")

    def to_sql(self, model, alias):
        changed = [model._fields[name] for name in self.sources]
        return SQL("%s", SQL.identifier(alias, self.name), to_flush=changed)

    def get_match(self, model, alias, pattern):
        """Return SQL that compares with a pattern like `ilike` does."""
        column = self.to_sql(model, alias)
        if not model.env.registry.has_unaccent:
            short = model.env.registry.has_trigram and (
                search_rules.get_two_letters_match(column, pattern)
            )
            return short or SQL("%s LIKE lower(%s)", column, pattern)
        unaccent = model.env.registry.unaccent
        return SQL("%s ILIKE %s", unaccent(column), unaccent(SQL("%s", pattern)))

    def get_check(self, model, alias, text):
        """Return SQL that searches a text like `ilike` does, but row by row.

        PostgreSQL expects that many rows match, and looks for the first ones.
        """
        column = self.to_sql(model, alias)
        if not model.env.registry.has_unaccent:
            return SQL("strpos(%s, lower(%s)) > 0", column, text)
        unaccent = model.env.registry.unaccent
        return SQL(
            "strpos(lower(%s), lower(%s)) > 0",
            unaccent(column),
            unaccent(SQL("%s", text)),
        )


class CalculatedSelection(fields.Selection):
    """A selection that is not stored, but can be grouped and sorted by.

    :param calculation: the name of the model's method that returns its SQL, for a table
    """

    calculation = ""

    def to_sql(self, model, alias):
        return getattr(model, self.calculation)(alias)


class SearchedChar(fields.Char):
    """A line that is part of a generated text, and is found by its index.

    :param searched_in: the name of the field with the generated text
    """

    searched_in = ""

    def condition_to_sql(self, field_expr, operator, value, model, alias, query):
        condition = super().condition_to_sql(
            field_expr, operator, value, model, alias, query
        )
        status = model.env.registry.has_unaccent
        if (
            operator not in ("like", "ilike", "=like", "=ilike")
            or not value
            or status == FunctionStatus.PRESENT
        ):
            return condition
        # The second sign keeps the end open if the value ends with a backslash.
        whole = model._fields[self.searched_in]
        match = whole.get_match(model, alias, f"%{value}%%")
        return SQL("(%s AND %s)", match, condition)


def _is_missing(value):
    # Neither `not value` nor `value in (…)`: 0 equals False
    return value is None or value is False or value == ""
