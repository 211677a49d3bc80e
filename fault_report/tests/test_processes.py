"""Reminders and mails with several real Odoo processes and a real mail server."""

from collections import Counter
from datetime import timedelta

from odoo import Command, fields
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, new_test_user, tagged

from .common_processes import (
    HOST,
    MailServer,
    OdooProcess,
    RealTransaction,
    SilentServer,
    wait_until,
)

REPORTS = 60
# Number of reminders sent when the process is killed
KILL_AFTER = 10
# Expressions that the processes evaluate
REMIND = "env['fault.report']._cron_send_reminders()"
RETRY = "env['fault.report']._cron_retry_messages()"
SEND = "env['mail.mail'].process_email_queue()"


@tagged("post_install", "-at_install")
class TestProcesses(BaseCase):
    """Uses committed data, because other processes have to see it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        cls.addClassCleanup(cls.registry.clear_all_caches)
        cls.mail_server = MailServer()
        cls.make_data()
        cls.addClassCleanup(cls.remove_data)
        # All processes start at the same time; two tests kill one
        cls.processes = [OdooProcess() for _number in range(4)]
        cls.addClassCleanup(lambda: [process.close() for process in cls.processes])
        for process in cls.processes:
            assert process.wait() == "ready"

    @classmethod
    def make_data(cls):
        with RealTransaction() as env:
            company = env.ref("base.main_company")
            cls.hours = company.fault_report_reminder_hours
            company.fault_report_reminder_hours = 1
            technician = new_test_user(
                env, "process_technician", groups="fault_report.group_edit"
            )
            technician.email = "process@example.com"
            partner = env["res.partner"].create({"name": "Process", "is_company": True})
            server = env["ir.mail_server"].create(
                {
                    "name": "Loopback",
                    "smtp_host": HOST,
                    "smtp_port": cls.mail_server.port,
                    "smtp_encryption": "none",
                    "sequence": 1,
                }
            )
            cls.technician_id, cls.partner_id = technician.id, partner.id
            cls.server_id = server.id

    @classmethod
    def remove_data(cls):
        with RealTransaction() as env:
            company = env.ref("base.main_company")
            company.fault_report_reminder_hours = cls.hours
            reports = env["fault.report"].search([("partner_id", "=", cls.partner_id)])
            env["mail.mail"].search([("model", "=", "fault.report")]).unlink()
            env["mail.message"].search(
                [("model", "=", "fault.report"), ("res_id", "in", reports.ids)]
            ).unlink()
            reports.unlink()
            policies = env["fault.report.sla.policy"].with_context(active_test=False)
            policies.search([("name", "=", "Process")]).unlink()
            env["fault.report.subgroup"].search([("name", "=", "Process")]).unlink()
            env["ir.mail_server"].browse(cls.server_id).unlink()
            technician = env["res.users"].browse(cls.technician_id)
            partner = technician.partner_id
            technician.unlink()
            (partner + env["res.partner"].browse(cls.partner_id)).unlink()

    def setUp(self):
        super().setUp()
        self.addCleanup(self.forget)

    def forget(self):
        """Leave nothing waiting for the next test."""
        with RealTransaction() as env:
            env["mail.mail"].search([("model", "=", "fault.report")]).unlink()
            reports = env["fault.report"].search([("partner_id", "=", self.partner_id)])
            reports.technician_id = False
            # What was due is not due for the next test.
            reports.sla_told = reports._get_silent_alarms()
            policies = env["fault.report.sla.policy"]
            policies.search([("name", "=", "Process")]).active = False

    def make_due_reports(self):
        with RealTransaction() as env:
            reports = env["fault.report"].create(
                [
                    {
                        "name": f"Due {number}",
                        "partner_id": self.partner_id,
                        "technician_id": self.technician_id,
                    }
                    for number in range(REPORTS)
                ]
            )
            env.flush_all()
            env.cr.precommit.run()
            env["mail.mail"].search([("model", "=", "fault.report")]).unlink()
            reports.date_assigned = fields.Datetime.now() - timedelta(hours=2)
            return reports.ids

    def make_due_alarms(self, hours=2):
        """Create reports whose technician, as head of the subgroup too, is due to hear.

        :param hours: since they were reported: 2 is a warning, 3 too late
        """
        with RealTransaction() as env:
            subgroup = env["fault.report.subgroup"].create(
                {"name": "Process", "user_id": self.technician_id}
            )
            policy = env["fault.report.sla.policy"].create(
                {
                    "name": "Process",
                    "partner_ids": [Command.link(self.partner_id)],
                    "resolution_hours": 3,
                    "warning_hours": 2,
                    "around_the_clock": True,
                }
            )
            reports = env["fault.report"].create(
                [
                    {
                        "name": f"Due {number}",
                        "partner_id": self.partner_id,
                        "technician_id": self.technician_id,
                        "subgroup_id": subgroup.id,
                        "reported_at": fields.Datetime.now() - timedelta(hours=hours),
                    }
                    for number in range(REPORTS)
                ]
            )
            env.flush_all()
            env.cr.precommit.run()
            env["mail.mail"].search([("model", "=", "fault.report")]).unlink()
            assert reports.sla_policy_id == policy
            return reports.ids

    def count(self, report_ids, mark="reminded_at"):
        """Return the number of reports with a mark, and of e-mails by report."""
        with RealTransaction() as env:
            claimed = env["fault.report"].search_count(
                [("id", "in", report_ids), (mark, "!=", False)]
            )
            mails = env["mail.mail"].search(
                [("model", "=", "fault.report"), ("res_id", "in", report_ids)]
            )
            return claimed, Counter(mails.mapped("res_id"))

    def remind_at_once(self):
        """Let two processes do what is due at the same time."""
        both = self.processes[-2:]
        for process in both:
            process.start(REMIND)
        for process in both:
            process.wait()
        # Reports locked by the other process were left to the next run.
        both[0].run(REMIND)

    def test_r74_two_processes_at_once_remind_of_each_report_once(self):
        report_ids = self.make_due_reports()
        self.remind_at_once()
        claimed, mails = self.count(report_ids)
        self.assertEqual(claimed, REPORTS)
        self.assertEqual(mails, Counter(report_ids))

    def test_r74_killed_in_the_middle_each_reminder_arrives_once(self):
        report_ids = self.make_due_reports()
        process = self.processes.pop(0)
        process.start(REMIND)
        wait_until(lambda: self.count(report_ids)[0] >= KILL_AFTER)
        process.kill()
        claimed, mails = self.count(report_ids)
        self.assertLess(claimed, REPORTS, "The process finished before it was killed")
        self.assertEqual(claimed, len(mails))
        other = self.processes[-1]
        other.run(REMIND)
        self.assertEqual(self.count(report_ids), (REPORTS, Counter(report_ids)))
        self.deliver(other)
        subjects = Counter(message["Subject"] for message in self.received())
        self.assertEqual(len(subjects), REPORTS)
        self.assertEqual(set(subjects.values()), {1})
        self.assertEqual(
            len({message["Message-Id"] for message in self.received()}), REPORTS
        )

    def assert_each_alarmed_once(self, report_ids):
        self.assertEqual(
            self.count(report_ids, "sla_told"), (REPORTS, Counter(report_ids))
        )

    def test_r102_two_processes_at_once_warn_of_each_deadline_once(self):
        report_ids = self.make_due_alarms()
        self.remind_at_once()
        self.assert_each_alarmed_once(report_ids)

    def test_r102_two_processes_at_once_notify_of_each_breach_once(self):
        report_ids = self.make_due_alarms(hours=4)
        self.remind_at_once()
        self.assert_each_alarmed_once(report_ids)
        with RealTransaction() as env:
            reports = env["fault.report"].browse(report_ids)
            self.assertEqual(
                set(reports.mapped("sla_told")),
                {"resolution_breach resolution_warning"},
            )

    def test_r102_killed_in_the_middle_each_warning_is_sent_once(self):
        report_ids = self.make_due_alarms()
        process = self.processes.pop(0)
        process.start(REMIND)
        wait_until(lambda: self.count(report_ids, "sla_told")[0] >= KILL_AFTER)
        process.kill()
        claimed, mails = self.count(report_ids, "sla_told")
        self.assertLess(claimed, REPORTS, "The process finished before it was killed")
        self.assertEqual(claimed, len(mails))
        self.remind_at_once()
        self.assert_each_alarmed_once(report_ids)

    def test_a_mail_server_that_is_down_or_mute_costs_no_report_and_no_mail(self):
        process = self.processes[-1]
        mute = SilentServer(self.mail_server.port)
        values = {
            "name": "No light <here>",
            "partner_id": self.partner_id,
            "technician_id": self.technician_id,
        }
        seconds = process.run(f"env['fault.report'].create({values})")
        self.assertEqual(mute.count_connections(), 0)
        self.assertLess(seconds, 10)
        mute.close()
        # The server is gone when the queue starts to send.
        process.run(SEND)
        with RealTransaction() as env:
            mail = self.get_mail(env)
            self.assertEqual(mail.state, "exception")
            report_id = mail.res_id
            env.cr.execute(
                "UPDATE mail_mail SET write_date = write_date - interval '3 minutes'"
                " WHERE id = %s",
                [mail.id],
            )
        process.run(RETRY)
        self.deliver(process)
        [message] = self.received()
        self.assertIn("Assigned to you", message["Subject"])
        html = message.get_body(("html",)).get_content()
        self.assertIn(f"/odoo/fault-reports/{report_id}", html)
        self.assertIn("No light <here>", message.get_body(("plain",)).get_content())
        self.assertEqual(message["To"].addresses[0].addr_spec, "process@example.com")
        process.run(SEND)
        self.assertEqual(len(self.received()), 1)

    def get_mail(self, env):
        return env["mail.mail"].search(
            [("model", "=", "fault.report"), ("state", "in", ("outgoing", "exception"))]
        )

    def deliver(self, process):
        """Let the process send the queue to a working mail server."""
        self.mail_server.messages.clear()
        self.mail_server.start()
        self.addCleanup(self.mail_server.stop)
        process.run(SEND)

    def received(self):
        """Return the messages sent to the technician."""
        return [
            message
            for message in self.mail_server.messages
            if "process@example.com" in message["To"]
        ]
