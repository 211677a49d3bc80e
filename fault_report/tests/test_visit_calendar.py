"""Visits in calendars: single entries, and the address that calendars fetch."""

import random
from datetime import datetime, timedelta

import pytz
import vobject

from odoo import Command, http
from odoo.exceptions import AccessError
from odoo.tests import BaseCase, HttpCase, new_test_user, tagged

from ..controllers import visit
from ..models.visit import calendar_feed
from ..tools import icalendar
from .common import FaultReportData
from .common_portal import PortalData
from .test_visits import HOUR, NOW, START, VisitCommon

ODD = 'aé€😀👩‍🔧\\;,:"\n\r\t\0\x1b\ud800\u2028\x85 '


def make_event(**values):
    values = {"uid": "1@x", "stamp": NOW, "start": START, "end": START, **values}
    return icalendar.Event(**{"summary": "x", **values})


class TestIcalendar(BaseCase):
    def test_any_text_is_read_back_and_no_line_is_too_long(self):
        generator = random.Random(112)
        for _turn in range(300):
            text = "".join(generator.choices(ODD, k=generator.randrange(1, 200)))
            content = icalendar.make_calendar([make_event(summary=f"x{text}x")])
            for line in content.split(b"\r\n"):
                self.assertLessEqual(len(line), 75)
                # Each piece is whole characters
                line.decode()
            [event] = vobject.readOne(content.decode()).vevent_list
            expected = icalendar._CONTROL.sub("", text.replace("\r\n", "\n"))
            for end in "\r\x85\u2028":
                expected = expected.replace(end, "\n")
            self.assertEqual(event.summary.value, f"x{expected}x")

    def test_texts_add_no_property(self):
        text = "x\r\nATTENDEE:mailto:a@b\nEND:VEVENT"
        content = icalendar.make_calendar(
            [make_event(summary=text, location=text, description=text, uid=text)],
            name=text,
        )
        names = {line.partition(b":")[0] for line in content.split(b"\r\n")}
        self.assertNotIn(b"ATTENDEE", names)
        self.assertEqual(content.count(b"\r\nEND:VEVENT"), 1)


