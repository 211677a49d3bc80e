"""The access rights of each permission: one table, checked cell by cell.

Every cell is tried in Python as the user, and over HTTP as the web client does it. A
"no" means that the call is refused and that nothing has changed.
"""

from contextlib import contextmanager

from odoo.exceptions import AccessError
from odoo.service.model import call_kw
from odoo.tests import HttpCase, JsonRpcException, new_test_user, tagged
from odoo.tools import mute_logger

from .common import PERMISSIONS, FaultReportData

Y, n = True, False
USERS = (*PERMISSIONS, "all", "none")
# fmt: off
MATRIX = {
    # operation         view create edit delete convert remove_file  all none
    "read":              (Y,  Y,    Y,   Y,     Y,      Y,           Y,  n),
    "search_read":       (Y,  Y,    Y,   Y,     Y,      Y,           Y,  n),
    "read_group":        (Y,  Y,    Y,   Y,     Y,      Y,           Y,  n),
    "name_search":       (Y,  Y,    Y,   Y,     Y,      Y,           Y,  n),
    "export":            (Y,  Y,    Y,   Y,     Y,      Y,           Y,  n),
    "read_notes":        (Y,  Y,    Y,   Y,     Y,      Y,           Y,  n),
    "read_object":       (Y,  Y,    Y,   Y,     Y,      Y,           Y,  n),
    "create":            (n,  Y,    n,   n,     n,      n,           Y,  n),
    "copy":              (n,  Y,    n,   n,     n,      n,           Y,  n),
    "import":            (n,  Y,    n,   n,     n,      n,           Y,  n),
    "add_object":        (n,  Y,    Y,   n,     n,      n,           Y,  n),
    "write":             (n,  n,    Y,   n,     n,      n,           Y,  n),
    "web_save":          (n,  n,    Y,   n,     n,      n,           Y,  n),
    "post_message":      (n,  n,    Y,   n,     n,      n,           Y,  n),
    "add_note":          (n,  n,    Y,   n,     n,      n,           Y,  n),
    "write_note":        (n,  n,    Y,   n,     n,      n,           Y,  n),
    "delete_note":       (n,  n,    Y,   n,     n,      n,           Y,  n),
    "assign":            (n,  n,    Y,   n,     n,      n,           Y,  n),
    "cancel":            (n,  n,    Y,   n,     n,      n,           Y,  n),
    "solve":             (n,  n,    Y,   n,     n,      n,           Y,  n),
    "mark_duplicate":    (n,  n,    Y,   n,     n,      n,           Y,  n),
    "reopen":            (n,  n,    Y,   n,     n,      n,           Y,  n),
    "delete":            (n,  n,    n,   Y,     n,      n,           Y,  n),
    "work_order":        (n,  n,    n,   n,     Y,      n,           Y,  n),
    "shared_work_order": (n,  n,    n,   n,     Y,      n,           Y,  n),
    # Convert also needs rights in Sales, which none of these users has
    "sale_order":        (n,  n,    n,   n,     n,      n,           n,  n),
    # Set by the system only; no user may write them
    "forge_state":       (n,  n,    n,   n,     n,      n,           n,  n),
    "forge_work_order":  (n,  n,    n,   n,     n,      n,           n,  n),
    "forge_by_order":    (n,  n,    n,   n,     n,      n,           n,  n),
    "forge_outcome":     (n,  n,    n,   n,     n,      n,           n,  n),
    "define_status":     (n,  n,    n,   n,     n,      n,           n,  n),
}
# fmt: on


class Refused(Exception):
    pass


