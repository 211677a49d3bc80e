"""After the work, customers say with one tap whether it works."""

import threading
from datetime import timedelta
from itertools import product

from freezegun import freeze_time
from lxml import html
from psycopg2 import IntegrityError

from odoo import api, fields
from odoo.service.model import retrying
from odoo.sql_db import db_connect
from odoo.tests import get_db_name, new_test_user, tagged
from odoo.tools import mute_logger

from ..models.portal.verdict import BROKEN, FOLLOWED, VERDICTS, WORKS
from ..tools.errors import FieldError
from .test_conversion_race import TIMEOUT, ConversionRaceCase
from .test_notify_customer import CustomerCommon
from .test_portal_pages import PortalPages


class VerdictCommon(CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.fault_report_ask_verdict = True
        cls.public = cls.env.ref("base.public_user")

    def finish(self, report):
        """Do the work by a work order."""
        report.action_generate_work_order()
        stage = self.env["maintenance.stage"].search([("done", "=", True)], limit=1)
        report._get_work_order().stage_id = stage
        self.end_transaction()

    def solve(self, report):
        report.action_solve("Reset")
        self.end_transaction()

    def say(self, report, verdict, text="", user=None):
        """Answer as the least powerful user: a visitor with the link."""
        report.with_user(user or self.public)._take_verdict(verdict, text)
        self.end_transaction()


@tagged("post_install", "-at_install")
class TestVerdict(VerdictCommon):
    def test_r110_it_works_is_logged_as_the_customers_word(self):
        for end in (self.solve, self.finish):
            report = self.file(self.customer)
            end(report)
            self.say(report, WORKS)
            self.assertEqual(report.verdict, WORKS)
            self.assertTrue(report.verdict_at)
            log = report.message_ids.filtered(lambda m: "it works" in m.body)
            self.assertEqual(len(log), 1)
            self.assertFalse(report.is_answer_waiting)
            self.assertFalse(report.came_back)
            self.assertIn(report.state, ("solved", "converted"))

    def test_r110_still_broken_reopens_what_was_solved(self):
        self.technician.fault_report_notify_changed = "email"
        report = self.file(self.customer)
        report.technician_id = self.technician
        self.solve(report)
        before = self.count(self.technician)[0]
        self.say(report, BROKEN, "It hums again")
        self.assertEqual(report.state, "assigned")
        self.assertEqual((report.verdict, report.came_back), (BROKEN, True))
        self.assertFalse(report.follow_up_ids)
        self.assertTrue(report.is_answer_waiting)
        self.assertIn("It hums again", "".join(report.message_ids.mapped("body")))
        self.assertGreater(self.count(self.technician)[0], before)

    def test_r110_still_broken_files_a_new_report_after_an_order(self):
        report = self.file(self.customer)
        report.priority = "2"
        self.finish(report)
        order = report._get_work_order()
        self.say(report, BROKEN, "It hums again")
        new = report.follow_up_ids
        self.assertEqual(len(new), 1)
        self.assertEqual(new.follow_up_of_id, report)
        self.assertEqual((new.channel, new.state), ("follow_up", "new"))
        for name in FOLLOWED:
            self.assertEqual(new[name], report[name], name)
        self.assertEqual(new.comment, "It hums again")
        self.assertEqual(new.name, f"Still broken: {report.name}")
        self.assertIn(new.reference, "".join(report.message_ids.mapped("body")))
        self.assertIn(report.reference, "".join(new.message_ids.mapped("body")))
        self.assertEqual(report._get_work_order(), order)
        self.assertEqual(report.state, "converted")
        self.assertTrue(report.came_back)

    def test_a_follow_up_of_a_follow_up_has_one_prefix(self):
        report = self.file(self.customer)
        for _round in range(2):
            self.finish(report)
            self.say(report, BROKEN)
            report = report.follow_up_ids
        self.assertEqual(report.name, "Still broken: It stands still")

    def test_the_customer_follows_the_new_report(self):
        report = self.file(self.customer)
        self.finish(report)
        self.say(report, BROKEN)
        new = report.follow_up_ids
        self.assertIn(self.customer.partner_id, new.message_partner_ids)
        self.assertTrue(new.with_user(self.customer).has_access("read"))

    def test_who_has_left_the_customer_does_not_follow_the_new_report(self):
        gone, moved = (
            new_test_user(self.env, login, "base.group_portal", email=f"{login}@x.com")
            for login in ("gone", "moved")
        )
        (gone | moved).partner_id.parent_id = self.hotel
        report = self.file(self.customer)
        report.message_subscribe((gone | moved).partner_id.ids)
        self.finish(report)
        gone.action_archive()
        moved.partner_id.parent_id = self.hospital
        self.say(report, BROKEN)
        outside = report.follow_up_ids.message_partner_ids.filtered("partner_share")
        self.assertEqual(outside, self.customer.partner_id)

    def test_every_sequence_of_answers_brings_it_back_at_most_once(self):
        """Works may become broken; broken stays, and the same again is nothing new."""
        for end, answers in product(
            (self.solve, self.finish), product(VERDICTS, repeat=3)
        ):
            report = self.file(self.customer)
            end(report)
            for verdict in answers:
                self.say(report, verdict)
            is_broken = BROKEN in answers
            with self.subTest(end.__name__, answers=answers):
                self.assertEqual(report.verdict, BROKEN if is_broken else WORKS)
                self.assertEqual(report.came_back, is_broken)
                follow_ups = int(is_broken and end == self.finish)
                self.assertEqual(len(report.follow_up_ids), follow_ups)
                reopened = is_broken and end == self.solve
                self.assertEqual(report.state == "new", reopened)
                bodies = "".join(report.message_ids.mapped("body"))
                self.assertEqual(bodies.count("Reopened"), int(reopened))

    def test_the_database_refuses_a_second_follow_up(self):
        report = self.file(self.customer)
        self.finish(report)
        self.say(report, BROKEN)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.make_report().sudo().follow_up_of_id = report
            self.env.flush_all()

    def test_new_work_is_asked_about_anew(self):
        report = self.file(self.customer)
        self.solve(report)
        self.say(report, BROKEN)
        self.assertEqual(report._get_verdict_stage(), BROKEN)
        self.solve(report)
        self.assertEqual(report._get_verdict_stage(), "open")
        self.assertTrue(report.came_back, "It has, once.")
        self.say(report, WORKS)
        report.action_reopen("By us")
        self.assertFalse(report.verdict)

    def test_still_broken_is_said_only_while_it_is_being_mended(self):
        """Not of what was merged or cancelled since, nor of a deleted follow-up."""

        def merge(report):
            report.action_mark_duplicate(self.file(self.customer))

        def delete(report):
            report.follow_up_ids.sudo().unlink()

        for end, then, stage in (
            (self.solve, merge, "closed"),
            (self.solve, lambda report: report.action_cancel("No fault"), "closed"),
            (self.finish, delete, "closed"),
            (self.solve, lambda report: None, BROKEN),
            (self.solve, lambda r: r.action_generate_work_order(), BROKEN),
            (self.solve, self.finish, "open"),
            (self.finish, lambda report: merge(report.follow_up_ids), BROKEN),
        ):
            report = self.file(self.customer)
            end(report)
            self.say(report, BROKEN)
            then(report)
            self.end_transaction()
            with self.subTest(end.__name__, stage=stage):
                self.assertEqual(report._get_verdict_stage(), stage)
                state, number = report.state, len(report.follow_up_ids)
                if stage != "open":
                    self.say(report, BROKEN)
                self.assertEqual(
                    (report.state, len(report.follow_up_ids)), (state, number)
                )

    # === WHEN IT IS ASKED === #

    def test_r110_an_answer_is_taken_for_so_many_days(self):
        self.company.fault_report_verdict_days = 3
        report = self.file(self.customer)
        self.solve(report)
        for hours, stage in ((71, "open"), (73, "closed")):
            moment = report.resolved_at + timedelta(hours=hours)
            with freeze_time(moment):
                self.assertEqual(report._get_verdict_stage(), stage)
        with freeze_time(report.resolved_at + timedelta(hours=73)):
            self.say(report, BROKEN)
        self.assertEqual((report.state, report.verdict), ("solved", False))

    def test_nothing_is_asked_of_what_is_open_cancelled_or_merged(self):
        reports = {name: self.file(self.customer) for name in ("new", "gone", "twin")}
        reports["gone"].action_cancel("No fault")
        reports["twin"].action_mark_duplicate(reports["new"])
        reports["quoted"] = self.file(self.customer)
        reports["quoted"].action_generate_sale_order()
        reports["ordered"] = self.file(self.customer)
        reports["ordered"].action_generate_work_order()
        reports["anonymous"] = self.file(self.customer)
        self.solve(reports["anonymous"])
        reports["anonymous"].sudo().anonymised_at = fields.Datetime.now()
        for name, report in reports.items():
            with self.subTest(name):
                self.assertEqual(report._get_verdict_stage(), "closed")
                state = report.state
                self.say(report, BROKEN)
                self.assertEqual((report.state, report.verdict), (state, False))

    def test_a_company_that_does_not_ask_takes_no_answer(self):
        self.company.fault_report_ask_verdict = False
        report = self.file(self.customer)
        self.solve(report)
        self.say(report, BROKEN)
        self.assertEqual((report.state, report.verdict), ("solved", False))

    def test_an_answer_that_is_none_is_refused(self):
        report = self.file(self.customer)
        self.solve(report)
        for verdict in ("", None, "solved", 1):
            with self.subTest(verdict), self.assertRaises(FieldError):
                self.say(report, verdict)
        with self.assertRaises(FieldError):
            self.say(report, BROKEN, "x" * 10001)

    def test_a_place_that_was_sold_loses_no_answer(self):
        report = self.file(self.customer)
        self.finish(report)
        self.lift.facility_id = self.ward
        self.say(report, BROKEN)
        self.assertEqual(report.follow_up_ids.name, f"Still broken: {report.name}")

    # === THE NOTICE === #

    def test_r110_the_mail_about_finished_work_has_both_buttons(self):
        for end in (self.solve, self.finish):
            report = self.file(self.customer)
            end(report)
            bodies = "".join(self.mails(self.customer).mapped("body_html"))
            for verdict in VERDICTS:
                url = report._get_verdict_url(verdict).replace("&", "&amp;")
                self.assertEqual(bodies.count(url), 1)

    def test_a_company_that_does_not_ask_sends_as_before(self):
        self.company.fault_report_ask_verdict = False
        report = self.file(self.customer)
        self.finish(report)
        self.assertEqual(self.count(self.customer), (1, 0), "about the order alone")
        self.solve(self.file(self.customer))
        bodies = "".join(self.mails(self.customer).mapped("body_html"))
        self.assertNotIn("/verdict/", bodies)

    def test_each_report_and_customer_has_its_own_secret(self):
        first, second = self.file(self.customer), self.file(self.customer)
        tokens = {first._get_verdict_token(), second._get_verdict_token()}
        first.sudo().write({"partner_id": self.hospital.id, "equipment_id": False})
        tokens.add(first._get_verdict_token())
        self.assertEqual(len(tokens), 3)
        find = self.env["fault.report"].with_user(self.public)._find_by_verdict_token
        token = second._get_verdict_token()
        self.assertEqual(find(second.id, token).id, second.id)
        for report_id, wrong in (
            (first.id, token),
            (second.id, token[:-1]),
            (second.id, ""),
            (second.id, "é"),
            (0, token),
        ):
            self.assertFalse(find(report_id, wrong))


@tagged("post_install", "-at_install")
class TestVerdictPages(PortalPages):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.fault_report_ask_verdict = True
        cls.in_wing.action_solve("Reset")
        cls.url = cls.in_wing._get_verdict_url(BROKEN)
        cls.url = cls.url.removeprefix(cls.in_wing.get_base_url())

    def reload(self):
        self.env.invalidate_all()
        return self.in_wing

    def test_r110_opening_the_link_changes_nothing_and_posting_does(self):
        self.env["res.lang"]._activate_lang("sv_SE")
        page = self.url_open(self.url.replace("en_US", "sv_SE"))
        self.assertIn('lang="sv-SE"', page.text)
        self.assertIn(self.in_wing.reference, page.text)
        buttons = html.fromstring(page.content).xpath("//button/@value")
        self.assertEqual(buttons, [BROKEN, WORKS], "the tapped one first")
        self.assertEqual(page.headers["Cache-Control"], "no-store")
        self.assertIn("default-src 'none'", page.headers["Content-Security-Policy"])
        self.assertFalse(self.reload().verdict)
        for _tap in range(2):
            page = self.url_open(self.url, {"verdict": BROKEN, "comment": "Hums"})
            self.assertEqual(page.status_code, 200)
            self.assertIn("open again", page.text)
        self.assertEqual((self.reload().verdict, self.in_wing.state), (BROKEN, "new"))

    def test_a_wrong_link_reveals_nothing_and_answers_nothing(self):
        path, _slash, token = self.url.partition("?")[0].rpartition("/")
        other = path.replace(str(self.in_wing.id), str(self.in_garage.id))
        for url in (f"{path}/{token[:-1]}", f"{path}/x", f"{other}/{token}"):
            for data in (None, {"verdict": BROKEN}):
                page = self.url_open(url, data)
                self.assertEqual(page.status_code, 404)
                for report in (self.in_wing, self.in_garage):
                    self.assertNotIn(report.reference, page.text)
                    self.assertNotIn(report.name, page.text)
        self.assertFalse(self.reload().verdict)

    def test_too_many_answers_from_one_address_are_refused(self):
        self.company.fault_report_rate = 1
        for status in (200, 429):
            page = self.url_open(self.url, {"verdict": WORKS})
            self.assertEqual(page.status_code, status)

    def test_answers_with_a_wrong_secret_are_counted_too(self):
        self.company.fault_report_rate = 1
        wrong = self.url.partition("?")[0][:-1]
        for status in (404, 429):
            page = self.url_open(wrong, {"verdict": WORKS})
            self.assertEqual(page.status_code, status)
        self.assertIn("Retry-After", page.headers)
        page = self.url_open(self.url, {"verdict": WORKS})
        self.assertEqual(page.status_code, 429, "for the right one as well")
        self.assertFalse(self.reload().verdict)

    def test_a_refused_answer_is_shown_with_what_was_typed(self):
        page = self.url_open(self.url, {"verdict": BROKEN, "comment": "x" * 10001})
        self.assertIn("xxxx", page.text)
        self.assertIn("alert", page.text)
        self.assertFalse(self.reload().verdict)

    def test_too_late_the_page_leads_to_a_new_report(self):
        self.in_wing.sudo().resolved_at -= timedelta(days=15)
        page = self.url_open(self.url)
        self.assertIn("/my/fault_reports/new", page.text)
        self.assertNotIn("<button", page.text)

    def test_r110_the_portal_page_asks_its_readers_alone(self):
        for user, status in ((self.reading, 303), (self.foreign, 404)):
            self.sign_in(user)
            answer = self.send(
                f"/{self.in_wing.id}/verdict", {"verdict": WORKS}, script=False
            )
            self.assertEqual(answer.status_code, status)
            self.assertEqual(self.reload().verdict, WORKS)
        self.sign_in(self.reading)
        page = self.get_page(f"/{self.in_wing.id}")
        self.assertEqual(page.xpath("//button[@name='verdict']/@value"), [BROKEN])
        author = self.in_wing.message_ids.filtered(lambda m: "it works" in m.body)
        self.assertEqual(author.author_id, self.reading.partner_id)

    def test_visitors_with_the_token_are_asked_too_and_staff_are_not(self):
        token = self.in_wing._portal_ensure_token()
        path = f"/{self.in_wing.id}"
        self.sign_in(None)
        page = self.get_page(f"{path}?access_token={token}")
        buttons = page.xpath("//button[@name='verdict']/@value")
        self.assertEqual(buttons, [WORKS, BROKEN])
        data = {"verdict": BROKEN, "access_token": token}
        answer = self.send(f"{path}/verdict", data, script=False)
        self.assertTrue(answer.headers["Location"].endswith(f"{token}#verdict"))
        self.assertEqual(self.reload().verdict, BROKEN)
        self.in_wing.sudo().action_solve("Again")
        self.sign_in(self.users["edit"])
        self.assertNotIn('name="verdict"', self.get(path).text)
        answer = self.send(f"{path}/verdict", {"verdict": WORKS}, script=False)
        self.assertEqual(answer.status_code, 403)

    def test_nothing_is_asked_on_the_page_of_a_company_that_does_not_ask(self):
        self.company.fault_report_ask_verdict = False
        self.sign_in(self.reading)
        self.assertNotIn("verdict", self.get(f"/{self.in_wing.id}").text)


@tagged("post_install", "-at_install")
class TestVerdictRace(ConversionRaceCase):
    def test_r110_two_taps_at_once_make_one_follow_up(self):
        with self.environment() as env:
            report = env["fault.report"].browse(self.report_id)
            self.was_asking = report.company_id.fault_report_ask_verdict
            report.company_id.fault_report_ask_verdict = True
            report.action_generate_work_order()
            report._mark_reached("resolved_at")
        self.addCleanup(self.remove_follow_up)
        barrier = threading.Barrier(2, timeout=TIMEOUT)
        done = []

        def tap():
            with db_connect(get_db_name()).cursor() as cr:
                public = api.Environment(cr, 1, {}).ref("base.public_user")
                env = api.Environment(cr, public.id, {})
                waits = [True]

                def call():
                    report = env["fault.report"].browse(self.report_id)
                    report.sudo().read(["verdict"])
                    if waits.pop() if waits else False:
                        barrier.wait()
                    report._take_verdict(BROKEN)
                    return True

                done.append(retrying(call, env))

        with mute_logger("odoo.sql_db", "odoo.service.model"):
            threads = [threading.Thread(target=tap) for _tap in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(TIMEOUT)
        self.assertEqual(done, [True, True], "Each is thanked.")
        with self.environment() as env:
            report = env["fault.report"].browse(self.report_id)
            self.assertEqual(len(report.follow_up_ids), 1)

    def remove_follow_up(self):
        with self.environment() as env:
            report = env["fault.report"].browse(self.report_id)
            report.follow_up_ids.unlink()
            report.company_id.fault_report_ask_verdict = self.was_asking
