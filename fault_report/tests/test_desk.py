"""The list and the board of dispatchers."""

import io

from lxml import etree
from PIL import Image

from odoo.tests import Form, new_test_user
from odoo.tools.safe_eval import safe_eval

from .common import FaultReportCommon

MULTI_EDITED = {"priority", "status_id", "technician_id", "subgroup_id"}


class TestDesk(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["fault.report.status"].create({"name": "Waits for parts"})
        cls.dispatcher = new_test_user(
            cls.env,
            "fault_dispatcher",
            groups="fault_report.group_edit,fault_report.group_convert",
        )

    def get_arch(self, kind, name="view"):
        Report = self.as_user(self.env["fault.report"], name)
        return etree.fromstring(Report.get_view(view_type=kind)["arch"])

    def get_columns(self):
        """Return the columns of the list by their names, without hidden ones."""
        return {
            node.get("name"): node
            for node in self.get_arch("list").iter("field")
            if node.get("column_invisible") not in ("1", "True")
        }

    def test_urgent_reports_come_first_then_the_newest(self):
        for priority, day in (("0", 3), ("2", 1), ("0", 4), ("2", 2), ("1", 5)):
            self.make_report(
                name=f"{priority}-{day}", priority=priority
            ).reported_at = f"2026-01-0{day} 08:00:00"
        for kind in ("list", "kanban"):
            order = self.get_arch(kind).get("default_order")
            Report = self.as_user(self.env["fault.report"], "view")
            names = Report.search([], order=order).mapped("name")
            self.assertEqual(names, ["2-2", "2-1", "1-5", "0-4", "0-3"])

    def test_r11_every_stored_column_has_a_head_to_sort_by(self):
        columns = self.get_columns()
        self.assertGreater(len(columns), 20)
        described = self.env["fault.report"].fields_get(columns, ["sortable", "store"])
        for name, node in columns.items():
            with self.subTest(name):
                self.assertNotIn("nolabel", node.attrib)
                if described[name]["store"] and name != "activity_ids":
                    self.assertTrue(described[name]["sortable"])

    def test_many_reports_get_another_priority_status_technician_and_subgroup(self):
        """A click on a row changes nothing else."""
        arch = self.get_arch("list", "edit")
        self.assertEqual(arch.get("multi_edit"), "1")
        changed = {
            name
            for name, node in self.get_columns().items()
            if not node.get("readonly")
            and not self.env["fault.report"]._fields[name].readonly
        }
        self.assertEqual(changed - {"activity_ids"}, MULTI_EDITED)

    def get_bulk_actions(self, user):
        bindings = (
            self.env["ir.actions.actions"].with_user(user).get_bindings("fault.report")
        )
        return [
            action["name"]
            for action in bindings.get("action", ())
            if "list" in action["binding_view_types"].split(",")
        ]

    def test_r50_what_is_done_with_many_at_once_is_offered_to_those_who_may(self):
        self.assertEqual(self.get_bulk_actions(self.users["view"]), [])
        edit = ["Assign", "Solved", "Sign", "Cancel", "Duplicate of…", "Send"]
        self.assertEqual(self.get_bulk_actions(self.users["edit"]), edit)
        offered = self.get_bulk_actions(self.dispatcher)
        self.assertEqual(offered[:6], edit)
        self.assertEqual(len(offered), 10)
        for name in offered[6:]:
            self.assertIn("Generate", name)

    def run_bulk_action(self, name, reports):
        action = self.env.ref(f"fault_report.action_server_{name}").with_user(
            self.dispatcher
        )
        return action.with_context(
            active_model="fault.report", active_ids=reports.ids
        ).run()

    def test_many_are_closed_for_one_reason(self):
        for name, state in (("cancel", "cancelled"), ("solve", "solved")):
            reports = self.make_report() | self.make_report() | self.make_report()
            dialog = self.run_bulk_action(name, reports)
            Wizard = self.env[dialog["res_model"]].with_user(self.dispatcher)
            with Form(Wizard.with_context(**dialog["context"])) as form:
                form.reason = "Power was off"
            form.record.action_confirm()
            self.assertEqual(set(reports.mapped("state")), {state})
            self.assertEqual(set(reports.mapped("close_reason")), {"Power was off"})

    def test_what_many_have_become_is_opened_at_once(self):
        reports = self.make_report() | self.make_report()
        reports = reports.with_user(self.dispatcher)
        reports.action_convert_each()
        action = reports.action_view_work_order()
        orders = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(set(orders.ids), set(reports.mapped("work_order_id")))
        self.assertEqual(len(orders), 2)

    def test_the_first_photo_is_shown_small(self):
        report, other = self.make_report(), self.make_report()
        picture = io.BytesIO()
        Image.new("RGB", (4, 4)).save(picture, "PNG")
        self.env["ir.attachment"].create(
            {
                "name": "photo.png",
                "res_model": "fault.report",
                "res_id": report.id,
                "raw": picture.getvalue(),
            }
        )
        reports = self.as_user(report | other, "view")
        first, second = reports.mapped(lambda one: one.thumbnail_url)
        self.assertRegex(first, r"^/web/image/\d+\?width=\d+&height=\d+$")
        self.assertFalse(second)

    # === THE BOARD === #

    def read_columns(self, domain=(), groupby="technician_id"):
        Report = self.env["fault.report"].with_user(self.dispatcher)
        result = Report.with_context(read_group_expand=True).web_read_group(
            list(domain), [groupby], ["__count"]
        )
        return [(group[groupby], group["__count"]) for group in result["groups"]]

    def test_the_board_has_columns_for_unassigned_and_for_each_technician(
        self,
    ):
        idle = new_test_user(self.env, "idle", groups="fault_report.group_edit")
        new_test_user(self.env, "looks", groups="fault_report.group_view")
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        abroad = new_test_user(
            self.env,
            "abroad",
            groups="fault_report.group_edit",
            company_id=elsewhere.id,
            company_ids=[(6, 0, elsewhere.ids)],
        )
        self.assertEqual(
            self.get_arch("kanban").get("default_group_by"), "technician_id"
        )
        for _number in range(2):
            columns = self.read_columns()
            self.assertFalse(columns[0][0])
            ids = [user[0] for user, _count in columns[1:]]
            self.assertIn(idle.id, ids)
            self.assertIn(self.dispatcher.id, ids)
            self.assertNotIn(abroad.id, ids)
            self.assertNotIn("looks", [user[1] for user, _count in columns[1:]])
            self.make_report()
        self.assertEqual(columns[0][1], 1)
        label = self.env["fault.report"].fields_get(["technician_id"])
        self.assertEqual(label["technician_id"]["falsy_value_label"], "Unassigned")

    def test_the_column_of_what_is_unassigned_is_open(self):
        report = self.make_report()
        Report = self.env["fault.report"].with_user(self.dispatcher)
        result = Report.with_context(read_group_expand=True).web_read_group(
            [("id", "=", report.id)],
            ["technician_id"],
            ["__count"],
            auto_unfold=True,
            unfold_read_specification={"name": {}},
            unfold_read_default_limit=40,
        )
        first = result["groups"][0]
        self.assertFalse(first["technician_id"])
        self.assertEqual([one["id"] for one in first["__records"]], report.ids)

    def test_a_board_of_the_reports_of_some_has_no_columns_of_others(self):
        self.make_report().technician_id = self.technician
        columns = self.read_columns([("technician_id", "=", self.technician.id)])
        self.assertEqual([user[0] for user, _count in columns], self.technician.ids)

    def test_a_card_dropped_on_a_technician_is_assigned(self):
        report = self.make_report().with_user(self.dispatcher)
        report.web_save({"technician_id": self.technician.id}, {})
        self.assertEqual(report.state, "assigned")
        self.assertEqual(report.technician_id, self.technician)

    def test_r18_a_report_is_filed_on_the_board(self):
        view = self.env.ref("fault_report.fault_report_view_form_quick")
        arch = self.get_arch("kanban", "create")
        self.assertEqual(arch.get("on_create"), "quick_create")
        self.assertEqual(arch.get("quick_create_view"), view.xml_id)
        Report = self.as_user(self.env["fault.report"], "create")
        in_column = {"default_technician_id": self.technician.id}
        with Form(Report.with_context(**in_column), view) as form:
            form.name = "Quick"
            form.partner_id = self.hotel
        self.assertEqual(form.record.technician_id, self.technician)
        in_column = {"default_state": "solved"}
        with Form(Report.with_context(**in_column), view) as form:
            form.name = "Quick"
            form.partner_id = self.hotel
        self.assertEqual(form.record.state, "new")

    # === THE FORM === #

    def test_r94_the_form_shows_how_to_get_there_and_whom_to_call(self):
        report = self.make_report(contact_id=self.janitor.id)
        read = self.as_user(report, "view")
        self.assertFalse(read.place_address or read.place_map_url or read.reach_phone)
        self.hotel.write({"street": "Quay 1 & 2", "city": "Göteborg", "phone": "1"})
        self.env.invalidate_all()
        self.assertIn("Quay 1 & 2, Göteborg", read.place_address)
        self.assertIn("query=Quay+1+%26+2", read.place_map_url)
        self.assertEqual(read.reach_phone, "1")
        self.wing.write({"street": "Wing 7", "phone": "2"})
        report.write({"phone": "3", "email_from": "reporter@example.com"})
        self.env.invalidate_all()
        self.assertIn("Wing 7", read.place_address)
        self.assertEqual(read.reach_phone, "3")
        self.janitor.write({"phone": "4", "email": "janitor@example.com"})
        self.env.invalidate_all()
        self.assertEqual(
            (read.reach_phone, read.reach_email), ("4", "janitor@example.com")
        )

    def test_r94_the_work_order_shows_how_to_get_there_and_whom_to_call(self):
        self.wing.write({"street": "Wing 7", "city": "Lund", "phone": "070 1"})
        report = self.make_report().with_user(self.dispatcher)
        order = report._generate_work_order()
        summary = str(order.with_user(self.dispatcher).fault_report_summary)
        self.assertIn(str(report.place_map_url).replace("&", "&amp;"), summary)
        self.assertIn('href="tel:070 1"', summary)

    def test_r94_what_the_user_may_not_read_of_contacts_is_not_shown(self):
        self.janitor.phone = "070 1"
        report = self.make_report(contact_id=self.janitor.id)
        self.env.flush_all()
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.env.cr.execute(
            "UPDATE res_partner SET company_id = %s WHERE id = %s",
            [other.id, self.janitor.id],
        )
        self.env.invalidate_all()
        self.assertFalse(self.as_user(report, "view").reach_phone)

    def test_one_button_is_the_next_step(self):
        report = self.make_report()
        for name in ("edit", "convert"):
            arch = self.get_arch("form", name)
            for state in ("new", "assigned"):
                primary = [
                    button.get("name")
                    for button in arch.find("header").iter("button")
                    if "btn-primary" in button.get("class", "")
                    and not safe_eval(
                        button.get("invisible"),
                        {
                            "id": report.id,
                            "state": state,
                            "outcome": False,
                            "has_work_order": False,
                            "has_sale_order": False,
                            "has_other_kinds": True,
                        },
                    )
                ]
                self.assertLessEqual(len(primary), 1)

    def test_the_counted_faults_of_an_object_are_opened(self):
        report = self.make_report()
        self.make_report()
        old = self.make_report()
        old.reported_at = "2020-01-01 08:00:00"
        action = self.as_user(report, "view").action_view_equipment_faults()
        found = self.env["fault.report"].search_count(action["domain"])
        self.assertEqual(found, 2)
        self.assertEqual(found, self.as_user(report, "view").equipment_fault_count)

    # === ON A PHONE === #

    def test_a_phone_shows_one_list_of_cards(self):
        Report = self.as_user(self.env["fault.report"], "edit")
        for mobile, grouped in ((False, True), (True, False), (False, True)):
            views = Report.get_views([(False, "kanban")], {"mobile": mobile})
            arch = etree.fromstring(views["views"]["kanban"]["arch"])
            self.assertEqual("default_group_by" in arch.attrib, grouped)
            order = arch.get("default_order")
            self.assertTrue(order.startswith("is_emergency desc, priority desc"))

    def test_r44_a_note_on_a_phone_is_a_text_and_its_time(self):
        view = self.env.ref("fault_report.fault_report_note_view_form")
        notes = self.as_user(self.env["fault.report.note"], "edit")
        form = etree.fromstring(notes.get_view(view.id, "form")["arch"])
        shown = form.xpath("//field[not(@invisible)]")
        names = [node.get("name") for node in shown]
        self.assertEqual(names, ["name", "time_spent"])
        self.assertEqual(
            form.find(".//field[@name='time_spent']").get("widget"),
            "fault_report_quick_time",
        )
