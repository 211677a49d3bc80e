"""No public method exceeds the permissions of its caller.

All methods that a client may call are called: those of our models, inherited ones
included, and the methods that our addons add to other models. They are called as a
portal user, as an employee without permissions and as one with only View, with ordinary
and hostile arguments and contexts. The content of the database is compared.
"""

import copy
import inspect
import itertools
import re
import traceback
import warnings
from contextlib import contextmanager
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import UserError
from odoo.service.model import call_kw, get_public_method
from odoo.sql_db import Cursor
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..tools import context_switches
from .common import FaultReportCommon

ADDONS = "odoo.addons.fault_report"
# Counters of attempts
UNWATCHED = {"fault_report_attempt"}
WATCHED = {
    "mail_mail",
    "sms_sms",
    "mail_message",
    "mail_followers",
    "mail_activity",
    "mail_notification",
    "mail_push",
    "mail_alias",
    "mail_scheduled_message",
    "ir_attachment",
    "res_partner",
    "maintenance_equipment",
    "maintenance_request",
    "sale_order",
    "sale_order_line",
    "project_task",
    "repair_order",
    "fsm_order",
    "account_analytic_line",
    "account_move",
    "maintenance_team",
    "ir_rule",
}
# Users' own records, which are unrelated to fault reports
OWN = {
    "ir_attachment": "NOT (t.create_uid = %(uid)s AND t.res_model IS NULL"
    " AND t.public IS NOT TRUE AND t.res_id = 0)",
}
WRITES = re.compile(
    r'\s*(?:WITH .*)?(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.I
)
AUTHOR = {"author_id", "email_from"}
RECIPIENTS = {"partner_ids", "outgoing_email_to"}
REST = {"attachment_ids", "subtype_xmlid", "message_type", "email_values"}
ODD = ("unlink", "none", "__class__", -1, {"a": 1})
MAIL = """From: someone@elsewhere.example
To: nobody@elsewhere.example
Subject: Filed by hand
Message-ID: <by-hand@elsewhere.example>

Text
"""


NOISE = (
    "odoo.sql_db",
    "odoo.fields",
    "odoo.models",
    "odoo.addons.mail.models.mail_thread",
    "odoo.addons.base.models.ir_rule",
)


def is_ours(name):
    return name.startswith(ADDONS)


