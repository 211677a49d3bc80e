import ast
from ast import literal_eval
from contextlib import suppress

from lxml import etree

from odoo.exceptions import UserError
from odoo.tests import Form, new_test_user
from odoo.tools import convert_file
from odoo.tools.safe_eval import safe_eval

from .common import FaultReportCommon

# The ends of what can be entered in a field of each type; all can be emptied
ENDS = {
    "datetime": ("0001-01-01 00:00:00", "9999-12-31 23:59:59"),
    "date": ("0001-01-01", "9999-12-31"),
    "integer": (-(2**31), 2**31 - 1),
    "float": (-1e15, 1e15, 1e300),
}


class TestViews(FaultReportCommon):
    def get_views(self, *permissions):
        """Return the views for a user with these permissions, or with only View."""
        user = self.users[permissions[0]] if permissions else self.users["view"]
        for name in permissions[1:]:
            user.group_ids += self.env.ref(f"fault_report.group_{name}")
        Report = self.env["fault.report"].with_user(user)
        views = Report.get_views(
            [(False, kind) for kind in ("list", "form", "kanban", "search")]
        )["views"]
        return {kind: view["arch"] for kind, view in views.items()}

    def test_r28_without_a_status_the_field_is_nowhere_visible(self):
        self.env["fault.report.status"].search([]).active = False
        for kind, arch in self.get_views().items():
            self.assertNotRegex(arch, "status_id|by_status|field.*status_color", kind)

    def test_r28_with_a_status_the_field_is_visible_everywhere(self):
        self.env["fault.report.status"].create({"name": "Urgent"})
        for kind, arch in self.get_views().items():
            self.assertRegex(arch, "status_id|by_status", kind)

    def test_r76_the_colour_of_the_status_shows(self):
        """As a stripe on rows and cards, and as a badge on the form."""
        self.env["fault.report.status"].create({"name": "Urgent", "color": 3})
        views = {kind: etree.fromstring(a) for kind, a in self.get_views().items()}
        self.assertEqual(views["kanban"].get("highlight_color"), "status_color")
        self.assertEqual(views["list"].get("js_class"), "fault_report_list")
        for kind in ("list", "kanban", "form"):
            [badge] = views[kind].xpath("//field[@name='status_id'][@widget='badge']")
            self.assertIn("'color_field': 'status_color'", badge.get("options"), kind)
            self.assertIsNotNone(views[kind].find(".//field[@name='status_color']"))

    def test_r77_statuses_of_work_orders_do_not_count(self):
        self.env["fault.report.status"].search([]).active = False
        self.env["fault.report.status"].create({"name": "X", "usage": "work_order"})
        self.assertNotIn("status_id", self.get_views()["form"])

    def test_r50_buttons_are_offered_to_those_who_may(self):
        def buttons(name):
            arch = self.as_user(self.env["fault.report"], name).get_view(
                view_type="form"
            )["arch"]
            return {
                button
                for button in ("action_assign", "action_generate_work_order")
                if f'name="{button}"' in arch
            }

        self.assertEqual(buttons("view"), set())
        self.assertEqual(buttons("edit"), {"action_assign"})
        self.assertEqual(buttons("convert"), {"action_generate_work_order"})

    def test_r49_uploads_and_buttons_are_for_a_saved_report(self):
        arch = etree.fromstring(self.get_views("edit", "convert")["form"])
        for button in arch.find("header").iter("button"):
            condition = button.get("invisible")
            hidden = {"id": False, "state": "new", "outcome": False}
            hidden |= {"has_work_order": False, "has_sale_order": False}
            with self.subTest(button=button.get("name")):
                self.assertTrue(safe_eval(condition, hidden))
        new = self.as_user(self.env["fault.report"], "edit").new()
        self.assertFalse(new.can_add_files)
        self.assertTrue(self.as_user(self.make_report(), "edit").can_add_files)

    def test_r13_r14_r15_r17_the_default_filters_can_be_removed(
        self,
    ):
        """Each is a separate facet: removing one adds only its reports."""
        Report = self.as_user(self.env["fault.report"], "view")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "fault_report.action_fault_report"
        )
        waiting, cancelled, solved, converted = (self.make_report() for _i in range(4))
        cancelled.action_cancel("No")
        solved.action_solve("Yes")
        converted.action_generate_work_order()
        arch = (
            self.env["ir.ui.view"].search([("name", "=", "fault.report.search")]).arch
        )
        reports = waiting | cancelled | solved | converted

        def shown(*names):

            domain = [("id", "in", reports.ids)]
            for name in names:
                node = etree.fromstring(arch.encode()).find(
                    f".//filter[@name='{name}']"
                )
                domain += literal_eval(node.get("domain"))
            return Report.search(domain)

        names = ("not_converted", "not_cancelled", "not_solved")
        for name in names:
            self.assertIn(f'"search_default_{name}": 1', action["context"])
        self.assertEqual(shown(*names), waiting)
        self.assertEqual(shown("not_cancelled", "not_solved"), waiting | converted)
        self.assertEqual(shown("not_converted", "not_solved"), waiting | cancelled)
        self.assertEqual(shown("not_converted", "not_cancelled"), waiting | solved)
        self.assertEqual(shown(), reports)

    def test_r2_r22_r23_each_way_in_opens_a_prefilled_form(
        self,
    ):
        creator = self.users["create"]
        for action, customer in (
            (self.lift.with_user(creator).action_add_fault_report(), self.hotel),
            (self.hotel.with_user(creator).action_make_fault_report(), self.hotel),
            (self.ward.with_user(creator).action_make_fault_report(), self.hospital),
        ):
            form = Form(
                self.env[action["res_model"]]
                .with_user(creator)
                .with_context(**action["context"])
            )
            self.assertEqual(form.partner_id, customer)

    def test_r3_the_counts_are_exact(self):
        self.make_report()
        self.make_report().action_cancel("No fault")
        self.make_report(equipment_id=self.fan.id)
        self.assertEqual(self.as_user(self.lift, "view").fault_report_count, 2)
        self.assertEqual(self.as_user(self.hotel, "view").fault_report_count, 3)
        self.assertEqual(self.as_user(self.wing, "view").fault_report_count, 2)
        self.assertEqual(self.as_user(self.ward, "view").fault_report_count, 0)

    def offered(self, field, **values):
        """Return the records that the form offers for a field, given these values."""
        Report = self.as_user(self.env["fault.report"], "create")
        blank = dict.fromkeys(("partner_id", "facility_id", "equipment_id"), False)
        blank["company_id"] = self.company.id
        domain = Report.fields_get([field])[field]["domain"]
        if isinstance(domain, str):
            domain = safe_eval(domain, {**blank, **values})
        return self.env[Report._fields[field].comodel_name].search(domain)

    def test_r27_exactly_the_contacts_of_customer_and_facility_are_offered(self):
        hotel = {"partner_id": self.hotel.id}
        self.assertEqual(self.offered("contact_id", **hotel), self.manager)
        self.assertEqual(
            self.offered("contact_id", **hotel, facility_id=self.wing.id),
            self.manager | self.janitor,
        )
        self.assertFalse(self.offered("contact_id", partner_id=self.hospital.id))
        self.assertFalse(self.offered("contact_id"))

    def test_r26_exactly_the_facilities_of_the_customer_are_offered(self):
        self.assertEqual(
            self.offered("facility_id", partner_id=self.hotel.id),
            self.wing | self.garage,
        )

    def test_r31_exactly_the_objects_of_the_facility_or_customer_are_offered(self):
        hotel = {"partner_id": self.hotel.id}
        self.assertEqual(
            self.offered("equipment_id", **hotel, facility_id=self.wing.id), self.lift
        )
        self.assertEqual(self.offered("equipment_id", **hotel), self.lift | self.fan)

    def test_r19_objects_are_found_by_name_number_customer_and_facility(self):
        self.lift.serial_no = "SN-4711"
        action = self.env.ref("fault_report.action_service_object")
        Equipment = self.as_user(self.env["maintenance.equipment"], "view")
        arch = Equipment.get_view(action.search_view_id.id, "search")["arch"]
        field = etree.fromstring(arch).find("field")
        for words in (self.lift.name, "N-47", self.hotel.name, self.wing.name):
            with self.subTest(words):
                domain = safe_eval(field.get("filter_domain"), {"self": words})
                self.assertIn(self.lift, Equipment.search(domain))
        domain = safe_eval(field.get("filter_domain"), {"self": "Nowhere at all"})
        self.assertFalse(Equipment.search(domain))

    def test_each_column_of_the_service_objects_is_there_once(self):
        """Also after an update: the list inherited that of Maintenance before."""
        view = self.env.ref("fault_report.service_object_view_list")
        old = self.env.ref("maintenance.hr_equipment_view_tree")
        view.write({"inherit_id": old.id, "mode": "primary"})
        convert_file(
            self.env,
            "fault_report",
            "views/maintenance_equipment_views.xml",
            {},
            mode="update",
        )
        Equipment = self.as_user(self.env["maintenance.equipment"], "view")
        arch = etree.fromstring(Equipment.get_view(view.id, "list")["arch"])
        names = [node.get("name") for node in arch.iter("field")]
        self.assertEqual(len(names), len(set(names)), names)

    def test_the_customer_is_not_repeated_in_the_facility_of_an_object(self):
        Equipment = self.as_user(self.env["maintenance.equipment"], "view")
        views = self.env["ir.ui.view"].search(
            [("model", "=", "maintenance.equipment"), ("type", "in", ("form", "list"))]
        )
        facilities = [
            (view.name, field)
            for view in views.filtered(lambda view: view.mode == "primary")
            for field in etree.fromstring(
                Equipment.get_view(view.id, view.type)["arch"]
            ).iterfind(".//field[@name='facility_id']")
        ]
        self.assertGreater(len(facilities), 3)
        for name, field in facilities:
            with self.subTest(view=name):
                self.assertIn("fault_report_short_name", field.get("context", ""))

    def test_r32_a_new_object_is_linked_to_customer_and_facility(self):
        arch = etree.fromstring(self.get_views()["form"])
        context = arch.find(".//field[@name='equipment_id']").get("context")
        values = {"partner_id": self.hotel.id, "facility_id": self.wing.id}
        form = Form(
            self.as_user(self.env["maintenance.equipment"], "create").with_context(
                **safe_eval(context, {**values, "company_id": self.company.id})
            )
        )
        form.name = "New lift"
        equipment = form.save()
        self.assertEqual(equipment.customer_id, self.hotel)
        self.assertEqual(equipment.facility_id, self.wing)

    def test_r11_every_stored_column_sorts_both_ways(self):
        self.env["fault.report.status"].create({"name": "Urgent"})
        self.make_report()
        Report = self.as_user(self.env["fault.report"], "view")
        arch = etree.fromstring(Report.get_view(view_type="list")["arch"])
        names = {node.get("name") for node in arch.iter("field")}
        stored = [name for name in names if Report._fields[name].store]
        self.assertGreater(len(stored), 15)
        for name in stored:
            if Report._fields[name].type == "one2many":
                continue
            for direction in ("asc", "desc"):
                with self.subTest(column=name, direction=direction):
                    self.assertTrue(Report.search([], order=f"{name} {direction}"))

    def test_r12_the_user_chooses_the_columns(self):
        arch = etree.fromstring(self.get_views()["list"])
        fixed = {
            node.get("name")
            for node in arch.iter("field")
            if not node.get("optional") and not node.get("column_invisible")
        }
        self.assertEqual(fixed, {"name"})

    def test_r42_a_missing_order_number_is_a_dash_at_the_top(self):
        arch = etree.fromstring(self.get_views()["form"])
        title = arch.find(".//div[@class='oe_title']")
        number = title.find(".//field[@name='customer_order_ref']")
        self.assertEqual(number.get("invisible"), "not customer_order_ref")
        [dash] = [node for node in title.iter("span") if node.text == "–"]
        self.assertEqual(dash.get("invisible"), "customer_order_ref")

    def test_r34_reports_are_found_by_description_and_number(self):
        report = self.make_report(name="Rope makes a noise like a bird")
        Report = self.as_user(self.env["fault.report"], "view")
        for text in ("like a bird", report.reference):
            self.assertIn(report.id, [found[0] for found in Report.name_search(text)])

    def test_cards_have_every_field_that_their_choices_depend_on(self):
        """The browser reads the domain of a person on a card from the card's fields."""
        views = self.env["ir.ui.view"].search(
            [
                ("type", "=", "kanban"),
                ("mode", "=", "primary"),
                ("model", "like", "fault.report%"),
            ]
        )
        checked = set()
        for view in views:
            Model = self.env[view.model]
            arch = etree.fromstring(Model.get_view(view.id, "kanban")["arch"])
            fields = {node.get("name") for node in arch.iter("field")}
            for node in arch.xpath("//field[starts-with(@widget, 'many2one_avatar')]"):
                name = node.get("name")
                domain = Model.fields_get([name], ["domain"])[name].get("domain") or []
                tree = ast.parse(str(domain), mode="eval")
                needed = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
                self.assertLessEqual(needed - {"uid"}, fields, (view.name, name))
                checked.add((view.model, name))
        self.assertIn(("fault.report", "technician_id"), checked)

    def test_a_note_is_added_at_the_top_of_the_form(self):
        """By a technician on a phone: the list of notes is two screens below."""
        action = self.env.ref("fault_report.action_fault_report_note_add")
        button = f".//sheet//button[@name='{action.id}']"
        for name, offered in (("view", False), ("create", False), ("edit", True)):
            form = etree.fromstring(self.get_views(name)["form"])
            self.assertEqual(form.find(button) is not None, offered, name)
        report = self.make_report()
        Note = self.env["fault.report.note"].with_user(self.technician)
        with Form(Note.with_context(default_report_id=report.id), action.view_id) as f:
            f.name = "Tightened the bracket"
            f.time_spent = 0.5
        self.assertEqual(report.note_ids.user_id, self.technician)
        self.assertEqual(report.time_spent, 0.5)

    def test_proposed_originals_are_cards_on_a_phone(self):
        """A list is wider than the screen, and hides the button that chooses."""
        arch = etree.fromstring(self.env["fault.report.duplicate"].get_view()["arch"])
        [proposals] = arch.xpath("//field[@name='proposal_ids']")
        self.assertEqual(proposals.get("mode"), "list,kanban")
        for kind in ("list", "kanban"):
            [button] = proposals.xpath(f"{kind}//button[@name='action_be_original']")
            self.assertIn("parent.report_ids", button.get("context"), kind)

    # === WHAT IS ENTERED === #

    def test_whatever_is_entered_in_a_form_raises_no_technical_error(self):
        """Every field of every form is emptied, and filled with its extremes."""
        self.env["fault.report.sla.policy"].create({"name": "All", "response_hours": 1})
        boss = new_test_user(
            self.env, "fault_typist", groups="fault_report.group_administrator"
        )
        report = self.make_report().with_user(boss)
        forms = self.env["ir.ui.view"].search([("type", "=", "form")])
        models = {name for name in forms.mapped("model") if name in self.env}
        for name in sorted(one for one in models if one.startswith("fault.report")):
            model = self.env[name].with_user(boss)
            if model.has_access("create"):
                self.fill_form(model)
        self.fill_form(report)

    def fill_form(self, record):
        """Change each field of a form alone, as its page does."""
        model = record._name
        fields_ = record.get_views([(False, "form")])["models"][model]["fields"]
        spec = {name: {} for name in fields_}
        new = {} if record else record.onchange({}, [], spec)["value"]
        new = {name: new[name] for name in new if not isinstance(new[name], list)}
        for name, field in fields_.items():
            for value in (False, *ENDS.get(field["type"], ())):
                if field["type"].endswith("2many") or field.get("readonly"):
                    continue
                with self.subTest(model, field=name, value=value), suppress(UserError):
                    record.onchange({**new, name: value}, [name], spec)

    def test_a_report_without_a_countable_date_is_refused_in_words(self):
        self.env["fault.report.sla.policy"].create({"name": "All", "response_hours": 1})
        values = {"name": "X", "partner_id": self.hotel.id}
        reports = self.as_user(self.env["fault.report"], "create")
        for date in (
            "0001-01-01 00:00:00",
            "1969-12-31 23:59:59",
            "9999-12-31 23:59:59",
        ):
            with self.subTest(date), self.assertRaises(UserError):
                reports.create({**values, "reported_at": date})
            report = self.as_user(self.make_report(), "edit")
            with self.subTest(date, kind="write"), self.assertRaises(UserError):
                report.reported_at = date

    def test_the_help_of_a_point_is_proposed_for_all_who_are_asked(self):
        """Reporters read it as well: what is asked of them has it behind the “?”."""
        Point = self.as_user(self.env["fault.report.template.point"], "view")
        arch = etree.fromstring(Point.get_view(view_type="form")["arch"])
        [field] = arch.xpath("//field[@name='help']")
        expected = Point.fields_get(["help"])["help"]["help"]
        self.assertEqual(field.get("placeholder"), expected)
