from odoo import fields

from . import photo_rules


class Photo(fields.Image):
    """A photo from outside, checked and reduced by `photo_rules`.

    Odoo's own Image field decodes unchecked content, in `onchange` too.
    """

    def _image_process(self, value, env):
        limits = env.company._get_fault_report_limits()
        return photo_rules.clean_photo(env, value, limits)
