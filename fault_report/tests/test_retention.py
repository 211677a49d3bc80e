"""Retention: the personal data of reporters goes, the history of the work stays."""

import base64
from pathlib import Path
from unittest.mock import patch

from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..models.fault_report_retention import PERSONAL_FIELDS, PHONE_FIELDS
from .common_database import find_texts
from .common_retention import (
    ADDRESS,
    NAME,
    PHONE,
    REPORTER,
    TEXT,
    RetentionData,
    make_mail,
)
from .test_file_rules import make_picture
from .test_mail import ALIAS, MailGatewayCase
from .test_signature import draw

GROUPS = "fault_report.group_view,fault_report.group_administrator"


@tagged("post_install", "-at_install")
class TestRetention(RetentionData, MailGatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": False})
        cls.administrator = new_test_user(
            cls.env, "fault_administrator", groups=GROUPS, email="a@lifts.example"
        )
        cls.technician.email = "t@lifts.example"
        cls.env["res.users"].search([]).write(
            {
                f"fault_report_notify_{event}": "both"
                for event in ("new", "changed", "assigned")
            }
        )
        cls.template = cls.env["fault.report.template"].create(
            {
                "name": "Doors",
                "point_ids": [
                    (0, 0, {"name": "What", "type": "text"}),
                    (0, 0, {"name": "Photo", "type": "photo"}),
                ],
            }
        )

    def flush_log(self):
        """Write the tracked changes and the collected messages, as a commit does."""
        self.env.flush_all()
        self.env.cr.precommit.run()

    def file_in_the_office(self):
        self.company.fault_report_template_id = self.template
        report = self.make_report(
            **REPORTER,
            name=f"{NAME} has called",
            comment=TEXT,
        ).with_user(self.technician)
        self.flush_log()
        report.write({"technician_id": self.technician.id, "phone": False})
        self.flush_log()
        report.write({"phone": PHONE, "comment": f"{TEXT}!"})
        self.flush_log()
        text, photo = report.point_ids
        text.write({"value_text": TEXT, "remark": f"<{ADDRESS}>"})
        photo.value_photo = base64.b64encode(make_picture(size=(47, 11)))
        report.note_ids = [(0, 0, {"name": f"Called {NAME}", "time_spent": 1})]
        report.message_post(body=f"{NAME} is angry", subject=NAME)
        report.activity_schedule(
            "mail.mail_activity_data_todo", summary=f"Call {NAME}", note=TEXT
        )
        self.env["ir.attachment"].create(
            {
                "name": f"{NAME}.txt",
                "raw": TEXT.encode(),
                "res_model": "fault.report",
                "res_id": report.id,
            }
        )
        return report

    def file_by_mail(self):
        report = self.deliver(make_mail(ALIAS).encode())
        self.flush_log()
        self.deliver(make_mail(ALIAS, f"Re: {report.reference}").encode())
        # As of an e-mail that cannot be read in full
        report._attach_raw_mail(make_mail(ALIAS).encode())
        return report

    def file_on_the_portal(self):
        report = self.env["fault.report"]._create_from_channel(
            "portal",
            {"name": "Door", "partner_id": self.hotel.id, "comment": TEXT, **REPORTER},
            files=[(f"{NAME}.txt", TEXT.encode())],
        )
        self.flush_log()
        author = report._get_unverified_author(NAME, self.company)
        report.message_post(body=TEXT, message_type="comment", **author)
        return report

    def file_everywhere(self):
        reports = (
            self.file_in_the_office().with_env(self.env)
            | self.file_by_mail()
            | self.file_on_the_portal()
        )
        self.flush_log()
        return reports

    def close(self, reports):
        for report in reports:
            report.sudo().action_solve(f"Told {NAME}")
        self.flush_log()

    @mute_logger("odoo.addons.mail.models.mail_thread")
    def test_nothing_of_the_reporter_is_left_in_the_database_and_on_the_disk(self):
        reports = self.file_everywhere()
        self.assertEqual(len(reports), 3)
        self.close(reports)
        self.assertGreater(self.count_places(), 15)
        photo = self.env["ir.attachment"].search(
            [
                ("res_field", "=", "value_photo"),
                ("res_id", "in", reports.point_ids.ids),
            ]
        )
        path = Path(photo._full_path(photo.store_fname))
        self.assertTrue(path.exists())
        kept = {report: (report.reference, report.date_handled) for report in reports}
        reports.with_user(self.administrator).action_anonymise(with_files=True)
        self.remove_unused_files()
        self.assert_nothing_left()
        self.assertFalse(path.exists())
        for report in reports:
            self.assertEqual((report.reference, report.date_handled), kept[report])
            self.assertTrue(report.anonymised_at)
            self.assertFalse(report.contact_name or report.email_from or report.phone)
            self.assertFalse(report.sudo().access_token)
            self.assertEqual(report.state, "solved")
        self.assertIn("The door is open", reports[0].comment)
        self.assertIn("Called", reports[0].note_ids.name)

    def replace_and_anonymise(self, report, first, second):
        """Return where the first words still are, of two that followed each other."""
        for words in (first, second):
            report.write(words)
            self.flush_log()
        report.sudo().action_solve(f"For {' '.join(first.values())}")
        report.action_reopen("Again")
        self.close(report)
        report.with_user(self.administrator).action_anonymise(with_files=True)
        self.env.flush_all()
        return set().union(*(find_texts(self.env.cr, one) for one in first.values()))

    def test_r118_no_value_that_was_replaced_is_left_of_any_field_that_goes(self):
        texts = [
            name
            for name in PERSONAL_FIELDS
            if self.env["fault.report"]._fields[name].type == "char"
        ]
        self.assertEqual(len(texts), len(PERSONAL_FIELDS) - 1, "and a picture")
        for name in texts:
            first, second = "Wilma Ottersnap", "Ottilie Wildgruber"
            if name in PHONE_FIELDS:
                first, second = "+46 70 123 45 67", "+46 70 765 43 21"
            report = self.make_report().sudo()
            self.flush_log()
            with self.subTest(name):
                self.assertFalse(
                    self.replace_and_anonymise(report, {name: first}, {name: second})
                )

    def test_r118_no_former_signer_is_left(self):
        self.company.fault_report_signature_closes = True
        report = self.make_report(technician_id=self.technician.id)
        self.flush_log()
        for name in ("Wilma Ottersnap", "Ottilie Wildgruber"):
            report.with_user(self.users["edit"]).action_sign(name, draw())
            self.flush_log()
            report.action_reopen("Again")
            self.flush_log()
        self.assertGreater(len(find_texts(self.env.cr, "Ottersnap")), 1)
        self.close(report)
        report.with_user(self.administrator).action_anonymise(with_files=True)
        self.env.flush_all()
        for name in ("Ottersnap", "Wildgruber"):
            self.assertFalse(find_texts(self.env.cr, name))

    def test_r118_a_push_message_that_waits_goes_as_well(self):
        device = self.env["mail.push.device"]
        device.get_web_push_vapid_public_key()
        device.create(
            {
                "partner_id": self.technician.partner_id.id,
                "endpoint": "https://push.example.com/1",
                "keys": "{}",
            }
        )
        self.technician.fault_report_push = True
        report = self.make_report(name=f"{NAME} is locked in", contact_name=NAME)
        report.action_assign(self.technician)
        self.flush_log()
        self.assertIn("mail_push.payload", find_texts(self.env.cr, NAME))
        report.sudo().action_solve("Done")
        report.with_user(self.administrator).action_anonymise(with_files=True)
        self.env.flush_all()
        self.assertFalse(find_texts(self.env.cr, NAME))

    def test_r118_the_logs_of_other_reports_do_not_repeat_the_words(self):
        vals = {"partner_id": self.hotel.id, "equipment_id": False}
        original = self.make_report(**vals)
        twin = self.make_report(**vals, name=f"{NAME} has called", contact_name=NAME)
        twin.action_mark_duplicate(original)
        self.flush_log()
        original.sudo().action_solve("Done")
        twin.with_user(self.administrator).action_anonymise(with_files=True)
        self.assertIn(twin.reference, " ".join(original.message_ids.mapped("body")))
        self.env.flush_all()
        self.assertFalse(find_texts(self.env.cr, NAME))

    def test_a_name_made_of_wildcards_or_of_a_letter_removes_nothing_of_others(self):
        self.env["fault.report.attempt"].sudo().create(
            {"scope": "portal:7", "date": fields.Datetime.now()}
        )
        messages = self.env["bus.bus"].sudo()
        messages.create({"channel": "other", "message": '{"payload": "Hello"}'})
        for name in ("%", "_", "___", "%o%", "e", "el", "\\", "%%%%%", "p_rt"):
            report = self.make_report(contact_name=name, phone=name)
            self.close(report)
            report.with_user(self.administrator).action_anonymise(with_files=True)
            with self.subTest(name):
                self.assertFalse(report.contact_name)
                self.assertTrue(messages.search([("channel", "=", "other")]))
                self.assertTrue(
                    self.env["fault.report.attempt"]
                    .sudo()
                    .search([("scope", "=", "portal:7")])
                )

    def test_files_stay_if_so_chosen_but_not_the_original_of_an_email(self):
        reports = self.file_by_mail()
        self.close(reports)
        files = self.env["ir.attachment"].search(
            [("res_model", "in", ("fault.report", "mail.message"))]
        )
        self.assertIn("message/rfc822", files.mapped("mimetype"))
        reports.with_user(self.administrator).action_anonymise(with_files=False)
        left = files.exists()
        self.assertTrue(left)
        self.assertNotIn("message/rfc822", left.mapped("mimetype"))
        self.assertFalse(any(NAME in file.name for file in left))

    def test_what_contacts_and_users_wrote_stays(self):
        report = self.make_report(**REPORTER)
        report.with_user(self.technician).message_post(body="Repaired")
        self.janitor.email = "janitor@hotel.example"
        report.message_post(body="Thank you", author_id=self.janitor.id)
        self.close(report)
        report.with_user(self.administrator).action_anonymise(with_files=True)
        bodies = " ".join(report.message_ids.mapped("body"))
        self.assertIn("Repaired", bodies)
        self.assertIn("Thank you", bodies)
        self.assertIn(self.janitor, report.message_ids.author_id)

    def test_only_administrators_anonymise_and_no_open_report(self):
        report = self.make_report(**REPORTER)
        for name in ("view", "create", "edit", "delete", "convert", "remove_file"):
            with self.subTest(name), self.assertRaises(AccessError):
                report.with_user(self.users[name]).action_anonymise(with_files=True)
        own = report.with_user(self.administrator)
        with self.assertRaisesRegex(UserError, report.reference):
            own.action_anonymise(with_files=True)
        report.action_generate_work_order()
        # Converted, but the work is not done
        with self.assertRaisesRegex(UserError, report.reference):
            own.action_anonymise()
        self.assertEqual(report.contact_name, NAME)

    def test_the_button_asks_first(self):
        report = self.make_report(**REPORTER)
        self.close(report)
        self.company.fault_report_retention_files = True
        own = report.with_user(self.administrator)
        action = (
            self.env.ref("fault_report.action_server_anonymise")
            .with_user(self.administrator)
            .with_context(active_model=report._name, active_ids=report.ids)
            .run()
        )
        self.assertEqual(report.contact_name, NAME)
        dialog = (
            own.env[action["res_model"]].with_context(**action["context"]).create({})
        )
        self.assertTrue(dialog.with_files)
        dialog.action_confirm()
        self.assertFalse(report.contact_name)

    def test_orders_keep_their_texts_and_files(self):
        report = self.make_report(**REPORTER, comment=TEXT)
        report.message_post(attachments=[("letter.txt", TEXT.encode())])
        report.action_generate_work_order()
        order = report._get_work_order()
        before = order.read(["name", "description"])
        order.stage_id = self.env["maintenance.stage"].search(
            [("done", "=", True)], limit=1
        )
        report.with_user(self.administrator).action_anonymise(with_files=True)
        self.assertEqual(order.read(["name", "description"]), before)
        self.assertIn(NAME, order.description)
        copy = self.env["ir.attachment"].search(
            [("res_model", "=", order._name), ("res_id", "=", order.id)]
        )
        self.assertEqual(copy.raw, TEXT.encode())
        self.remove_unused_files()
        copy.invalidate_recordset()
        self.assertEqual(copy.raw, TEXT.encode())

    # === THE SCHEDULED ACTION === #

    def run_cron(self):
        self.env.ref("fault_report.ir_cron_anonymise").method_direct_trigger()

    def make_old_reports(self, count=3):
        reports = self.env["fault.report"].create(
            [
                {"name": f"{number}", "equipment_id": self.lift.id, **REPORTER}
                for number in range(count)
            ]
        )
        self.close(reports)
        self.age(reports)
        return reports

    def test_it_is_off_as_it_comes(self):
        reports = self.make_old_reports()
        company = self.env["res.company"].create({"name": "Another"})
        self.assertEqual(company.fault_report_retention_months, 0)
        self.run_cron()
        self.assertEqual(reports.mapped("contact_name"), [NAME] * 3)

    def test_reports_go_after_so_many_months_and_not_before(self):
        reports = self.make_old_reports()
        for months, expected in ((14, [NAME] * 3), (12, [False] * 3)):
            self.company.fault_report_retention_months = months
            self.run_cron()
            self.assertEqual([r.contact_name for r in reports], expected)

    def test_each_company_has_its_own_time(self):
        other = self.env["res.company"].create({"name": "Other"})
        other.fault_report_retention_months = 1
        reports = self.make_old_reports()
        self.run_cron()
        self.assertEqual(reports.mapped("contact_name"), [NAME] * 3)

    def test_open_reports_stay_however_old_they_are(self):
        self.company.fault_report_retention_months = 1
        done, duplicate, ordered, again, still_open = self.make_old_reports(5)
        again.action_reopen("Still broken")
        still_open.action_reopen("Still broken")
        ordered.action_reopen("Still broken")
        ordered.action_generate_work_order()
        duplicate.action_reopen("Twice")
        duplicate.sudo().action_mark_duplicate(still_open)
        self.flush_log()
        self.age(ordered | duplicate)
        self.run_cron()
        self.assertFalse(done.contact_name)
        for report in (duplicate, ordered, again, still_open):
            self.assertEqual(report.contact_name, NAME)

    def test_a_report_that_is_reopened_is_anonymised_again_later(self):
        self.company.fault_report_retention_months = 12
        report = self.make_old_reports(1)
        self.run_cron()
        self.assertTrue(report.anonymised_at)
        report.action_reopen("Again")
        self.assertFalse(report.anonymised_at)
        report.write(REPORTER)
        self.close(report)
        self.run_cron()
        self.assertEqual(report.contact_name, NAME)
        self.age(report)
        self.run_cron()
        self.assertFalse(report.contact_name)

    def test_what_a_stopped_run_has_not_done_is_done_by_the_next(self):
        self.company.fault_report_retention_months = 12
        reports = self.make_old_reports(5)
        progress = []

        def stop(_cron, processed=0, *, remaining=None, deactivate=False):
            progress.append((processed, remaining))
            return 0

        cron = self.env["ir.cron"]
        with (
            patch(
                "odoo.addons.fault_report.models.fault_report_retention.PER_COMMIT", 2
            ),
            patch.object(type(cron), "_commit_progress", stop),
        ):
            self.env["fault.report"]._cron_anonymise()
            self.assertEqual(progress, [(2, 3)])
            done = reports.filtered("anonymised_at")
            self.assertEqual(done, reports[:2])
            times = done.mapped("anonymised_at")
            self.env["fault.report"]._cron_anonymise()
        self.run_cron()
        self.assertEqual(reports.filtered("contact_name"), reports.browse())
        self.assertEqual(done.mapped("anonymised_at"), times)

    def test_one_that_fails_does_not_stop_the_others(self):
        self.company.fault_report_retention_months = 12
        reports = self.make_old_reports(3)
        Report = type(self.env["fault.report"])
        original = Report._remove_deliveries

        def fail(report, messages):
            original(report, messages)
            if report == reports[1]:
                raise ValueError

        logger = "odoo.addons.fault_report.models.fault_report_retention"
        with patch.object(Report, "_remove_deliveries", fail), mute_logger(logger):
            self.run_cron()
        self.assertEqual(reports.filtered("contact_name"), reports[1])
        self.assertTrue(reports[1].message_ids)
        self.run_cron()
        self.assertFalse(reports[1].contact_name)

    def test_no_one_is_notified(self):
        self.company.fault_report_retention_months = 12
        report = self.make_old_reports(1)
        report.sudo().write({"technician_id": self.technician.id})
        self.flush_log()
        mails = self.env["mail.mail"].search([])
        messages = self.env["mail.message"].search([])
        self.run_cron()
        self.flush_log()
        self.assertFalse(self.env["mail.mail"].search([]) - mails)
        self.assertFalse(self.env["mail.message"].search([]) - messages)

    def test_the_months_are_not_negative(self):
        for months in (-1, 1201):
            with (
                self.subTest(months),
                self.assertRaises(CheckViolation),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.company.fault_report_retention_months = months
                self.env.flush_all()
