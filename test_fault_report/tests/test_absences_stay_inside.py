"""Nobody outside learns who is away: not by a page, an answer, a field or an e-mail."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from odoo.addons.fault_report_api.tests.common_api import REPORTS

from .common_channels import ChannelsCase

AWAY, SUBSTITUTE = "Zzabsentee", "Zzdeputy"
# Of the notes, the summary, the dialog and the columns
WORDS = (AWAY, "is away", "Away", "not at work", "Handed", "handed", "Given back")


@tagged("post_install", "-at_install")
class TestAbsencesStayInside(ChannelsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.absent, cls.deputy, cls.dispatcher = (
            new_test_user(
                cls.env,
                name.lower(),
                name=name,
                email=f"{name.lower()}@inside.example",
                groups=groups,
                company_id=cls.company.id,
            )
            for name, groups in (
                (AWAY, "fault_report.group_view"),
                (SUBSTITUTE, "fault_report.group_view"),
                ("Dora", "fault_report.group_edit,fault_report.group_convert"),
            )
        )
        cls.dispatcher.fault_report_notify_new = "email"
        cls.absent.fault_report_substitute_id = cls.deputy
        cls.manager.email = "manager@outside.example"
        cls.hotel.email = "hotel@outside.example"
        cls.filing.fault_report_notify_work_order = "email"
        Report = cls.env.registry["fault.report"]
        cls.startClassPatcher(patch.object(Report, "_get_absences", cls.get_absences))

    @staticmethod
    def get_absences(report, users, start, end):
        """Return the absence of one user, in place of the hook."""
        day = timedelta(days=1)
        return [
            (user.id, start - day, end + day, "away")
            for user in users
            if user.name == AWAY
        ]

    @classmethod
    def make_report_of_filing(cls):
        """Return a report that was passed over, handed over, and given back."""
        return cls.env["fault.report"].create(
            {"name": "Known", "contact_id": cls.manager.id, "equipment_id": cls.lift.id}
        )

    def make_all(self):
        """File a report in each channel, hand over, take back; return the answers."""
        self.wing.technician_id = self.absent
        last = self.env["fault.report"].search([], order="id desc", limit=1)
        answers = {name: getattr(self, name)() for name in self.CHANNELS}
        self.known.technician_id = self.absent
        self.env.flush_all()
        reports = self.env["fault.report"].search([("id", ">", last.id)]) | self.known
        reports.message_subscribe(self.manager.ids)
        self.assertGreaterEqual(len(reports), 6)
        now = fields.Datetime.now()
        reports._notify_time_off(self.absent, now, now + timedelta(days=9))
        own = reports.with_user(self.dispatcher)
        self.known.with_user(self.dispatcher).action_hand_over()
        self.assertEqual(reports.technician_id, self.deputy)
        own.action_hand_over()
        own.action_take_back()
        own.action_hand_over()
        self.known.with_user(self.dispatcher).action_take_back()
        self.known.with_user(self.dispatcher).action_hand_over()
        for report in own:
            report.message_post(body="We come", subtype_xmlid="mail.mt_comment")
        self.known.with_user(self.dispatcher).action_solve("Done")
        self.env.flush_all()
        self.env.cr.precommit.run()
        notes = " ".join(reports.message_ids.mapped("body"))
        for word in ("is away", "Given back", AWAY):
            self.assertIn(word, notes, "Staff read of it.")
        return reports, answers

    def assert_silent(self, text):
        for word in WORDS:
            self.assertNotIn(word, text)

    def test_r114_no_page_answer_field_or_email_reveals_it(self):
        reports, answers = self.make_all()
        for name, answer in answers.items():
            with self.subTest(channel=name):
                self.assertLess(answer.status_code, 400)
                self.assert_silent(answer.text)
        for name, text in self.get_pages(reports):
            with self.subTest(page=name):
                self.assert_silent(text)
        self.check_fields(reports)
        self.check_messages(reports)

    def get_pages(self, reports):
        """Yield what customers and integrations read of these reports."""
        for report in reports:
            path = f"{REPORTS}/{report.reference}"
            yield f"API {report.channel}", self.send("GET", path).text
        yield "API list", self.send("GET").text
        token = self.known._portal_ensure_token()
        yield (
            "token",
            self.url_open(
                f"/my/fault_reports/{self.known.id}?access_token={token}"
            ).text,
        )
        self.authenticate("portal_filing", "portal_filing")
        paths = [
            "/my",
            "/my/fault_reports",
            "/my/fault_reports?search_in=all&search=Zz",
        ]
        for path in paths + [f"/my/fault_reports/{report.id}" for report in reports]:
            answer = self.url_open(path)
            self.assertEqual(answer.status_code, 200)
            yield path, answer.text.replace("search=Zz", "")
        thread = {"thread_model": "fault.report", "thread_id": self.known.id}
        yield "chatter", str(self.make_jsonrpc_request("/mail/chatter_fetch", thread))
        yield "PDF", str(self.known._prepare_print(for_customer=True))
        self.authenticate(None, None)

    def check_fields(self, reports):
        """Read every field that a portal user can, and search by those they cannot."""
        own = reports.with_user(self.filing)
        read = 0
        for name in own._fields:
            try:
                values = own.read([name])
            except AccessError:
                continue
            read += 1
            with self.subTest(field=name):
                self.assert_silent(str(values))
        self.assertGreater(read, 5)
        for name in ("handed_over_from_id", "technician_id", "message_ids.body"):
            with self.subTest(search=name), self.assertRaises(AccessError):
                own.search([(name, "!=", False)])
        for record, name in (
            (self.absent, "fault_report_substitute_id"),
            (self.env["fault.report.subgroup"].create({"name": "x"}), "member_ids"),
        ):
            with self.subTest(name), self.assertRaises(AccessError):
                record.with_user(self.filing).read([name])
        for method in ("action_hand_over", "action_take_back"):
            with self.subTest(method), self.assertRaises(AccessError):
                getattr(own, method)()

    def check_messages(self, reports):
        """Check each message that customers can read, and each e-mail that they get."""
        Message = self.env["mail.message"]
        domain = [("model", "=", "fault.report"), ("res_id", "in", reports.ids)]
        for message in Message.with_user(self.filing).search(domain):
            self.assert_silent(str(message.read(["body", "subject"])))
        mails = self.env["mail.mail"].sudo().search([("model", "=", "fault.report")])
        inside = self.env.ref("base.group_user").all_user_ids.partner_id
        outside = 0
        for mail in mails:
            to_staff = mail.recipient_ids and mail.recipient_ids <= inside
            if not to_staff or mail.email_to:
                outside += 1
                with self.subTest(mail=mail.subject):
                    self.assert_silent(f"{mail.subject} {mail.body_html}")
        self.assertTrue(outside)
        told = mails.filtered(lambda mail: AWAY in (mail.subject or ""))
        self.assertLessEqual(told.recipient_ids, self.dispatcher.partner_id)
