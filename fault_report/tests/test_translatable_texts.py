"""Texts that staff sets up and customers read can be translated."""

from odoo import fields
from odoo.exceptions import AccessError, ValidationError

from .common import FaultReportCommon
from .test_template import TemplateCommon

SWEDISH = "sv_SE"

OF_THE_REPORT = "as the reporter or staff wrote it on one report"
OF_THE_PLACE = "a number or a name of a customer, facility or object"
FROZEN = "copied from the template in the language in which the report was filed"
FOR_STAFF = "not shown to customers"
CODE = "an address, a key or a code"
# Untranslated texts that people type, and the reason
UNTRANSLATED = {
    ("fault.report", "name"): OF_THE_REPORT,
    ("fault.report", "comment"): OF_THE_REPORT,
    ("fault.report", "comment_internal"): OF_THE_REPORT,
    ("fault.report", "close_reason"): OF_THE_REPORT,
    ("fault.report", "contact_name"): OF_THE_REPORT,
    ("fault.report", "customer_order_ref"): OF_THE_REPORT,
    ("fault.report.assign", "opened_plan"): CODE,
    ("fault.report.integration.request", "bundle"): CODE,
    ("fault.report.integration.request", "code"): CODE,
    ("fault.report.integration.request", "detail"): CODE,
    ("fault.report.integration.request", "method"): CODE,
    ("fault.report.integration.request", "request_id"): CODE,
    ("fault.report.integration.request", "route"): CODE,
    ("fault.report", "email_from"): CODE,
    ("fault.report", "phone"): CODE,
    ("fault.report", "cost_center"): OF_THE_PLACE,
    ("fault.report", "place_cost_center"): OF_THE_PLACE,
    ("fault.report.note", "name"): OF_THE_REPORT,
    ("fault.report.close", "reason"): OF_THE_REPORT,
    ("fault.report.reopen", "reason"): OF_THE_REPORT,
    ("fault.report.sign", "signed_by"): OF_THE_REPORT,
    ("fault.report.point", "name"): FROZEN,
    ("fault.report.point", "help"): FROZEN,
    ("fault.report.point", "unit"): FROZEN,
    ("fault.report.point", "value_text"): OF_THE_REPORT,
    ("fault.report.point", "remark"): OF_THE_REPORT,
    ("fault.report.subgroup", "name"): FOR_STAFF,
    ("fault.report.integration", "name"): FOR_STAFF,
    ("fault.report.integration", "allowed_origins"): CODE,
    ("fault.report.integration.key", "key"): CODE,
    ("fault.report.integration.key", "embed_code"): CODE,
    ("fault.report.integration.origin", "origin"): CODE,
    ("fault.report.submission", "scope"): CODE,
    ("fault.report.submission", "key"): CODE,
    ("fault.report.submission", "fingerprint"): CODE,
    ("fault.report.attempt", "scope"): CODE,
    ("fault.report.oncall.schedule", "name"): FOR_STAFF,
    ("fault.report.oncall.layer", "name"): FOR_STAFF,
    ("fault.report.oncall.log", "detail"): FOR_STAFF,
    ("fault.report.oncall.shift", "hours"): FOR_STAFF,
    ("fault.report.oncall.shift", "layer"): FOR_STAFF,
    ("fault.report.webhook", "name"): FOR_STAFF,
    ("fault.report.webhook", "url"): CODE,
    ("fault.report.webhook", "secret"): CODE,
    ("fault.report.webhook.delivery", "uid"): CODE,
    ("fault.report.webhook.delivery", "payload"): CODE,
    ("fault.report.webhook.delivery", "answer"): FOR_STAFF,
    ("fault.report.webhook.delivery", "error"): FOR_STAFF,
    ("fault.report.audit", "user_name"): FOR_STAFF,
    ("fault.report.audit", "address"): FOR_STAFF,
    ("fault.report.audit", "subject"): FOR_STAFF,
    ("fault.report.audit", "detail"): FOR_STAFF,
    ("fault.report.audit", "before"): FOR_STAFF,
    ("fault.report.audit", "after"): FOR_STAFF,
    ("fault.report.work.order.mixin", "fault_report_internal_note"): FOR_STAFF,
    ("maintenance.request", "fault_report_internal_note"): FOR_STAFF,
    ("res.company", "fault_report_alias_name"): CODE,
    ("res.company", "fault_report_danger_words"): "one list for all languages",
    ("res.company", "fault_report_emergency_phone"): CODE,
    ("res.partner", "cost_center"): OF_THE_PLACE,
    ("sale.order", "cost_center"): OF_THE_PLACE,
    ("account.move", "cost_center"): OF_THE_PLACE,
    ("account.move", "customer_order_ref"): OF_THE_REPORT,
}


