"""Whoever acts with more rights than their caller stands in a table, with the reason.

`sudo()` and `with_user()` hand on the context that a client has chosen, and with it the
defaults of what is created. A new place that creates under them fails here until it is
named; a place that is named and gone fails as well.
"""

import ast
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CREATES = {"create", "copy", "message_post", "message_notify", "_load_records"}
OWN = "with_own_context"
FIELDSERVICE = "fault_report_fieldservice/res_partner.py"
TIMESHEET = "fault_report_timesheet"
# Where: who calls it, and why it may; each has a context of its own unless said
ALLOWED = {
    # the superuser
    "fault_report_mail.py: message_new": "the mail gateway, which is nobody's user",
    "maintenance_equipment_qr.py: _post_me_too": "a visitor, for staff alone",
    # sudo() and create
    "fault_report_channel.py: _create_from_channel": "every channel, after its checks",
    "fault_report_conversion.py: _log_conversion": "the conversion, on both sides",
    "fault_report_conversion.py: _post_conversion": "the conversion, a report's files",
    "fault_report_delivery.py: _web_push_send_notification": "the queue of Odoo",
    "fault_report_maintenance.py: _get_maintenance_team": "the conversion",
    "fault_report_points.py: _copy_photos_to": "the conversion, a report's photos",
    "fault_report_webhook.py: _queue": "each event of a report",
    "res_company_alias.py: _inverse_fault_report_alias_name": "who writes the company",
    f"{FIELDSERVICE}: _get_or_make_fsm_location": "the conversion",
    f"{TIMESHEET}/fault_report_note.py: _carry_time": "each note, to the timesheet",
    "fault_report_dialogue.py: message_post": "a customer, after the checks above it",
    "fault_report_dialogue.py: _post_from_customer": "a customer's page",
}
# With an environment of their own
ENVIRONMENTS = {
    "fault_report_attempt.py: _with_cursor": "counts attempts, in an empty context",
    "fault_report_delivery.py: _queue_messages": "messages, in a context of their own",
    "maintenance_equipment_qr.py: _get_open_fault_key": "reads the secret of hashes",
}
# What clients call and what acts with more rights: what it asks for first, or does
PUBLIC = {
    "attachment.py: mail_attachment_upload": "reads the company alone",
    "portal.py: fault_reports": "shows what was searched as the user",
    "fault_report_dialogue.py: message_post": "whether the customer reads the report",
    "fault_report_integration.py: action_new_key": "write",
    "fault_report_notification.py: write": "compares before and after",
    "fault_report_points.py: unlink": "unlink",
    "fault_report_recurrence.py: action_mark_duplicate": "write, and read of the other",
    "fault_report_webhook.py: create": "queues what has happened",
    "fault_report_webhook.py: write": "queues what has happened",
    "fault_report_webhook_delivery.py: action_retry": "write on the webhook",
    "fault_report_work_order_mixin.py: write": "follows what was written before",
    "fault_report_work_order_mixin.py: unlink": "unlink, by what it overrides",
    "maintenance_equipment_qr.py: action_renew_fault_report_token": "Edit",
    "maintenance_equipment_qr.py: action_revoke_fault_report_token": "Edit",
    "res_company_alias.py: write": "write, by what it overrides",
    f"{TIMESHEET}/fault_report.py: unlink": "unlink, by what it overrides",
    f"{TIMESHEET}/fault_report_note.py: unlink": "unlink, by what it overrides",
}
# Creates nothing itself: it hands on to a method that has a context of its own
WITHOUT_OWN_CONTEXT = {"fault_report_dialogue.py: _post_from_customer"}


def get_functions():
    """Return, by file and function, the functions of the addons outside of tests.

    Files of other addons than the core have the addon's name before theirs.
    """
    for path in sorted(ROOT.glob("fault_report*/**/*.py")):
        addon, *folders = path.relative_to(ROOT).parts
        name = path.name if addon == "fault_report" else f"{addon}/{path.name}"
        if {"tests", "demo", "migrations", "static"}.isdisjoint(folders):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.FunctionDef):
                    yield f"{name}: {node.name}", node


