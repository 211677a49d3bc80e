from odoo import http
from odoo.http import request

from odoo.addons.fault_report.controllers import secret_page
from odoo.addons.fault_report.controllers.form import get_max_form, read_form
from odoo.addons.fault_report.controllers.form_response import answer_form
from odoo.addons.fault_report.models.intake.ir_qweb import STYLE_BUNDLE

HEADERS = {
    **secret_page.HEADERS,
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self' data: blob:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
}
PAGE = {**secret_page.ROUTING, "methods": ["GET"], "readonly": True}
FORM = {
    **PAGE,
    "methods": ["POST"],
    "readonly": False,
    "csrf": False,
    "max_content_length": get_max_form,
}
# The style of the page around the form
PAGE_BUNDLE = "fault_report_qr.assets_page"
# For forms with points that do not always apply
POINTS_BUNDLE = "fault_report.assets_points"
# For forms that ask whether anyone is in danger
DANGER_BUNDLE = "fault_report.assets_danger"
# A replica of the database may not know yet what was just filed
THANKS = {**PAGE, "readonly": False}
# By the technician, who is signed in
ARRIVAL = {
    **PAGE,
    "auth": "user",
    "methods": ["POST"],
    "readonly": False,
}
OBJECT = "maintenance.equipment"
PLACE = "res.partner"


class ScannedCode(http.Controller):
    """The pages behind the QR codes of objects and facilities.

    Forms have no CSRF token: visitors have no session that another page could misuse.
    Posts of forms are handled as the public user, also for signed-in users, and need
    the code in the URL. Phones that were offline send hours later, when a token would
    have expired.
    """

    @http.route("/fault_report/o/<string:token>", **PAGE)
    def scanned(self, token, **_params):
        return self._show(OBJECT, token)

    @http.route("/fault_report/o/<string:token>", **FORM)
    def file_scanned(self, token, **_params):
        return self._post(OBJECT, token)

    @http.route("/fault_report/o/<string:token>/<string:secret>", **THANKS)
    def thanks(self, token, secret, **_params):
        return self._thank(OBJECT, token, secret)

    @http.route("/fault_report/f/<string:token>", **PAGE)
    def scanned_place(self, token, **_params):
        return self._show(PLACE, token)

    @http.route("/fault_report/f/<string:token>", **FORM)
    def file_scanned_place(self, token, **_params):
        return self._post(PLACE, token)

    @http.route("/fault_report/f/<string:token>/<string:secret>", **THANKS)
    def thanks_place(self, token, secret, **_params):
        return self._thank(PLACE, token, secret)

    @http.route("/fault_report/o/<string:token>/arrival", **ARRIVAL)
    def arrive(self, token, **_params):
        return self._arrive(OBJECT, token)

    @http.route("/fault_report/f/<string:token>/arrival", **ARRIVAL)
    def arrive_at_place(self, token, **_params):
        return self._arrive(PLACE, token)

    @http.route(
        "/fault_report/labels/<int:wizard_id>",
        type="http",
        auth="user",
        methods=["GET"],
    )
    def labels(self, wizard_id):
        """Return the label sheets or posters of the user's dialog."""
        wizard = request.env["fault.report.label"].browse(wizard_id).exists()
        if not wizard:
            raise request.not_found()
        wizard.check_access("read")
        headers = {
            "Content-Type": "application/pdf",
            "Content-Disposition": http.content_disposition("qr-labels.pdf"),
            "Cache-Control": "no-store",
        }
        return request.make_response(wizard._make_pdf(), headers=headers)

    # === REQUESTS === #

    def _show(self, model, token):
        record = self._find(model, token)
        if not record:
            return self._render_unknown()
        if record.with_user(request.env.user)._opens_in_back_office():
            reports = record._find_reports_of_technician(request.env.user)
            if reports:
                return self._render_arrival(record, token, reports)
            return request.redirect(self._get_back_office_path(record))
        return self._render_page(record, token, request.httprequest.args.to_dict())

    def _arrive(self, model, token):
        """Note that the user has come, then open their work there."""
        record = self._find(model, token)
        if not record:
            return self._render_unknown()
        reports = record._find_reports_of_technician(request.env.user)
        reports._note_arrival(record.name)
        if len(reports) == 1:
            return request.redirect(f"/odoo/fault-reports/{reports.id}")
        return request.redirect(self._get_back_office_path(record))

    def _get_back_office_path(self, record):
        return f"/odoo/{record._name}/{record.id}"

    def _post(self, model, token):
        record = self._find(model, token)
        if not record:
            return self._render_unknown()
        address = request.httprequest.remote_addr

        def act():
            form = read_form(request)
            target = "thanks"
            if "me_too" in form.vals:
                record._post_me_too_by_key(form.vals["me_too"], address)
            else:
                report = record._file_scanned_report(form, address)
                # The report may have been deleted since the first submission.
                target = report._portal_ensure_token() if report else target
            return f"{record._get_code_path(token)}/{target}"

        def show_again(**values):
            kept = request.httprequest.form.to_dict()
            return self._render_page(
                record, token, kept, is_refused=True, kept=kept, **values
            )

        return answer_form(act, show_again, headers=HEADERS)

    def _thank(self, model, token, secret):
        record = self._find(model, token)
        report = record._find_scanned_report(secret) if record else None
        if not report and (not record or secret != "thanks"):
            return self._render_unknown()
        values = {
            "company": record._get_scan_company(),
            "report": report,
            "path": record._get_code_path(token),
        }
        return self._render("fault_report_qr.qr_thanks", values)

    def _find(self, model, token):
        return request.env[model]._find_by_fault_report_token(token)

    # === PAGES === #

    def _render_page(self, record, token, given, is_refused=False, **values):
        page = record._prepare_scan_page(given, is_refused)
        values = {**page, "path": record._get_code_path(token), **values}
        return self._render(page["template"], values)

    def _render_arrival(self, record, token, reports):
        values = {
            "company": record._get_scan_company(),
            "name": record.name,
            "reports": reports,
            "path": record._get_code_path(token),
            "back_office_path": self._get_back_office_path(record),
        }
        return self._render("fault_report_qr.qr_arrival", values)

    def _render_unknown(self):
        return self._render("fault_report_qr.qr_unknown", {}, status=404)

    def _render(self, template, values, status=200):
        company = values.get("company") or request.env.company
        # Visitors may not read companies; name and logo are public.
        qweb = request.env["ir.qweb"]
        values = {
            **values,
            "company": company.sudo(),
            "style": qweb._get_fault_report_style()
            + qweb._get_fault_report_style(PAGE_BUNDLE),
            # Without the handlers that Odoo writes into its tags: see the policy above
            "scripts": [
                link
                for bundle in self._get_bundles(values)
                for link in qweb._get_asset_links(bundle, css=False, js=True)
            ],
            "inserted": True,
        }
        return secret_page.render(template, values, status, HEADERS)

    def _get_bundles(self, values):
        """Return the bundles with the scripts of the page."""
        has_rules = any(point._get_frozen_rule() for point in values.get("points", ()))
        asks_danger = (values.get("emergency") or {}).get("words") is not None
        bundles = {POINTS_BUNDLE: has_rules, DANGER_BUNDLE: asks_danger}
        return [STYLE_BUNDLE, *(name for name in bundles if bundles[name])]
