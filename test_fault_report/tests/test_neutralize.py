"""Copies of a database, neutralised by Odoo: they send nothing and open nothing."""

import re
from contextlib import closing
from pathlib import Path

from odoo import fields
from odoo.sql_db import close_db, db_connect
from odoo.tests import TransactionCase, tagged
from odoo.tools.misc import file_open

from odoo.addons.fault_report.tests.common_copy import DatabaseCopyCase
from odoo.addons.fault_report.tests.common_database import find_texts

HERE = Path(__file__).parent
OUTSIDE = "production.example"
# Names of columns with addresses and secrets, and values of states of what is pending
LEADS_OUTSIDE = re.compile(
    r"(^|_)(url|link|origins?|secret|token|key|hash|password|answer|payload|alias)(_|$)"
)
PENDING = {"pending", "outgoing", "ready", "scheduled", "waiting", "process"}
# Columns that stay as they are, and why
EXPLAINED = {
    "maintenance_equipment.fault_report_token": "printed on the objects; it only opens "
    "the form of the object, and labels are tested on copies as well",
    "res_partner.fault_report_token": "the same, of facilities",
    "maintenance_equipment.fault_report_code_company_id": "whose code it is",
    "res_partner.fault_report_code_company_id": "the same, of facilities",
    "fault_report.search_text": "PostgreSQL makes it of the other columns",
    "fault_report.phone_digits": "the same",
    "fault_report_audit.address": "history: the trail is read, never followed",
    "fault_report_integration.was_in_page": "no address: whether the key was public",
    "fault_report_submission.answer": "the table is emptied",
    "fault_report.visit_answer": "whether a visit was confirmed: no address",
    "fault_report.sla_deadline": "what was promised; alarms go by `sla_alarm_date`",
}

# Texts that nothing is sent to: who reported it, the history, and what is counted
ADDRESSES_KEPT = {
    "fault_report.email_from",
    "fault_report_audit.after",
    "fault_report_attempt.scope",
}


@tagged("post_install", "-at_install")
class TestNeutralizedCopy(DatabaseCopyCase):
    """A copy of the whole database, filled, and neutralised by `odoo neutralize`."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.secrets = cls.run_script(HERE / "neutralize_fill.py")
        cls.run_odoo("neutralize")

    def test_a_neutralised_copy_has_no_secrets_and_no_links_to_the_original(self):
        self.assertTrue(all(self.secrets.values()))
        with closing(db_connect(self.copy).cursor()) as cr:
            for name, secret in self.secrets.items():
                for text in secret.split():
                    with self.subTest(name):
                        self.assertFalse(find_texts(cr, text))
            left = find_texts(cr, OUTSIDE)
        # Else it cannot be removed
        close_db(self.copy)
        own = {name for name in left if name.startswith("fault_report")}
        self.assertEqual(own, ADDRESSES_KEPT)

    def test_no_scheduled_action_of_a_neutralised_copy_sends_anything(self):
        self.assertEqual(self.run_script(HERE / "neutralize_use.py"), [])


@tagged("post_install", "-at_install")
class TestNeutralizeStatements(TransactionCase):
    def get_statements(self):
        """Return what Odoo runs for our addons, as one text."""
        modules = self.env["ir.module.module"].search(
            [("state", "=", "installed"), ("name", "like", "fault_report%")]
        )
        found = []
        for name in modules.mapped("name"):
            try:
                with file_open(f"{name}/data/neutralize.sql") as file:
                    found.append(file.read())
            except FileNotFoundError:
                continue
        return "\n".join(found)

    def get_fields(self):
        """Return the stored fields that our addons define."""
        return [
            field
            for model in self.env.registry.values()
            if model._auto and not model._transient and not model._abstract
            for field in model._fields.values()
            if field.column_type
            and field.store
            and any(name.startswith("fault_report") for name in field._modules)
        ]

    def leads_outside(self, field):
        if LEADS_OUTSIDE.search(field.name) or field.groups == fields.NO_ACCESS:
            return field.type != "boolean"
        if field.comodel_name == "mail.alias":
            return True
        if field.type == "selection":
            return not PENDING.isdisjoint(field.get_values(self.env))
        # When the scheduled actions have something to do
        return field.type == "datetime" and self.is_in_partial_index(field)

    def is_in_partial_index(self, field):
        table = self.env[field.model_name]._table
        self.env.cr.execute(
            "SELECT 1 FROM pg_indexes WHERE tablename = %s AND indexdef LIKE %s",
            (table, f"%({field.name},%WHERE%({field.name} IS NOT NULL)%"),
        )
        return bool(self.env.cr.fetchone())

    def test_every_address_secret_and_pending_state_is_neutralised_or_explained(self):
        statements = self.get_statements()
        found = [field for field in self.get_fields() if self.leads_outside(field)]
        # The walk finds what it is about
        names = {field.name for field in found}
        self.assertLessEqual(
            {"url", "secret", "key_hash", "access_token", "reminder_date", "state"}
            | {"fault_report_alias_id", "answer", "payload", "allowed_origins"},
            names,
        )
        for field in found:
            table = self.env[field.model_name]._table
            with self.subTest(table=table, field=field.name):
                self.assertTrue(
                    f"{table}.{field.name}" in EXPLAINED
                    or re.search(rf"DELETE FROM {table}\b", statements)
                    or re.search(rf"UPDATE {table}\b[^;]*\b{field.name} = ", statements)
                    or re.search(rf"SELECT {field.name} FROM {table}\b", statements),
                    "not neutralised",
                )
