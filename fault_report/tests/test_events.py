"""Events and change messages, found by Odoo's tracking in any context."""

from itertools import combinations
from unittest.mock import patch

from odoo import Command, fields
from odoo.tests import tagged

from ..models.notification.events import EVENTS
from ..tools.context_switches import LOG_SWITCHES
from .common import FaultReportCommon

# What is compared of a log, and of its changes
LOGGED_FIELDS = (
    "author_id",
    "body",
    "email_from",
    "is_internal",
    "message_type",
    "model",
    "partner_ids",
    "record_alias_domain_id",
    "record_company_id",
    "reply_to",
    "res_id",
    "subject",
    "subtype_id",
)
TRACKED_FIELDS = (
    "field_id",
    "old_value_char",
    "new_value_char",
    "old_value_integer",
    "new_value_integer",
    "old_value_text",
    "new_value_text",
)
TYPED_FIELDS = {"name", "comment", "priority", "phone", "cost_center", "email_from"}
SWITCHES = sorted({*LOG_SWITCHES, "import_file"})


def get_contexts():
    """Return each combination of the switches that skip Odoo's log."""
    return [
        dict.fromkeys(chosen, True)
        for count in range(len(SWITCHES) + 1)
        for chosen in combinations(SWITCHES, count)
    ]


