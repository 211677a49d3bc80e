"""A client's context neither fills protected fields nor bypasses rules."""

from itertools import product

from odoo import SUPERUSER_ID, Command, fields
from odoo.exceptions import AccessError
from odoo.service.model import call_kw, get_public_method
from odoo.tests import Form, freeze_time, new_test_user, tagged

from ..tools import context_switches, working_time
from ..tools.context_switches import get_switch, switch_on, with_own_context
from .common import PERMISSIONS, FaultReportCommon
from .common_service_level import OFFICE, make_calendar

ADDON = "fault_report"
NOON = "2026-03-04 11:00:00"
# Fields that administrators may set
CHOSEN = {"fault.report.webhook.secret"}
MAGIC = {"id", "create_uid", "create_date", "write_uid", "write_date"}
EVERY = ",".join(f"fault_report.group_{name}" for name in PERMISSIONS)
MAIL = """From: someone@elsewhere.example
To: nobody@elsewhere.example
Subject: By hand
Message-ID: <by-hand@elsewhere.example>

Text
"""


class ContextCase(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        groups = f"{EVERY},fault_report.group_administrator"
        cls.all = new_test_user(cls.env, "fault_every", groups=groups)
        cls.report = cls.make_report()
        cls.secret = cls.env["ir.attachment"].create(
            {"name": "a.txt", "raw": b"x", "res_model": "res.company"}
        )

    def setUp(self):
        super().setUp()
        # Attempts are counted in a separate transaction; here, use the test's cursor.
        self.registry_enter_test_mode()

    def get_own_models(self):
        """Return our models that are stored in the database."""
        return [
            model
            for model in self.env.values()
            if model._original_module.startswith(ADDON)
            and not (model._abstract or model._transient)
        ]


@tagged("post_install", "-at_install")
class TestProtectedFields(ContextCase):
    def test_stored_fields_that_no_form_edits_are_protected(self):
        """Stored fields that no form edits are computed or set by the system."""
        for model in self.get_own_models():
            protected = getattr(model, "_get_protected_fields", set)()
            for name, field in model._fields.items():
                is_typed = not (field.store and field.readonly) or name in MAGIC
                if is_typed or not self.is_written_by_users(model):
                    continue
                full_name = f"{model._name}.{name}"
                with self.subTest(full_name):
                    self.assertTrue(name in protected or full_name in CHOSEN)

    def is_written_by_users(self, model):
        domain = [("model_id.model", "=", model._name), ("perm_write", "=", True)]
        return self.env["ir.model.access"].sudo().search_count(domain)

    def test_protected_fields_are_readonly_so_that_no_form_sends_them(self):
        sent = [
            str(field)
            for model in self.env.registry.values()
            for field in model._fields.values()
            if getattr(field, "protected", False)
            and not (field.readonly or field.groups == fields.NO_ACCESS)
            and str(field) not in CHOSEN
        ]
        self.assertFalse(sent)

    def test_defaults_of_any_user_fill_no_protected_field(self):
        """Neither defaults of the context nor the user's own saved defaults."""
        report = self.make_report()
        for user in (self.env.user, self.all):
            Report = self.env["fault.report"].with_user(user).sudo()
            for name in sorted(Report._get_protected_fields()):
                value = self.get_other_value(report, name)
                with self.subTest(name, user=user.login):
                    hostile = Report.with_context(**{f"default_{name}": value})
                    usual = Report.default_get([name])
                    self.assertEqual(hostile.default_get([name]), usual)
                    self.env["ir.default"].set(
                        "fault.report", name, value, user_id=user.id
                    )
                    self.assertEqual(Report.default_get([name]), usual)

    def get_other_value(self, report, name):
        field = report._fields[name]
        if field.type in ("one2many", "many2many"):
            return [[6, 0, report.ids]]
        if field.type == "selection":
            return field.get_values(self.env)[-1]
        if field.type in ("many2one", "integer", "many2one_reference", "float"):
            return 1
        return "2020-01-01 00:00:00" if field.type == "datetime" else "x"

    def test_the_context_of_a_form_fills_none_either(self):
        Report = self.env["fault.report"].with_user(self.all)
        context = {"default_outcome": "solved", "default_reference": "X"}
        form = Form(Report.with_context(**context))
        form.name = "x"
        form.partner_id = self.hotel
        report = form.save()
        self.assertEqual(report.state, "new")
        self.assertFalse(report.outcome)
        self.assertNotEqual(report.reference, "X")

    def test_no_user_writes_a_protected_field_of_any_model_at_any_method(self):
        for model in self.get_own_models():
            record = model.search([], limit=1)
            for name in sorted(getattr(model, "_get_protected_fields", set)()):
                own = model.with_user(self.all)
                calls = {
                    "create": [{name: False}],
                    "write": [record.ids, {name: False}],
                }
                if hasattr(model, "copy") and record:
                    calls["copy"] = [record.ids, {name: False}]
                for method, arguments in calls.items():
                    with (
                        self.subTest(f"{model._name}.{name}", method=method),
                        self.assertRaises(AccessError),
                        self.env.cr.savepoint(),
                    ):
                        call_kw(own, method, arguments, {})

    def test_messages_and_followers_are_not_written_as_parts_of_a_report(self):
        message = Command.create({"body": "x", "attachment_ids": [(4, self.secret.id)]})
        for name, command in (
            ("message_ids", message),
            ("website_message_ids", message),
            ("message_follower_ids", Command.create({"partner_id": self.hotel.id})),
            ("message_partner_ids", Command.link(self.hotel.id)),
            ("activity_ids", Command.create({"summary": "x"})),
        ):
            own = self.report.with_user(self.all)
            with self.subTest(name), self.assertRaises(AccessError):
                own.write({name: [command]})
            with self.subTest(name), self.assertRaises(AccessError):
                own.create({"name": "x", "partner_id": self.hotel.id, name: [command]})

    def test_an_order_is_not_linked_by_the_context(self):
        for model in ("maintenance.request", "sale.order"):
            Order = self.env[model].with_user(self.env.ref("base.user_admin"))
            Order = Order.with_context(default_fault_report_source_ids=self.report.ids)
            values = {"name": "x"}
            if model == "sale.order":
                values["partner_id"] = self.hotel.id
            order = Order.create(values)
            self.assertFalse(order.fault_report_source_ids)
            self.assertFalse(order.sudo().fault_report_ids)


@tagged("post_install", "-at_install")
class TestChannels(ContextCase):
    def get_hostile_context(self):
        message = {"body": "x", "attachment_ids": [[6, 0, self.secret.ids]]}
        mail = {"email_to": "a@b.example", "body_html": "x", "state": "outgoing"}
        return {
            "default_message_ids": [[0, 0, message]],
            "default_mail_ids": [[0, 0, mail]],
            "default_partner_id": self.hospital.id,
            "default_access_token": "X",
            "default_outcome": "solved",
            "default_res_model": "res.company",
            "default_public": True,
            "default_state": "cancel",
            "tracking_disable": True,
            "import_file": True,
        }

    def test_what_is_filed_for_people_outside_knows_nothing_of_their_context(self):
        Report = self.env["fault.report"].with_user(self.env.ref("base.public_user"))
        dispatcher = self.users["edit"]
        dispatcher.fault_report_notify_new = "email"
        mails = self.env["mail.mail"].search([])
        report = Report.with_context(**self.get_hostile_context())._create_from_channel(
            "mail", {"name": "x"}, files=[("a.txt", b"x")]
        )
        self.assertFalse(report.partner_id)
        self.assertFalse(report.outcome)
        self.assertNotEqual(report.access_token, "X")
        self.assertNotIn(self.secret, report.message_ids.attachment_ids)
        file = self.env["ir.attachment"].search([("res_id", "=", report.id)])
        file = file.filtered(lambda f: f.res_model == "fault.report")
        self.assertTrue(file)
        self.assertFalse(file.public)
        queued = self.env["mail.mail"].search([]) - mails
        self.assertEqual(queued.mapped("state"), ["outgoing"])
        self.assertEqual(queued.recipient_ids, dispatcher.partner_id)

    def test_the_own_context_keeps_language_company_and_switches_alone(self):
        records = self.env["fault.report"].with_context(
            lang="en_US", allowed_company_ids=[1], default_name="x", fault_report_a=1
        )
        records = switch_on(records, fault_report_b=2)
        own = with_own_context(records).env
        self.assertEqual(
            set(own.context), {"lang", "allowed_company_ids", "fault_report_b"}
        )

    def test_an_order_and_what_goes_with_it_know_nothing_of_the_context(self):
        context = {**self.get_hostile_context(), "default_description": "INJECTED"}
        report = self.report.with_user(self.env.ref("base.user_admin"))
        report.with_context(**context).action_generate_work_order()
        order = self.report._get_work_order()
        self.assertTrue(order)
        self.assertNotIn("INJECTED", order.description or "")
        self.assertFalse(order.message_ids.attachment_ids & self.secret)


@tagged("post_install", "-at_install")
class TestSwitches(ContextCase):
    def test_no_client_can_send_a_switch(self):
        for value in (True, 1, "1", {"value": True}, [True]):
            env = self.env(context={"fault_report_x": value})
            self.assertIsNone(get_switch(env, "fault_report_x"))
        records = switch_on(self.report, fault_report_x=5)
        self.assertEqual(get_switch(records.env, "fault_report_x"), 5)

    def test_a_switch_that_is_set_again_makes_no_further_environment(self):
        first, second = (switch_on(self.report, fault_report_x=True) for _ in "ab")
        self.assertIs(first.env, second.env)

    def test_each_switch_of_ours_does_nothing_as_a_plain_value(self):
        """Notifications are sent and rules apply for any value from a client."""
        names = {
            value
            for value in vars(context_switches).values()
            if isinstance(value, str) and value.startswith("fault_report_")
        }
        self.assertTrue(names)
        technician = self.technician
        technician.fault_report_notify_assigned = "email"
        every = {**dict.fromkeys(names, True), "import_file": True}
        report = self.make_report()
        self.env.flush_all()
        self.env.cr.precommit.run()
        report = report.with_user(self.all).with_context(
            **every,
            tracking_disable=True,
            mail_notrack=True,
            mail_create_nolog=True,
        )
        report.technician_id = technician
        report.priority = "2"
        self.env.flush_all()
        self.env.cr.precommit.run()
        mails = self.env["mail.mail"].search([("res_id", "=", report.id)])
        self.assertIn(technician.partner_id, mails.recipient_ids)
        log = report.sudo().message_ids.tracking_value_ids
        self.assertIn("priority", log.field_id.mapped("name"))
        report.message_subscribe(self.hotel.ids)
        self.assertIn(self.hotel, report.sudo().message_partner_ids)

    def test_a_new_report_notifies_and_is_logged_whatever_the_context_says(self):
        technician = self.technician
        technician.fault_report_notify_new = "email"
        report = (
            self.env["fault.report"]
            .with_user(self.users["create"])
            .with_context(
                import_file=True,
                tracking_disable=True,
                mail_create_nolog=True,
                default_state="solved",
            )
            .create({"name": "x", "partner_id": self.hotel.id})
        )
        self.assertEqual(report.state, "new")
        self.assertTrue(report.sudo().message_ids)
        mails = self.env["mail.mail"].search([("res_id", "=", report.id)])
        self.assertIn(technician.partner_id, mails.recipient_ids)

    def test_an_import_may_still_suppress_notifications(self):
        self.technician.fault_report_notify_new = "email"
        Report = self.env["fault.report"].with_user(self.users["create"])
        quiet = Report.with_context(import_file=True, tracking_disable=True)
        data = [["Imported", "Hotel"]]
        found = quiet.load(["name", "partner_id"], data)
        self.assertTrue(found["ids"], found)
        domain = [("model", "=", "fault.report"), ("res_id", "in", found["ids"])]
        self.assertFalse(self.env["mail.mail"].search(domain))
        found = Report.with_context(import_file=True).load(["name", "partner_id"], data)
        domain = [("model", "=", "fault.report"), ("res_id", "in", found["ids"])]
        self.assertTrue(self.env["mail.mail"].search(domain))


@tagged("post_install", "-at_install")
class TestMailGateway(ContextCase):
    def call(self, user, model):
        call_kw(
            self.env[model].with_user(user),
            "message_process",
            ["fault.report", MAIL],
            {"custom_values": {"company_id": self.company.id}},
        )

    def test_the_gateway_script_of_an_administrator_files_reports(self):
        before = self.env["fault.report"].search([])
        self.call(self.env.ref("base.user_admin"), "mail.thread")
        report = self.env["fault.report"].search([]) - before
        self.assertEqual(report.channel, "mail")
        self.assertEqual(report.name, "By hand")
        self.assertEqual(report.create_uid.id, SUPERUSER_ID)

    def test_no_other_user_delivers_an_email(self):
        portal = new_test_user(self.env, "fault_outside", groups="base.group_portal")
        before = self.env["fault.report"].search([])
        mails = self.env["mail.mail"].search([])
        for user in (portal, self.stranger, self.users["view"], self.all):
            for model in ("mail.thread", "fault.report", "res.partner"):
                with self.subTest(user.login, model=model):
                    with self.assertRaises(AccessError):
                        self.call(user, model)
        self.assertEqual(self.env["fault.report"].search([]), before)
        self.assertEqual(self.env["mail.mail"].search([]), mails)

    def test_the_parts_of_the_gateway_are_private_on_every_model(self):
        for name in ("message_new", "message_update"):
            with self.assertRaises(AccessError):
                get_public_method(self.env["fault.report"], name)
        for model in ("fault.report", "mail.thread", "res.partner"):
            with self.assertRaises(AccessError):
                get_public_method(self.env[model], "message_route")


# Keys of a client that change what Odoo finds, or how it counts
FINDING = (
    {"active_test": False},
    {"employee_timezone": "Pacific/Kiritimati"},
    {"employee_timezone": 5},
    {"form_view_ref": "maintenance.equipment_request_view_tree"},
    {"form_view_ref": "no.view"},
    {"tz": "Pacific/Kiritimati"},
    {"bin_size": True},
    {"prefetch_fields": False},
)


def format_text(*arguments):
    return str(arguments)


@tagged("post_install", "-at_install")
class TestFoundWithForeignContext(ContextCase):
    """Archived records and other working time, named by the context of a client."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.office = make_calendar(cls.env, "Office", OFFICE, "Europe/Stockholm")
        Policy = cls.env["fault.report.sla.policy"]
        cls.live, cls.archived = Policy.create(
            [
                {"name": name, "response_hours": 4, "calendar_id": cls.office.id, **own}
                for name, own in (
                    ("Live", {}),
                    ("Archived", {"active": False, "partner_ids": cls.hotel.ids}),
                )
            ]
        )
        Status = cls.env["fault.report.status"]
        cls.status = Status.create({"name": "Ordered", "usage": "fault_report"})
        Status.create({"name": "Ordered", "usage": "work_order", "active": False})
        cls.env["ir.sequence"].create(
            {
                **{"name": "Old", "code": "fault.report", "prefix": "OLD/"},
                **{"company_id": cls.company.id, "active": False},
            }
        )
        template = cls.env["fault.report.template"].create({"name": "Visit"})
        cls.env["fault.report.template.point"].create(
            [
                {"template_id": template.id, "name": name, "type": "text", **own}
                for name, own in (("Asked", {}), ("Former", {"active": False}))
            ]
        )
        cls.company.fault_report_template_id = template
        cls.gone = new_test_user(cls.env, "fault_gone", groups=EVERY, email="g@x.org")
        cls.gone.write({"fault_report_notify_new": "both", "phone": "+46701740612"})
        cls.there = cls.users["edit"]
        cls.there.write({"fault_report_notify_new": "email", "email": "t@x.org"})
        cls.gone.active = False
        cls.env.flush_all()

    def get_cached_methods(self):
        """Return pairs of a model and the name of its method whose result is kept."""
        return sorted(
            {
                (model._name, name)
                for model in self.env.values()
                for cls in type(model).mro()
                if cls.__module__.startswith("odoo.addons.fault_report")
                for name, method in vars(cls).items()
                if hasattr(method, "__cache__")
            }
        )

    def get_arguments(self, model, name):
        """Return the record and the arguments of a call."""
        style = self.env["ir.qweb"]._get_asset_links(
            "fault_report.assets_form", css=True, js=False
        )
        period = working_time.get_period(fields.Datetime.now())
        return {
            "_check_once": (self.env[model], ("<p>A</p>", "body_html", format_text)),
            "_get_creation_message": (self.report, ()),
            "_find_matching_id": (self.status, ("work_order", self.company.id)),
            "_get_candidates": (self.live, (self.company.id,)),
            "_get_fault_report_spans": (self.office, (self.company.id, period)),
            "_get_portal_partner_ids": (self.report, (self.stranger.id,)),
            "_is_limited_user": (self.report, (self.stranger.id,)),
            "_read_fault_report_style": (
                self.env["ir.qweb"],
                ("fault_report.assets_form", *style),
            ),
            "_prepare_embed": (self.env[model], ((), ())),
        }.get(name, (self.env[model], ()))

    def test_what_is_kept_for_all_users_depends_on_the_context_of_none(self):
        methods = self.get_cached_methods()
        names = {name for _model, name in methods}
        self.assertLessEqual(
            {"_get_candidates", "_get_fault_report_spans", "_get_listed_models"}, names
        )
        for (model, name), context in product(methods, FINDING):
            if name == "_get_listed_models" and self.env[model]._abstract:
                continue  # Has no form
            if name == "_compile_text":
                continue  # Functions, which are not compared
            with self.subTest(f"{model}.{name}", context=context):
                record, arguments = self.get_arguments(model, name)
                self.env.registry.clear_all_caches()
                usual = getattr(record, name)(*arguments)
                self.env.registry.clear_all_caches()
                getattr(record.with_context(**context), name)(*arguments)
                self.assertEqual(getattr(record, name)(*arguments), usual)

    # === WHAT FOLLOWS FROM WHAT USERS DO === #

    def get_actions(self):
        """Return what users do by name: calls with a context."""
        values = {"name": "x", "equipment_id": self.lift.id, "priority": "2"}
        portal = new_test_user(self.env, "context_portal", groups="base.group_portal")
        portal.partner_id.parent_id = self.hotel
        everyone = self.report.with_user(self.all)

        def create(context):
            return everyone.with_context(**context).create(values)

        def fill_in(context):
            form = Form(everyone.browse().with_context(**context))
            form.name, form.equipment_id = "x", self.lift
            return form.save()

        def comment(context):
            own = everyone.sudo().with_user(portal).with_context(**context)
            own.message_post(body="It drips again", message_type="comment")
            return self.report

        def assign(context):
            everyone.with_context(**context).action_assign(self.there)
            return self.report

        def move(context):
            everyone.with_context(**context).equipment_id = self.fan
            return self.report

        def convert(context):
            self.report.status_id = self.status
            admin = self.report.with_user(self.env.ref("base.user_admin"))
            admin.with_context(**context).action_generate_work_order()
            return self.report

        def solve(context):
            everyone.with_context(**context).action_solve("Done")
            return self.report

        return [create, fill_in, comment, assign, move, convert, solve]

    def get_outcome(self, report):
        """Return what the action has caused, without numbers that are drawn."""
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.env.flush_all()
        of_report = [("model", "=", "fault.report"), ("res_id", "=", report.id)]
        mails = self.env["mail.mail"].search(of_report)
        texts = self.env["sms.sms"].search([("mail_message_id.res_id", "=", report.id)])
        report = report.sudo().with_env(self.env)
        return {
            "number": report.reference.rstrip("0123456789"),
            "points": report.point_ids.mapped("name"),
            "policy": report.sla_policy_id,
            "deadline": report.response_deadline,
            "technician": report.technician_id,
            "mails": mails.recipient_ids,
            "texts": texts.partner_id,
            "activities": report.activity_ids.user_id,
            "followers": report.message_partner_ids,
            "status": report._get_work_order().custom_status_id,
        }

    def test_what_follows_from_an_action_depends_on_no_context(self):
        outcomes = {}
        for action, context in product(self.get_actions(), ({}, *FINDING)):
            if set(context) & {"bin_size", "form_view_ref"}:
                continue
            with self.subTest(action.__name__, context=context), freeze_time(NOON):
                savepoint = self.env.cr.savepoint()
                self.env.registry.clear_all_caches()
                outcome = self.get_outcome(action(context))
                usual = outcomes.setdefault(action.__name__, outcome)
                self.assertEqual(outcome, usual)
                savepoint.close(rollback=True)
                self.env.cr.precommit.clear()
                self.env.cr.precommit.data.clear()
                self.env.invalidate_all(flush=False)
        self.assertIn(self.there.partner_id, outcomes["create"]["mails"])
        self.assertEqual(outcomes["create"]["policy"], self.live)
        self.assertEqual(outcomes["fill_in"]["points"], ["Asked"])