def is_call(node, name):
    """Return whether the node calls a function or a method of this name."""
    return isinstance(node, ast.Call) and (
        getattr(node.func, "attr", None) == name
        or getattr(node.func, "id", None) == name
    )


def is_privileged(node, aliases):
    """Return whether the expression acts under sudo or as the superuser."""
    for part in ast.walk(node):
        if is_call(part, "sudo") and not _is_false(part):
            return True
        if _is_superuser(part):
            return True
        if isinstance(part, ast.Name) and (
            part.id.endswith("_sudo") or part.id in aliases
        ):
            return True
    return False


def _is_false(call):
    return bool(call.args) and getattr(call.args[0], "value", None) is False


def _is_superuser(node):
    return is_call(node, "with_user") and any(
        isinstance(part, ast.Name) and part.id == "SUPERUSER_ID"
        for part in ast.walk(node)
    )


def get_aliases(function):
    """Return the names in a function that stand for records under sudo."""
    return {
        target.id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and is_privileged(node.value, ())
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def creates_with_privilege(function):
    aliases = get_aliases(function)
    return any(
        _is_superuser(node)
        or (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in CREATES
            and is_privileged(node.func.value, aliases)
        )
        for node in ast.walk(function)
    )


def is_called_by_clients(function):
    """Return whether it is a public method that is not marked as private."""
    is_private = any(
        getattr(decorator, "attr", None) == "private"
        for decorator in function.decorator_list
    )
    arguments = [argument.arg for argument in function.args.args]
    is_public = not function.name.startswith("_") and arguments[:1] == ["self"]
    return is_public and not is_private


def makes_environment(function):
    """Return whether it makes an environment of the superuser: `env(su=True)`."""
    return any(
        isinstance(node, ast.Call)
        and any(
            (keyword.arg == "su" and getattr(keyword.value, "value", None) is True)
            or (
                keyword.arg == "user"
                and getattr(keyword.value, "id", None) == "SUPERUSER_ID"
            )
            for keyword in node.keywords
        )
        for node in ast.walk(function)
    )


class TestPrivileges(unittest.TestCase):
    def test_who_creates_with_more_rights_than_the_caller_is_named(self):
        found = {
            place for place, node in get_functions() if creates_with_privilege(node)
        }
        self.assertFalse(found - ALLOWED.keys(), "Name who calls it, and why it may.")
        self.assertFalse(ALLOWED.keys() - found, "No longer there.")

    def test_who_is_named_has_a_context_of_their_own(self):
        for place, node in get_functions():
            if place in ALLOWED.keys() - WITHOUT_OWN_CONTEXT and creates_with_privilege(
                node
            ):
                with self.subTest(place):
                    self.assertTrue(any(is_call(p, OWN) for p in ast.walk(node)))

    def test_who_makes_an_environment_of_the_superuser_is_named(self):
        found = {place for place, node in get_functions() if makes_environment(node)}
        self.assertEqual(found, ENVIRONMENTS.keys())

    def test_a_public_method_that_acts_with_more_rights_asks_for_some_first(self):
        found = {
            place
            for place, node in get_functions()
            if is_called_by_clients(node) and is_privileged(node, get_aliases(node))
        }
        self.assertFalse(found - PUBLIC.keys(), "Say what it asks for first.")
        self.assertFalse(PUBLIC.keys() - found, "No longer there.")

    def test_the_lint_sees_what_it_is_for(self):
        for code, expected in (
            ("self.env['a'].sudo().create({})", True),
            ("self.env['a'].sudo().with_context(b=1).create({})", True),
            ("lines_sudo.create({})", True),
            ("A = self.env['a'].sudo()\n    A.create({})", True),
            ("self.with_user(SUPERUSER_ID).anything()", True),
            ("self.sudo().message_post(body='x')", True),
            ("self.sudo().search([])", False),
            ("self.sudo(False).create({})", False),
            ("self.create({})", False),
        ):
            function = ast.parse(f"def f(self):\n    {code}").body[0]
            with self.subTest(code):
                self.assertEqual(creates_with_privilege(function), expected)