@tagged("post_install", "-at_install")
class TestAccessMatrix(FaultReportData, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_data(cls.env)
        every = ",".join(f"fault_report.group_{name}" for name in PERMISSIONS)
        cls.users["all"] = new_test_user(cls.env, "fault_all", groups=every)
        cls.users["none"] = cls.stranger
        for user in cls.users.values():
            user.group_ids += cls.env.ref("base.group_allow_export")

    def make_reports(self):
        values = {"equipment_id": self.lift.id}
        self.report, self.other = self.env["fault.report"].create(
            [{"name": name, **values} for name in ("It stands still", "Again")]
        )
        self.note = self.env["fault.report.note"].create(
            {"report_id": self.report.id, "name": "Seen", "time_spent": 1}
        )
        self.env.flush_all()

    def get_call(self, operation):
        """Return model, method, arguments and keyword arguments of an operation."""
        ids = [self.report.id]
        report, note = "fault.report", "fault.report.note"
        new = {"name": "New", "equipment_id": self.lift.id}
        calls = {
            "read": (report, "read", [ids, ["name", "equipment_id"]]),
            "search_read": (report, "search_read", [[["id", "in", ids]], ["name"]]),
            "read_group": (
                report,
                "formatted_read_group",
                [[["id", "in", ids]], ["state"], ["__count"]],
            ),
            "name_search": (report, "name_search", ["stands still"]),
            "export": (report, "export_data", [ids, ["name"]]),
            "read_notes": (note, "read", [self.note.ids, ["name"]]),
            "read_object": ("maintenance.equipment", "read", [self.lift.ids, ["name"]]),
            "create": (report, "create", [[new]]),
            "copy": (report, "copy", [ids]),
            "import": (report, "load", [["name", "equipment_id"], [["New", "Lift"]]]),
            "add_object": (
                "maintenance.equipment",
                "create",
                [[{"name": "New lift", "facility_id": self.wing.id}]],
            ),
            "write": (report, "write", [ids, {"name": "Changed"}]),
            "web_save": (report, "web_save", [ids, {"name": "Changed"}, {"name": {}}]),
            "post_message": (report, "message_post", [ids], {"body": "Hello"}),
            "add_note": (note, "create", [[{"report_id": ids[0], "name": "Seen"}]]),
            "write_note": (note, "write", [self.note.ids, {"time_spent": 9}]),
            "delete_note": (note, "unlink", [self.note.ids]),
            "assign": (report, "action_assign", [ids, self.technician.id]),
            "cancel": (report, "action_cancel", [ids, "No fault"]),
            "solve": (report, "action_solve", [ids, "By phone"]),
            "mark_duplicate": (report, "action_mark_duplicate", [ids, self.other.id]),
            "reopen": (report, "action_reopen", [ids, "Mistake"]),
            "delete": (report, "unlink", [ids]),
            "work_order": (report, "action_generate_work_order", [ids]),
            "shared_work_order": (
                report,
                "action_generate_shared_work_order",
                [(self.report | self.other).ids],
            ),
            "sale_order": (report, "action_generate_sale_order", [ids]),
            "forge_state": (report, "write", [ids, {"state": "solved"}]),
            "forge_work_order": (
                report,
                "write",
                [ids, {"work_order_model": "maintenance.request", "work_order_id": 1}],
            ),
            "forge_by_order": (
                "maintenance.request",
                "create",
                [[{"name": "Grab", "fault_report_ids": [[4, ids[0], 0]]}]],
            ),
            "forge_outcome": (report, "write", [ids, {"outcome": "solved"}]),
            "define_status": ("fault.report.status", "create", [[{"name": "Mine"}]]),
        }
        model, method, args, *kwargs = calls[operation]
        return model, method, args, kwargs[0] if kwargs else {}

    def snapshot(self):
        """Return all data that a refused call must leave unchanged."""
        self.env.flush_all()
        self.env.invalidate_all()
        reports = self.env["fault.report"].search([])
        names = ["name", "state", "technician_id", "outcome", "work_order_id"]
        return (
            reports.read([*names, "duplicate_of_id", "sale_order_id", "time_spent"]),
            self.env["mail.message"].search_count([("model", "=", "fault.report")]),
            *(
                self.env[model].search_count([])
                for model in (
                    "fault.report.note",
                    "fault.report.status",
                    "maintenance.request",
                    "maintenance.equipment",
                    "sale.order",
                )
            ),
        )

    def call_in_python(self, user, operation):
        model, method, args, kwargs = self.get_call(operation)
        try:
            result = call_kw(self.env[model].with_user(user), method, args, kwargs)
            self.env.flush_all()
        except AccessError as error:
            raise Refused from error
        self.refuse_failed_import(operation, result)

    def call_over_http(self, user, operation):
        model, method, args, kwargs = self.get_call(operation)
        try:
            result = self.make_jsonrpc_request(
                f"/web/dataset/call_kw/{model}/{method}",
                {"model": model, "method": method, "args": args, "kwargs": kwargs},
            )
        except JsonRpcException as error:
            raise Refused from error
        self.refuse_failed_import(operation, result)

    def refuse_failed_import(self, operation, result):
        if operation == "import" and not result["ids"]:
            raise Refused

    @contextmanager
    def undone(self):
        """Roll back the changes made inside."""
        with self.env.cr.savepoint() as savepoint:
            yield
            savepoint.rollback()
        self.env.invalidate_all()

    def check_table(self, call):
        for column, name in enumerate(USERS):
            user = self.users[name]
            self.authenticate(user.login, user.login)
            for operation, answers in MATRIX.items():
                with self.subTest(operation=operation, user=name), self.undone():
                    self.make_reports()
                    if operation == "reopen":
                        self.report.action_cancel("Mistake")
                    before = self.snapshot()
                    if answers[column]:
                        call(user, operation)
                        continue
                    with mute_logger("odoo.http"):
                        self.assertRaises(Refused, call, user, operation)
                    self.assertEqual(self.snapshot(), before)

    def test_r83_to_r88_every_cell_in_python(self):
        self.check_table(self.call_in_python)

    def test_r83_to_r88_every_cell_over_http(self):
        self.check_table(self.call_over_http)
