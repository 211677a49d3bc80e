"""Reporters' data goes, whichever channel it came through."""

import uuid

from odoo.http import Request
from odoo.tests import tagged
from odoo.tests.common import new_test_user

from odoo.addons.fault_report.tests.common_retention import (
    ADDRESS,
    NAME,
    PHONE,
    TEXT,
    RetentionData,
)

from .common_channels import BY_SCRIPT, ChannelsCase

REPORTER = {"contact_name": NAME, "email": ADDRESS, "phone": PHONE, "comment": TEXT}


@tagged("post_install", "-at_install")
class TestRetentionOfChannels(RetentionData, ChannelsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["fault.report.webhook"].create(
            {
                "name": "Hook",
                "url": "https://hook.example",
                "on_solved": True,
                "on_commented": True,
            }
        )
        cls.administrator = new_test_user(
            cls.env,
            "fault_administrator",
            groups="fault_report.group_view,fault_report.group_administrator",
        )

    def file_everywhere(self):
        """File a report through each channel, with the reporter's data; return them."""
        before = self.env["fault.report"].search([])
        key = uuid.uuid4().hex
        for _repeated in range(2):
            answers = [
                self.post_form(self.code, {"name": NAME, **REPORTER}, BY_SCRIPT, key),
                self.post_json(self.key, key, equipment=self.get_token(), **REPORTER),
                self.post_json(self.page_key, key, **REPORTER),
            ]
            for answer in answers:
                self.assertLess(answer.status_code, 300, answer.text)
        values = {"name": "Door", "equipment_id": self.lift.id, **REPORTER}
        values.pop("email")
        answer = self.post_signed_in("/my/fault_reports/new", values, BY_SCRIPT)
        self.assertLess(answer.status_code, 300, answer.text)
        reports = self.env["fault.report"].search([]) - before
        self.assertEqual(len(reports), 4)
        return reports

    def comment_on_tracking_page(self, report):
        """Comment as the reporter, who knows the link."""
        report.sudo()._portal_ensure_token()
        self.authenticate(None, None)
        data = {
            "comment": TEXT,
            "access_token": report.sudo().access_token,
            "csrf_token": Request.csrf_token(self),
        }
        path = f"/my/fault_reports/{report.id}/comment"
        answer = self.post_form(path, data, BY_SCRIPT)
        self.assertLess(answer.status_code, 300, answer.text)

    def test_nothing_is_left_of_reports_from_outside(self):
        reports = self.file_everywhere()
        self.assertEqual(set(reports.mapped("channel")), {"qr", "api", "portal"})
        for report in reports:
            self.comment_on_tracking_page(report)
            self.env.flush_all()
            self.env.cr.precommit.run()
            report.sudo().action_solve(f"Told {NAME}")
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.assertGreater(self.count_places(), 5)
        deliveries = self.env["fault.report.webhook.delivery"].search(
            [("report_id", "in", reports.ids)]
        )
        self.assertTrue(deliveries)
        reports.with_user(self.administrator).action_anonymise(with_files=True)
        self.remove_unused_files()
        self.assert_nothing_left()
        self.assertFalse(deliveries.exists())
        self.assertFalse(
            self.env["fault.report.submission"].search(
                [("report_id", "in", reports.ids)]
            )
        )
