from odoo import fields

from . import photo_rules


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
        return super().convert_to_column(value, record, values, validate)

    def convert_to_cache(self, value, record, validate=True):
        if _is_missing(value):
            return None
        return super().convert_to_cache(value, record, validate)

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


def _is_missing(value):
    # Neither `not value` nor `value in (…)`: 0 equals False
    return value is None or value is False or value == ""
