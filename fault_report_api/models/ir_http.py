from werkzeug.routing import BaseConverter

from odoo import models


class RestConverter(BaseConverter):
    """The rest of a path, including characters that no API path has.

    Odoo's `path` converter does not match line breaks and double slashes.
    """

    regex = r"[\s\S]+?"
    part_isolating = False
    weight = 200


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _get_converters(cls):
        return {**super()._get_converters(), "fault_report_rest": RestConverter}
