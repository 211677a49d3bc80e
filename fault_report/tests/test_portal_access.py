"""Access to reports on the portal: one table, checked over HTTP.

The letters of a cell stand for the reports in `RECORDS`. `Y` is allowed; `n` is refused
and nothing has changed; `L` redirects to the login page.
"""

from contextlib import contextmanager

from odoo import http
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import FaultReportData
from .common_portal import PortalData

Y, n, L = "yes", "no", "login"
WHO = ("filing", "reading", "limited", "foreign", "view", "staff", "public", "token")
# The records, in the order of the letters of a cell
RECORDS = ("in_wing", "in_garage", "nowhere", "theirs", "missing")
# fmt: off
TABLE = {
    #            filing   reading  limited  foreign  view     staff    public   token
    "page":      "YYYnn    YYYnn    Ynnnn    nnnYn    YYYYn    nnnnn    LLLLL    Ynnnn",
    "comment":   "YYYnn    YYYnn    Ynnnn    nnnYn    nnnnn    nnnnn    nnnnn    Ynnnn",
    "visit":     "YYYnn    YYYnn    Ynnnn    nnnYn    nnnnn    nnnnn    nnnnn    Ynnnn",
    "visit.ics": "YYYnn    YYYnn    Ynnnn    nnnYn    YYYYn    nnnnn    nnnnn    Ynnnn",
    "me_too":    "YYYnn    nnnnn    Ynnnn    nnnYn    nnnnn    nnnnn    LLLLL    LLLLL",
    # The object named in the form; none for `nowhere`
    "object":    "YYYnn    nnnnn    Ynnnn    nnYYn    nnnnn    nnnnn    LLLLL    LLLLL",
    "facility":  "YYYnn    nnnnn    Ynnnn    nnYYn    nnnnn    nnnnn    LLLLL    LLLLL",
    "search":    "YYnnn    nnnnn    Ynnnn    nnnYn    nnnnn    nnnnn    LLLLL    LLLLL",
    "open":      "YYnnn    nnnnn    Ynnnn    nnnYn    nnnnn    nnnnn    LLLLL    LLLLL",
    "list":      "YYYnn    YYYnn    Ynnnn    nnnYn    YYYYn    nnnnn    LLLLL    LLLLL",
}
# fmt: on
LETTERS = {"Y": Y, "n": n, "L": L}
MISSING = 2**31 - 2


@tagged("post_install", "-at_install")
class TestPortalAccess(PortalData, FaultReportData, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_data(cls.env)
        cls.make_portal_data(cls.env)
        cls.make_report = cls.env["fault.report"].create
        cls.make_portal_reports()
        cls.company.fault_report_visits = True
        reports = cls.in_wing + cls.in_garage + cls.nowhere + cls.theirs
        reports.planned_start = "2126-03-02 08:00:00"
        cls.persons = {
            name: getattr(cls, name)
            for name in ("filing", "reading", "limited", "foreign")
        }
        cls.persons["view"] = cls.users["view"]
        cls.persons["staff"] = new_test_user(
            cls.env, "portal_staff", groups="fault_report.group_customer_access"
        )
        cls.secret = cls.in_wing._portal_ensure_token()

    def get_target(self, record):
        """Return the report, and the ids of its object and facility."""
        if record == "missing":
            return MISSING, MISSING, MISSING
        report = getattr(self, record)
        return report.id, report.equipment_id.id, report.facility_id.id

    def ask(self, what, who, record):
        report_id, equipment_id, facility_id = self.get_target(record)
        page = f"/my/fault_reports/{report_id}"
        token = f"?access_token={self.secret}" if who == "token" else ""
        if what == "page":
            return self.url_open(page + token, allow_redirects=False)
        if what == "visit.ics":
            return self.url_open(f"{page}/visit.ics{token}", allow_redirects=False)
        if what == "list":
            return self.url_open("/my/fault_reports", allow_redirects=False)
        if what == "search":
            return self.url_open(
                f"/my/fault_reports/objects?facility_id={facility_id}",
                allow_redirects=False,
            )
        if what == "open":
            return self.url_open(
                f"/my/fault_reports/open?equipment_id={equipment_id}",
                allow_redirects=False,
            )
        data = {"csrf_token": http.Request.csrf_token(self)}
        if what == "comment":
            data["comment"] = "Any news?"
            return self.post(f"{page}/comment{token}", data)
        if what == "visit":
            # All have the same plan
            data |= {"visit": self.in_wing._get_visit_key(), "wish": "Never"}
            data["answer"] = "other"
            return self.post(f"{page}/visit{token}", data)
        if what == "me_too":
            return self.post(f"{page}/me_too", data)
        data["name"] = "It squeaks"
        if what == "object":
            data["equipment_id"] = equipment_id or ""
        else:
            data["facility_id"] = facility_id or ""
        return self.post("/my/fault_reports/new", data)

    def post(self, url, data):
        return self.url_open(url, data=data, allow_redirects=False)

    def count(self):
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT (SELECT count(*) FROM fault_report),"
            " (SELECT count(*) FROM mail_message), (SELECT count(*) FROM ir_attachment)"
        )
        return self.env.cr.fetchone()

    def judge(self, what, record, response, changed):
        if response.status_code in (302, 303) and "/web/login" in response.headers.get(
            "Location", ""
        ):
            return L
        # What was entered is kept, with a link
        if response.status_code == 403 and "/web/login" in response.text:
            return L
        if what in ("comment", "visit", "me_too", "object", "facility"):
            return Y if response.status_code == 303 and changed else n
        if response.status_code != 200:
            return n
        if record == "missing":
            return n
        report = getattr(self, record)
        shown = report.equipment_id.name if what == "search" else report.name
        return Y if shown and shown in response.text else n

    @contextmanager
    def untouched(self):
        with self.env.cr.savepoint() as savepoint:
            yield
            savepoint.rollback()
        self.env.invalidate_all()

    @mute_logger("odoo.http", "odoo.addons.base.models.ir_rule")
    def test_r70_every_cell_of_the_table(self):
        for index, who in enumerate(WHO):
            person = self.persons.get(who)
            self.authenticate(person and person.login, person and person.login)
            for what, row in TABLE.items():
                for record, letter in zip(RECORDS, row.split()[index], strict=True):
                    if what == "search" and record == "nowhere":
                        continue  # Not applicable: there is no facility to name
                    with self.subTest(who=who, what=what, record=record):
                        before = self.count()
                        with self.untouched():
                            response = self.ask(what, who, record)
                            changed = self.count() != before
                        self.assertLess(response.status_code, 500)
                        answer = self.judge(what, record, response, changed)
                        self.assertEqual(answer, LETTERS[letter])
                        if letter != "Y":
                            self.assertFalse(changed)
