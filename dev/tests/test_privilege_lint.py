"""Code that acts with more rights than its caller is listed here, with the reason.

`sudo()` and `with_user()` keep the client's context, and with it the default values of
created records. A new function that creates records under them fails this test until it
is listed; a listed function that no longer exists fails it as well.
"""

import ast
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CREATES = {
    "create",
    "_create_at_place",
    "copy",
    "message_post",
    "message_notify",
    "_load_records",
}
OWN = "with_own_context"
FIELDSERVICE = "fault_report_fieldservice/models/res_partner.py"
TIMESHEET = "fault_report_timesheet"
API = "fault_report_api"
QR_CODES = "fault_report_qr/models/fault_report_code_mixin.py"
ONCALL = "fault_report_oncall"
ONCALL_ALERT = f"{ONCALL}/models/fault_report_oncall_alert"
HOOKS = "fault_report_webhook/models/fault_report_webhook"
# Function: its caller and the reason; each has its own context unless stated
ALLOWED = {
    # the superuser
    "models/intake/email.py: _as_gateway": "the mail gateway, which is no user's",
    f"{QR_CODES}: _post_me_too": "a visitor, for staff alone",
    # sudo() and create
    "models/intake/channel.py: _create_from_channel": "every channel, after its checks",
    "models/conversion/conversion.py: _generate_order": "who converts, rights checked",
    "models/conversion/conversion.py: _log_conversion": "the conversion, both sides",
    "models/conversion/conversion.py: _copy_files_to": "the conversion, its files",
    "models/conversion/order_values.py: _get_maintenance_team": "the conversion",
    "models/service_template/fault_report.py: _copy_photos_to": "the conversion",
    "models/notification/events.py: _send_waiting_changed": "the number on the badge",
    "models/notification/events.py: _create_logs": "Odoo's log of changes",
    "models/notification/delivery.py: _queue_emails": "Odoo's queue",
    "models/notification/delivery.py: _web_push_send_notification": "Odoo's queue",
    "models/notification/delivery.py: _trigger_mail_queue": "Odoo's queue",
    f"{ONCALL_ALERT}.py: _start": "an urgent report, a drill",
    f"{HOOKS}.py: _create_deliveries": "each event of a report",
    f"{API}/models/fault_report_integration_origin.py: _count": "a refused request",
    "models/res_company.py: _get_fault_report_sequence": "each new report",
    "models/fault_report_audit.py: _log": "each change that is kept for administrators",
    "models/res_company.py: _inverse_fault_report_alias_name": "who writes the company",
    f"{FIELDSERVICE}: _get_or_make_fsm_location": "the conversion",
    f"{TIMESHEET}/models/fault_report_note.py: _carry_time": "each note",
    "models/portal/dialogue.py: message_post": "a customer, after the checks above it",
    "models/portal/dialogue.py: _post_from_customer": "a customer's page",
    "models/portal/verdict.py: _come_back": "a customer's answer, after its checks",
}
# With an environment of their own
ENVIRONMENTS = {
    "models/intake/rate_limit.py: _with_cursor": "counts, in an empty context",
    "models/notification/delivery.py: _prepare_message": "in a context of its own",
    f"{QR_CODES}: _get_open_fault_key": "secret of hashes",
    "models/portal/verdict.py: _get_verdict_token": "secret of links",
    "models/fault_report_audit.py: _log": "a line, in an empty context",
    f"{API}/models/fault_report_audit.py: _log_refused": "a line that stays, the same",
}
# Public methods that act with more rights: what they check first
PUBLIC = {
    "controllers/attachment.py: mail_attachment_upload": "reads the company alone",
    "controllers/portal.py: fault_reports": "shows what was searched as the user",
    "models/fault_report_signature.py: action_sign": "write",
    "models/fault_report_technician.py: action_hand_over": "write",
    "models/fault_report_technician.py: action_take_back": "write",
    "models/attachment/ir_attachment.py: write": "write; looks at where files belong",
    "models/res_users.py: action_fault_report_test_push": "one's own devices",
    f"{API}/models/fault_report_integration.py: action_new_key": "write",
    f"{ONCALL}/controllers/oncall.py: show_alert": "the secret of the link",
    f"{ONCALL}/controllers/oncall.py: take_alert": "the secret of the link",
    f"{ONCALL}/models/fault_report.py: write": "writes first, with the user's rights",
    f"{ONCALL}/models/fault_report.py: unlink": "unlink",
    f"{ONCALL_ALERT}.py: action_take": "read, and who may",
    f"{ONCALL_ALERT}.py: action_close": "write",
    "models/fault_report_recurrence.py: action_mark_duplicate": "write, and read",
    "models/res_users.py: action_fault_report_test_push": "whose account it is",
    "models/visit/visit.py: action_on_the_way": "write",
    f"{HOOKS}.py: action_test": "write on the webhook",
    f"{HOOKS}_delivery.py: action_retry": "write on the webhook",
    "models/conversion/sale_order.py: write": "follows what was written",
    "models/conversion/work_order_mixin.py: write": "follows what was written before",
    "models/conversion/work_order_mixin.py: unlink": "unlink, by what it overrides",
    f"{QR_CODES}: action_renew_fault_report_token": "Edit",
    f"{QR_CODES}: action_revoke_fault_report_token": "Edit",
    "models/portal/dialogue.py: action_seen": "write",
    "models/portal/dialogue.py: message_post": "whether the customer reads the report",
    f"{TIMESHEET}/models/fault_report.py: unlink": "unlink, by what it overrides",
    f"{TIMESHEET}/models/fault_report_note.py: unlink": "unlink, by what it overrides",
    "models/res_company.py: write": "writes the company first, with its rights",
}
# Create nothing themselves: they call a method that has its own context
WITHOUT_OWN_CONTEXT = {"models/portal/dialogue.py: _post_from_customer"}


def get_functions():
    """Return the functions of the addons, tests excluded, by file and name.

    The path is relative to the core, or starts with the name of another addon.
    """
    for path in sorted(ROOT.glob("fault_report*/**/*.py")):
        addon, *folders = path.relative_to(ROOT).parts
        name = "/".join(folders if addon == "fault_report" else (addon, *folders))
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
    """Return the names of variables that hold records under sudo."""
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
    """Return whether the function is a public method that is not marked as private."""
    is_private = any(
        getattr(decorator, "attr", None) == "private"
        for decorator in function.decorator_list
    )
    arguments = [argument.arg for argument in function.args.args]
    is_public = not function.name.startswith("_") and arguments[:1] == ["self"]
    return is_public and not is_private


def makes_environment(function):
    """Return whether the function creates a superuser environment: `env(su=True)`."""
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
        self.assertFalse(found - ALLOWED.keys(), "List its caller and the reason.")
        self.assertFalse(ALLOWED.keys() - found, "No longer there.")

    def test_who_is_named_has_a_context_of_their_own(self):
        for place, node in get_functions():
            named = ALLOWED.keys() - WITHOUT_OWN_CONTEXT - ENVIRONMENTS.keys()
            if place in named and creates_with_privilege(node):
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
        self.assertFalse(found - PUBLIC.keys(), "State what it checks first.")
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