class EventsCase(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.technician.write(
            {
                "fault_report_notify_changed": "email",
                "fault_report_notify_assigned": "none",
                "email": "t@example.com",
            }
        )
        cls.editor = cls.users["view"]
        cls.editor.group_ids += cls.env.ref("fault_report.group_edit")
        cls.editor.group_ids += cls.env.ref("fault_report.group_convert")
        cls.report = cls.make_report(technician_id=cls.technician.id)
        cls.env.flush_all()
        cls.env.cr.precommit.run()

    def setUp(self):
        super().setUp()
        self.posted = []
        posted = self.posted
        model = self.env.registry["fault.report"]
        post_event = model._post_event

        def record(reports, event):
            posted.extend((event, report.id) for report in reports)
            return post_event(reports, event)

        self.startPatcher(patch.object(model, "_post_event", record))

    def end_transaction(self):
        self.env.flush_all()
        self.env.cr.precommit.run()

    def count_mails(self):
        self.end_transaction()
        return self.env["mail.mail"].search_count(
            [("recipient_ids", "=", self.technician.partner_id.id)]
        )

    def take_posted(self):
        events = [event for event, _id in self.posted]
        self.posted.clear()
        return events


@tagged("post_install", "-at_install")
class TestChangesAreTracked(EventsCase):
    def get_other_value(self, report, name):
        """Return a value that differs from that of the field."""
        field = report._fields[name]
        if field.type == "many2one":
            other = {
                "facility_id": self.garage,
                "equipment_id": self.fan,
                "contact_id": self.manager,
                "technician_id": self.users["create"],
                "status_id": self.env["fault.report.status"].create({"name": "Open"}),
                "subgroup_id": self.env["fault.report.subgroup"].create({"name": "A"}),
            }[name]
            return False if report[name] else other.id
        if field.type == "selection":
            values = [value for value, _label in field.selection]
            return values[values.index(report[name]) - 1]
        if field.type == "boolean":
            return not report[name]
        if field.type == "datetime":
            return fields.Datetime.add(report[name] or fields.Datetime.now(), hours=2)
        return f"{report[name] or ''} more"

    def test_no_context_of_a_client_hides_a_change_from_the_technician(self):
        contexts = get_contexts()
        report = self.report.with_user(self.editor)
        names = report._get_notified_fields()
        self.assertGreater(len(names), 15)
        protected = report._get_protected_fields()
        typed = sorted(names - protected - {"partner_id", "technician_id"})
        mails = self.count_mails()
        for number, name in enumerate(typed + ["technician_id"]):
            context = contexts[number % len(contexts)]
            with self.subTest(name, **context):
                value = self.get_other_value(self.report, name)
                report.with_context(**context).write({name: value})
                self.end_transaction()
                mails += 1
                self.assertEqual(self.count_mails(), mails)
                values = self.report.message_ids[:1].tracking_value_ids
                self.assertIn(name, values.field_id.mapped("name"))

    def test_no_context_of_a_client_hides_what_happens_to_an_order(self):
        for context in get_contexts():
            with self.subTest(**context):
                report = self.make_report(technician_id=self.technician.id)
                report.action_generate_sale_order()
                mails = self.count_mails()
                self.posted.clear()
                order = report.sale_order_id.with_user(self.env.ref("base.user_admin"))
                order.with_context(**context).action_cancel()
                self.assertEqual(self.posted, [("reopened", report.id)])
                self.assertEqual(self.count_mails(), mails + 1)

    def log_changes(self, reports, changes, authors):
        """Change the reports and return what their log says, without its ids."""
        with self.env.cr.savepoint() as savepoint:
            newest = self.env["mail.message"].search([], limit=1, order="id desc").id
            for number, (report, vals) in enumerate(zip(reports, changes, strict=True)):
                report.with_user(self.editor).sudo().write(vals)
                if number % 2:
                    report._track_set_author(authors[number // 2 % len(authors)])
                if number % 3:
                    report._track_set_log_message(f"Why <b>{number}")
            self.end_transaction()
            messages = self.env["mail.message"].search([("id", ">", newest)])
            self.assertEqual(len(set(messages.mapped("message_id"))), len(messages))
            found = sorted(
                (
                    {
                        **{name: str(message[name]) for name in LOGGED_FIELDS},
                        "changes": [
                            [str(change[name]) for name in TRACKED_FIELDS]
                            for change in message.tracking_value_ids.sorted("id")
                        ],
                    }
                    for message in messages
                ),
                key=str,
            )
            savepoint.rollback()
        return found

    def test_the_log_of_many_changes_is_that_of_odoo(self):
        """Of many reports, fields, authors and remarks, written in one step."""
        reports = self.env["fault.report"].concat(
            *(self.make_report() for _number in range(30))
        )
        self.end_transaction()
        names = sorted(reports._track_get_fields() & TYPED_FIELDS)
        changes = [
            {
                name: self.get_other_value(report, name)
                for name in names[number % 4 : number % 4 + number % 5 + 1]
            }
            for number, report in enumerate(reports)
        ]
        authors = [self.technician.partner_id, self.env.ref("base.partner_root")]
        arguments = (reports, changes, authors)
        own = self.log_changes(*arguments)
        with patch.object(
            self.registry["fault.report"],
            "_message_log",
            self.registry["mail.thread"]._message_log,
        ):
            by_odoo = self.log_changes(*arguments)
        self.assertEqual(own, by_odoo)
        self.assertEqual(len(own), len(reports))

    def test_what_an_addon_logs_while_changes_are_tracked_stays(self):
        """Also twice on the same report, and on another one."""
        other = self.make_report()
        self.end_transaction()
        Report = self.registry["fault.report"]
        subtype = Report._track_subtype

        def log(report, initial_values):
            values = {"author_id": None, "tracking_value_ids": []}
            for number in range(2):
                report._message_log(body=f"Own {number}", **values)
                other.with_env(report.env)._message_log(body="Other", **values)
            report._message_log(body="Short")
            return subtype(report, initial_values)

        with patch.object(Report, "_track_subtype", log):
            self.report.name = "Changed"
            self.end_transaction()
        bodies = self.report.message_ids.sorted("id").mapped("preview")
        for text in ("Own 0", "Own 1", "Short"):
            self.assertEqual(bodies.count(text), 1)
        self.assertEqual(other.message_ids.mapped("preview").count("Other"), 2)
        changes = self.report.message_ids.tracking_value_ids
        self.assertEqual(changes.mapped("new_value_char"), ["Changed"])

    def test_a_field_that_another_addon_tracks_is_notified_of(self):
        fields_ = self.env["fault.report"]._get_notified_fields()
        self.assertEqual(fields_, self.env["fault.report"]._track_get_fields())

    def test_what_is_added_to_a_new_report_is_part_of_making_it(self):
        mails = self.count_mails()
        report = self.make_report(technician_id=self.technician.id)
        report = report.with_user(self.editor)
        report.priority = "2"
        report.note_ids = [Command.create({"name": "Called"})]
        self.assertEqual(self.count_mails(), mails)
        report.priority = "1"
        self.assertEqual(self.count_mails(), mails + 1)


@tagged("post_install", "-at_install")
class TestEachEventOnce(EventsCase):
    def test_each_event_is_posted_once_for_what_happens(self):
        report = self.make_report().with_user(self.editor)
        self.assertEqual(self.take_posted(), ["created"])
        report.action_assign(self.technician)
        self.assertEqual(self.take_posted(), ["assigned"])
        report.action_assign(self.technician)
        report.write({"name": "It stands", "technician_id": self.technician.id})
        self.assertEqual(self.take_posted(), [])
        report.action_solve("By phone")
        self.assertEqual(self.take_posted(), ["solved"])
        report.action_reopen("Again")
        self.assertEqual(self.take_posted(), ["reopened"])
        report.action_cancel("Twice")
        self.assertEqual(self.take_posted(), ["cancelled"])
        report.action_reopen("No")
        self.take_posted()
        report.message_post(
            body="We come", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        self.assertEqual(self.take_posted(), ["commented"])
        report.action_generate_work_order()
        self.assertEqual(self.take_posted(), ["converted"])
        order = report.sudo()._get_work_order()
        started, done = self.get_stages(order)
        order.stage_id = started
        self.assertEqual(self.take_posted(), ["started"])
        order.stage_id = done
        self.assertEqual(self.take_posted(), ["done"])
        report.is_emergency = True
        self.assertEqual(self.take_posted(), ["emergency"])
        report.is_emergency = True
        self.assertEqual(self.take_posted(), [])
        # Those of deadlines are posted by the clock: `test_service_level.py`
        # Those of visits: `test_visits.py`
        own = [event for event in EVENTS if not event.startswith(("sla_", "visit_"))]
        self.assertEqual(len(own), 10)

    def get_stages(self, order):
        stages = self.env["maintenance.stage"].search([])
        started = stages.filtered(lambda s: not (s.done or s.fault_report_is_first))[0]
        return started, stages.filtered("done")[0]

    def test_with_a_technician_from_the_start_it_is_created_and_assigned(self):
        self.make_report(technician_id=self.technician.id)
        self.assertEqual(self.take_posted(), ["created", "assigned"])

    def test_a_closed_report_is_assigned_by_an_old_form_without_a_message(self):
        """The form was opened while it waited; another user closed it since."""
        self.users["view"].fault_report_notify_assigned = "email"
        for close in ("action_solve", "action_cancel"):
            with self.subTest(close):
                report = self.make_report().with_user(self.editor)
                getattr(report, close)("By phone")
                self.end_transaction()
                self.take_posted()
                mails = self.count_mails()
                report.technician_id = self.technician
                self.end_transaction()
                self.assertNotIn("assigned", self.take_posted())
                self.assertEqual(self.count_mails(), mails)
                report.action_reopen("Again")
                self.assertEqual(report.state, "assigned")
