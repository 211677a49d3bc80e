"""Idempotent submission, and the rate limit."""

import os
import threading
from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import patch

from freezegun import freeze_time

from odoo import SUPERUSER_ID, api, fields
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.tests import BaseCase, TransactionCase, get_db_name, new_test_user, tagged

from odoo.addons.base.models.ir_attachment import IrAttachment

from ..tools.errors import SubmissionConflictError, TooManyRequestsError
from .common import FaultReportCommon

ATTEMPT = "odoo.addons.fault_report.models.intake.rate_limit"


@tagged("post_install", "-at_install")
class TestSubmission(FaultReportCommon):
    def send(self, key="k", fingerprint="f", scope="test:1"):
        return self.env["fault.report.submission"]._run_once(
            scope, key, fingerprint, lambda: (self.make_report(), {"a": 1})
        )

    def test_the_same_sent_again_is_the_same_report(self):
        report, answer, replayed = self.send()
        self.assertEqual((answer, replayed), ({"a": 1}, False))
        again, answer, replayed = self.send()
        self.assertEqual((again, answer, replayed), (report, {"a": 1}, True))

    def test_another_content_under_the_same_key_is_refused(self):
        self.send()
        with self.assertRaises(SubmissionConflictError):
            self.send(fingerprint="other")

    def test_the_key_of_one_sender_is_not_that_of_another(self):
        first, _answer, _replayed = self.send()
        second, _answer, replayed = self.send(scope="test:2")
        self.assertFalse(replayed)
        self.assertNotEqual(first, second)

    def test_old_keys_are_forgotten_after_thirty_days(self):
        self.send()
        Submission = self.env["fault.report.submission"]
        with freeze_time(fields.Datetime.now() + timedelta(days=29, hours=23)):
            Submission._gc_submissions()
            self.assertTrue(Submission.search([("scope", "=", "test:1")]))
        with freeze_time(fields.Datetime.now() + timedelta(days=30, hours=1)):
            Submission._gc_submissions()
            self.assertFalse(Submission.search([("scope", "=", "test:1")]))

    def test_no_user_reads_or_writes_the_keys(self):
        administrator = new_test_user(
            self.env, "fault_boss", groups="fault_report.group_administrator"
        )
        for model in ("fault.report.submission", "fault.report.attempt"):
            for operation in ("read", "write", "create", "unlink"):
                Model = self.env[model].with_user(administrator)
                self.assertFalse(Model.has_access(operation), (model, operation))


@tagged("post_install", "-at_install")
class TestRateLimit(TransactionCase):
    def count_attempt(self, limit=3, scope="test:1"):
        self.env["fault.report.attempt"]._check_rate(scope, limit)

    def setUp(self):
        super().setUp()
        # A separate transaction in production; here, the test's cursor
        self.registry_enter_test_mode()

    def test_one_attempt_more_than_allowed_within_a_minute_waits(self):
        with freeze_time("2026-03-01 12:00:00"):
            for _time in range(3):
                self.count_attempt()
            with self.assertRaises(TooManyRequestsError) as caught:
                self.count_attempt()
            self.assertEqual(caught.exception.retry_after, 60)
            self.count_attempt(scope="test:2")
        with freeze_time("2026-03-01 12:00:59"):
            with self.assertRaises(TooManyRequestsError) as caught:
                self.count_attempt()
            self.assertEqual(caught.exception.retry_after, 1)
        with freeze_time("2026-03-01 12:01:00"):
            self.count_attempt()

    def test_a_clock_that_is_set_back_refuses_no_attempt_for_longer(self):
        with freeze_time("2026-03-01 12:00:00"):
            for _time in range(3):
                self.count_attempt()
        # The clock of another server
        with (
            freeze_time("2026-03-01 11:59:30"),
            self.assertRaises(TooManyRequestsError),
        ):
            self.count_attempt()
        with freeze_time("2026-03-01 10:00:00"):
            for _time in range(3):
                self.count_attempt()
            with self.assertRaises(TooManyRequestsError) as caught:
                self.count_attempt()
            self.assertEqual(caught.exception.retry_after, 60)

    def test_what_one_request_does_several_times_counts_as_often(self):
        with patch(f"{ATTEMPT}.request", SimpleNamespace()):
            for _time in range(3):
                self.count_attempt()
            with self.assertRaises(TooManyRequestsError):
                self.count_attempt()

    def test_a_high_limit_reads_no_more_attempts_than_a_low_one(self):
        Attempt = self.env["fault.report.attempt"]
        Attempt.create(
            [{"scope": "test:1", "date": fields.Datetime.now()} for _n in range(50)]
        )
        execute_query, found = api.Environment.execute_query, []

        def count(environment, query):
            result = execute_query(environment, query)
            found.append(len(result))
            return result

        with patch.object(api.Environment, "execute_query", count):
            self.count_attempt(limit=51)
            with self.assertRaises(TooManyRequestsError):
                self.count_attempt(limit=51)
        self.assertEqual(found, [1, 1])

    def test_a_limit_of_zero_refuses_all(self):
        with self.assertRaises(TooManyRequestsError):
            self.count_attempt(limit=0)


