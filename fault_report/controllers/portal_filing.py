import uuid

from werkzeug.exceptions import Forbidden, NotFound

from odoo import http
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal

from ..models.client_guards import MAX_ID
from ..tools.errors import ForbiddenError
from .form import get_max_form, read_form
from .form_response import answer_form
from .portal import PAGE, FaultReportPortal


class FaultReportPortalFiling(FaultReportPortal):
    """Filing of reports by customers."""

    @http.route(
        f"{PAGE}/new",
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
        readonly=True,
    )
    def new_fault_report(self, **params):
        self._check_may_file()
        return self._render_new(params)

    @http.route(
        f"{PAGE}/new",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
        max_content_length=get_max_form,
    )
    def file_fault_report(self, **_params):
        self._check_may_file()

        def action():
            report = request.env["fault.report"]._file_from_portal(read_form(request))
            return f"{report.access_url}?filed=1" if report else PAGE

        def render_again(**values):
            return self._render_new(request.httprequest.form.to_dict(), **values)

        Report = request.env["fault.report"]
        labels = Report._get_form_labels(is_customer=True)
        return answer_form(
            action, render_again, Report._check_filing_rate, labels=labels
        )

    def _render_new(self, kept, **values):
        Report = request.env["fault.report"]
        facilities = Report._get_portal_facilities()
        equipment = Report._get_portal_equipment(kept.get("equipment_id") or "")
        may_leave_out = Report._may_leave_facility_out()
        facility = str(equipment.facility_id.id or kept.get("facility_id") or "")
        if not facility and len(facilities) == 1:
            facility = str(facilities.id)
        user, company = request.env.user, request.env.company
        points = Report._get_portal_points()
        values = {
            **self._prepare_portal_layout_values(),
            "page_name": "fault_report_new",
            "facilities": facilities,
            "facility": facility,
            "may_leave_out": may_leave_out,
            "objects": Report._search_portal_equipment(limit=200),
            "equipment": equipment,
            "open_reports": self._get_open(equipment),
            "priorities": Report._get_channel_priorities("portal", company),
            "points": points,
            "emergency": Report._get_form_emergency(company, points),
            "categories": equipment._get_point_categories().ids,
            "form_data": {
                **self._get_form_data(company),
                "data-draft": f"portal:{user.id}:new",
                "data-objects": f"{PAGE}/objects",
                "data-open": f"{PAGE}/open",
            },
            "key": uuid.uuid4().hex,
            "kept": {"contact_name": user.name, "phone": user.phone or "", **kept},
            "errors": {},
            "error_url": None,
            **values,
        }
        return request.render("fault_report.portal_new", values)

    # === REQUESTS OF THE FORM === #

    @http.route(
        f"{PAGE}/objects",
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
        readonly=True,
    )
    def find_objects(self, search="", facility_id="", **_params):
        """Return the objects of the user's facilities that match, as JSON."""
        self._check_may_file()
        Report = request.env["fault.report"]
        objects = Report._search_portal_equipment(
            self._get_search_words({"search": search}), Report._read_id(facility_id)
        )
        objects.facility_id.fetch(["name"])
        return request.make_json_response(
            [
                {
                    "id": found.id,
                    "name": found.name,
                    "facility_id": found.facility_id.id,
                    "categories": found._get_point_categories().ids,
                    "detail": " · ".join(
                        filter(None, (found.serial_no, found.facility_id.name))
                    ),
                }
                for found in objects
            ]
        )

    @http.route(
        f"{PAGE}/open",
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
        readonly=True,
    )
    def open_on_object(self, equipment_id="", **_params):
        """Return the open reports on an object, as an HTML fragment."""
        self._check_may_file()
        Report = request.env["fault.report"]
        reports = self._get_open(Report._get_portal_equipment(equipment_id))
        return request.render("fault_report.portal_open", {"open_reports": reports})

    @http.route(
        f"{PAGE}/<int(max={MAX_ID}):report_id>/me_too",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
    )
    def me_too(self, report_id, **_params):
        self._check_may_file()
        report = self._get_fault_report(report_id)

        def action():
            report._post_portal_me_too()
            return f"{report.access_url}#comments"

        return answer_form(
            action,
            lambda **values: self._render_fault_report(
                report, None, {}, refused="comments", **values
            ),
        )

    def _get_open(self, equipment):
        # The user may see these reports; the page shows a few more of their fields.
        return request.env["fault.report"]._get_open_on_portal(equipment).sudo()

    def _check_may_file(self):
        try:
            request.env["fault.report"]._check_may_file_on_portal()
        except ForbiddenError as error:
            raise Forbidden(error.args[0]) from error


class FaultReportPreferences(CustomerPortal):
    """Notification settings of customers, on their account page."""

    def _prepare_my_account_rendering_values(self, *args, **kwargs):
        values = super()._prepare_my_account_rendering_values(*args, **kwargs)
        Users = request.env["res.users"]
        field = Users._fields["fault_report_notify_work_order"]
        return {
            **values,
            "has_fault_reports": request.env["fault.report"]._has_part_in_portal(),
            "fault_report_preferences": Users._fault_report_get_own_preferences(),
            "fault_report_channels": field._description_selection(request.env),
            "fault_report_saved": kwargs.get("fault_report") == "saved",
            "fault_report_warning": request.env.user.fault_report_phone_missing
            and Users._get_phone_missing_text(),
        }

    @http.route(
        f"{PAGE}/preferences", type="http", auth="user", methods=["POST"], website=True
    )
    def set_preferences(self, fault_report_notify_work_order="", **_params):
        if not request.env.user._is_portal():
            raise NotFound
        choice = {"fault_report_notify_work_order": fault_report_notify_work_order}

        def action():
            request.env["res.users"]._fault_report_set_own_preferences(choice)
            return "/my/account?fault_report=saved#fault_report_preferences"

        return answer_form(action, lambda **_values: self.account())
