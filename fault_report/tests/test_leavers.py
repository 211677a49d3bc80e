"""Technicians who lose access, and reporters who are deleted."""

from contextlib import contextmanager
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..models import fault_report_leavers as leavers
from .test_notifications import NotificationCommon

CRON = "fault_report.ir_cron_release_reports"


class Undone:
    @contextmanager
    def undone(self):
        """Undo all changes in the end, in database and caches."""
        try:
            with self.env.cr.savepoint() as savepoint:
                yield
                savepoint.rollback()
        finally:
            self.env.cr.precommit.clear()
            self.env.invalidate_all(flush=False)
            self.registry.clear_all_caches()


class LeaversCommon(Undone, NotificationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        env = cls.env
        cls.other_company = env["res.company"].create({"name": "Other"})
        cls.group = env["res.groups"].create(
            {
                "name": "Field staff",
                "implied_ids": [Command.link(env.ref("fault_report.group_view").id)],
            }
        )
        cls.leaver, cls.stayer = (
            new_test_user(
                env,
                f"fault_{name}",
                name=f"Mx {name}",
                groups="base.group_user",
                email=f"{name}@example.com",
            )
            for name in ("leaver", "stayer")
        )
        for user in cls.leaver + cls.stayer:
            user.group_ids += cls.group
        # The colleague has access in another way as well
        cls.stayer.group_ids += env.ref("fault_report.group_edit")
        cls.dispatch = new_test_user(
            env,
            "fault_dispatch",
            groups="fault_report.group_edit,fault_report.group_convert",
            email="dispatch@example.com",
            fault_report_notify_new="email",
        )
        # Manages accounts, and has no access to fault reports
        cls.manager = new_test_user(
            env,
            "fault_accounts",
            groups="base.group_erp_manager,base.group_partner_manager",
            company_ids=[Command.set((cls.company + cls.other_company).ids)],
        )
        cls.posted = []
        Report = cls.registry["fault.report"]
        post = Report._post_event

        def record(reports, event):
            cls.posted.extend((event, report_id) for report_id in reports.ids)
            return post(reports, event)

        cls.startClassPatcher(patch.object(Report, "_post_event", record))

    def make_open(self, count=3):
        """Return reports of the leaver: two of them wait, and one is solved."""
        reports = self.env["fault.report"].create(
            [
                {
                    "name": f"Fault {number}",
                    "equipment_id": self.lift.id,
                    "technician_id": self.leaver.id,
                }
                for number in range(count)
            ]
        )
        reports[-1].action_solve("Phone")
        self.kept = self.make_report(technician_id=self.stayer.id)
        self.end_transaction()
        (self.mails(self.dispatch) + self.mails(self.leaver)).unlink()
        self.posted.clear()
        return reports[:-1], reports[-1]

    def run_cron(self):
        self.end_transaction()
        with self.enter_registry_test_mode():
            self.env.ref(CRON).method_direct_trigger()
        self.env.invalidate_all()

    def notes(self, report):
        return [
            message
            for message in report.message_ids
            if "waits for another technician" in (message.body or "")
        ]

    # === WAYS TO LOSE ACCESS === #

    def way_archive_the_user(self, user, group):
        user.action_archive()

    def way_archive_by_write(self, user, group):
        user.write({"active": False, "phone": "112"})

    def way_archive_by_import(self, user, group):
        result = user.load([".id", "active"], [[str(user.id), "False"]])
        self.assertFalse(result["messages"], result)

    def way_archive_from_the_contact(self, user, group):
        values = {"user_ids": [Command.update(user.id, {"active": False})]}
        user.partner_id.write(values)

    def way_group_removed_from_the_user(self, user, group):
        user.group_ids = [Command.unlink(group.id)]

    def way_groups_replaced_on_the_user_form(self, user, group):
        base = self.env.ref("base.group_user")
        user.web_save({"group_ids": [Command.set(base.ids)]}, {"id": {}})

    def way_user_removed_from_the_group(self, user, group):
        group.user_ids = [Command.unlink(user.id)]

    def way_user_removed_from_all_of_the_group(self, user, group):
        group.all_user_ids = group.all_user_ids - user

    def way_group_implies_less(self, user, group):
        group.implied_ids = [Command.clear()]

    def way_view_is_implied_by_less(self, user, group):
        view = self.env.ref("fault_report.group_view").with_user(self.manager)
        view.implied_by_ids = [Command.unlink(group.id)]

    def way_implied_group_removed_by_settings(self, user, group):
        group._remove_group(self.env.ref("fault_report.group_view"))

    def way_group_deleted(self, user, group):
        group.unlink()

    def way_company_changed(self, user, group):
        other = self.other_company.ids
        user.write({"company_id": other[0], "company_ids": [Command.set(other)]})

    def way_removed_from_the_company(self, user, group):
        user.sudo().company_ids += self.other_company
        user.company_id = self.other_company
        company = self.company.with_user(self.manager)
        company.write({"user_ids": [Command.unlink(user.id)]})

    def way_made_portal(self, user, group):
        portal = self.env.ref("base.group_portal")
        user.group_ids = [Command.set(portal.ids)]

    @classmethod
    def get_ways(cls):
        return [name for name in dir(cls) if name.startswith("way_")]


@tagged("post_install", "-at_install")
class TestLeavers(LeaversCommon):
    def test_who_loses_access_in_any_way_has_no_open_reports(self):
        for way in self.get_ways():
            with self.subTest(way):
                self.lose_access(way)

    def lose_access(self, way):
        with self.undone():
            reports, solved = self.make_open()
            user = self.leaver.with_user(self.manager)
            getattr(self, way)(user, self.group.with_user(self.manager))
            self.check_released(reports, solved)

    def check_released(self, reports, solved):
        self.assertEqual(set(reports.mapped("state")), {"new"})
        self.assertFalse(reports.technician_id)
        self.assertEqual(solved.technician_id, self.leaver)
        self.assertEqual(self.kept.technician_id, self.stayer)
        self.assertEqual([len(self.notes(report)) for report in reports], [1, 1])
        self.assertIn("Mx leaver", self.notes(reports[0])[0].body)
        self.assertFalse(self.notes(self.kept) + self.notes(solved))
        events = [("reopened", report_id) for report_id in reports.ids]
        self.assertEqual(sorted(self.posted), events)
        self.assertEqual(self.count(self.dispatch), (1, 0))
        self.assertEqual(self.count(self.leaver), (0, 0))
        self.assertIn("without a technician: 2", self.mails(self.dispatch).subject)
        self.assertFalse(reports.released_from_id)
        # No further message for each report
        self.assertEqual(set(reports.mapped("unassigned_date")), {False})

    def test_deleting_a_technician_is_refused(self):
        self.make_open()
        with self.assertRaisesRegex(UserError, "archive the user"):
            self.leaver.with_user(self.manager).unlink()

    def test_the_scheduled_action_finds_what_no_method_has_noticed(self):
        for query in (
            "UPDATE res_users SET active = false WHERE id = %s",
            "DELETE FROM res_groups_users_rel WHERE uid = %s",
            "DELETE FROM res_company_users_rel WHERE user_id = %s",
        ):
            with self.subTest(query), self.undone():
                reports, solved = self.make_open()
                self.env.cr.execute(query, [self.leaver.id])
                self.env.invalidate_all()
                self.registry.clear_all_caches()
                self.run_cron()
                self.check_released(reports, solved)
                self.run_cron()
                self.assertEqual(self.count(self.dispatch), (1, 0))

    def test_a_change_that_takes_no_access_changes_nothing(self):
        reports, _solved = self.make_open()
        self.leaver.with_user(self.manager).write(
            {"group_ids": [Command.link(self.env.ref("fault_report.group_edit").id)]}
        )
        self.group.with_user(self.manager).user_ids = [Command.unlink(self.leaver.id)]
        self.assertEqual(reports.technician_id, self.leaver)
        self.assertFalse(self.posted)

    def test_many_are_released_in_batches_with_one_summary(self):
        self.make_open(1)
        with patch.object(leavers, "AT_ONCE", 5):
            reports, _solved = self.make_open(24)
            self.leaver.with_user(self.manager).active = False
        self.assertEqual(reports.technician_id, self.leaver)
        trigger = self.env["ir.cron.trigger"].search(
            [("cron_id", "=", self.env.ref(CRON).id)]
        )
        self.assertTrue(trigger)
        Cron = self.registry["ir.cron"]
        with patch.object(Cron, "_commit_progress", return_value=1):
            self.env["fault.report"]._cron_release_reports(batch_size=7)
        self.assertEqual(set(reports.mapped("state")), {"new"})
        self.assertEqual(self.count(self.dispatch), (1, 0))
        self.assertEqual(len(self.posted), len(reports))

    def test_the_summary_is_not_lost_if_time_runs_out(self):
        reports, _solved = self.make_open(9)
        self.env.cr.execute(
            "UPDATE res_users SET active = false WHERE id = %s", [self.leaver.id]
        )
        self.env.invalidate_all()
        Cron = self.registry["ir.cron"]
        for seconds_left, mails in ((0, 0), (0, 0), (1, 1), (1, 1)):
            with patch.object(Cron, "_commit_progress", return_value=seconds_left):
                self.env["fault.report"]._cron_release_reports(batch_size=3)
            self.assertEqual(self.count(self.dispatch)[0], mails)
        self.assertIn("technician: 8", self.mails(self.dispatch).subject)
        self.assertEqual(set(reports.mapped("state")), {"new"})

    def test_one_report_that_fails_does_not_keep_the_others(self):
        reports, _solved = self.make_open(5)
        self.env.cr.execute(
            "UPDATE res_users SET active = false WHERE id = %s", [self.leaver.id]
        )
        self.env.invalidate_all()
        Report = self.registry["fault.report"]
        release = Report._release

        def fail(records, *args):
            if reports[1] in records:
                raise KeyError
            return release(records, *args)

        with patch.object(Report, "_release", fail), mute_logger(leavers.__name__):
            self.run_cron()
        self.assertEqual(reports.filtered("technician_id"), reports[1])
        self.assertEqual(self.count(self.dispatch), (1, 0))

    def test_the_summary_says_where_they_are_still_entered(self):
        self.make_open()
        self.wing.technician_id = self.leaver
        self.env["fault.report.subgroup"].create(
            {"name": "Lifts", "user_id": self.leaver.id}
        )
        self.leaver.with_user(self.manager).active = False
        self.end_transaction()
        body = self.mails(self.dispatch).body_html
        for text in ("Mx leaver", "Wing", "Lifts", "Fault 0", "Fault 1"):
            self.assertIn(text, body)
        self.assertNotIn("Fault 2", body)

    def test_without_a_dispatcher_the_administrators_get_it(self):
        self.dispatch.active = False
        boss = new_test_user(
            self.env,
            "fault_boss",
            groups="fault_report.group_administrator",
            email="boss@example.com",
            fault_report_notify_new="none",
        )
        self.make_open()
        self.leaver.with_user(boss).sudo().active = False
        self.assertEqual(self.count(boss), (1, 0))

    def test_if_no_user_can_be_written_to_there_is_an_activity(self):
        self.dispatch.fault_report_notify_new = "none"
        reports, _solved = self.make_open()
        reports[0]._get_administrators().email = False
        self.leaver.with_user(self.manager).active = False
        activities = reports.activity_search(
            ["fault_report.mail_activity_type_unassigned"]
        )
        self.assertEqual(activities.user_id, self.dispatch)
        self.assertTrue(all(reports.mapped("unassigned_date")))

    def test_each_company_gets_its_own_summary(self):
        other = new_test_user(
            self.env,
            "fault_other_dispatch",
            groups="fault_report.group_edit,fault_report.group_convert",
            email="other@example.com",
            fault_report_notify_new="email",
            company_id=self.other_company.id,
            company_ids=[Command.set(self.other_company.ids)],
        )
        self.leaver.company_ids += self.other_company
        report = self.make_report(
            company_id=self.other_company.id, technician_id=self.leaver.id
        )
        reports, _solved = self.make_open()
        self.end_transaction()
        self.mails(other).unlink()
        self.leaver.with_user(self.manager).company_ids -= self.other_company
        self.assertEqual(self.count(other), (1, 0))
        self.assertEqual(self.count(self.dispatch), (0, 0))
        self.assertFalse(report.technician_id)
        self.assertEqual(reports.technician_id, self.leaver)

    def test_what_waits_again_has_no_technician_who_has_left(self):
        _reports, solved = self.make_open()
        converted = self.make_report(technician_id=self.leaver.id)
        converted.action_generate_work_order()
        sold = self.make_report(technician_id=self.leaver.id)
        sold.action_generate_sale_order()
        self.leaver.with_user(self.manager).active = False
        self.assertEqual((converted + sold).technician_id, self.leaver)
        self.posted.clear()
        self.as_user(solved, "edit").action_reopen("Again")
        converted._get_work_order().archive_equipment_request()
        sold.sale_order_id.action_cancel()
        for report in (solved, converted, sold):
            self.assertEqual(report.state, "new")
            self.assertFalse(report.technician_id)
            self.assertEqual(len(self.notes(report)), 1)
            self.assertEqual(self.posted.count(("reopened", report.id)), 1)

    def test_a_hook_names_who_takes_over(self):
        reports, _solved = self.make_open()
        Report = self.registry["fault.report"]
        stayer = self.stayer

        def succeed(_reports, technician, company):
            self.assertEqual((technician, company), (self.leaver, self.company))
            return stayer

        with patch.object(Report, "_get_successor", succeed):
            self.leaver.with_user(self.manager).active = False
        self.assertEqual(reports.technician_id, stayer)
        self.assertEqual(set(reports.mapped("state")), {"assigned"})
        self.assertEqual({event for event, _id in self.posted}, {"assigned"})
        self.assertEqual(self.count(self.dispatch), (0, 0))

    def test_who_is_only_absent_keeps_their_reports(self):
        """An addon for absences refuses them for new reports."""
        reports, _solved = self.make_open()
        Report = self.registry["fault.report"]
        with patch.object(Report, "_can_be_technician", lambda *_args: False):
            self.run_cron()
        self.assertEqual(reports.technician_id, self.leaver)

    def test_a_report_costs_no_more_than_the_line_in_its_log(self):
        """Odoo's tracking inserts a message, and a tracking value."""
        counts = []
        for count in (11, 41):
            with self.undone():
                self.make_open(count)
                user = self.leaver.with_user(self.manager)
                self.env.flush_all()
                before = self.env.cr.sql_log_count
                user.active = False
                self.end_transaction()
                counts.append(self.env.cr.sql_log_count - before)
        self.assertLess(counts[1] - counts[0], 2 * 30 + 15, counts)


@tagged("post_install", "-at_install")
class TestDeletedReporters(Undone, NotificationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(
            cls.env, "fault_clerk", groups="base.group_partner_manager"
        )
        cls.janitor.write({"email": "janitor@example.com", "phone": "+46 40 123"})

    def reporter(self, report):
        return report.contact_name, report.email_from, report.phone

    def delete(self, contact):
        self.env.flush_all()
        contact.with_user(self.clerk).unlink()
        self.end_transaction()
        self.env.invalidate_all()

    def test_the_reporter_of_open_reports_stays_named(self):
        new = self.make_report()
        assigned = self.make_report(technician_id=self.technician.id)
        converted = self.make_report()
        converted.action_generate_work_order()
        solved = self.make_report()
        solved.action_solve("Phone")
        done = self.make_report()
        done.action_generate_work_order()
        stages = self.env["maintenance.stage"].search([("done", "=", True)])
        done._get_work_order().stage_id = stages[:1]
        self.delete(self.janitor)
        for report in (new, assigned, converted):
            self.assertFalse(report.contact_id)
            self.assertEqual(
                self.reporter(report), ("Janitor", "janitor@example.com", "+46 40 123")
            )
            self.assertIn("Janitor was deleted", str(report.message_ids.mapped("body")))
            self.assertEqual(
                self.as_user(report, "view").reach_email, "janitor@example.com"
            )
        for report in (solved, done):
            self.assertEqual(self.reporter(report), (False, False, False))

    def test_another_reporter_stays_and_the_log_names_the_contact(self):
        report = self.make_report(
            contact_name="Guest", email_from="guest@example.com", phone="112"
        )
        self.delete(self.janitor)
        self.assertEqual(self.reporter(report), ("Guest", "guest@example.com", "112"))
        self.assertIn("janitor@example.com", str(report.message_ids.mapped("body")))

    def test_what_was_typed_about_the_contact_comes_first(self):
        report = self.make_report(phone="The gate's phone")
        self.delete(self.janitor)
        self.assertEqual(
            self.reporter(report),
            ("Janitor", "janitor@example.com", "The gate's phone"),
        )

    def test_odd_names_do_not_stop_the_deletion(self):
        report = self.make_report()
        self.janitor.write({"name": "Long " * 80, "phone": "1" * 300, "email": False})
        self.env.cr.execute(
            "UPDATE res_partner SET name = name || %s WHERE id = %s",
            ["\u202e\x07\n", self.janitor.id],
        )
        self.env.invalidate_all()
        self.delete(self.janitor)
        self.assertTrue(report.contact_name.startswith("Long Long"))

    def test_a_deleted_portal_account_leaves_its_name(self):
        """Odoo archives it at once; a scheduled action deletes user and contact."""
        user = new_test_user(
            self.env,
            "fault_guest",
            name="Gil Guest",
            email="gil@example.com",
            groups="base.group_portal,fault_report.group_portal_create",
        )
        partner = user.partner_id
        partner.write({"parent_id": self.wing.id, "phone": "+46 40 999"})
        as_contact = self.make_report(contact_id=partner.id)
        as_maker = self.make_report(contact_id=False)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE fault_report SET create_uid = %s, contact_id = NULL WHERE id = %s",
            [user.id, as_maker.id],
        )
        self.env.invalidate_all()
        user.with_user(user).sudo()._deactivate_portal_user()
        self.env["res.users.deletion"].flush_model()
        with (
            self.enter_registry_test_mode(),
            mute_logger("odoo.addons.base.models.res_users_deletion"),
        ):
            self.env.ref("base.ir_cron_res_users_deletion").method_direct_trigger()
        self.env.invalidate_all()
        self.assertFalse(user.exists() or partner.exists())
        for report in (as_contact, as_maker):
            self.assertEqual(
                self.reporter(report), ("Gil Guest", "gil@example.com", "+46 40 999")
            )
            self.assertIn("Gil Guest", str(report.message_ids.mapped("body")))

    def test_it_costs_no_query_for_each_report(self):
        counts = []
        for count in (2, 30):
            with self.undone():
                for _number in range(count):
                    self.make_report()
                self.env.flush_all()
                before = self.env.cr.sql_log_count
                self.janitor.with_user(self.clerk).unlink()
                self.env.flush_all()
                counts.append(self.env.cr.sql_log_count - before)
        self.assertLess(counts[1] - counts[0], 15, counts)
