"""Who is notified of what, how, and how often: the table of docs/notifications.md."""

from datetime import timedelta

from odoo.tests import freeze_time, new_test_user, tagged

from .test_notify_customer import CustomerCommon
from .test_reminder import START

# Each cell: e-mails + SMS. The last column: SMS is chosen, but no number is set.
TABLE = """
| What happens | Who | None | E-mail | SMS | Both | SMS, no number |
|---|---|---|---|---|---|---|
| A report is filed | a user who chose it | 0 + 0 | 1 + 0 | 0 + 1 | 1 + 1 | 1 + 0 |
| A report is filed | the user who filed it | 0 + 0 | 0 + 0 | 0 + 0 | 0 + 0 | 0 + 0 |
| A report is filed | a user without access | 0 + 0 | 0 + 0 | 0 + 0 | 0 + 0 | 0 + 0 |
| A report is filed | a user of another company | 0 + 0 | 0 + 0 | 0 + 0 | 0 + 0 | 0 + 0 |
| A report is filed for a place with a technician | the technician | 0 + 0 | 1 + 0 | 0 + 1 | 1 + 1 | 1 + 0 |
| A report is assigned by hand | the technician | 0 + 0 | 1 + 0 | 0 + 1 | 1 + 1 | 1 + 0 |
| A report is assigned to them once more | the technician | 0 + 0 | 0 + 0 | 0 + 0 | 0 + 0 | 0 + 0 |
| The technician takes a report | the technician | 0 + 0 | 0 + 0 | 0 + 0 | 0 + 0 | 0 + 0 |
| Another user changes a field | the technician | 0 + 0 | 1 + 0 | 0 + 1 | 1 + 1 | 1 + 0 |
| Another user changes five things in one save | the technician | 0 + 0 | 1 + 0 | 0 + 1 | 1 + 1 | 1 + 0 |
| Another user writes a note | the technician | 0 + 0 | 1 + 0 | 0 + 1 | 1 + 1 | 1 + 0 |
| Another user adds a file | the technician | 0 + 0 | 1 + 0 | 0 + 1 | 1 + 1 | 1 + 0 |
| Another user answers a service point | the technician | 0 + 0 | 1 + 0 | 0 + 1 | 1 + 1 | 1 + 0 |
| The customer writes a comment | the technician | 0 + 0 | 1 + 0 | 0 + 1 | 1 + 1 | 1 + 0 |
| Another user solves it | the technician | 0 + 0 | 1 + 0 | 0 + 1 | 1 + 1 | 1 + 0 |
| Another user assigns it to a third one | the former technician | 0 + 0 | 1 + 0 | 0 + 1 | 1 + 1 | 1 + 0 |
| The technician changes it | the technician | 0 + 0 | 0 + 0 | 0 + 0 | 0 + 0 | 0 + 0 |
| Another user changes it | other technicians | 0 + 0 | 0 + 0 | 0 + 0 | 0 + 0 | 0 + 0 |
| The time to the reminder is over | the technician | 0 + 0 | 1 + 0 | 0 + 1 | 1 + 1 | 1 + 0 |
| A second before | the technician | 0 + 0 | 0 + 0 | 0 + 0 | 0 + 0 | 0 + 0 |
| A second period is over | the subgroup's head | 0 + 0 | 1 + 0 | 0 + 1 | 1 + 1 | 1 + 0 |
| A second period is over, the subgroup has no head | the administrators | 0 + 0 | 1 + 0 | 0 + 1 | 1 + 1 | 1 + 0 |
| It becomes a work order | the customer's user | 0 + 0 | 1 + 0 | 0 + 1 | 1 + 1 | 1 + 0 |
| It is solved | the customer's user | 0 + 0 | 1 + 0 | 0 + 1 | 1 + 1 | 1 + 0 |
| It is cancelled | the customer's user | 0 + 0 | 0 + 0 | 0 + 0 | 0 + 0 | 0 + 0 |
| It is solved | another customer | 0 + 0 | 0 + 0 | 0 + 0 | 0 + 0 | 0 + 0 |
"""  # noqa: E501
CHOICES = (
    ("none", "+46701740699"),
    ("email", "+46701740699"),
    ("sms", "+46701740699"),
    ("both", "+46701740699"),
    ("sms", False),
)


