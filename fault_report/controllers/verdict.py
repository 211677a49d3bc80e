from odoo import http
from odoo.http import request
from odoo.tools.misc import get_lang

from ..models.client_guards import MAX_ID
from ..models.portal.verdict import VERDICT_PATH
from ..tools.errors import RefusedRequestError
from .form import get_max_form, read_form
from .form_response import answer_form
from .secret_page import HEADERS, ROUTING, render

ADDRESS = f"/{'/'.join(VERDICT_PATH)}/<int(max={MAX_ID}):report_id>/<string:token>"


class Verdict(http.Controller):
    """The page behind “It works” and “Still broken” in an e-mail.

    Opening it changes nothing: programs that check e-mails open their links. There is
    no CSRF token: the answer needs the secret in the URL, and is given as the public
    user, also by signed-in users.
    """

    # Not read-only: a replica of the database may not know yet what was answered.
    @http.route(ADDRESS, methods=["GET"], **ROUTING)
    def verdict(self, report_id, token, verdict=None, lang=None, **_params):
        report = self._find(report_id, token, lang)
        return self._render(report, verdict)

    @http.route(
        ADDRESS,
        methods=["POST"],
        csrf=False,
        max_content_length=get_max_form,
        **ROUTING,
    )
    def answer_verdict(self, report_id, token, lang=None, **_params):
        report = self._find(report_id, token, lang)

        def act():
            if not report:
                # Counted as well; its page says what there is to say.
                raise RefusedRequestError("", 404, "missing")
            form = read_form(request)
            report._answer_verdict(form)
            return request.httprequest.full_path

        return answer_form(
            act,
            lambda **values: self._render(report, "broken", **values),
            check=lambda: self._check_rate(report),
            headers=HEADERS,
            labels={"comment": request.env._("What is wrong?")},
        )

    def _find(self, report_id, token, lang):
        """Return the report of the link as the public user, or none."""
        public = request.env.ref("base.public_user")
        request.update_env(user=public.id)
        request.update_context(lang=get_lang(request.env, lang).code)
        return request.env["fault.report"]._find_by_verdict_token(report_id, token)

    def _check_rate(self, report):
        company = report.company_id or request.env.company
        limit = company._get_fault_report_rate()
        request.env["fault.report.attempt"]._check_rate(
            "verdict", limit, address=request.httprequest.remote_addr
        )

    def _render(self, report, chosen=None, **values):
        # Name and logo of a company are public.
        company_sudo = (report.company_id or request.env.company).sudo()
        page = report._prepare_verdict_page(chosen) if report else {}
        values = {
            **page,
            "report": report,
            "company": company_sudo,
            "style": request.env["ir.qweb"]._get_fault_report_style(),
            "verdict_url": request.httprequest.full_path,
            "kept": request.httprequest.form,
            **values,
        }
        return render("fault_report.verdict_page", values, 200 if report else 404)