class CalendarCommon(VisitCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.report = cls.make_report(
            technician_id=cls.technician.id,
            contact_id=cls.customer.partner_id.id,
            planned_start=START,
            comment="Beware of the dog",
            comment_internal=True,
        )
        cls.wing.street = "Main Street 1"

    def make(self, user):
        user.with_user(user).action_fault_report_new_calendar()
        return user._get_fault_report_calendar_token()

    def fetch(self, token):
        """Return the entries of a feed, or None."""
        content = self.env["fault.report"]._make_calendar_feed(token)
        if content is None:
            return None
        return getattr(vobject.readOne(content.decode()), "vevent_list", [])

    def get_names(self, token):
        return {event.summary.value for event in self.fetch(token)}


@tagged("post_install", "-at_install")
class TestCalendarFeed(CalendarCommon):
    def test_r112_a_technician_has_their_own_visits_with_the_place(self):
        self.make_report(name="Of no one", planned_start=START)
        [event] = self.fetch(self.make(self.technician))
        self.assertEqual(event.summary.value, "It stands still")
        self.assertEqual(event.dtstart.value.replace(tzinfo=None), START)
        self.assertEqual(event.dtend.value.replace(tzinfo=None), START + HOUR)
        self.assertIn("Wing, Main Street 1", event.location.value)
        self.assertTrue(
            event.url.value.endswith(f"/odoo/fault-reports/{self.report.id}")
        )

    def test_r112_a_customer_has_the_visits_they_see_and_nothing_internal(self):
        other = self.make_report(name="Theirs", equipment_id=self.hospital_lift.id)
        other.planned_start = START
        token = self.make(self.customer)
        [event] = self.fetch(token)
        self.assertEqual(event.summary.value, "It stands still")
        self.assertNotIn("dog", event.serialize())
        self.assertIn(f"/my/fault_reports/{self.report.id}", event.url.value)
        self.customer.partner_id.parent_id = self.hospital
        self.assertEqual(self.get_names(token), {"Theirs"})
        self.company.fault_report_visits = False
        self.assertEqual(self.fetch(token), [])

    def test_r112_the_feed_has_the_nights_of_the_clock_and_visits_of_days(self):
        """A day of 23 hours, one of 25, a whole day, and three of them."""
        zone = pytz.timezone("Europe/Stockholm")
        token = self.make(self.customer)
        for first, last, hours in (
            ("2031-03-30", "2031-03-31", 23),
            ("2031-10-26", "2031-10-27", 25),
            ("2031-05-05", "2031-05-06", 24),
            ("2031-05-05", "2031-05-08", 72),
        ):
            local = [
                zone.localize(datetime.fromisoformat(day)) for day in (first, last)
            ]
            start, end = (
                moment.astimezone(pytz.utc).replace(tzinfo=None) for moment in local
            )
            self.report.write({"planned_start": start, "planned_end": end})
            [event] = self.fetch(token)
            with self.subTest(first, last=last):
                read = [event.dtstart.value, event.dtend.value]
                self.assertEqual([one.astimezone(zone) for one in read], local)
                self.assertEqual(read[1] - read[0], timedelta(hours=hours))

    def test_it_goes_from_90_days_back_to_a_year_ahead_without_cancelled_ones(self):
        token = self.make(self.technician)
        for days, shown in ((-91, 0), (-89, 1), (365, 1), (367, 0)):
            self.report.planned_start = NOW + timedelta(days=days)
            self.assertEqual(len(self.fetch(token)), shown, days)
        self.report.write({"planned_start": START, "planned_end": False})
        self.assertEqual(len(self.fetch(token)), 1)
        self.report.action_cancel("No")
        self.assertEqual(self.fetch(token), [])

    def test_a_thousand_visits_take_few_queries_and_are_all(self):
        token = self.make(self.technician)
        self.patch(calendar_feed, "MOST_VISITS", 12)
        values = {"technician_id": self.technician.id, "equipment_id": self.lift.id}
        self.env["fault.report"].create(
            [{"name": "x", "planned_start": START, **values} for _number in range(20)]
        )
        self.env.flush_all()
        self.fetch(token)
        self.env.invalidate_all()
        with self.assertQueryCount(20):
            self.assertEqual(len(self.fetch(token)), 12)

    def test_the_address_ends_with_every_change_of_the_account(self):
        def revoke(user):
            user.with_user(user).action_fault_report_revoke_calendar()

        def renew(user):
            user.with_user(user).action_fault_report_new_calendar()

        group = self.env.ref("fault_report.group_edit")
        for change in (
            revoke,
            renew,
            lambda user: user.write({"password": "another one"}),
            lambda user: user.write({"login": "another_one"}),
            lambda user: user.write({"active": False}),
            lambda user: user.write({"group_ids": [Command.unlink(group.id)]}),
        ):
            with self.env.cr.savepoint() as savepoint:
                token = self.make(self.technician)
                self.assertIsNotNone(self.fetch(token))
                change(self.technician)
                # Odoo reads what the secret depends on from the database.
                self.env.flush_all()
                self.assertIsNone(self.fetch(token))
                savepoint.rollback()
            self.env.invalidate_all()
            self.env.registry.clear_cache()

    def test_no_wrong_secret_opens_anything(self):
        token = self.make(self.technician)
        number, _sign, digest = token.partition("-")
        empty = ["", "-", "0-", "1", "é", "-1-x"]
        cut = [
            number,
            f"{number}-",
            f"{number}-False",
            digest,
            f"{number}-{digest[:-1]}",
        ]
        changed = [f" {token}", f"{token}x", token.swapcase()]
        foreign = [f"{other}-{digest}" for other in (self.customer.id, "9" * 30, "²")]
        for wrong in empty + cut + changed + foreign:
            with self.subTest(wrong):
                self.assertIsNone(self.fetch(wrong))

    def test_only_the_user_makes_removes_and_sees_the_address(self):
        groups = "base.group_system,fault_report.group_administrator"
        boss = new_test_user(self.env, "boss", groups=groups)
        self.make(self.technician)
        foreign = self.technician.with_user(boss)
        with self.assertRaises(AccessError):
            foreign.action_fault_report_new_calendar()
        with self.assertRaises(AccessError):
            foreign.action_fault_report_revoke_calendar()
        self.assertFalse(foreign.fault_report_calendar_url)
        with self.assertRaises(AccessError):
            _key = foreign.fault_report_calendar_key
        self.assertTrue(
            self.technician.with_user(self.technician).read(
                ["fault_report_calendar_url"]
            )[0]["fault_report_calendar_url"]
        )
        with self.assertRaises(AccessError):
            self.make(self.stranger)


@tagged("post_install", "-at_install")
class TestVisitsHttp(PortalData, FaultReportData, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_data(cls.env)
        cls.make_portal_data(cls.env)
        cls.make_portal_reports()
        cls.company.fault_report_visits = True
        cls.in_wing.planned_start = datetime(2126, 3, 4, 8)
        cls.in_wing.name = "Squeaks"

    def test_a_calendar_fetches_only_what_has_changed(self):
        own = self.filing.with_user(self.filing)
        own.action_fault_report_new_calendar()
        self.in_wing.planned_start = datetime.now() + HOUR
        path = own.fault_report_calendar_url.removeprefix(own.get_base_url())
        first = self.url_open(path)
        self.assertIn("Squeaks", first.text)
        self.assertEqual(first.headers["Cache-Control"], "private, no-cache")
        self.assertIn("text/calendar", first.headers["Content-Type"])
        self.assertNotIn("Set-Cookie", first.headers)
        tag = {"If-None-Match": first.headers["ETag"]}
        again = self.url_open(path, headers=tag)
        self.assertEqual((again.status_code, again.content), (304, b""))
        self.in_wing.name = "Squeaks more"
        self.assertEqual(self.url_open(path, headers=tag).status_code, 200)
        wrong = self.url_open(f"{path[:-8]}xxxx.ics")
        self.assertEqual(wrong.status_code, 404)
        self.assertNotIn("ETag", wrong.headers)
        self.patch(visit, "FEED_RATE", 0)
        self.assertEqual(self.url_open(path).status_code, 429)

    def test_a_customer_confirms_and_asks_for_another_time_without_a_script(self):
        self.authenticate(self.filing.login, self.filing.login)
        page = self.in_wing.access_url
        self.assertNotIn("confirmed this time", self.url_open(page).text)
        data = {
            "csrf_token": http.Request.csrf_token(self),
            "visit": self.in_wing._get_visit_key(),
        }
        answer = self.url_open(f"{page}/visit", {**data, "answer": "confirmed"})
        self.assertIn("confirmed this time", answer.text)
        refused = self.url_open(f"{page}/visit", {**data, "answer": "other"})
        self.assertEqual(refused.status_code, 422)
        self.assertIn("o_fr_visit", refused.text)
        # Nothing was entered in the form for a comment, whose draft is shown.
        self.assertNotIn("data-kept", refused.text)
        wish = {"answer": "other", "wish": "Later", "idempotency_key": "key-of-a-form"}
        for _turn in range(2):
            answer = self.url_open(f"{page}/visit", {**data, **wish})
            self.assertIn("asked for another time", answer.text)
        messages = self.in_wing._get_public_messages()
        self.assertEqual(len(messages), 1)
        self.assertIn("Later", messages.body)
