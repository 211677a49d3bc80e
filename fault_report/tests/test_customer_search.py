"""Customers cannot search, sort or group by data that they cannot read."""

from odoo.exceptions import AccessError, MissingError, UserError
from odoo.service.model import call_kw
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import FaultReportCommon
from .common_portal import PortalData

MARKER = "Zwiebelfisch"
# Fields that may hold text hidden from customers
HOLDERS = {
    "fault.report",
    "fault.report.note",
    "fault.report.point",
    "mail.message",
    "ir.attachment",
    "mail.tracking.value",
    "mail.mail",
    "mail.notification",
    "maintenance.request",
    "mail.activity",
    "fault.report.submission",
}
REFUSALS = (AccessError, MissingError, UserError, ValueError, NotImplementedError)


@tagged("post_install", "-at_install")
class TestCustomerSearch(PortalData, FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_portal_data(cls.env)
        cls.make_portal_reports()
        cls.hide_marker(cls.in_wing)
        cls.env.flush_all()

    @classmethod
    def hide_marker(cls, report):
        """Write the marker into every field that is hidden from customers."""
        report.write({"comment": MARKER, "comment_internal": True})
        report.note_ids = [(0, 0, {"name": MARKER})]
        report.point_ids = [
            (
                0,
                0,
                {
                    "name": MARKER,
                    "type": "text",
                    "internal": True,
                    "value_text": MARKER,
                },
            )
        ]
        for message_type in ("comment", "email", "notification"):
            values = {"body": MARKER, "subject": MARKER, "message_type": message_type}
            report.message_post(subtype_xmlid="mail.mt_note", **values)
            message = report.message_post(subtype_xmlid="mail.mt_comment", **values)
            message.is_internal = True
        report.message_notify(
            partner_ids=cls.technician.partner_id.ids, body=MARKER, subject=MARKER
        )
        cls.env["ir.attachment"].create(
            {
                "name": f"{MARKER}.txt",
                "raw": MARKER.encode(),
                "res_model": "fault.report",
                "res_id": report.id,
            }
        )

    def as_customer(self, model, method, *args, **kwargs):
        """Call over RPC; return None if refused."""
        records = self.env[model].with_user(self.filing)
        try:
            with mute_logger("odoo.orm.models", "odoo.addons.base.models.ir_rule"):
                with mute_logger("odoo.addons.base.models.ir_model", "odoo.models"):
                    with self.env.cr.savepoint(flush=False):
                        return call_kw(records, method, list(args), kwargs)
        except REFUSALS:
            return None

    def get_searched_models(self):
        for name in sorted(self.env.registry):
            model = self.env[name].with_user(self.filing)
            if not model._abstract and model._auto and model.has_access("read"):
                yield model

    def get_relations(self, model):
        """Return the relational fields that the customer may use in a domain."""
        return [
            field
            for field in model._fields.values()
            if field.relational
            and field.comodel_name in self.env.registry
            and model._has_field_access(field, "read")
        ]

    def get_paths(self, model):
        """Return paths of one or two relations to models that hold such texts."""
        for first in self.get_relations(model):
            if first.comodel_name in HOLDERS:
                yield first.name, model.env[first.comodel_name]
            comodel = model.env[first.comodel_name]
            for second in self.get_relations(comodel):
                if second.comodel_name in HOLDERS:
                    path = f"{first.name}.{second.name}"
                    yield path, model.env[second.comodel_name]

    def get_text_fields(self, model):
        return [
            field.name
            for field in model._fields.values()
            if field.type in ("char", "text", "html")
            and field.store
            and model._has_field_access(field, "read")
        ]

    def check_path(self, model, path, holder):
        names = self.get_text_fields(holder) or ["display_name"]
        domains = [[(f"{path}.{name}", "ilike", MARKER)] for name in names]
        for domain in [*domains, [(path, "any", [(names[-1], "ilike", MARKER)])]]:
            self.assertFalse(
                self.as_customer(model._name, "search_count", domain),
                f"{model._name}: {domain}",
            )

    def test_r36_no_relation_that_a_customer_may_name_finds_what_is_internal(self):
        walked = 0
        for model in self.get_searched_models():
            for path, holder in self.get_paths(model):
                self.check_path(model, path, holder)
                walked += 1
        self.assertGreater(walked, 100)

    def test_r36_no_way_of_reading_reports_shows_or_finds_what_is_internal(self):
        Report = self.env["fault.report"].with_user(self.filing)
        paths = [path for path, _holder in self.get_paths(self.env["fault.report"])]
        relations = [field.name for field in self.env["fault.report"]._fields.values()]
        ids = self.in_wing.ids
        for path in dict.fromkeys([*paths, *relations]):
            texts = [path, f"{path}.name", f"{path}.body", f"{path}.display_name"]
            first, *rest = path.split(".")
            spec = {"fields": {name: {} for name in rest or ["display_name"]}}
            answers = [
                self.as_customer(Report._name, "read", ids, [path]),
                self.as_customer(Report._name, "web_read", ids, {first: spec}),
                self.as_customer(Report._name, "onchange", [], {}, [], {first: spec}),
            ]
            for text in texts:
                by_text = [(text, "ilike", MARKER)]
                answers += [
                    self.as_customer(Report._name, "search_read", by_text, ["name"]),
                    self.as_customer(Report._name, "name_search", "", by_text),
                    self.as_customer(Report._name, "search", [], order=text)
                    and "." in text,
                    self.as_customer(
                        Report._name, "formatted_read_group", [], [text], ["__count"]
                    ),
                    self.as_customer(
                        Report._name, "export_data", ids, [text.replace(".", "/")]
                    ),
                ]
                found = self.as_customer(Report._name, "search_count", by_text)
                self.assertFalse(found, text)
            with self.subTest(path):
                self.assertNotIn(MARKER, str(answers))
                self.assertNotIn(True, answers)

    def test_r36_a_customer_does_not_read_messages_through_the_report(self):
        self.assertIsNone(
            self.as_customer(
                "fault.report", "read", self.in_wing.ids, ["website_message_ids"]
            )
        )

    def test_r70_a_customer_searches_by_what_the_report_says(self):
        Report = self.env["fault.report"].with_user(self.filing)
        found = Report.search(
            [
                ("facility_id", "in", self.wing.ids),
                ("partner_id", "child_of", self.hotel.id),
                ("name", "ilike", "squeaks"),
            ],
            order="reported_at desc, facility_id",
        )
        self.assertEqual(found, self.in_wing)
        self.assertTrue(Report.search([("equipment_id", "!=", False)]))
        groups = Report.formatted_read_group([], ["facility_id", "state"], ["__count"])
        self.assertEqual(len(groups), 3)

    def test_the_company_does_not_reveal_what_its_settings_are_linked_to(self):
        """Customers read companies, and a many2one is read with its display name."""
        Company = self.env["res.company"]
        links = [
            name
            for name, field in Company._fields.items()
            if field.relational
            and any(module.startswith("fault_report") for module in field._modules)
        ]
        self.assertGreater(len(links), 2)
        for name in (*links, "fault_report_alias_name"):
            with self.subTest(name):
                self.assertIsNone(
                    self.as_customer(
                        "res.company", "read", [self.company.id], fields=[name]
                    )
                )
