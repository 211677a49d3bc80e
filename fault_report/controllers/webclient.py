from odoo.http import request

from odoo.addons.mail.controllers.webclient import WebclientController


class FaultReportWebclientController(WebclientController):
    @classmethod
    def _process_request_for_internal_user(cls, store, name, params):
        result = super()._process_request_for_internal_user(store, name, params)
        if name == "fault_report_waiting":
            Report = request.env["fault.report"]
            if Report.has_access("read"):
                store.add_global_values(**Report._get_badge_values())
        return result
