"""QR codes of facilities: the content of their pages, and what is accepted there."""

import io
import itertools
import random
import re
import uuid

from freezegun import freeze_time
from lxml import html
from PIL import Image

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger
from odoo.tools.pdf import PdfFileReader

from odoo.addons.fault_report.tests.common import FaultReportCommon, FaultReportData

from ..models.res_partner import SHOWN_OBJECTS
from ..tools import label_sheets, poster_pdf

MARKER = "Zanzibar"
# Of ours, before photos
MOST_BYTES = 30_000
MOST_QUERIES = 26


def text_of(answer):
    """Return the visible text of a page, in one line."""
    page = html.fromstring(answer.content)
    for node in page.xpath("//style | //script"):
        node.drop_tree()
    return " ".join(page.text_content().split())


class PlaceData(FaultReportData):
    @classmethod
    def make_places(cls):
        cls.company.fault_report_template_id = False
        cls.door = cls.make_object("Door", cls.wing)
        cls.wing.action_renew_fault_report_token()
        cls.url = cls.get_url(cls.wing)

    @classmethod
    def get_url(cls, facility):
        return f"/fault_report/f/{facility.sudo().fault_report_token}"

    @classmethod
    def make_object(cls, name, facility, **values):
        return cls.env["maintenance.equipment"].create(
            {"name": name, "facility_id": facility.id, "company_id": False, **values}
        )

    @classmethod
    def make_known(cls, name="Stands still", **values):
        return cls.env["fault.report"].create({"name": name, **values})