def read_table():
    """Return event, receiver and the pairs of counts of each row."""
    rows = []
    for line in TABLE.strip().splitlines()[2:]:
        event, receiver, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        counts = [tuple(map(int, cell.split("+"))) for cell in cells]
        rows.append((event, receiver, counts))
    return rows


@tagged("post_install", "-at_install")
class TestNotificationTable(CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.author = cls.users["edit"]
        cls.technician, cls.colleague = cls.users["view"], cls.users["delete"]
        cls.other_customer = cls.make_customer("fault_customer2", cls.hospital)
        cls.elsewhere, cls.boss, cls.head = (
            new_test_user(
                cls.env, f"fault_{name}", groups=f"fault_report.group_{group}"
            )
            for name, group in (
                ("elsewhere", "view"),
                ("boss", "administrator"),
                ("head", "view"),
            )
        )
        company = cls.env["res.company"].create({"name": "Elsewhere"})
        cls.elsewhere.write({"company_ids": company.ids, "company_id": company.id})
        cls.subgroup = cls.env["fault.report.subgroup"].create(
            {"name": "Lifts", "user_id": cls.head.id}
        )
        cls.company.fault_report_reminder_hours = 4
        # Tested elsewhere; it would notify the administrators as well
        cls.company.fault_report_unassigned_minutes = 0
        cls.receivers = {
            "a user who chose it": (cls.users["convert"], "new"),
            "the user who filed it": (cls.author, "new"),
            "a user without access": (cls.stranger, "new"),
            "a user of another company": (cls.elsewhere, "new"),
            "the technician": (cls.technician, None),
            "the former technician": (cls.technician, "changed"),
            "other technicians": (cls.colleague, "changed"),
            "the subgroup's head": (cls.head, "assigned"),
            "the administrators": (cls.boss, "assigned"),
            "the customer's user": (cls.customer, "work_order"),
            "another customer": (cls.other_customer, "work_order"),
        }
        for user, _setting in cls.receivers.values():
            user.write(cls.prepare_choice("none", False))
            user.email = f"{user.login}@example.com"
        # Filed by the customer, so that every later change is made by another user
        values = {"name": "It stands still", "equipment_id": cls.lift.id}
        values["subgroup_id"] = cls.subgroup.id
        Report = cls.env["fault.report"].with_user(cls.customer).sudo()
        with freeze_time(START):
            free, given = Report.create(
                [values, {**values, "technician_id": cls.technician.id}]
            )
            cls.env.flush_all()
        cls.point = cls.env["fault.report.point"].create(
            {"report_id": given.id, "name": "Doors", "type": "check"}
        )
        cls.env.flush_all()
        cls.env.cr.precommit.run()
        cls.free, cls.given = (
            report.with_user(cls.author).sudo(False) for report in (free, given)
        )

    @classmethod
    def prepare_choice(cls, choice, phone, setting=None):
        """Return the values of a user with this choice, for one setting or for all."""
        kinds = ("new", "assigned", "changed", "work_order")
        chosen = [setting] if setting else kinds
        return {
            "phone": phone,
            **{
                f"fault_report_notify_{kind}": choice if kind in chosen else "none"
                for kind in kinds
            },
        }

    # One method per event; its docstring names the setting that decides about the
    # technician's messages.

    def a_report_is_filed(self):
        self.file_by_author()

    def a_report_is_filed_for_a_place_with_a_technician(self):
        """assigned"""
        self.wing.technician_id = self.technician
        self.file_by_author()

    def a_report_is_assigned_by_hand(self):
        """assigned"""
        self.free.action_assign(self.technician)

    def a_report_is_assigned_to_them_once_more(self):
        """assigned"""
        self.given.action_assign(self.technician)

    def the_technician_takes_a_report(self):
        """assigned"""
        self.technician.group_ids += self.env.ref("fault_report.group_edit")
        self.free.with_user(self.technician).action_assign(self.technician)

    def another_user_changes_a_field(self):
        """changed"""
        self.given.priority = "2"

    def another_user_changes_five_things_in_one_save(self):
        """changed"""
        self.given.write(
            {
                "priority": "2",
                "name": "It moves",
                "phone": "1",
                "note_ids": [(0, 0, {"name": "Seen"})],
                "point_ids": [(1, self.point.id, {"value_check": "ok"})],
            }
        )

    def another_user_writes_a_note(self):
        """changed"""
        self.given.note_ids = [(0, 0, {"name": "Seen"})]

    def another_user_adds_a_file(self):
        """changed"""
        self.given.env["ir.attachment"].create(
            {
                "name": "Door.txt",
                "raw": b"A door",
                "res_model": "fault.report",
                "res_id": self.given.id,
            }
        )

    def another_user_answers_a_service_point(self):
        """changed"""
        self.point.with_user(self.author).value_check = "not_ok"

    def the_customer_writes_a_comment(self):
        """changed"""
        self.given.with_user(self.customer).sudo().message_post(
            body="When do you come?",
            author_id=self.customer.partner_id.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )

    def another_user_solves_it(self):
        """changed"""
        self.given.action_solve("By phone")

    def another_user_assigns_it_to_a_third_one(self):
        self.given.action_assign(self.colleague)

    def the_technician_changes_it(self):
        """changed"""
        self.technician.group_ids += self.env.ref("fault_report.group_edit")
        self.given.with_user(self.technician).priority = "2"

    def another_user_changes_it(self):
        self.given.priority = "2"

    def the_time_to_the_reminder_is_over(self):
        """assigned"""
        self.run_crons(hours=4)
        self.run_crons(hours=5)

    def a_second_before(self):
        """assigned"""
        self.run_crons(hours=4, seconds=-1)

    def a_second_period_is_over(self):
        for hours in (4, 8, 9):
            self.run_crons(hours=hours)

    def a_second_period_is_over_the_subgroup_has_no_head(self):
        self.subgroup.user_id = False
        self.a_second_period_is_over()

    def it_becomes_a_work_order(self):
        self.free.with_user(self.users["convert"]).action_generate_work_order()

    def it_is_solved(self):
        self.free.action_solve("By phone")

    def it_becomes_an_emergency(self):
        """assigned"""
        self.given.is_emergency = True

    def it_is_cancelled(self):
        self.free.action_cancel("Not there")

    def a_visit_is_planned(self):
        self.company.fault_report_visits = True
        self.free.planned_start = "2126-03-02 08:00:00"

    def the_technician_is_on_the_way(self):
        self.company.fault_report_visits = True
        self.free.action_on_the_way(20)

    def file_by_author(self):
        self.author.group_ids += self.env.ref("fault_report.group_create")
        self.env["fault.report"].with_user(self.author).create(
            {"name": "Stuck", "equipment_id": self.lift.id}
        )

    def run_crons(self, **after):
        # A cron reads the report with its own rights, not with the author's.
        with freeze_time(START + timedelta(**after)), self.enter_registry_test_mode():
            for name in ("send_reminders", "escalate"):
                self.env.ref(f"fault_report.ir_cron_{name}").method_direct_trigger()
        self.env.invalidate_all()

    def test_each_cell_of_the_table(self):
        for event, receiver, counts in read_table():
            happen = getattr(self, event.lower().replace(",", "").replace(" ", "_"))
            user, setting = self.receivers[receiver]
            setting = setting or happen.__doc__
            for (choice, phone), expected in zip(CHOICES, counts, strict=True):
                with (
                    self.subTest(f"{event} / {receiver} / {choice} / {phone}"),
                    self.env.cr.savepoint() as savepoint,
                ):
                    user.write(self.prepare_choice(choice, phone, setting))
                    before = self.count(user)
                    happen()
                    after = self.count(user)
                    savepoint.rollback()
                    self.assertEqual(
                        (after[0] - before[0], after[1] - before[1]), expected
                    )