def is_ours(module):
    return module.startswith("fault_report")


class TestTranslatableTexts(FaultReportCommon):
    def find_texts(self):
        """Return model and name of each text of ours that people can write."""
        for model in sorted(self.env.registry):
            Model = self.env[model]
            if Model._abstract and not is_ours(Model._module or ""):
                continue
            for field in Model._fields.values():
                if (
                    field.type in ("char", "text", "html")
                    and any(map(is_ours, field._modules))
                    # Not a field of Odoo with another attribute
                    and is_ours(next(iter(field._modules)))
                    and not field.related
                    and not (field.compute and not field.inverse and field.readonly)
                    and not getattr(field, "protected", False)
                    and field.groups != fields.NO_ACCESS
                ):
                    yield model, field.name

    def test_each_text_can_be_translated_or_it_is_said_why_not(self):
        texts = set(self.find_texts())
        self.assertIn(("fault.report.template.point", "name"), texts)
        missing = {
            (model, name)
            for model, name in texts
            if not self.env[model]._fields[name].translate
        }
        self.assertFalse(missing - UNTRANSLATED.keys())
        translated = texts - missing
        self.assertFalse(translated & UNTRANSLATED.keys())

    def test_a_translation_follows_the_rules_of_its_text(self):
        self.env["res.lang"]._activate_lang(SWEDISH)
        walked = 0
        for model, name in self.find_texts():
            Model = self.env[model]
            rule = getattr(Model, "_text_limits", {}).get(name)
            if not Model._fields[name].translate:
                continue
            self.assertTrue(rule, f"{model}.{name} has no limit")
            record = self.make(model)
            bad = ["\x00", "x" * (rule["limit"] + 1)]
            bad += ["\u200b"] if rule.get("required") else []
            for text in bad:
                with self.assertRaises(ValidationError, msg=f"{model}.{name} {text!r}"):
                    record.update_field_translations(name, {SWEDISH: text})
                walked += 1
            record.update_field_translations(name, {SWEDISH: "På svenska"})
            swedish = record.with_context(lang=SWEDISH)
            self.assertEqual(swedish[name], "På svenska")
        self.assertGreaterEqual(walked, 12)

    def make(self, model):
        values = {
            "fault.report.template.point": self.template_values,
            "fault.report.template.option": self.option_values,
            "fault.report.sla.policy": lambda: {"name": "Name", "response_hours": 1},
        }
        return self.env[model].create(values.get(model, lambda: {"name": "Name"})())

    def template_values(self):
        template = self.env["fault.report.template"].create({"name": "Visit"})
        return {"name": "Gap", "template_id": template.id}

    def option_values(self):
        return {"name": "Worn", "point_id": self.make("fault.report.template.point").id}