@tagged("post_install", "-at_install")
class TestPublicMethods(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer_user = new_test_user(
            cls.env, "fault_no_right", groups="base.group_portal", email="p@x.example"
        )
        cls.boss = new_test_user(
            cls.env, "fault_boss", groups="base.group_user", email="boss@x.example"
        )
        for name in ("fault_stranger", "fault_view"):
            user = cls.env["res.users"].search([("login", "=", name)])
            user.email = f"{name}@x.example"
        cls.people = {
            "portal": cls.customer_user,
            "colleague": cls.stranger,
            "view": cls.users["view"],
        }
        cls.hotel.email = "hotel@x.example"
        cls.report, other = cls.env["fault.report"].create(
            [
                {"name": name, "equipment_id": cls.lift.id}
                for name in ("Stands still", "Again")
            ]
        )
        cls.env["fault.report.note"].create({"report_id": cls.report.id, "name": "x"})
        cls.secret = cls.env["ir.attachment"].create(
            {"name": "secret.txt", "raw": b"secret", "res_model": "res.company"}
        )
        other.action_cancel("Twice")
        cls.report.message_subscribe(cls.hotel.ids)
        cls.make_dialogs(other)
        cls.make_records()
        cls.env.flush_all()

    @classmethod
    def make_dialogs(cls, original):
        """Open each dialog of ours as an administrator."""
        own = cls.env(user=cls.env.ref("base.user_admin").id)
        reports = {"report_ids": cls.report.ids}
        for model, values in {
            "anonymise": {"report_ids": original.ids},
            "assign": {**reports, "technician_id": cls.technician.id},
            "close": {**reports, "outcome": "solved", "reason": "x"},
            "convert": {**reports, "kind": "maintenance.request"},
            "customer.month": {"partner_id": cls.hotel.id},
            "duplicate": {**reports, "original_id": original.id},
            "reopen": {**reports, "reason": "x"},
            "sign": {**reports, "signed_by": "x"},
            "way": reports,
        }.items():
            own[f"fault.report.{model}"].create(values)

    @classmethod
    def make_records(cls):
        """Create a record of each of our other models."""
        cls.env["fault.report.status"].create({"name": "x"})
        cls.env["fault.report.subgroup"].create({"name": "x"})
        template = cls.env["fault.report.template"].create({"name": "x"})
        point = cls.env["fault.report.template.point"].create(
            {
                **{"template_id": template.id, "name": "x", "type": "choice"},
                "option_ids": [Command.create({"name": "x"})],
            }
        )
        cls.env["fault.report.point"].create(
            {"report_id": cls.report.id, "template_point_id": point.id}
        )
        converted = cls.make_report()
        converted.action_generate_work_order()

    def setUp(self):
        super().setUp()
        # Attempts are counted in a separate transaction; here, use the test's cursor.
        self.registry_enter_test_mode()
        # Deprecated methods are called as well
        self.enterContext(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        tables = {
            model._table
            for model in self.env.values()
            if is_ours(f"odoo.addons.{model._original_module}")
            and not model._abstract
            and not model._transient
        }
        self.watched = (tables | WATCHED) - UNWATCHED

    # === METHODS === #

    def get_methods(self, own_only=False):
        """Return pairs of model name and method name that clients may call."""
        found = []
        for name in sorted(self.env.registry):
            model = self.env[name]
            whole = is_ours(f"odoo.addons.{model._original_module}")
            for method in dir(type(model)):
                if method.startswith("_") or not self.is_callable(model, method):
                    continue
                by_us = any(
                    method in vars(cls)
                    for cls in type(model).mro()
                    if is_ours(cls.__module__)
                )
                if by_us or (whole and not own_only):
                    found.append((name, method))
        return found

    def is_callable(self, model, name):
        if not inspect.isfunction(getattr(type(model), name, None)):
            return False
        try:
            get_public_method(model, name)
        except Exception:
            return False
        return True

    def get_ids(self, model):
        """Return the ids of an existing record to call a method on."""
        records = self.env[model]
        if model == "fault.report":
            return self.report.ids
        if model == "maintenance.equipment":
            return self.lift.ids
        if model == "res.partner":
            return self.hotel.ids
        if records._abstract:
            return []
        return records.with_context(active_test=False).search([], limit=1).ids

    # === ARGUMENTS === #

    def get_parameters(self, model, name):
        """Return the named parameters, including those passed on by `**kwargs`."""
        collected = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        found = {}
        for cls in type(self.env[model]).mro():
            if name in vars(cls):
                parameters = list(
                    inspect.signature(vars(cls)[name]).parameters.values()
                )
                for parameter in parameters[1:]:
                    if parameter.kind not in collected:
                        found.setdefault(parameter.name, parameter)
                if parameters[-1].kind != inspect.Parameter.VAR_KEYWORD:
                    break
        return list(found.values())

    def get_shapes(self, model, name):
        """Return argument sets for the method: the required ones, then optional ones.

        A call is refused as a whole; so recipients are also tried without a foreign
        author, and vice versa.
        """
        parameters = self.get_parameters(model, name)
        values = {p.name: self.get_value(model, p.name) for p in parameters}
        needed = {p.name: values[p.name] for p in parameters if p.default is p.empty}
        given = {key: value for key, value in values.items() if value is not None}
        shapes = [needed, {**needed, **given}]
        for left_out in (
            REST,
            REST | AUTHOR,
            REST | RECIPIENTS,
            REST | AUTHOR | RECIPIENTS,
        ):
            kept = {key: given[key] for key in given if key not in left_out}
            shapes.append({**needed, **kept})
        return [shape for n, shape in enumerate(shapes) if shape not in shapes[:n]]

    def get_value(self, model, name):
        """Return a plausible value for a parameter of this name."""
        report = self.report.id
        values = {
            "vals": self.get_vals(model),
            "values": self.get_vals(model),
            "vals_list": [self.get_vals(model)],
            "data_list": [self.get_vals(model)],
            "default": {},
            "fields": ["id", "display_name"],
            "data": [["fault_report.x", "X"]],
            "domain": [],
            "specification": {},
            "fields_spec": {},
            "field_names": ["id"],
            "fnames": ["id"],
            "names": ["id"],
            "groupby": ["id"],
            "aggregates": ["__count"],
            "model": "fault.report",
            "message": MAIL,
            "raw": MAIL,
            "msg_dict": self.get_mail(),
            "message_dict": self.get_mail(),
            "custom_values": {"company_id": self.company.id},
            "update_vals": {"name": "Changed"},
            "partner_ids": self.hotel.ids,
            "author_id": self.boss.partner_id.id,
            "email_from": "boss@x.example",
            "outgoing_email_to": "anybody@elsewhere.example",
            "body": "Written by hand",
            "subject": "By hand",
            "thread_id": report,
            "res_id": report,
            "res_ids": [report],
            "source_ref": "fault_report.mail_template_new",
            "template_id": self.env.ref("fault_report.mail_template_new").id,
            "act_type_xmlid": "mail.mail_activity_data_todo",
            "act_type_xmlids": ["mail.mail_activity_data_todo"],
            "user_id": self.boss.id,
            "technician": self.technician.id,
            "original": report,
            "reason": "Because",
            "name": "Name",
            "limit": 5,
            "offset": 0,
            "order": "id",
            "orderby": "id",
            "operation": "write",
            "raise_exception": True,
            "views": [[False, "form"], [False, "list"]],
            "view_type": "form",
            "field_name": "display_name",
            "fields_to_export": ["id"],
            "translations": {"en_US": "Changed"},
            "langs": ["en_US"],
            "grouping_sets": [["id"]],
            "group_by": "id",
            "progress_bar": {"field": "state", "colors": {}},
            "new": self.report.ids,
            "excluded": [],
            "operator": "ilike",
            "to": "sale_order",
            "message_type": "comment",
            "subtype_xmlid": "mail.mt_comment",
            "summary": "By hand",
            "note": "By hand",
            "feedback": "By hand",
            "new_user_id": self.boss.id,
            "new_thread": self.report.ids,
            "only_automated": False,
            "attachment_ids": self.secret.ids,
            "email_values": {"email_to": "anybody@elsewhere.example"},
            "values_list": [self.get_vals(model)],
        }
        return values.get(name)

    def get_mail(self):
        return {
            "subject": "By hand",
            "body": "Text",
            "email_from": "someone@elsewhere.example",
            "author_id": self.hotel.id,
            "message_type": "email",
            "message_id": "<by-hand@elsewhere.example>",
            "partner_ids": self.hotel.ids,
            "attachments": [],
        }

    def get_vals(self, model):
        values = {
            "fault.report": {"name": "By hand", "equipment_id": self.lift.id},
            "fault.report.note": {"report_id": self.report.id, "name": "By hand"},
            "fault.report.point": {"report_id": self.report.id, "name": "By hand"},
            "mail.message": {
                "model": "fault.report",
                "res_id": self.report.id,
                "body": "By hand",
                "partner_ids": self.hotel.ids,
                "attachment_ids": self.secret.ids,
            },
            "ir.attachment": {
                "name": "a.txt",
                "raw": "x",
                "res_model": "fault.report",
                "res_id": self.report.id,
            },
        }
        return dict(values.get(model, {"name": "By hand"}))

    def get_protected_context(self):
        """Return a default for each protected field of all models."""
        return {
            f"default_{name}": False
            for model in self.env.values()
            if hasattr(model, "_get_protected_fields")
            for name in model._get_protected_fields()
        }

    def get_hostile_context(self):
        """Return hostile defaults and switches for the context."""
        message = {"body": "x", "attachment_ids": [[6, 0, self.secret.ids]]}
        mail = {
            "email_to": "anybody@elsewhere.example",
            "body_html": "x",
            "state": "outgoing",
        }
        switches = {
            value
            for value in vars(context_switches).values()
            if isinstance(value, str) and value.startswith("fault_report")
        }
        return {
            **dict.fromkeys(switches, True),
            "default_message_ids": [[0, 0, message]],
            "default_mail_ids": [[0, 0, mail]],
            "default_access_token": "X",
            "default_outcome": "solved",
            "default_reference": "X",
            "default_partner_id": self.hotel.id,
            "default_attachment_ids": [[6, 0, self.secret.ids]],
            "active_model": "fault.report",
            "active_id": self.report.id,
            "active_ids": self.report.ids,
            "import_file": True,
            "tracking_disable": True,
            "install_mode": True,
            "mail_notrack": True,
            "mail_create_nolog": True,
            "mail_post_autofollow": True,
            "mail_notify_force_send": True,
            "mail_activity_automation_skip": True,
        }

    # === CALLING === #

    @contextmanager
    def undone(self):
        """Roll back the changes made inside."""
        with self.env.cr.savepoint() as savepoint:
            yield
            savepoint.rollback()
        self.env.cr.precommit.clear()
        self.env.cr.postcommit.clear()
        self.env.cr.precommit.data.clear()
        self.env.invalidate_all(flush=False)

    def call(self, user, model, name, kwargs, context):
        """Call the method as a client does; return its error and the written tables."""
        written = set()
        execute = Cursor.execute

        def note(cursor, query, *args, **kw):
            found = WRITES.match(getattr(query, "code", query))
            if found:
                written.add(found[1])
            return execute(cursor, query, *args, **kw)

        records = self.env[model].with_user(user)
        method = getattr(type(records), name)
        args = [] if getattr(method, "_api_model", False) else [self.get_ids(model)]
        error = None
        with patch.object(Cursor, "execute", note):
            try:
                call_kw(records, name, args, {**kwargs, "context": context})
                self.env.flush_all()
                self.env.cr.precommit.run()
                self.env.flush_all()
            except Exception as raised:
                error = raised
        return error, written & self.watched

    def get_digests(self, tables, user):
        return {table: self.get_digest(table, user) for table in tables}

    def get_digest(self, table, user):
        where = OWN.get(table, "TRUE")
        self.env.cr.execute(
            f"SELECT md5(string_agg(t::text, ',' ORDER BY t.id))"  # noqa: S608
            f" FROM {table} t WHERE {where}",
            {"uid": user.id},
        )
        return self.env.cr.fetchone()[0]

    def find_changes(self, person, model, name, kwargs, context):
        """Return the tables whose content the call changed."""
        user = self.people[person]
        with self.undone():
            error, written = self.call(user, model, name, kwargs, context)
            if error or not written:
                return []
            after = self.get_digests(written, user)
        before = self.get_digests(written, user)
        return sorted(table for table in written if after[table] != before[table])

    @mute_logger(*NOISE)
    def test_no_public_method_changes_what_its_caller_may_not_change(self):
        contexts = ({}, self.get_hostile_context(), self.get_protected_context())
        calls = 0
        wrong = []
        methods = self.get_methods()
        for model, name in methods:
            for person, kwargs, context in itertools.product(
                self.people, self.get_shapes(model, name), contexts
            ):
                calls += 1
                changed = self.find_changes(person, model, name, kwargs, context)
                if changed:
                    what = f"{person}: {model}.{name}"
                    wrong.append((what, changed, sorted(kwargs), sorted(context)))
        self.assertGreater(len(methods), 1000)
        self.assertGreater(calls, 10_000)
        self.assertFalse(wrong)

    @mute_logger(*NOISE)
    def test_odd_arguments_are_refused_in_words(self):
        admin = self.env.ref("base.user_admin")
        people = {"view": self.users["view"], "administrator": admin}
        wrong = []
        for model, name in self.get_methods(own_only=True):
            names = [parameter.name for parameter in self.get_parameters(model, name)]
            for (person, user), odd in itertools.product(people.items(), ODD):
                with self.undone():
                    error, _written = self.call(
                        user, model, name, dict.fromkeys(names, copy.copy(odd)), {}
                    )
                if error and self.is_ours_to_refuse(error, model, name):
                    wrong.append((person, f"{model}.{name}", odd, repr(error)))
        self.assertFalse(wrong)

    def is_ours_to_refuse(self, error, model, name):
        """Return whether one of our methods failed without a user error.

        Odoo's own methods check their own arguments.
        """
        frames = traceback.extract_tb(error.__traceback__)
        is_in_ours = any(
            "/fault_report" in f.filename for f in frames if f.name == name
        )
        return (
            is_in_ours
            and not isinstance(error, UserError)
            and not self.is_of_odoo(model, name)
        )

    def is_of_odoo(self, model, name):
        return any(
            name in vars(cls)
            for cls in type(self.env[model]).mro()
            if not is_ours(cls.__module__)
        )