class PlaceCase(PlaceData, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_data(cls.env)
        cls.make_places()

    def reports(self):
        return self.env["fault.report"].search([("channel", "=", "qr")], order="id")

    def show(self, **query):
        return self.opener.get(self.base_url() + self.url, params=query)

    def send(self, url=None, accept="application/json", **data):
        return self.opener.post(
            self.base_url() + (url or self.url),
            data=data,
            headers={"Accept": accept, "Idempotency-Key": uuid.uuid4().hex},
            allow_redirects=False,
        )

    def file(self, **data):
        answer = self.send(**{"name": "It rattles", **data})
        self.assertEqual(answer.status_code, 200, answer.text)
        return self.reports()[-1]


@tagged("post_install", "-at_install")
class TestPlaceCode(PlaceData, FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_places()

    def test_a_code_of_a_facility_is_made_renewed_and_revoked_like_that_of_an_object(
        self,
    ):
        Partner = self.env["res.partner"]
        for record in (self.wing, self.lift):
            find = record._find_by_fault_report_token
            edited = self.as_user(record, "edit")
            edited.action_revoke_fault_report_token()
            edited._ensure_fault_report_token()
            old = record.sudo().fault_report_token
            self.assertEqual(len(old), 24)
            self.assertEqual(find(old), record)
            edited.action_renew_fault_report_token()
            self.assertFalse(find(old))
            self.assertFalse(record.copy().sudo().fault_report_token)
            new = record.sudo().fault_report_token
            edited.action_revoke_fault_report_token()
            for token in (new, "", False, None, "\0", "\ud800", "x" * 1000):
                self.assertFalse(find(token))
        self.lift.action_renew_fault_report_token()
        token = self.lift.sudo().fault_report_token
        self.assertFalse(Partner._find_by_fault_report_token(token))

    def test_only_who_edits_reports_handles_codes_of_facilities(self):
        people = {
            **self.users,
            "contacts": new_test_user(
                self.env, "code_contacts", groups="base.group_partner_manager"
            ),
            "objects": new_test_user(
                self.env, "code_objects", groups="maintenance.group_equipment_manager"
            ),
            "stranger": self.stranger,
        }
        for name, user in people.items():
            wing = self.wing.with_user(user)
            for action in ("renew", "revoke"):
                method = getattr(wing, f"action_{action}_fault_report_token")
                with self.subTest(name, action=action):
                    if name == "edit":
                        method()
                        continue
                    with self.assertRaises(AccessError):
                        method()
                    with self.assertRaises(AccessError):
                        wing.read(["fault_report_token"])
                    with self.assertRaises(AccessError):
                        wing.search([("fault_report_token", "like", "a")])
                    with self.assertRaises(AccessError):
                        wing.write({"fault_report_token": "guessed"})

    def test_only_facilities_have_a_code(self):
        for partner in (self.hotel, self.janitor):
            with self.subTest(partner.name), self.assertRaises(UserError):
                self.as_user(partner, "edit")._ensure_fault_report_token()

    def test_a_code_of_an_archived_facility_or_of_none_any_more_leads_nowhere(self):
        token = self.wing.sudo().fault_report_token
        find = self.env["res.partner"]._find_by_fault_report_token
        self.assertTrue(find(token))
        self.wing.active = False
        self.assertFalse(find(token))
        self.wing.active = True
        self.assertTrue(find(token))
        self.env.cr.execute(
            "UPDATE res_partner SET is_facility = FALSE WHERE id = %s", [self.wing.id]
        )
        self.env.invalidate_all()
        self.assertFalse(find(token))

    def test_the_company_that_made_the_code_of_a_shared_facility_gets_its_reports(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.env.user.company_ids += other
        place = self.garage.with_company(other)
        place.action_renew_fault_report_token()
        self.assertEqual(self.garage._get_scan_company(), other)
        self.hotel.company_id = self.company
        self.assertEqual(self.garage._get_scan_company(), self.company)

    def test_of_merged_facilities_a_code_that_is_printed_stays_valid(self):
        Wizard = self.env["base.partner.merge.automatic.wizard"]
        token = self.wing.sudo().fault_report_token
        Wizard._merge((self.wing + self.garage).ids, self.garage)
        find = self.env["res.partner"]._find_by_fault_report_token
        self.assertEqual(find(token), self.garage)

    def test_of_two_coded_facilities_merged_the_log_names_whose_labels_are_void(self):
        Wizard = self.env["base.partner.merge.automatic.wizard"]
        self.garage.action_renew_fault_report_token()
        token = self.garage.sudo().fault_report_token
        ended, void = self.wing.display_name, self.wing.sudo().fault_report_token
        Wizard._merge((self.wing + self.garage).ids, self.garage)
        find = self.env["res.partner"]._find_by_fault_report_token
        self.assertEqual(find(token), self.garage)
        self.assertFalse(find(void))
        logged = "".join(self.garage.message_ids.mapped("body"))
        self.assertIn(f"printed for {ended} are no longer valid", logged)


@tagged("post_install", "-at_install")
class TestPlacePage(PlaceCase):
    def test_the_page_offers_the_objects_of_the_facility_and_something_else(self):
        text = text_of(self.show())
        for shown in ("Wing", "Lift", "Door", "Report something else"):
            self.assertIn(shown, text)
        page = html.fromstring(self.show().content)
        links = page.xpath("//ul[@class='o_fr_objects']//a/@href")
        self.assertEqual(
            links,
            [f"{self.url}?equipment_id={one.id}" for one in (self.door, self.lift)]
            + [f"{self.url}?equipment_id="],
        )
        for link in links:
            form = html.fromstring(self.url_open(link).content)
            (chosen,) = form.xpath("//input[@name='equipment_id']/@value")
            self.assertEqual(chosen, link.partition("=")[2])

    def test_a_facility_without_objects_shows_the_form_at_once(self):
        (self.lift + self.door).active = False
        page = html.fromstring(self.show().content)
        self.assertTrue(page.xpath("//input[@name='name']"))
        self.assertFalse(page.xpath("//a[contains(@class, 'o_fr_back')]"))

    def test_the_page_shows_a_stranger_nothing_else(self):
        """Every other name of the database has a marker that no page shows."""
        self.company.fault_report_code_descriptions = True
        other = self.env["res.company"].create({"name": f"{MARKER} company"})
        self.make_object(f"{MARKER} archived", self.wing, active=False)
        foreign = self.make_object(f"{MARKER} of others", self.wing)
        foreign.company_id = other
        moved = self.make_object(f"{MARKER} moved", self.wing)
        known = self.make_known(
            "Noise", equipment_id=self.lift.id, comment=f"{MARKER} comment"
        )
        known.message_post(body=f"{MARKER} note")
        moved_report = self.make_known(f"{MARKER} of moved", equipment_id=moved.id)
        moved.facility_id = self.garage
        self.make_known(f"{MARKER} elsewhere", equipment_id=self.fan.id)
        self.make_known(f"{MARKER} solved", equipment_id=self.lift.id).action_solve("x")
        for number, record in enumerate(
            (self.hotel, self.garage, self.hospital, self.ward, self.manager)
            + (self.janitor, self.fan, self.hospital_lift, self.technician.partner_id)
        ):
            record.name = f"{MARKER} {number}"
        for equipment in self.lift + self.door:
            equipment.write({"serial_no": f"{MARKER} {equipment.id}", "note": MARKER})
        self.wing.write({"street": MARKER, "phone": MARKER, "comment": MARKER})
        self.assertEqual(moved_report.facility_id, self.wing)
        for query in ({}, {"equipment_id": self.lift.id}, {"equipment_id": ""}):
            with self.subTest(query):
                answer = self.show(**query)
                self.assertNotIn(MARKER, answer.text)
                self.assertNotIn(known.reference, answer.text)
        self.assertIn("Noise", self.show().text)
        self.assertIn(MARKER, self.url_open(self.url_of_garage()).text, "the marker")

    def url_of_garage(self):
        self.garage.action_renew_fault_report_token()
        return self.get_url(self.garage)

    def test_a_report_of_another_company_is_not_shown(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.env.user.company_ids += other
        self.company.fault_report_code_descriptions = True
        self.make_known(
            f"{MARKER} of others", company_id=other.id, facility_id=self.wing.id
        )
        self.make_known("Ours", facility_id=self.wing.id)
        text = text_of(self.show())
        self.assertIn("Ours", text)
        self.assertNotIn(MARKER, text)

    def test_the_code_of_another_company_shows_its_objects_only(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.hospital.company_id = self.ward.company_id = other
        self.hospital_lift.company_id = other
        # Odoo refuses it; imports and older data may have it
        ours = self.make_object("Ours alone", self.wing, company_id=self.company.id)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE maintenance_equipment SET facility_id = %s WHERE id = %s",
            [self.ward.id, ours.id],
        )
        self.env.invalidate_all()
        self.ward.action_renew_fault_report_token()
        self.url = self.get_url(self.ward)
        self.assertIn("Hospital lift", self.show().text)
        self.assertNotIn("Ours alone", self.show().text)
        report = self.file(equipment_id=self.hospital_lift.id)
        self.assertEqual(report.company_id, other)

    def test_a_facility_with_many_objects_is_searched_by_name_and_stays_light(self):
        self.env["maintenance.equipment"].create(
            [
                {
                    "name": f"Fan {number:03} {'long name ' * 5}",
                    "facility_id": self.wing.id,
                    "company_id": False,
                    "serial_no": f"SN{number}",
                }
                for number in range(500)
            ]
        )
        self.company.fault_report_code_descriptions = True
        for _number in range(12):
            self.make_known("W" * 200, equipment_id=self.lift.id)
        counts = []
        for query in ({}, {"search": "fan 499"}, {"search": "SN499"}):
            self.show(**query)  # warms the caches
            before = self.cr.sql_log_count
            answer = self.show(**query)
            counts.append(self.cr.sql_log_count - before)
            self.assertLess(len(answer.content), MOST_BYTES)
            links = html.fromstring(answer.content).xpath(
                "//*[@class='o_fr_objects']//a"
            )
            wanted = {"fan 499": 1, "SN499": 0}.get(query.get("search"), SHOWN_OBJECTS)
            self.assertEqual(len(links), wanted + 1, query)
        self.assertLessEqual(max(counts), MOST_QUERIES, counts)

    def test_the_form_of_an_object_is_light(self):
        self.company.fault_report_code_descriptions = True
        for _number in range(12):
            self.make_known("W" * 200, equipment_id=self.lift.id)
        answer = self.show(equipment_id=self.lift.id)
        self.assertLess(len(answer.content), MOST_BYTES)

    def test_a_colleague_lands_on_the_facility_other_employees_see_the_page(self):
        self.authenticate("fault_view", "fault_view")
        answer = self.url_open(self.url, allow_redirects=False)
        self.assertEqual(answer.status_code, 303)
        path = answer.headers["Location"].split("/odoo/")[1]
        self.assertEqual(path, f"res.partner/{self.wing.id}")
        self.authenticate("fault_stranger", "fault_stranger")
        self.assertEqual(self.show().status_code, 200)


@tagged("post_install", "-at_install")
class TestKnownFaults(PlaceCase):
    """What visitors read of open faults, and say about them."""

    def test_descriptions_are_shown_once_the_company_wants_it(self):
        self.lift.action_renew_fault_report_token()
        code = f"/fault_report/o/{self.lift.sudo().fault_report_token}"
        self.make_known(
            "Stands still",
            equipment_id=self.lift.id,
            comment="Call the boss",
            close_reason="Because",
        )
        for url in (self.url, code):
            self.company.fault_report_code_descriptions = False
            text = text_of(self.url_open(url))
            self.assertIn("We know of it", text)
            self.assertNotIn("Stands still", text)
            self.assertNotIn("Others who scan", text)
            self.company.fault_report_code_descriptions = True
            answer = self.url_open(url)
            self.assertIn("Stands still", text_of(answer))
            self.assertNotIn("Call the boss", answer.text)
        self.assertIn("Others who scan", text_of(self.show(equipment_id="")))

    def test_contact_data_and_the_name_of_the_reporter_are_left_out(self):
        self.company.fault_report_code_descriptions = True
        self.make_known(
            "Ann Zander locked in, call 070-123 45 67 or ann@example.com",
            equipment_id=self.lift.id,
            contact_name="Ann Zander",
        )
        self.make_known(
            "No light, Janitor waits", equipment_id=self.lift.id, phone="08 555 12 34"
        )
        text = text_of(self.show())
        self.assertIn("locked in", text)
        self.assertIn("No light", text)
        for secret in ("Zander", "45 67", "ann@", "Janitor", "12 34"):
            self.assertNotIn(secret, text)

    def test_a_fault_that_the_page_cannot_name_is_not_on_it(self):
        self.make_known("In the corridor", facility_id=self.wing.id)
        self.assertNotIn("Me too", self.show().text)
        self.company.fault_report_code_descriptions = True
        self.assertIn("In the corridor", self.show().text)
        self.assertIn("In the corridor", self.show(equipment_id="").text)
        self.assertNotIn("corridor", self.show(equipment_id=self.lift.id).text)

    def test_me_too_reaches_each_fault_of_the_facility_and_no_other(self):
        mine = [self.make_known(equipment_id=self.lift.id) for _number in range(12)]
        other = self.make_known(equipment_id=self.fan.id)
        for report in (*mine, other):
            before = report.message_ids
            key = self.wing._get_open_fault_key(report)
            answer = self.send(me_too=key)
            self.env["fault.report.attempt"].search([]).unlink()
            self.assertEqual(answer.status_code, 200)
            self.assertEqual(len(report.message_ids - before), int(report in mine))
        for odd in ("", str(mine[0].id), "x" * 20_000):
            self.assertEqual(self.send(me_too=odd).status_code, 200)
        self.assertFalse(self.reports())


@tagged("post_install", "-at_install")
class TestPlaceFiling(PlaceCase):
    def test_a_visitor_files_on_an_object_or_on_the_facility(self):
        report = self.file(equipment_id=self.lift.id, contact_name="Ann")
        self.assertEqual(report.equipment_id, self.lift)
        for nothing in ({"equipment_id": ""}, {}):
            report = self.file(**nothing)
            self.assertFalse(report.equipment_id)
        for report in self.reports():
            self.assertEqual(report.facility_id, self.wing)
            self.assertEqual(report.partner_id, self.hotel)
            self.assertEqual(report.company_id, self.company)
            self.assertEqual(report.create_uid, self.env.ref("base.public_user"))
            page = self.url_open(f"{self.url}/{report.access_token}")
            self.assertIn(report.reference, page.text)

    def test_the_whole_way_works_without_a_script(self):
        """By links and forms, as a browser without a script follows them."""
        lifts = self.env["maintenance.equipment.category"].create({"name": "Lifts"})
        self.lift.category_id = lifts
        self.company.fault_report_template_id = self.make_template(lifts)
        page = html.fromstring(self.show().content)
        (link,) = page.xpath("//a[.='Lift']/@href")
        form = self.read_form(self.url_open(link).content)
        (asked,) = [name for name in form if name.startswith("point_")]
        refused = self.send(accept="text/html", **{**form, "name": "It rattles"})
        self.assertEqual(refused.status_code, 422)
        again = self.read_form(refused.content)
        self.assertEqual(again["name"], "It rattles")
        self.assertEqual(again["equipment_id"], str(self.lift.id))
        answer = self.send(accept="text/html", **{**again, asked: "It squeaks"})
        self.assertEqual(answer.status_code, 303)
        thanks = html.fromstring(self.url_open(answer.headers["Location"]).content)
        report = self.reports()
        self.assertIn(report.reference, thanks.text_content())
        self.assertEqual(
            report.point_ids.filtered("value_text").value_text, "It squeaks"
        )
        (back,) = thanks.xpath("//a[contains(@class, 'o_fr_second')]/@href")
        self.assertEqual(back, self.url)

    def make_template(self, category):
        point = {"type": "text", "required": True}
        return self.env["fault.report.template"].create(
            {
                "name": "All",
                "point_ids": [
                    Command.create(
                        {
                            **{"name": name, **point},
                            "category_ids": [Command.set(categories.ids)],
                        }
                    )
                    for name, categories in (
                        ("Of lifts", category),
                        ("Of others", category.copy({"name": "Fans"})),
                    )
                ],
            }
        )

    def read_form(self, content):
        """Return the values that a browser sends; hidden points are for others."""
        page = html.fromstring(content)
        fields = page.xpath(
            "//form[contains(@class, 'o_fault_report_form')]"
            "//*[self::input or self::textarea][@name][not(@type='file')]"
            "[not(ancestor::*[@hidden])]"
        )
        return {
            field.get("name"): field.get("value") or (field.text or "").strip()
            for field in fields
            if not field.get("name").startswith("remark_")
        }

    def test_an_object_of_another_place_is_refused_like_one_that_does_not_exist(self):
        other = self.env["res.company"].create({"name": "Other"})
        foreign = self.make_object("Foreign", self.wing)
        foreign.company_id = other
        archived = self.make_object("Archived", self.wing, active=False)
        answers = set()
        for chosen in (
            *(self.fan + self.hospital_lift + foreign + archived).ids,
            *(0, -1, 2**31, 10**30, "7.0", "٣", "\0", "lift", "1,2", "[]"),
        ):
            with self.subTest(chosen):
                answer = self.send(name="It rattles", equipment_id=chosen)
                self.assertEqual(answer.status_code, 422)
                answers.add(answer.text)
                page = self.send(
                    accept="text/html", name="It rattles", equipment_id=chosen
                )
                self.assertEqual(page.status_code, 422)
                self.assertEqual(self.read_form(page.content)["name"], "It rattles")
            self.env["fault.report.attempt"].search([]).unlink()
        self.assertEqual(len(answers), 1)
        self.assertFalse(self.reports())

    def test_nothing_else_can_be_chosen(self):
        for name, value in (
            ("facility_id", self.garage.id),
            ("partner_id", self.hospital.id),
            ("company_id", 1),
            ("priority", "2"),
        ):
            with self.subTest(name):
                answer = self.send(**{"name": "It rattles", name: value})
                self.assertEqual(answer.status_code, 422)
        self.assertFalse(self.reports())

    def test_who_asks_too_often_waits_at_all_codes_together(self):
        self.lift.action_renew_fault_report_token()
        code = f"/fault_report/o/{self.lift.sudo().fault_report_token}"
        with freeze_time("2026-03-01 12:00:00"):
            answers = [self.send(name="It rattles") for _time in range(10)]
            answers += [self.send(url=url, name="x") for url in (code, self.url)]
        self.assertEqual([a.status_code for a in answers], [200] * 10 + [429] * 2)
        self.assertEqual(answers[-1].headers["Retry-After"], "60")

    def test_one_code_uses_a_tenth_of_the_day_whichever_object_is_chosen(self):
        self.company.fault_report_day_reports = 20
        objects = [self.lift, self.door, self.make_object("Third", self.wing)]
        codes = []
        for equipment in objects:
            answer = self.send(name="It rattles", equipment_id=equipment.id)
            codes.append(answer.status_code)
        self.assertEqual(codes, [200, 200, 429])

    def test_the_same_form_twice_is_one_report_on_another_object_it_is_refused(self):
        key = {"idempotency_key": "k" * 20, "name": "It rattles"}
        send = lambda **data: self.opener.post(  # noqa: E731
            self.base_url() + self.url,
            data={**key, **data},
            headers={"Accept": "application/json"},
        )
        first, second = send(equipment_id=self.lift.id), send(equipment_id=self.lift.id)
        self.assertEqual(first.json(), second.json())
        self.assertEqual(send(equipment_id=self.door.id).status_code, 409)
        self.assertEqual(len(self.reports()), 1)


@tagged("post_install", "-at_install")
class TestHostileInput(PlaceCase):
    NUMBERS = ("", " ", "0", "-1", "1e3", "2147483648", "9" * 40, "٣", "None", "[1]")
    CHARACTERS = ("\0", "a\0b", "\ud800", "\ufeff", "%", "_", "\\", "' OR 1=1 --")
    TEXTS = ("<b>x", "x" * 5_000, "a b c d e f g h", "../../o/x", "\r\n", "{{7*7}}")
    ODD = NUMBERS + CHARACTERS + TEXTS + ("é" * 300,)
    NAMES = ("equipment_id", "search", "me_too", "name", "token", "debug", "kept")

    def setUp(self):
        super().setUp()
        self.fan.name = MARKER
        self.garage.name = MARKER

    def test_odd_parameters_are_never_an_error_of_the_server(self):
        for method, query in self.get_queries():
            with self.subTest(method, query=query[:200]), mute_logger("odoo.http"):
                answer = self.ask(method, query)
                self.assertLess(answer.status_code, 500)
                self.assertNotIn(MARKER, answer.text)
                if method == "GET":
                    self.assertEqual(answer.status_code, 200)
            self.env["fault.report.attempt"].search([]).unlink()

    def get_queries(self):
        """Yield each odd value of each parameter, and some of them together."""
        for name, odd in itertools.product(self.NAMES, self.ODD):
            yield "GET", f"{name}={self.quote(odd)}"
        chance = random.Random(8)
        for number in range(120):
            names = chance.sample(self.NAMES, chance.randrange(1, 4))
            query = "&".join(
                f"{name}={self.quote(chance.choice(self.ODD))}" for name in names
            )
            yield ("GET", "HEAD", "POST")[number % 3], query

    @staticmethod
    def quote(text):
        encoded = text.encode(errors="surrogatepass")
        return "".join(f"%{byte:02x}" for byte in encoded)

    def ask(self, method, query):
        url = f"{self.base_url()}{self.url}"
        if method == "POST":
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            return self.opener.post(
                url, data=query, headers=form, allow_redirects=False
            )
        return self.opener.request(method, f"{url}?{query}", allow_redirects=False)

    def test_reading_changes_nothing(self):
        report = self.make_known(equipment_id=self.lift.id)
        before = report.message_ids
        key = self.wing._get_open_fault_key(report)
        for method in ("GET", "HEAD"):
            self.ask(method, f"me_too={key}&name=It+rattles&equipment_id=")
        self.assertEqual(report.message_ids, before)
        self.assertFalse(self.reports())

    def test_odd_methods_are_refused(self):
        for method in ("PUT", "DELETE", "PATCH", "TRACE"):
            with self.subTest(method):
                answer = self.opener.request(method, self.base_url() + self.url)
                self.assertIn(answer.status_code, (404, 405))

    def test_wrong_revoked_and_archived_codes_look_the_same(self):
        self.lift.action_renew_fault_report_token()
        token = self.lift.sudo().fault_report_token
        pages = [self.url_open(f"/fault_report/f/{token}")]
        pages += [self.url_open(f"/fault_report/f/{odd}") for odd in ("x" * 24, "%00")]
        self.wing.active = False
        pages += [self.show(), self.show(equipment_id=self.lift.id)]
        pages += [self.send(accept="text/html", name="It rattles")]
        pages += [self.url_open(f"{self.url}/thanks")]
        self.wing.active = True
        self.wing.action_revoke_fault_report_token()
        pages += [self.show()]
        self.assertEqual({page.status_code for page in pages}, {404})
        texts = {re.sub(r'csrf="\w+"', "", page.text) for page in pages}
        self.assertEqual(len(texts), 1)
        self.assertFalse(self.reports())

    def test_the_thanks_page_shows_reports_filed_here_only(self):
        report = self.make_known(equipment_id=self.lift.id)
        other = self.make_known(equipment_id=self.fan.id)
        for one in (report, other):
            secret = one._portal_ensure_token()
            self.assertEqual(self.url_open(f"{self.url}/{secret}").status_code, 404)
        for odd in ("False", "%00", "%ED%A0%80", "x" * 1000):
            self.assertEqual(self.url_open(f"{self.url}/{odd}").status_code, 404)


@tagged("post_install", "-at_install")
class TestPosters(PlaceData, FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_places()
        cls.env["res.lang"]._activate_lang("de_DE")

    def make_wizard(self, user="edit", **values):
        Wizard = self.env["fault.report.label"].with_user(self.users[user])
        Wizard = Wizard.with_context(
            active_model="res.partner", active_ids=self.wing.ids
        )
        return Wizard.create(values)

    def parse_pdf(self, content):
        return PdfFileReader(io.BytesIO(content), strict=False)

    def test_the_button_of_a_facility_prints_its_poster(self):
        wizard = self.make_wizard()
        self.assertEqual(wizard.sheet, "A4")
        self.assertEqual(wizard.facility_ids, self.wing)
        self.wing.action_revoke_fault_report_token()
        action = wizard.action_print()
        self.assertEqual(action["type"], "ir.actions.act_url")
        (poster,) = wizard._get_posters()
        self.assertTrue(poster["url"].endswith(self.get_url(self.wing)))
        self.assertEqual(poster["name"], "Wing")

    def test_a_poster_has_the_size_of_its_paper_whatever_is_on_it(self):
        logo = io.BytesIO()
        Image.new("RGB", (900, 60), "red").save(logo, "PNG")
        content = {"url": "https://example.com/" + "x" * 60, "company": "Company " * 20}
        for size in label_sheets.POSTERS.values():
            for name, lines, picture, sentences in (
                ("Lobby", [], b"", []),
                (
                    "Лифт Ωμέγα " * 20,
                    ["Pier 1, Haven"],
                    logo.getvalue(),
                    ["Scan."] * 40,
                ),
                ("W" * 200, ["x" * 200], b"no picture", ["扫描", "Fault? " * 30] * 9),
            ):
                poster = {**content, "name": name, "lines": lines, "logo": picture}
                with self.subTest(size, name=name):
                    pdf = self.parse_pdf(
                        poster_pdf.make_pdf(
                            size, [{**poster, "sentences": sentences}] * 2
                        )
                    )
                    self.assertEqual(pdf.getNumPages(), 2)
                    box = pdf.getPage(0).mediaBox
                    points = [float(side) * 25.4 / 72 for side in box[2:]]
                    for found, wanted in zip(points, size, strict=True):
                        self.assertAlmostEqual(found, wanted, places=2)

    def test_a_sentence_that_the_font_lacks_is_left_out(self):
        regular, _bold = poster_pdf.get_fonts()
        self.assertTrue(poster_pdf.can_write(regular, "Störung? Ωμέγα, Лифт"))
        self.assertFalse(poster_pdf.can_write(regular, "扫描"))

    def test_the_sentence_is_in_each_language_of_the_company_once(self):
        wizard = self.make_wizard()
        self.company.partner_id.lang = "de_DE"
        Wizard = type(wizard)
        self.patch(Wizard, "_get_hint", lambda self: f"In {self.env.lang[:2]}")
        found = wizard._get_sentences(self.company)
        self.assertEqual(found[0], "In de")
        self.assertEqual(sorted(set(found)), sorted(found))
        self.assertIn("In en", found)

    def test_facilities_and_objects_are_printed_on_one_label_sheet(self):
        wizard = self.make_wizard(sheet="L7160", equipment_ids=self.lift.ids)
        wizard.action_print()
        ((first, second),) = wizard._get_pages()
        self.assertEqual((first["name"], second["name"]), ("Lift", "Wing"))
        self.assertTrue(wizard._make_pdf().startswith(b"%PDF-"))

    def test_nothing_to_print_is_refused_in_words(self):
        wizard = self.make_wizard(facility_ids=[Command.clear()])
        with self.assertRaisesRegex(UserError, "Choose objects or facilities"):
            wizard.action_print()