@tagged("post_install", "-at_install")
class TestSubmissionRace(BaseCase):
    """Concurrent real transactions."""

    KEYS = "test-race"

    def test_four_equal_submissions_at_once_make_one(self):
        registry = Registry(get_db_name())
        start = threading.Barrier(4)
        results, made = [], []

        def send():
            start.wait()
            with registry.cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {})

                def once():
                    Submission = env["fault.report.submission"]

                    def create():
                        made.append(1)
                        return env["fault.report"], {"n": 1}

                    return Submission._run_once(self.KEYS, "same", "f", create)

                results.append(retrying(once, env)[2])

        self.addCleanup(self.forget, registry)
        threads = [threading.Thread(target=send) for _number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        self.assertEqual(sorted(results), [False, True, True, True])

    def forget(self, registry):
        with registry.cursor() as cr:
            cr.execute(
                "DELETE FROM fault_report_submission WHERE scope = %s", [self.KEYS]
            )


@tagged("post_install", "-at_install")
class TestFileStore(TransactionCase):
    def setUp(self):
        super().setUp()
        self.env["ir.config_parameter"].set_param("ir_attachment.location", "file")
        self.content = os.urandom(2500).hex().encode()
        self.report = self.env["fault.report"].create(
            {"name": "It stands still", "partner_id": self.env.company.partner_id.id}
        )

    def save(self):
        return self.env["ir.attachment"].create(
            {
                "name": "a",
                "raw": self.content,
                "res_model": "fault.report",
                "res_id": self.report.id,
            }
        )

    def path(self):
        Attachment = self.env["ir.attachment"]
        sha = Attachment._compute_checksum(self.content)
        return Attachment._full_path(f"{sha[:2]}/{sha}")

    def test_a_file_that_was_half_written_can_be_sent_again(self):
        os.makedirs(os.path.dirname(self.path()), exist_ok=True)
        with open(self.path(), "wb") as file:
            file.write(self.content[:2000])
        attachment = self.save()
        attachment.invalidate_recordset()
        self.assertEqual(attachment.raw, self.content)

    def test_a_full_disk_leaves_nothing_behind_and_the_file_can_be_sent_again(self):
        with (
            patch("os.fsync", side_effect=OSError(28, "No space left on device")),
            self.assertRaises(OSError),
        ):
            self.save()
        self.assertFalse(os.path.exists(self.path()))
        halves = [
            name
            for name in os.listdir(os.path.dirname(self.path()))
            if name.startswith(".half-")
        ]
        self.assertFalse(halves)
        self.assertEqual(self.save().raw, self.content)

    def test_a_file_goes_where_another_addon_stores_files(self):
        written = []

        def write(files, content, checksum):
            written.append(content)
            return "bucket://file"

        with (
            patch.object(IrAttachment, "_storage", lambda self: "bucket"),
            patch.object(IrAttachment, "_file_write", write),
        ):
            self.save()
        self.assertEqual(written, [self.content])
        self.assertFalse(os.path.exists(self.path()))
