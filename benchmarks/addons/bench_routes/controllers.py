"""Bare creation over the API's route: what its checks are compared with."""

import json

from odoo import SUPERUSER_ID, http
from odoo.http import request


class BenchRoutes(http.Controller):
    """Installed in the database of a benchmark only; no key is asked for."""

    @http.route(
        "/fault_report/v1/bench",
        type="fault_report_api",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
        readonly=False,
        max_content_length=10 * 1024**2,
    )
    def create(self):
        """Create a report of the values, with the file, and answer its number."""
        received = request.httprequest
        if received.mimetype == "application/json":
            values = json.loads(received.get_data())
        else:
            values = received.form.to_dict()
        serial = values.pop("equipment")
        env = request.env(user=SUPERUSER_ID)
        equipment = env["maintenance.equipment"].search([("serial_no", "=", serial)])
        report = env["fault.report"].create({**values, "equipment_id": equipment.id})
        for file in received.files.getlist("files"):
            env["ir.attachment"].create(
                {
                    "name": file.filename,
                    "raw": file.read(),
                    "res_model": "fault.report",
                    "res_id": report.id,
                }
            )
        return request.dispatcher.make_response({"reference": report.reference}, 201)
