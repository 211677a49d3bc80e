from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common_oncall import OncallCase

Y, n = True, False
MODELS = ("schedule", "layer", "member", "step", "override", "alert", "log", "gap")
# read, write, create, unlink
CONFIGURATION = {"view": (Y, n, n, n), "edit": (Y, n, n, n), "administrator": (Y,) * 4}
READ_BY_DISPATCHERS = {"edit": (Y, n, n, n), "administrator": (Y, n, n, n)}
RIGHTS = {
    **dict.fromkeys(MODELS[:4], CONFIGURATION),
    "override": {"view": (Y, n, n, n), "edit": (Y,) * 4, "administrator": (Y,) * 4},
    **dict.fromkeys(MODELS[5:], READ_BY_DISPATCHERS),
}


@tagged("post_install", "-at_install")
class TestRights(OncallCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users["administrator"] = cls.administrator
        cls.users["portal"] = new_test_user(
            cls.env, "oncall_portal", groups="base.group_portal"
        )
        cls.users["public"] = cls.env.ref("base.public_user")
        cls.users["stranger"] = cls.stranger

    def test_each_right_of_each_role_on_each_model(self):
        for name in MODELS:
            for role in self.users:
                model = self.env[f"fault.report.oncall.{name}"].with_user(
                    self.users[role]
                )
                found = tuple(
                    model.has_access(right)
                    for right in ("read", "write", "create", "unlink")
                )
                viewers = RIGHTS[name].get("view", (n,) * 4)
                outside = role in ("portal", "public", "stranger")
                wanted = RIGHTS[name].get(role, (n,) * 4 if outside else viewers)
                self.assertEqual(found, wanted, (name, role))

    def test_no_user_reads_the_secret(self):
        alert = self.get_alert(self.make_urgent())
        self.assertTrue(alert.secret)
        for user in (self.administrator, self.env.ref("base.user_admin")):
            with self.assertRaises(AccessError):
                alert.with_user(user).read(["secret"])

    def test_another_company_sees_nothing(self):
        alert = self.get_alert(self.make_urgent())
        other = self.env["res.company"].create({"name": "Other"})
        user = new_test_user(
            self.env,
            "oncall_other",
            groups="fault_report.group_administrator",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        records = (
            self.schedule,
            self.schedule.layer_ids,
            self.schedule.layer_ids.member_ids,
            self.schedule.step_ids,
            alert,
            alert.log_ids,
        )
        for record in records:
            self.assertTrue(record)
            self.assertFalse(record.with_user(user).has_access("read"), record)
        with self.assertRaises(AccessError):
            alert.with_user(user).action_take()

    def test_a_branch_reads_the_schedule_of_its_parent_and_leaves_it(self):
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        user = new_test_user(
            self.env,
            "oncall_branch",
            groups="fault_report.group_administrator",
            company_id=branch.id,
            company_ids=[(6, 0, branch.ids)],
        )
        own = self.schedule.with_user(user).with_company(branch)
        self.assertTrue(own.has_access("read"))
        self.assertFalse(own.has_access("write"))

    def test_who_reads_a_schedule_writes_no_messages_about_it(self):
        values = {"partner_ids": self.anna.partner_id.ids, "body": "x", "subject": "x"}
        for user in (self.carl, self.dispatcher):
            with self.assertRaises(AccessError):
                self.schedule.with_user(user).message_notify(**values)
            with self.assertRaises(AccessError):
                self.schedule.with_user(user).message_mail_with_source("mail.x")
        self.assertTrue(
            self.schedule.with_user(self.administrator).message_notify(**values)
        )

    def test_a_dispatcher_takes_it_in_the_office(self):
        report = self.make_urgent()
        self.get_alert(report).with_user(self.dispatcher).action_take()
        self.assertEqual(report.technician_id, self.dispatcher)

    def test_only_dispatchers_see_alerts_on_the_report(self):
        report = self.make_urgent()
        self.assertEqual(report.with_user(self.dispatcher).oncall_alert_count, 1)
        with self.assertRaises(AccessError):
            report.with_user(self.carl).read(["oncall_alert_count"])
