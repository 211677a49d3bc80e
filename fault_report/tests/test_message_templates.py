"""The e-mails: content, who may change their templates, and where answers go."""

import io
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from unittest.mock import patch

from lxml import html
from PIL import Image

from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from odoo.addons.base.models.ir_qweb import QWebError

from ..tools.context_switches import TO_USERS, switch_on
from .test_notifications import NotificationCommon

MIGRATION = "19.0.1.3.0/post-texts.py"
ANSWER = """\
From: {sender}
To: faults@example.com
Subject: Re: whatever
Message-Id: <answer-{sender}>
In-Reply-To: {message_id}
Content-Type: text/plain; charset=utf-8

{text}
"""


def jpeg(*size):
    stream = io.BytesIO()
    Image.new("RGB", size, "red").save(stream, "JPEG")
    return stream.getvalue()


@tagged("post_install", "-at_install")
class TestMessageTemplates(NotificationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.technician.fault_report_notify_assigned = "email"
        cls.template = cls.env.ref("fault_report.mail_template_assigned")

    def assign(self):
        report = self.make_report(comment="Third floor")
        report.with_user(self.users["convert"]).sudo().action_assign(self.technician)
        self.end_transaction()
        return report, self.mails(self.technician)

    def test_the_company_words_the_messages_itself(self):
        self.template.subject = "Go there: {{ object.name }}"
        self.template.body_html = "<p>Hurry to <b t-out='object.facility_id.name'/></p>"
        _report, mail = self.assign()
        self.assertEqual(mail.subject, "Go there: It stands still")
        self.assertIn("Hurry to <b>Wing</b>", mail.body_html)

    def test_each_language_has_its_own_words(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.template.with_context(lang="fr_FR").subject = "À vous"
        self.technician.lang = "fr_FR"
        _report, mail = self.assign()
        self.assertEqual(mail.subject, "À vous")

    def test_a_text_is_compiled_once_until_it_is_reworded(self):
        self.assign()
        Qweb = self.registry["ir.qweb"]
        with patch.object(
            Qweb, "_generate_code", autospec=True, side_effect=Qweb._generate_code
        ) as generate:
            self.assign()
            self.assertFalse(generate.called)
            for text in ("First", "Second"):
                self.template.body_html = f"<p>{text} <t t-out='1 + 1'/></p>"
                _report, mails = self.assign()
                newest = mails.sorted("id")[-1]
                self.assertIn(f"<p>{text} 2</p>", newest.body_html)
            self.assertTrue(generate.called)

    def test_what_is_compiled_for_one_is_not_allowed_to_others(self):
        """A user who may not write code gets none that was compiled for one who may."""
        Qweb = switch_on(self.env["ir.qweb"], **{TO_USERS: True})
        restricted = Qweb.with_context(raise_on_forbidden_code_for_model="fault.report")
        text = "<div><t t-out='object.company_id.partner_id.name'/></div>"
        values = {"object": self.make_report()}
        for _turn in range(2):
            found = Qweb._render(html.fragment_fromstring(text), values)
            self.assertIn(self.company.partner_id.name, found)
            with self.assertRaises(QWebError):
                restricted._render(html.fragment_fromstring(text), values)

    def test_without_its_template_a_message_still_says_what_is_needed(self):
        self.template.unlink()
        report, mail = self.assign()
        self.assertIn(report.reference, mail.subject)
        for text in ("Third floor", f"/odoo/fault-reports/{report.id}"):
            self.assertIn(text, mail.body_html)

    def test_every_kind_of_message_has_a_template_that_can_be_previewed(self):
        report = self.make_report(technician_id=self.technician.id)
        kinds = ("new", "assigned", "emergency", "changed", "reminder", "escalation")
        visits = ("visit", "visit_off", "on_the_way")
        for kind in (*kinds, "converted", "solved", *visits):
            template = self.env.ref(f"fault_report.mail_template_{kind}")
            body = template._render_field("body_html", report.ids)[report.id]
            self.assertIn(f"/{report.id}", body, kind)
            self.assertIn(
                report.reference,
                template._render_field("subject", report.ids)[report.id],
            )

    def test_an_administrator_of_reports_finds_the_templates(self):
        action = self.env.ref("fault_report.action_message_templates")
        found = self.env["mail.template"].search(safe_eval(action.domain))
        self.assertIn(self.template, found)
        self.assertEqual(set(found.mapped("model")), {"fault.report"})

    def test_a_new_photo_is_shown_small_in_the_mail(self):
        report, mail = self.assign()
        self.env["ir.attachment"].create(
            [
                {
                    "name": f"{number}.jpg",
                    "raw": jpeg(1600, 1200),
                    "res_model": "fault.report",
                    "res_id": report.id,
                }
                for number in range(4)
            ]
        )
        [email] = mail._prepare_outgoing_list()
        self.assertEqual(email["body"].count("cid:fault-report-"), 3)
        message = self.env["ir.mail_server"]._build_email__(
            email_from="a@example.com",
            email_to=["b@example.com"],
            subject="X",
            body=email["body"],
            subtype="html",
            attachments=email["attachments"],
        )
        pictures = list(message.iter_attachments())
        self.assertEqual(len(pictures), 3)
        for picture in pictures:
            self.assertLess(len(picture.get_content()), 20_000)
            self.assertIn(f"cid:{picture['Content-ID'][1:-1]}", email["body"])
            self.assertIn("inline", picture["Content-Disposition"])

    def test_a_customer_gets_no_pictures(self):
        for kind in ("converted", "solved"):
            body = self.env.ref(f"fault_report.mail_template_{kind}").body_html
            self.assertNotIn("_get_message_photos", body)
            self.assertNotIn("_get_message_details", body)

    def test_an_answer_by_mail_goes_to_the_report(self):
        report, mail = self.assign()
        answer = ANSWER.format(
            sender=self.technician.email, message_id=mail.message_id, text="On my way"
        )
        thread_id = self.env["mail.thread"].message_process(False, answer)
        self.assertEqual(thread_id, report.id)
        message = report.message_ids[0]
        self.assertIn("On my way", message.body)
        self.assertEqual(message.author_id, self.technician.partner_id)

    def test_no_secret_of_the_customer_is_made_for_a_message_to_staff(self):
        report, _mail = self.assign()
        self.assertFalse(report.access_token)
        self.assertFalse(report.partner_id.signup_type)

    # === TEXTS OF EARLIER VERSIONS === #

    def get_delivered(self, model):
        """Return the records of the model that our addon delivers."""
        domain = [("module", "=", "fault_report"), ("model", "=", model)]
        data = self.env["ir.model.data"].search(domain)
        return self.env[model].browse(data.mapped("res_id"))

    def load_migration(self):
        path = Path(__file__).parents[1] / "migrations" / MIGRATION
        spec = spec_from_file_location("migration", path)
        migration = module_from_spec(spec)
        spec.loader.exec_module(migration)
        return migration

    def test_the_migration_rewords_texts_that_the_company_has_not_changed(self):
        migration = self.load_migration()
        delivered = {}
        for model, column, old, new in migration.TEXTS:
            for record in self.get_delivered(model):
                text = record[column] or ""
                delivered.setdefault((record, column), str(text))
                if new in text:
                    record[column] = text.replace(new, old)
        former = {key: str(key[0][key[1]] or "") for key in delivered}
        self.assertTrue(
            all(
                any(old in former[record, name] for record, name in former)
                for _model, _column, old, _new in migration.TEXTS
            )
        )
        own = self.env.ref("fault_report.mail_template_solved")
        own.body_html = "<p>All is well.</p>"
        self.env.flush_all()
        migration.migrate(self.env.cr, "19.0.1.2.0")
        self.env.invalidate_all()
        self.assertEqual(own.body_html, "<p>All is well.</p>")
        for (record, name), text in delivered.items():
            with self.subTest(record=record, field=name):
                if record != own or name != "body_html":
                    self.assertEqual(str(record[name] or ""), text)
