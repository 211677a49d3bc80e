"""The page behind the link of an alert, without an account."""

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.fault_report.tools import own_addresses

from .common_oncall import OncallCase


@tagged("post_install", "-at_install")
class TestLink(OncallCase, HttpCase):
    def setUp(self):
        super().setUp()
        self.report = self.make_urgent()
        self.alert = self.get_alert(self.report)

    def get_path(self, user, alert=None):
        alert = alert or self.alert
        return f"/fault_report/oncall/{alert.id}/{user.id}/{alert._sign(user)}"

    def ask(self, path, method="GET"):
        self.env.flush_all()
        answer = self.opener.request(
            method, self.base_url() + path, allow_redirects=False
        )
        self.env.invalidate_all()
        return answer

    def test_r107_one_tap_takes_it_and_the_second_reads_who_has_it(self):
        self.report.sudo().write({"contact_id": False, "phone": "+46 70 1"})
        anna, bert = self.get_path(self.anna), self.get_path(self.bert)
        page = self.ask(anna)
        self.assertEqual(page.status_code, 200)
        for text in (self.report.reference, "It stands still", "Wing", "I take it"):
            self.assertIn(text, page.text)
        self.assertEqual(self.alert.state, "open", "opening it changes nothing")
        self.assertNotIn("tel:", page.text)
        self.assertEqual(self.ask(anna, "POST").status_code, 303)
        self.assertEqual(self.alert.acknowledged_by_id, self.anna)
        self.assertEqual(self.report.technician_id, self.anna)
        self.assertIn("You have it", self.ask(anna).text)
        self.assertIn("tel:+46 70 1", self.ask(anna).text)
        for _time in range(2):
            self.assertEqual(self.ask(bert, "POST").status_code, 303)
        self.assertEqual(self.report.technician_id, self.anna)
        page = self.ask(bert).text
        self.assertIn("anna", page)
        self.assertIn("took it at", page)
        self.assertIn("12:00", page)
        self.assertNotIn("<form", page)

    def test_a_link_ends_a_month_after_its_alert_is_over(self):
        path = self.get_path(self.anna)
        self.tick(days=31)
        self.assertEqual(self.ask(path).status_code, 200)
        self.assertEqual(self.ask(path, "POST").status_code, 303)
        self.assertIn("You have it", self.ask(path).text)
        self.tick(days=31)
        page = self.ask(path)
        self.assertEqual(page.status_code, 404)
        self.assertNotIn("It stands still", page.text)

    def test_a_wrong_link_reveals_nothing_and_takes_nothing(self):
        good = self.get_path(self.anna)
        other = self.get_alert(self.make_urgent())
        start, token = good.rsplit("/", 1)
        wrong = [
            f"{start}/{token[:-1]}",
            f"{start}/{token}x",
            f"{start}/é",
            f"/fault_report/oncall/{self.alert.id}/{self.bert.id}/{token}",
            f"/fault_report/oncall/{other.id}/{self.anna.id}/{token}",
            f"/fault_report/oncall/{2**31 - 1}/{self.anna.id}/{token}",
        ]
        answers = set()
        for path in wrong:
            for method in ("GET", "POST"):
                answer = self.ask(path, method)
                answers.add((answer.status_code, answer.text))
        self.assertEqual({status for status, _text in answers}, {404})
        self.assertEqual(len(answers), 1)
        self.assertEqual(self.alert.state, "open")

    def test_r107_the_link_of_a_user_who_lost_access_is_void(self):
        path = self.get_path(self.anna)
        self.assertEqual(self.ask(path).status_code, 200)
        self.anna.group_ids = self.env.ref("base.group_user")
        self.assertEqual(self.ask(path, "POST").status_code, 404)
        self.bert.active = False
        self.assertEqual(self.ask(self.get_path(self.bert)).status_code, 404)
        self.assertEqual(self.alert.state, "open")

    def test_attempts_are_limited_however_wrong_they_are(self):
        path = self.get_path(self.anna)
        wrong = path[:-1] + ("A" if path[-1] != "A" else "B")
        with mute_logger("odoo.http"):
            found = [self.ask(wrong, "POST").status_code for _time in range(21)]
        self.assertEqual(found, [404] * 20 + [429])
        self.assertEqual(self.ask(path, "POST").status_code, 429)

    def test_the_page_is_no_one_elses(self):
        path = self.get_path(self.anna)
        headers = self.ask(path).headers
        self.assertEqual(headers["Referrer-Policy"], "no-referrer")
        self.assertIn("no-store", headers["Cache-Control"])
        self.assertIn("frame-ancestors 'none'", headers["Content-Security-Policy"])
        self.assertNotIn("Set-Cookie", headers)
        self.assertNotIn(path.rsplit("/", 1)[1], own_addresses.mask(path))
        self.assertTrue(own_addresses.is_own(path))

    def test_a_drill_is_taken_in_the_same_way(self):
        self.schedule.action_start_drill()
        drill = self.env["fault.report.oncall.alert"].search([("is_drill", "=", True)])
        path = self.get_path(self.bert, drill)
        self.assertIn("This is a drill", self.ask(path).text)
        self.ask(path, "POST")
        self.assertEqual(drill.acknowledged_by_id, self.bert)
