from odoo import http
from odoo.http import request

from odoo.addons.fault_report.controllers.form import get_max_form, read_form
from odoo.addons.fault_report.controllers.form_response import answer_form
from odoo.addons.fault_report.models.intake.ir_qweb import STYLE_BUNDLE

HEADERS = {
    # The URL contains the code: keep it out of referrers, caches and search engines.
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self' data: blob:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
}


class ScannedCode(http.Controller):
    """The page behind the QR code of an object.

    There is no CSRF token: visitors have no session that another page could misuse.
    Posts are handled as the public user, also for signed-in users, and need the code in
    the URL. Phones that were offline send hours later, when a token would have expired.
    """

    @http.route(
        "/fault_report/o/<string:token>",
        type="http",
        auth="public",
        methods=["GET"],
        save_session=False,
        sitemap=False,
        readonly=True,
    )
    def scanned(self, token, **_params):
        equipment = self._find(token)
        if not equipment:
            return self._render("fault_report_qr.qr_unknown", {}, status=404)
        user = request.env.user
        if user._is_internal() and equipment.with_user(user).has_access("read"):
            return request.redirect(f"/odoo/maintenance.equipment/{equipment.id}")
        return self._show_form(equipment, token)

    @http.route(
        "/fault_report/o/<string:token>",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
        sitemap=False,
        max_content_length=get_max_form,
    )
    def file_scanned(self, token, **_params):
        equipment = self._find(token)
        if not equipment:
            return self._render("fault_report_qr.qr_unknown", {}, status=404)
        return self._post(equipment, token)

    # Not read-only, like the labels: a replica may not know what was just stored
    @http.route(
        "/fault_report/o/<string:token>/<string:secret>",
        type="http",
        auth="public",
        methods=["GET"],
        save_session=False,
        sitemap=False,
    )
    def thanks(self, token, secret, **_params):
        equipment = self._find(token)
        report = equipment._find_scanned_report(secret) if equipment else None
        if not report and secret != "thanks":
            return self._render("fault_report_qr.qr_unknown", {}, status=404)
        return self._render(
            "fault_report_qr.qr_thanks",
            {
                "equipment": equipment,
                "company": equipment._get_scan_company(),
                "report": report,
                "token": token,
            },
            status=200 if equipment else 404,
        )

    @http.route(
        "/fault_report/labels/<int:wizard_id>",
        type="http",
        auth="user",
        methods=["GET"],
    )
    def labels(self, wizard_id):
        """Return the label sheets of the user's dialog."""
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

    def _find(self, token):
        Equipment = request.env["maintenance.equipment"]
        return Equipment._find_by_fault_report_token(token)

    def _post(self, equipment, token):
        address = request.httprequest.remote_addr

        def act():
            form = read_form(request)
            target = "thanks"
            if "me_too" in form.vals:
                equipment._post_me_too_by_key(form.vals["me_too"], address)
            else:
                report = equipment._file_scanned_report(form, address)
                # The report may have been deleted since the first submission.
                target = report._portal_ensure_token() if report else target
            return f"/fault_report/o/{token}/{target}"

        def show_again(**values):
            kept = request.httprequest.form.to_dict()
            return self._show_form(equipment, token, kept=kept, **values)

        return answer_form(act, show_again, headers=HEADERS)

    # === PAGES === #

    def _show_form(self, equipment, token, **values):
        values = {**equipment._prepare_scan_page(), "token": token, **values}
        return self._render("fault_report_qr.qr_form", values)

    def _render(self, template, values, status=200):
        company = values.get("company") or request.env.company
        # Visitors may not read companies; name and logo are public.
        qweb = request.env["ir.qweb"]
        values = {
            **values,
            "company": company.sudo(),
            "style": qweb._get_fault_report_style(),
            # Without the handlers that Odoo writes into its tags: see the policy above
            "scripts": qweb._get_asset_links(STYLE_BUNDLE, css=False, js=True),
        }
        response = request.render(template, values)
        response.flatten()
        response.status_code = status
        response.headers.update(HEADERS)
        return response
