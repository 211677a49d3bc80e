"""The pages of the portal: their weight, axe-core, and their languages."""

from odoo.tests import tagged

from . import common_pages
from .common_pages import Visit

PAGE = "/my/fault_reports"


@tagged("post_install", "-at_install")
class TestPublicPages(common_pages.PublicPages):
    ADDONS = ("fault_report",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.in_wing.planned_start = "2126-03-02 08:00:00"
        cls.company.fault_report_visits = True
        cls.company.fault_report_ask_verdict = True
        cls.company.fault_report_template_id = cls.make_template()
        cls.filing.with_user(cls.filing).action_fault_report_new_calendar()
        secret = cls.filing._get_fault_report_calendar_token()
        cls.calendar = f"/fault_report/calendar/{secret}.ics"
        cls.token = cls.in_wing._portal_ensure_token()
        cls.solved = cls.in_wing.copy()
        cls.solved.action_solve(cls.in_wing.name)

    def get_visits(self):
        report, login = self.in_wing.access_url, self.filing.login
        link = f"access_token={self.token}"
        lift = f"equipment_id={self.lift.id}"
        refused = {"name": "", "colleague": "no address"}
        large, too_large = {"comment": "x" * 25_000}, {"comment": "x" * 45_000}
        visit = {"answer": "other", "visit": self.in_wing._get_visit_key()}
        gone = {"csrf_token": "gone", "name": "x"}
        garage = self.in_garage.access_url
        secret = self.solved._get_verdict_token()
        ask = f"/fault_report/verdict/{self.solved.id}/{secret}"
        odd = {"verdict": "odd"}
        return [
            Visit("Sign in", "/fault_report/signin", is_of_odoo=True),
            Visit("My account", "/my", login, is_of_odoo=True),
            Visit("My details", "/my/account", login, is_of_odoo=True),
            Visit("List", PAGE, login),
            Visit("List, grouped", f"{PAGE}?groupby=state&filterby=open", login),
            Visit("List, nothing found", f"{PAGE}/page/1?search=zzz", login),
            Visit("Report a fault", f"{PAGE}/new", login),
            Visit("Report a fault, known already", f"{PAGE}/new?{lift}", login),
            Visit("Its objects", f"{PAGE}/objects?search=li", login),
            Visit("Its known faults", f"{PAGE}/open?{lift}", login),
            Visit("A report", report, login),
            Visit("A report that was sent", f"{report}?filed=1", login),
            Visit("A report by its link", f"{report}?{link}"),
            Visit("Report a fault, refused", f"{PAGE}/new", login, refused),
            Visit("Report a fault, large", f"{PAGE}/new", login, large),
            Visit("Report a fault, too large", f"{PAGE}/new", login, too_large),
            Visit("Report a fault, kept", f"{PAGE}/new", login, gone),
            Visit("Comment, refused", f"{report}/comment", login, {"comment": ""}),
            Visit(
                "Comment by a link, refused",
                f"{report}/comment",
                data={"comment": "", "access_token": self.token},
            ),
            Visit("Its visit", f"{report}/visit.ics", login),
            Visit("Answer to a visit, refused", f"{report}/visit", login, visit),
            Visit("Whether it works", f"{ask}?verdict=works"),
            Visit("Whether it works, refused", ask, data=odd),
            Visit(
                "Whether it works, refused on the portal",
                f"{self.solved.access_url}/verdict",
                login,
                odd,
            ),
            Visit("Calendar", self.calendar),
            Visit("New calendar", f"{PAGE}/calendar", login, {"x": "y"}, True),
            Visit("Preferences", f"{PAGE}/preferences", login, {"x": "y"}, True),
            Visit("I have this too", f"{garage}/me_too", login, {"name": ""}),
        ]
