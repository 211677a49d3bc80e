"""Users cannot link records that they may not read, nor learn anything about them."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import FaultReportCommon

MARKER = "Zwiebelfisch"
GROUPS = {
    "create": "fault_report.group_create",
    "edit": "fault_report.group_create,fault_report.group_edit,"
    "fault_report.group_convert,fault_report.group_delete",
    "administrator": "fault_report.group_administrator",
}


@tagged("post_install", "-at_install")
class TestReferences(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_company = cls.env["res.company"].create({"name": "Other"})
        cls.env.ref("base.user_root").company_ids += cls.other_company
        cls.people = {
            name: new_test_user(
                cls.env,
                f"references_{name}",
                groups=groups,
                company_id=cls.company.id,
                company_ids=[Command.set(cls.company.ids)],
            )
            for name, groups in GROUPS.items()
        }
        cls.make_hidden_records()
        cls.env.flush_all()

    @classmethod
    def make_hidden_records(cls):
        """Create a hidden record of each of our models and of related models."""
        env = cls.env(
            context={"allowed_company_ids": (cls.other_company + cls.company).ids}
        )
        values = {"name": MARKER, "company_id": cls.other_company.id}
        customer = env["res.partner"].create(
            {**values, "is_company": True, "cost_center": MARKER}
        )
        facility = env["res.partner"].create(
            {
                **values,
                "parent_id": customer.id,
                "type": "delivery",
                "is_facility": True,
                "cost_center": MARKER,
            }
        )
        equipment = env["maintenance.equipment"].create(
            {**values, "facility_id": facility.id}
        )
        # Everyone may read it, but not its owner
        owners = customer.copy({"company_id": False}) + facility.copy(
            {"company_id": False}
        )
        owners[1].parent_id = owners[0]
        cls.shared = env["maintenance.equipment"].create(
            {"name": "Shared", "company_id": False, "facility_id": owners[1].id}
        )
        owners.company_id = cls.other_company
        report = env["fault.report"].create({**values, "equipment_id": equipment.id})
        template = env["fault.report.template"].create(
            {
                **values,
                "point_ids": [
                    Command.create(
                        {
                            "name": MARKER,
                            "type": "choice",
                            "option_ids": [Command.create({"name": MARKER})],
                        }
                    )
                ],
            }
        )
        cls.hidden = {
            record._name: record.with_env(cls.env)
            for record in (
                cls.other_company,
                facility,
                equipment,
                report,
                template,
                template.point_ids,
                template.point_ids.option_ids,
                env["fault.report.note"].create(
                    {"report_id": report.id, "name": MARKER}
                ),
                env["fault.report.point"].create(
                    {"report_id": report.id, "name": MARKER, "type": "text"}
                ),
                env["fault.report.subgroup"].create(values),
                env["fault.report.status"].create({**values, "usage": "both"}),
                *cls.make_records_of_other_addons(env, values),
                env["sale.order"].create(
                    {
                        "partner_id": customer.id,
                        "company_id": cls.other_company.id,
                        "client_order_ref": MARKER,
                    }
                ),
                env["ir.attachment"].create(
                    {
                        "name": f"{MARKER}.txt",
                        "raw": b"text",
                        "res_model": "fault.report",
                        "res_id": report.id,
                    }
                ),
            )
        }
        cls.customer = customer.with_env(cls.env)
        cls.shared = cls.shared.with_env(cls.env)

    # === ALL RELATIONS === #

    def get_models(self, user):
        """Return our models, and models that we extend, that the user may create."""
        for name in sorted(self.env.registry):
            model = self.env[name].with_user(user)
            is_ours = name.startswith("fault.report") or name in (
                "maintenance.equipment",
                "res.partner",
            )
            if is_ours and not model._abstract and model.has_access("create"):
                yield model

    def get_cases(self, user):
        """Return model, field and a forbidden record, for each of our relations."""
        for model in self.get_models(user):
            for name in sorted(model._get_guarded_relations()):
                field = model._fields[name]
                record = self.hidden.get(field.comodel_name)
                if record and not record.with_user(user).has_access("read"):
                    yield model, field, record
                if field.comodel_name == "res.partner":
                    yield model, field, self.customer
                if field.name == "equipment_id" and model._get_followed_relations():
                    yield model, field, self.shared

    @classmethod
    def make_records_of_other_addons(cls, env, values):
        """Create hidden records of models that are not installed with this addon."""
        return []

    def get_spec(self, model):
        nested = {"fields": {"display_name": {}}}
        return {
            name: nested if field.relational else {}
            for name, field in model._fields.items()
            if model._has_field_access(field, "read")
        }

    def get_values(self, model, field, record):
        """Return each way in which a client can link the record."""
        if field.type == "many2one":
            return [record.id]
        nested = [
            [Command.create({name: record.id})]
            for name, sub in self.env[field.comodel_name]._fields.items()
            if sub.type == "many2one" and sub.comodel_name == record._name
        ]
        return [[Command.link(record.id)], [Command.set(record.ids)], *nested]

    def get_odd_values(self, model, field, record):
        """Return the ways to link the record that Odoo's client does not use."""
        odd = [str(record.id), float(record.id), [record.id, "x"], {"id": record.id}]
        if field.type == "many2one":
            return odd
        links = [value for id_ in odd for value in ([id_], [[Command.LINK, id_]])]
        sets = [*([id_] for id_ in odd), {record.id: 1}, str(record.id)]
        # Odoo ignores what follows
        usual = self.get_values(model, field, record)
        longer = [[[*command, 0, 0][:4]] for (command,) in usual]
        return [*links, *([[Command.SET, 0, ids]] for ids in sets), *longer]

    def call(self, model, method, *args, **kwargs):
        """Return what the client sees: the result, or the error."""
        try:
            with mute_logger("odoo.addons.base.models.ir_rule", "odoo.sql_db"):
                with mute_logger("odoo.orm.models", "odoo.addons.base.models.ir_model"):
                    with self.env.cr.savepoint():
                        return call_kw(model, method, list(args), kwargs)
        except Exception as error:
            return error
        finally:
            self.env.invalidate_all()

    def get_base(self, model):
        """Return values to create a record of the model, except for the relation."""
        base = {
            "fault.report": {"name": "It squeaks", "equipment_id": self.lift.id},
            "fault.report.note": {"name": "Seen", "report_id": self.own.id},
            "fault.report.point": {
                "name": "Noise",
                "type": "text",
                "report_id": self.own.id,
            },
            "maintenance.equipment": {"name": "New", "facility_id": self.wing.id},
        }
        return base.get(model._name, {"name": "New"} if "name" in model._fields else {})

    def get_answers(self, model, field, record):
        """Return the result of each public method for one relation and record."""
        spec = self.get_spec(model)
        name = field.name
        base = self.get_base(model)
        kept = {key: value for key, value in base.items() if key != name}
        for value in self.get_values(model, field, record):
            values = {**kept, name: value}
            named = model.with_context(**{f"default_{name}": value})
            yield self.call(model, "onchange", [], {name: value}, [name], spec)
            yield self.call(model, "onchange", [], {name: value}, ["name"], spec)
            yield self.call(model, "onchange", [], {name: value}, [], spec)
            yield self.call(named, "onchange", [], {}, [], spec)
            yield self.call(named, "default_get", [name])
            yield self.call(named, "create", [kept])
            yield self.call(model, "create", [values])
            yield self.call(model, "web_save", [], values, spec)
            mine = model.browse(self.mine.get(model._name))
            if mine:
                yield self.call(
                    model, "onchange", mine.ids, {name: value}, [name], spec
                )
                yield self.call(model, "write", mine.ids, {name: value})
                yield self.call(model, "web_save", mine.ids, {name: value}, spec)
        if field.type == "many2one":
            keys = list(kept)
            texts = ["Lift" if key == "equipment_id" else kept[key] for key in keys]
            columns = [*keys, f"{name}/.id"]
            yield self.call(model, "load", columns, [[*texts, str(record.id)]])

    def get_odd_answers(self, model, field, record):
        """Return the result of creating and changing records with odd values."""
        name, base = field.name, self.get_base(model)
        spec = self.get_spec(model)
        for value in self.get_odd_values(model, field, record):
            yield self.call(model, "onchange", [], {name: value}, [name], spec)
            yield self.call(model, "create", [{**base, name: value}])
            yield self.call(
                model, "write", self.mine.get(model._name) or [], {name: value}
            )

    def check_relations_of(self, user, get_answers=None):
        self.own = self.make_report(name="Own")
        note = self.own.note_ids.create(
            {"report_id": self.own.id, "name": "Seen", "user_id": user.id}
        )
        self.mine = {
            "fault.report": self.own.id,
            "fault.report.note": note.id,
            "maintenance.equipment": self.lift.id,
            "res.partner": self.janitor.id,
        }
        self.env.flush_all()
        walked = 0
        for model, field, record in self.get_cases(user):
            with self.subTest(model._name, field=field.name, record=record._name):
                for answer in (get_answers or self.get_answers)(model, field, record):
                    self.assertNotIn(MARKER, str(answer))
                self.assertFalse(self.find_linked(model, field, record))
            walked += 1
        return walked

    def find_linked(self, model, field, record):
        """Return new or changed records that link to the record now."""
        if not field.store:
            return model.browse()
        mine = model.sudo().browse(self.mine.get(model._name))
        found = model.sudo().search(
            [("create_uid", "=", model.env.uid), (field.name, "in", record.ids)]
        )
        return found + mine.filtered(lambda one: record in one[field.name])

    def test_r70_who_files_reports_cannot_name_what_they_cannot_read(self):
        self.assertGreater(self.check_relations_of(self.people["create"]), 10)

    def test_r70_who_edits_reports_cannot_name_what_they_cannot_read(self):
        self.assertGreater(self.check_relations_of(self.people["edit"]), 20)

    def test_r70_an_administrator_of_one_company_names_nothing_of_another(self):
        self.assertGreater(self.check_relations_of(self.people["administrator"]), 30)

    def test_r70_an_id_that_is_written_oddly_links_nothing_that_is_hidden(self):
        """Odoo stores “7” and 7.0, but its checks and ours see no record then."""
        for name, least in {"create": 10, "administrator": 30}.items():
            walked = self.check_relations_of(self.people[name], self.get_odd_answers)
            self.assertGreater(walked, least)

    def test_r70_a_line_is_filled_in_with_its_form_around_it(self):
        """Odoo's client sends the values of the form as those of the relation."""
        report = self.make_report()
        editor = self.people["edit"]
        Note = self.env["fault.report.note"].with_user(editor)
        for form, is_refused in (
            ({"id": report.id, "name": "x", "facility_id": self.wing.id}, False),
            ({"name": "x", "note_ids": [[0, "virtual_1", {"name": "y"}]]}, False),
            ({"id": self.hidden["fault.report"].id}, True),
            ({"id": str(report.id)}, True),
            ({"id": report.id, "facility_id": self.hidden["res.partner"].id}, True),
            ({"facility_id": {"id": self.hidden["res.partner"].id}}, True),
        ):
            values = {"report_id": form, "name": "Seen"}
            answer = self.call(Note, "onchange", [], values, ["name"], {"name": {}})
            with self.subTest(form=form):
                self.assertEqual(isinstance(answer, AccessError), is_refused, answer)

    def test_r70_every_model_of_ours_checks_what_its_relations_name(self):
        guard = self.env.registry["fault.report.reference.mixin"]
        for name, model in self.env.registry.items():
            is_ours = name.startswith("fault.report") and not model._abstract
            if is_ours and any(
                field.relational and field.name not in ("create_uid", "write_uid")
                for field in model._fields.values()
            ):
                with self.subTest(name):
                    self.assertTrue(issubclass(model, guard))

    def test_r70_a_count_reveals_nothing_of_another_company_s_reports(self):
        self.make_report(equipment_id=self.fan.id)
        self.env["fault.report"].create(
            {
                "name": MARKER,
                "company_id": self.other_company.id,
                "equipment_id": self.fan.id,
            }
        )
        Report = self.env["fault.report"].with_user(self.people["create"])
        answer = Report.onchange(
            {"equipment_id": self.fan.id},
            ["equipment_id"],
            {"equipment_fault_count": {}, "open_on_equipment_count": {}},
        )
        self.assertEqual(set(answer["value"].values()), {1})

    def test_r70_a_new_report_is_not_linked_to_what_its_author_cannot_read(self):
        """Not either where it only follows from an object that they can read."""
        owner = self.env["res.partner"].create({"name": MARKER, "is_company": True})
        house = self.env["res.partner"].create(
            {
                "name": MARKER,
                "parent_id": owner.id,
                "type": "delivery",
                "is_facility": True,
            }
        )
        lift = self.env["maintenance.equipment"].create(
            {"name": "Lift of theirs", "company_id": False, "facility_id": house.id}
        )
        values = {"name": "It stands still", "equipment_id": lift.id}
        Report = self.env["fault.report"].with_user(self.people["create"])
        self.assertEqual(Report.create(values).sudo().partner_id, owner)
        self.env["ir.rule"].create(
            {
                "name": "Kept secret",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "domain_force": f"[('name', '!=', '{MARKER}')]",
            }
        )
        with self.assertRaises(AccessError):
            Report.create(values)

    def test_r70_what_a_report_is_linked_to_may_stay(self):
        report = self.make_report()
        self.hotel.company_id = self.wing.company_id = self.other_company
        editing = report.with_user(self.people["edit"])
        self.assertFalse(self.hotel.with_user(self.people["edit"]).has_access("read"))
        editing.write({"name": "Renamed"})
        editing.onchange(
            {"partner_id": self.hotel.id, "name": "Again"},
            ["name"],
            {"partner_id": {}, "name": {}},
        )
        with self.assertRaises(AccessError):
            editing.partner_id = self.customer
