from werkzeug.routing import BaseConverter

from odoo import models


class RestConverter(BaseConverter):
    """The rest of an address, also with what no address of the API would have.

    `path` leaves line breaks and double slashes to Odoo's page “not found”.
    """

    regex = r"[\s\S]+?"
    part_isolating = False
    weight = 200


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _get_converters(cls):
        return {**super()._get_converters(), "fault_report_rest": RestConverter}