class TestTemplateInLanguages(TemplateCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang(SWEDISH)
        cls.use()
        for point in cls.template.point_ids:
            point.help = f"Help {point.name}"
            swedish = point.with_context(lang=SWEDISH)
            swedish.write({"name": f"sv {point.name}", "help": f"sv help {point.name}"})
        cls.force = cls.template.point_ids.filtered("unit")
        cls.force.with_context(lang=SWEDISH).unit = "newton"
        for option in cls.normal + cls.error:
            option.with_context(lang=SWEDISH).name = f"sv {option.name}"

    def file(self, lang, **kwargs):
        reports = self.env["fault.report"].with_context(lang=lang)
        vals = {"name": "Stuck", "partner_id": self.hotel.id}
        return reports._create_from_channel("portal", vals, **kwargs)

    def get_texts(self, report):
        points = report.with_context(lang=None).point_ids
        options = [option["name"] for one in points for option in one.options or ()]
        texts = [*points.mapped("name"), *points.mapped("help"), *options]
        return texts, points.filtered("unit").unit

    def test_r80_a_report_keeps_the_points_as_its_customer_has_read_them(self):
        report = self.file(SWEDISH, points=[self.answer("Controller", self.error.id)])
        texts, unit = self.get_texts(report)
        self.assertTrue(texts)
        self.assertTrue(all(text.startswith("sv ") for text in texts), texts)
        self.assertEqual(unit, "newton")
        chosen = report.point_ids.filtered("value_option_id")
        self.assertEqual(chosen.value_option_name, "sv Error")
        self.assertTrue(chosen.is_deviation)
        self.template.point_ids.with_context(lang=SWEDISH).name = "Renamed"
        self.assertEqual(self.get_texts(report), (texts, unit))

    def answer(self, name, value):
        return {"point": self.point(self.template, name).id, "value": value}

    def test_what_staff_files_is_in_the_language_of_the_form_they_see(self):
        reports = self.as_user(self.env["fault.report"], "create")
        report = reports.with_context(lang=SWEDISH).create(
            {"name": "Stuck", "equipment_id": self.lift.id}
        )
        self.assertTrue(
            all(text.startswith("sv ") for text in self.get_texts(report)[0])
        )

    def test_without_a_form_points_are_in_the_companys_language(self):
        self.company.partner_id.lang = SWEDISH
        self.assertTrue(
            all(text.startswith("sv ") for text in self.get_texts(self.file(None))[0])
        )
        texts, unit = self.get_texts(self.file("en_US"))
        self.assertFalse([text for text in texts if text.startswith("sv ")])
        self.assertEqual(unit, "N")

    def test_a_form_asks_in_the_language_of_its_reader(self):
        visitor = self.env["fault.report"].with_user(self.env.ref("base.public_user"))
        for lang, wanted in ((SWEDISH, True), ("en_US", False)):
            visitor = visitor.with_context(lang=lang)
            values = visitor._prepare_public_form(self.company)
            html = str(
                visitor.env["ir.qweb"]._render(
                    "fault_report.form_points", {"points": values["points"]}
                )
            )
            for text in ("Door force", "help Door force", "Error", "newton"):
                text = text if text == "newton" else f"sv {text}"
                self.assertIs(text in html, wanted, (lang, text))
            self.assertNotIn("Code", html)  # internal

    def test_a_template_is_found_exported_and_imported_in_each_language(self):
        templates = self.as_user_administrator().with_context(lang=SWEDISH)
        points = templates.env["fault.report.template.point"]
        found = points.search([("name", "=", "sv Car is empty")])
        self.assertEqual(found, self.point(self.template, "Car is empty"))
        exported = found.sudo().export_data(["name"])["datas"]
        self.assertEqual(exported, [["sv Car is empty"]])
        result = points.load([".id", "name"], [[str(found.id), "Korgen är tom"]])
        self.assertFalse(result["messages"])
        self.assertEqual(found.name, "Korgen är tom")
        self.assertEqual(found.with_context(lang="en_US").name, "Car is empty")

    def as_user_administrator(self):
        return self.template.with_user(self.administrator)

    def test_a_copied_template_has_the_translations(self):
        copy = self.as_user_administrator().copy()
        swedish = copy.with_context(lang=SWEDISH)
        self.assertTrue(
            all(name.startswith("sv ") for name in swedish.point_ids.mapped("name"))
        )
        self.assertTrue(copy.name.endswith("(copy)"))
        self.assertIn("sv Error", swedish.point_ids.option_ids.mapped("name"))

    def test_only_who_may_change_a_template_translates_it(self):
        for name in ("view", "edit", "convert"):
            template = self.as_user(self.template, name)
            with self.assertRaises(AccessError, msg=name):
                template.update_field_translations("name", {SWEDISH: "Besök"})
