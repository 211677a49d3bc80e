"""A customer files a report on the portal, over HTTP."""

import uuid

from lxml import html

from odoo import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .test_portal_pages import PAGE, PortalPages


@tagged("post_install", "-at_install")
class TestPortalFiling(PortalPages):
    def count(self):
        return self.env["fault.report"].search_count([])

    def test_r24_a_report_is_filed_with_all_that_was_filled_in(self):
        template = self.env["fault.report.template"].create(
            {
                "name": "Lift",
                "point_ids": [
                    Command.create(
                        {"name": "Doors", "type": "check", "required": True}
                    ),
                    Command.create({"name": "Gap", "type": "number"}),
                ],
            }
        )
        self.company.fault_report_template_id = template
        self.company.fault_report_portal_may_set_urgent = True
        doors, gap = template.point_ids
        self.sign_in(self.filing)
        values = {
            "equipment_id": self.lift.id,
            "facility_id": self.wing.id,
            "comment": "Since\r\nnoon",
            "priority": "2",
            "contact_name": "Ann",
            "phone": "070-1",
            "customer_order_ref": "PO-1",
            f"point_{gap.id}": "4,5",
            f"remark_{gap.id}": "left",
        }
        response = self.send("/new", {"name": "It rattles", **values})
        self.assertIn("Doors", self.assert_refused(response, 422)["fields"]["points"])
        values[f"point_{doors.id}"] = "not_ok"
        files = [
            ("files", ("a.txt", b"one", "text/plain")),
            ("files", ("b.txt", b"two", "text/plain")),
        ]
        report = self.file_report(files, **values)
        self.assertEqual(report.channel, "portal")
        self.assertEqual(report.create_uid, self.filing)
        self.assertEqual(
            (report.partner_id, report.facility_id, report.contact_id),
            (self.hotel, self.wing, self.manager),
        )
        self.assertEqual(report.comment, "Since\nnoon")
        self.assertEqual((report.priority, report.contact_name), ("2", "Ann"))
        self.assertEqual(report.point_ids.mapped("is_deviation"), [True, False])
        self.assertEqual(len(report._get_public_files()), 2)
        self.assertIn(self.manager, report.message_partner_ids)

    def test_after_filing_the_page_links_to_the_notification_settings(self):
        self.sign_in(self.filing)
        report = self.file_report()
        link = "//*[@role='status']/a/@href"
        (address,) = self.get_page(f"/{report.id}?filed=1").xpath(link)
        page = html.fromstring(self.url_open(address).content)
        self.assertTrue(page.xpath("//*[@id='fault_report_preferences']//select"))
        self.assertFalse(self.get_page(f"/{report.id}").xpath(link))
        token = report._portal_ensure_token()
        self.sign_in(None)
        path = f"/{report.id}?filed=1&access_token={token}"
        self.assertFalse(self.get_page(path).xpath(link))

    def test_r24_an_object_that_is_not_in_the_list_is_described(self):
        self.sign_in(self.filing)
        report = self.file_report(object_text="The old gate", comment="Noisy")
        self.assertFalse(report.equipment_id)
        self.assertEqual(report.comment, "Object: The old gate\nNoisy")

    def test_r4_only_what_is_asked_for_is_taken(self):
        self.sign_in(self.filing)
        before = self.count()
        for data, field in (
            ({"name": ""}, "name"),
            ({"name": "x" * 201}, "name"),
            ({"name": "\u200b"}, "name"),
            ({"name": "a\x00"}, "name"),
            ({"comment": "x" * 10_001}, "comment"),
            ({"phone": "1\n2"}, "phone"),
            ({"priority": "9"}, "priority"),
            ({"name": ["a", "b"]}, "name"),
            ({"point_99999": "ok"}, "points"),
            ({"facility_id": "1 OR 1=1"}, "facility_id"),
            ({"equipment_id": "-1"}, "equipment_id"),
            (
                {"facility_id": self.garage.id, "equipment_id": self.lift.id},
                "equipment_id",
            ),
            ({"state": "solved"}, None),
            ({"partner_id": self.hospital.id}, None),
            ({"access_token": "x"}, None),
            ({"comment_internal": "1"}, None),
        ):
            with self.subTest(data=str(data)[:60]):
                # Otherwise the rate limit would refuse them
                self.env["fault.report.attempt"].search([]).unlink()
                response = self.send("/new", {"name": "It rattles", **data})
                self.assert_refused(response, 422, field)
        self.assertEqual(self.count(), before)

    def test_urgent_is_neither_offered_nor_taken_unless_the_company_allows_it(self):
        self.sign_in(self.filing)
        data = {"name": "It rattles", "facility_id": self.wing.id, "priority": "2"}
        for allowed in (False, True):
            self.company.fault_report_portal_may_set_urgent = allowed
            with self.subTest(allowed=allowed):
                page = html.fromstring(self.get("/new").text)
                offered = page.xpath("//input[@name='priority']/@value")
                self.assertEqual("2" in offered, allowed)
                self.assertLessEqual({"0", "1"}, set(offered))
                before = self.count()
                response = self.send("/new", data)
                if allowed:
                    self.assertEqual(response.status_code, 200)
                else:
                    self.assert_refused(response, 422, "priority")
                self.assertEqual(self.count() - before, allowed)

    def test_r70_another_customers_object_and_one_that_is_not_there_are_alike(self):
        self.sign_in(self.filing)
        for name, foreign in (
            ("equipment_id", self.hospital_lift.id),
            ("facility_id", self.ward.id),
        ):
            answers = {
                self.send("/new", {"name": "It rattles", name: value}).text
                for value in (foreign, 2**29)
            }
            self.assertEqual(len(answers), 1)

    def test_what_was_typed_is_on_the_page_that_refuses_it(self):
        self.sign_in(self.filing)
        response = self.send(
            "/new",
            {"name": "", "comment": "<i>long</i> story", "phone": "070-1"},
            script=False,
        )
        self.assertEqual(response.status_code, 422)
        page = html.fromstring(response.content)
        self.assertEqual(page.xpath("//textarea/text()"), ["<i>long</i> story"])
        self.assertEqual(page.xpath("//input[@name='phone']/@value"), ["070-1"])
        self.assertTrue(page.xpath("//*[@data-error-for='name']/text()"))

    def test_r66_a_form_sent_again_is_the_same_report(self):
        self.sign_in(self.filing)
        key, before = uuid.uuid4().hex, self.count()
        answers = [
            self.send("/new", {"name": "It rattles"}, key=key).json() for _i in range(2)
        ]
        self.assertEqual(answers[0], answers[1])
        self.assertEqual(self.count(), before + 1)
        response = self.send("/new", {"name": "It hums"}, key=key)
        error = self.assert_refused(response, 409)
        self.assertIn(PAGE, error["url"])
        self.assertEqual(self.count(), before + 1)

    def test_a_file_that_cannot_be_kept_refuses_the_report_with_it(self):
        self.sign_in(self.filing)
        before = self.count()
        files = [
            ("files", ("a.txt", b"one", "text/plain")),
            ("files", ("b.svg", b"<svg onload='x'/>", "image/png")),
        ]
        response = self.send("/new", {"name": "It rattles"}, files)
        self.assert_refused(response, 422, "files")
        self.assertEqual(self.count(), before)

    def test_reports_have_a_limit_of_ten_a_minute(self):
        self.sign_in(self.filing)
        for _attempt in range(10):
            self.assertEqual(self.send("/new", {"name": ""}).status_code, 422)
        response = self.send("/new", {"name": "It rattles"})
        self.assert_refused(response, 429)

    @mute_logger("odoo.http")
    def test_nothing_changes_without_a_post_from_our_own_page(self):
        self.sign_in(self.filing)
        before = self.count()
        self.get("/new?name=It+rattles")
        self.assertEqual(self.get(f"/{self.in_wing.id}/me_too").status_code, 405)
        self.assertEqual(self.get(f"/{self.in_wing.id}/comment").status_code, 405)
        self.assertEqual(self.get("/preferences").status_code, 405)
        for path in ("/new", f"/{self.in_wing.id}/comment", "/preferences"):
            response = self.send(path, {"name": "a", "csrf_token": "wrong"})
            self.assertEqual(response.status_code, 400)
        self.assertEqual(self.count(), before)
        self.assertFalse(self.in_wing._get_public_messages())

    def test_r4_without_the_right_there_is_no_button(self):
        for user, shown in ((self.filing, True), (self.reading, False)):
            self.sign_in(user)
            links = self.get_page().xpath("//a[@href='/my/fault_reports/new']")
            self.assertEqual(bool(links), shown)

    def test_the_only_facility_is_chosen_already(self):
        self.sign_in(self.limited)
        page = self.get_page("/new")
        chosen = page.xpath("//select[@name='facility_id']/option[@selected]/@value")
        self.assertEqual(chosen, [str(self.wing.id)])
        objects = page.xpath("//select[@name='equipment_id']/option/text()")
        self.assertEqual(objects, ["Not in the list", "Lift"])

    # === ALREADY REPORTED === #

    def test_objects_are_found_by_name_and_number(self):
        self.lift.serial_no = "OTIS-55"
        self.sign_in(self.filing)
        for words in ("li", "otis", "lift+55"):
            found = self.get(f"/objects?search={words}").json()
            self.assertEqual([row["id"] for row in found], [self.lift.id])
        self.assertEqual(self.get("/objects?search=hospital").json(), [])

    def test_me_too_is_posted_once_and_subscribes_the_customer(self):
        self.sign_in(self.filing)
        page = self.get(f"/open?equipment_id={self.lift.id}").text
        self.assertIn(f"{PAGE}/{self.in_wing.id}/me_too", page)
        for _attempt in range(2):
            self.send(f"/{self.in_wing.id}/me_too")
        message = self.in_wing._get_public_messages()
        self.assertEqual(len(message), 1)
        self.assertEqual(message.author_id, self.manager)
        self.assertIn(self.manager, self.in_wing.message_partner_ids)
