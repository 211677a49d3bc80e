"""Random sequences of events: reminders are those of a simple model."""

from datetime import timedelta
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import freeze_time, new_test_user, tagged

from .test_notifications import NotificationCommon
from .test_reminder import START

STEPS = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from([1, 59, 60, 61, 120, 600])),
    st.tuples(st.just("assign"), st.sampled_from(["edit", "view", None])),
    st.tuples(st.just("close"), st.just(None)),
    st.tuples(st.just("reopen"), st.just(None)),
    st.tuples(st.just("hours"), st.sampled_from([0, 1, 2])),
    st.tuples(st.just("repeat"), st.booleans()),
    st.tuples(st.just("escalation"), st.booleans()),
    st.tuples(st.just("run"), st.just(None)),
)


class Model:
    """The documented rules, in minutes, without Odoo."""

    def __init__(self):
        self.now = 0
        self.hours, self.repeat, self.escalation = 1, False, True
        self.closed = False
        self.told = []
        self.do_assign(None)

    def do_wait(self, minutes):
        self.now += minutes

    def do_assign(self, name):
        self.technician, self.assigned = name, self.now
        self.first = self.last = None
        self.escalated = False

    def do_close(self, _value):
        self.closed = True

    def do_reopen(self, _value):
        self.closed = False

    def do_hours(self, hours):
        self.hours = hours

    def do_repeat(self, repeat):
        self.repeat = repeat

    def do_escalation(self, escalation):
        self.escalation = escalation

    def do_run(self, _value):
        if self.closed or not self.technician or not self.hours:
            return
        period = 60 * self.hours
        if self.last is None:
            is_due = self.now >= self.assigned + period
        else:
            is_due = self.repeat and self.now >= self.last + period
        if is_due:
            self.told.append(self.technician)
            self.last = self.now
            self.first = self.now if self.first is None else self.first
        if self.first is None or self.escalated or not self.escalation:
            return
        if self.now >= self.first + period:
            self.told.append("boss")
            self.escalated = True


@tagged("post_install", "-at_install")
class TestReminderModel(NotificationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.boss = new_test_user(
            cls.env, "fault_boss", groups="fault_report.group_administrator"
        )
        subgroup = cls.env["fault.report.subgroup"].create(
            {"name": "Lifts", "user_id": cls.boss.id}
        )
        with freeze_time(START):
            cls.report = cls.make_report(subgroup_id=subgroup.id)
        cls.company.fault_report_reminder_hours = 1
        cls.env.flush_all()
        Cron = cls.registry["ir.cron"]
        cls.startClassPatcher(patch.object(Cron, "_commit_progress", lambda *a, **k: 1))

    def setUp(self):
        super().setUp()
        self.told = []

        def record(report, kind, users, *_args, **_kwargs):
            if kind in ("reminder", "escalation"):
                self.told += ["boss" if u == self.boss else u.login for u in users]
            return []

        Report = self.registry["fault.report"]
        self.startPatcher(patch.object(Report, "_prepare_messages", record))

    def do(self, step, value):
        """Do the same step in Odoo."""
        report, company = self.report, self.company
        if step == "assign":
            report.technician_id = value and self.users[value]
        elif step == "close":
            report.action_solve()
        elif step == "reopen":
            report.action_reopen()
        elif step == "hours":
            company.fault_report_reminder_hours = value
        elif step in ("repeat", "escalation"):
            name = "reminder_repeat" if step == "repeat" else "escalation"
            company[f"fault_report_{name}"] = value
        elif step == "run":
            report._cron_send_reminders()
            report._cron_escalate()

    @settings(max_examples=60, deadline=None, derandomize=True, database=None)
    @given(st.lists(STEPS, min_size=5, max_size=25))
    def test_r74_reminders_are_those_of_a_simple_model(self, steps):
        model = Model()
        self.told.clear()
        with self.env.cr.savepoint() as savepoint:
            for step, value in steps:
                same = step == "assign" and value == model.technician
                if same or (step == "assign" and model.closed):
                    continue
                if step in ("close", "reopen") and model.closed == (step == "close"):
                    continue
                getattr(model, f"do_{step}")(value)
                with freeze_time(START + timedelta(minutes=model.now)):
                    self.do(step, value)
                    self.env.flush_all()
                expected = [
                    "boss" if name == "boss" else self.users[name].login
                    for name in model.told
                ]
                self.assertEqual(self.told, expected, (step, value))
            savepoint.rollback()
        self.env.cr.precommit.clear()
