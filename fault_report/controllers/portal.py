import uuid
from urllib.parse import urlencode

from werkzeug.exceptions import NotFound

from odoo import http
from odoo.exceptions import AccessError, MissingError
from odoo.fields import Domain
from odoo.http import request
from odoo.tools import groupby

from odoo.addons.portal.controllers.portal import CustomerPortal, pager

from ..models.client_guards import MAX_ID
from ..models.fault_report_print import CUSTOMER_REPORT
from ..tools import search_rules, text_rules
from .form import get_max_form, read_form
from .form_response import answer_form

PAGE = "/my/fault_reports"
# Formats of the customer's edition
PRINTS = ("pdf", "html")
UNFOLDED_MESSAGES = 10


class FaultReportPortal(CustomerPortal):
    """A customer's reports: the list, and the page of each."""

    _fault_reports_per_page = 20

    def _prepare_portal_layout_values(self):
        """Set the language of the page, for screen readers."""
        language = {"lang": (request.env.lang or "en_US").replace("_", "-")}
        return {**super()._prepare_portal_layout_values(), "html_data": language}

    def _prepare_address_data(self, partner_sudo, **kwargs):
        """Leave out the facilities hidden from the user: Odoo shows all addresses."""
        data = super()._prepare_address_data(partner_sudo, **kwargs)
        return {name: data[name]._filter_portal_known() for name in data}

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        Report = request.env["fault.report"]
        if not counters:
            # Of the page itself
            values["has_fault_reports"] = Report._has_part_in_portal()
            values["may_file_fault_reports"] = Report._may_file_on_portal()
        if values.get("has_fault_reports") or "fault_report_count" in counters:
            may_read = Report.has_access("read")
            values["fault_report_count"] = Report.get_waiting_count() if may_read else 0
        return values

    @http.route(
        "/fault_report/signin",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
        save_session=False,
        readonly=True,
    )
    def sign_in(self, company=None, **_query):
        """Redirect to the customer's reports, through a login page with the logo."""
        query = {"redirect": PAGE}
        found = request.env["res.company"]._find_for_signin(company)
        if found:
            query["company"] = found.id
        return request.redirect_query("/web/login", query)

    # === THE LIST === #

    @http.route(
        [PAGE, f"{PAGE}/page/<int(max=100000):page>"],
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
        readonly=True,
    )
    def fault_reports(self, page=1, **params):
        """List the reports; unknown parameters are ignored."""
        choices = self._get_fault_report_choices()
        chosen = {
            name: params[name] if params.get(name) in offers else next(iter(offers))
            for name, offers in choices.items()
        }
        words = self._get_search_words(params)
        domain, equipment = self._get_fault_report_list_domain(chosen, words, params)
        url_args = {**chosen, "search": words, "object": equipment.id}
        pages = self._get_fault_report_pager(domain, page, url_args)
        Report = request.env["fault.report"]
        sorting = choices["sortby"][chosen["sortby"]]["order"]
        grouping = choices["groupby"][chosen["groupby"]]["field"]
        reports = Report.search(
            domain,
            order=f"{grouping}, {sorting}" if grouping else sorting,
            limit=self._fault_reports_per_page,
            offset=pages["offset"],
        )
        # Found with the user's rights; the page shows their facilities and objects.
        reports_sudo = reports.sudo()
        values = {
            **self._prepare_portal_layout_values(),
            "page_name": "fault_reports",
            "groups": self._group_fault_reports(reports_sudo, grouping),
            "pager": pages,
            "default_url": PAGE,
            "searchbar_sortings": choices["sortby"],
            "searchbar_filters": choices["filterby"],
            "searchbar_groupby": choices["groupby"],
            "searchbar_inputs": choices["search_in"],
            "facilities": choices["facility"],
            "search": words,
            "equipment": equipment,
            "may_file": Report._may_file_on_portal(),
            "is_filtered": bool(words or equipment or chosen["facility"])
            or chosen["filterby"] != "all",
            **chosen,
        }
        return request.render("fault_report.portal_list", values)

    def _get_fault_report_pager(self, domain, page, url_args):
        return pager(
            url=PAGE,
            total=request.env["fault.report"].search_count(domain),
            page=page,
            step=self._fault_reports_per_page,
            url_args={key: value for key, value in url_args.items() if value},
        )

    def _get_fault_report_choices(self):
        """Return the options of the list: the choices of each parameter by value.

        The first one is the default.
        """
        facilities = {
            str(facility.id): {"label": facility.name}
            for facility in request.env["fault.report"]._get_portal_facilities()
        }
        return {
            "sortby": self._get_fault_report_orders(),
            "filterby": self._get_fault_report_filters(),
            "groupby": self._get_fault_report_groupings(),
            "search_in": self._get_fault_report_searches(),
            "facility": {"": {"label": request.env._("All facilities")}, **facilities},
        }

    def _get_fault_report_orders(self):
        env = request.env
        return {
            "newest": {"label": env._("Newest"), "order": "reported_at desc, id desc"},
            "oldest": {"label": env._("Oldest"), "order": "reported_at, id"},
            "name": {"label": env._("Description"), "order": "name, id"},
            "facility": {"label": env._("Facility"), "order": "facility_id, id desc"},
            "state": {"label": env._("State"), "order": "state, id desc"},
        }

    def _get_fault_report_filters(self):
        env = request.env
        waiting = env["fault.report"]._get_waiting_domain()
        mine = Domain("create_uid", "=", env.uid)
        return {
            "all": {"label": env._("All"), "domain": Domain.TRUE},
            "open": {"label": env._("Open"), "domain": waiting},
            "handled": {"label": env._("Handled"), "domain": ~waiting},
            "mine": {"label": env._("Filed by me"), "domain": mine},
        }

    def _get_fault_report_groupings(self):
        env = request.env
        return {
            "none": {"label": env._("None"), "field": False},
            "facility": {"label": env._("Facility"), "field": "facility_id"},
            "object": {"label": env._("Object"), "field": "equipment_id"},
            "state": {"label": env._("State"), "field": "state"},
        }

    def _get_fault_report_searches(self):
        env = request.env
        labels = {
            "all": env._("Search everywhere"),
            "name": env._("Search in descriptions"),
            "reference": env._("Search in numbers"),
            "facility": env._("Search in facilities"),
            "object": env._("Search in objects"),
        }
        return {name: {"input": name, "label": text} for name, text in labels.items()}

    def _get_search_words(self, params):
        words = (params.get("search") or "").strip()[: text_rules.MAX_NAME]
        return "" if text_rules.find_problem(words, text_rules.MAX_NAME) else words

    def _get_fault_report_list_domain(self, chosen, words, params):
        """Return the requested domain, and the requested object, if any."""
        Report = request.env["fault.report"]
        domain = Domain.TRUE
        if chosen["filterby"] != "all":
            choices = self._get_fault_report_choices()["filterby"]
            domain &= choices[chosen["filterby"]]["domain"]
        if chosen["facility"]:
            domain &= Domain("facility_id", "=", int(chosen["facility"]))
        equipment = Report._get_portal_equipment(params.get("object") or "")
        if equipment:
            domain &= Domain("equipment_id", "=", equipment.id)
        if words:
            domain &= self._get_search_domain(chosen["search_in"], words)
        return domain, equipment

    def _get_search_domain(self, search_in, words):
        Report = request.env["fault.report"]
        found = Report._search_portal_equipment(words, limit=200)
        facilities = Report._get_portal_facilities().filtered_domain(
            search_rules.get_domain(words, "name")
        )
        domains = {
            "name": search_rules.get_domain(words, "name"),
            "reference": search_rules.get_domain(words, "reference"),
            "facility": Domain("facility_id", "in", facilities.ids),
            "object": Domain("equipment_id", "in", found.ids),
        }
        return domains.get(search_in) or Domain.OR(domains.values())

    def _group_fault_reports(self, reports, grouping):
        """Return pairs of a heading and its reports on the page."""
        if not grouping:
            return [("", reports)] if reports else []
        state_labels = dict(
            reports._fields["state"]._description_selection(reports.env)
        )

        def heading(report):
            if grouping == "state":
                return state_labels[report.state]
            # Of a report that the user may see, by a field of the portal
            return report[grouping].sudo().name or request.env._("None")

        # Prefetch for the whole page, not for each group.
        return [
            (
                label,
                reports.browse(report.id for report in group).with_prefetch(
                    reports._prefetch_ids
                ),
            )
            for label, group in groupby(reports, heading)
        ]

    # === THE PAGE OF A REPORT === #

    # Not read-only: it follows filing and comments, of which a replica of the database
    # may not know yet.
    @http.route(
        f"{PAGE}/<int(max={MAX_ID}):report_id>",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
    )
    def fault_report(self, report_id, access_token=None, **params):
        if request.env.user._is_public() and not access_token:
            # Redirect to the login page whether the report exists or not
            return request.redirect_query(
                "/web/login", {"redirect": f"{PAGE}/{report_id}"}
            )
        is_print = params.get("report_type") in PRINTS
        if not is_print:
            request.env["fault.report"].browse(report_id)._fetch_portal_page()
        report = self._get_fault_report(report_id, access_token)
        if is_print:
            return self._print_fault_report(report, params)
        return self._render_fault_report(report, access_token, params)

    def _print_fault_report(self, report, params):
        """Respond with the customer's edition, for every reader."""
        response = self._show_report(
            report,
            params["report_type"],
            CUSTOMER_REPORT,
            download=bool(params.get("download")),
        )
        return self._keep_private(response)

    def _keep_private(self, response):
        # The URL contains the token
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["Cache-Control"] = "private, no-store"
        return response

    def _render_fault_report(self, report, access_token, params, **values):
        report._fetch_portal_place()
        kept = request.httprequest.form
        messages = report._get_public_messages()
        values = {
            **self._prepare_portal_layout_values(),
            **self._get_page_view_values(
                report, access_token, {}, "fault_report_history", False
            ),
            "page_name": "fault_report",
            "report": report,
            "progress": report._get_progress(),
            "messages": messages,
            # Folded, so that the latest are found on a phone
            "earlier_messages": messages[:-UNFOLDED_MESSAGES],
            "files": report._get_public_files(),
            "points": report._get_public_points(),
            "is_new": params.get("filed") == "1",
            "form_data": self._get_form_data(report.company_id),
            "reply_key": uuid.uuid4().hex,
            "kept": kept,
            "errors": {},
            "error_url": None,
            # The part of the page whose form was refused
            "refused": None,
            "may_file": report._may_file_on_portal(),
            "print_url": report._get_print_url(access_token),
            **report._prepare_verdict_page(params.get("verdict")),
            "verdict_url": f"{report.access_url}/verdict",
            "csrf_token": request.csrf_token(),
            **values,
        }
        response = request.render("fault_report.portal_report", values)
        return self._keep_private(response)

    @http.route(
        f"{PAGE}/<int(max={MAX_ID}):report_id>/comment",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
        max_content_length=get_max_form,
    )
    def fault_report_comment(self, report_id, access_token=None, **_params):
        report = self._get_fault_report(report_id, access_token)
        return self._answer_page(
            report, access_token, report._answer_from_page, "comments"
        )

    @http.route(
        f"{PAGE}/<int(max={MAX_ID}):report_id>/verdict",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
        max_content_length=get_max_form,
    )
    def fault_report_verdict(self, report_id, access_token=None, **_params):
        report = self._get_fault_report(report_id, access_token)
        return self._answer_page(
            report, access_token, report._answer_verdict, "verdict"
        )

    def _answer_page(self, report, access_token, handle, anchor):
        """Handle a form of the page, and lead back to its part of the page."""
        suffix = f"?{urlencode({'access_token': access_token})}" if access_token else ""

        def action():
            form = read_form(request)
            form.vals.pop("access_token", None)
            handle(form)
            return f"{report.access_url}{suffix}#{anchor}"

        return answer_form(
            action,
            lambda **values: self._render_fault_report(
                report, access_token, {}, refused=anchor, **values
            ),
            labels={
                "comment": request.env._("Write a comment"),
                "wish": request.env._("When does it suit you?"),
            },
        )

    def _get_form_data(self, company):
        """Return the attributes with the owner of the form, for its script."""
        return {
            **request.env["fault.report"]._get_form_data(company),
            "data-fault-report-form": "1",
            "data-owner": f"portal:{request.env.uid}",
        }

    def _get_fault_report(self, report_id, access_token=None):
        """Return the report without access rules, if the user or the token has access.

        :raises NotFound: without access, whether the report exists or not
        """
        token = access_token if (access_token or "").isascii() else None
        try:
            found = self._document_check_access("fault.report", report_id, token)
        except (AccessError, MissingError) as error:
            raise NotFound from error
        # Access is checked; further actions use the rights of the user.
        return found.with_user(request.env.user).sudo()
