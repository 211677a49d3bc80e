"""A work order or quotation keeps all data of its report: one test for every kind."""

import base64
import copy
import re
from collections import Counter
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import new_test_user
from odoo.tools import html2plaintext

from odoo.addons.fault_report.tools.context_switches import with_own_context

from .common import noted_queries

# The keys of the context that a conversion sets
KEPT = ("mail_notify_force_send", "mail_auto_subscribe_no_notify")
# Odoo's own work for a new record must not hide the additional cost of converting.
MAX_QUERIES = 6
# Of a whole request, which locks the report and reads it, links the order, writes the
# report, two notes and the new state, and signals the badge
MAX_QUERIES_OF_REQUEST = 6
# What else a kind looks up: whether customers see the project; the addresses of the
# customer and the facility, one after the other; the location, and the object
LOOKUPS = {"project.task": 1, "sale.order": 1, "fsm.order": 2}
# The worker who the technician is, and the companies of the technician
LOOKUPS_OF_TECHNICIAN = {"fsm.order": 2}


class NoLoss:
    """Inherit together with `FaultReportCommon`, once per kind of order.

    `get_native` returns the expected values of the order's own fields. All other data
    of the report has to appear in the texts of the order.
    """

    kind = None
    groups = "fault_report.group_convert"
    method = "action_generate_work_order"
    # Lookups that converting needs in addition to a plain create
    defaults = ()
    # Queries for values that a user would choose on the form
    lookups = 0
    title_field = "name"
    description_field = "description"
    # Data hidden from customers has its own field
    internal_field = "fault_report_internal_note"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if cls.kind != "sale.order":
            cls.company.fault_report_work_order_model = cls.kind
        cls.converter = new_test_user(cls.env, "fault_converter", groups=cls.groups)
        cls.wing.write({"street": "Harbour Road 7", "city": "Northport"})
        cls.janitor.phone = "+1 555 010"
        Status = cls.env["fault.report.status"]
        cls.status, cls.namesake = Status.create(
            [
                {"name": "Very urgent", "usage": "fault_report"},
                {"name": " VERY  Urgent", "usage": "work_order"},
            ]
        )
        cls.subgroup = cls.env["fault.report.subgroup"].create({"name": "Lifts"})
        cls.prepare_kind()

    @classmethod
    def prepare_kind(cls):
        """Create what the kind needs: a project, a stage…"""

    def get_native(self, report):
        """Return the expected values of the order's own fields, by name."""
        raise NotImplementedError

    def get_texts(self, report):
        """Return the texts expected on the order, by field of the report."""
        return {
            "name": report.name,
            "reference": report.reference,
            "partner_id": "Hotel",
            "facility_id": "Harbour Road 7",
            "contact_id": "Janitor",
            "contact phone": "+1 555 010",
            "equipment_id": "Lift",
            "comment": "The door squeaks",
            "cost_center": "WING-7",
            "customer_order_ref": "PO-1",
            "technician_id": self.technician.name,
            "time_spent": "1.5",
            "point_ids": "Oil level: low",
        }

    def make_full_report(self, **values):
        """Return a report with all fields set."""
        report = self.make_report(
            name="It stands still",
            contact_id=self.janitor.id,
            comment="The door squeaks",
            customer_order_ref="PO-1",
            technician_id=self.technician.id,
            status_id=self.status.id,
            subgroup_id=self.subgroup.id,
            priority="2",
            point_ids=[
                (0, 0, {"name": "Oil level", "type": "text", "value_text": "low"}),
                (
                    0,
                    0,
                    {
                        "name": "Key",
                        "type": "text",
                        "value_text": "at the bar",
                        "internal": True,
                    },
                ),
            ],
            note_ids=[(0, 0, {"name": "Looked at it", "time_spent": 1.5})],
            **values,
        )
        self.env["ir.attachment"].create(
            {
                "name": "photo.txt",
                "datas": base64.b64encode(b"a photo" * 100),
                "res_model": report._name,
                "res_id": report.id,
            }
        )
        return report

    def convert(self, report):
        """Convert as a user with the permission; return the order."""
        action = getattr(report.with_user(self.converter), self.method)()
        self.assertEqual(action["res_model"], self.kind)
        return self.env[self.kind].browse(action["res_id"])

    def read_texts(self, order):
        """Return the texts of the order that customers may read."""
        return html2plaintext(order[self.description_field] or "")

    def read_order(self, order):
        return " ".join([order[self.title_field], self.read_texts(order)])

    def test_r60_nothing_of_the_report_is_lost(self):
        report = self.make_full_report()
        order = self.convert(report)
        for name, expected in self.get_native(report).items():
            self.assertEqual(order[name], expected, name)
        text = self.read_order(order)
        for name, expected in self.get_texts(report).items():
            self.assertIn(expected, text, name)

    def test_r60_the_documents_go_along_without_a_second_copy(self):
        report = self.make_full_report()
        order = self.convert(report)
        of = [("res_id", "=", order.id), ("res_model", "=", self.kind)]
        carried = self.env["ir.attachment"].search(of)
        files = self.env["ir.attachment"].search(
            [("res_id", "=", report.id), ("res_model", "=", report._name)]
        )
        self.assertEqual(carried.name, "photo.txt")
        self.assertEqual(carried.store_fname, files.store_fname)

    def test_r61_both_link_to_each_other(self):
        report = self.make_full_report()
        order = self.convert(report)
        self.assertEqual(order.fault_report_ids, report)
        self.assertEqual(report._get_order_of(self.kind), order)
        back = order.with_user(self.converter).action_view_fault_reports()
        self.assertEqual(back["res_id"], report.id)
        link = 'data-oe-model="{}" data-oe-id="{}"'
        for record, other in ((report, order), (order, report)):
            bodies = "".join(record.message_ids.mapped("body"))
            self.assertIn(link.format(other._name, other.id), bodies)

    def test_r36_r60_what_is_internal_is_not_where_customers_may_read(self):
        report = self.make_full_report(comment_internal=True)
        order = self.convert(report)
        text = self.read_texts(order)
        self.assertNotIn("squeaks", text)
        self.assertNotIn("at the bar", text)
        if self.internal_field:
            internal = html2plaintext(order[self.internal_field])
            self.assertIn("The door squeaks", internal)
            self.assertIn("Key: at the bar", internal)

    def test_r66_a_second_click_makes_no_second_one(self):
        report = self.make_full_report()
        self.assertEqual(self.convert(report), self.convert(report))

    def test_converting_costs_at_most_6_queries_more_than_a_create(self):
        first, second, third = (self.make_full_report() for _number in range(3))
        self.convert(first)  # warms the caches
        values = self.prepare_values(second.with_user(self.converter))
        for name in self.defaults:
            values.pop(name)
        # Converting must not notify the technician of the order as well
        Order = self.env[self.kind].with_user(self.converter)
        Order = Order.with_context(mail_auto_subscribe_no_notify=True)
        Order.create({**values})
        create = self.count_queries(lambda: Order.create({**values}))
        # Like an open form that has read the report
        third.with_user(self.converter).read(["name", "state", "work_order_id"])
        convert = self.count_queries(lambda: self.convert(third))
        self.assertLessEqual(convert - create, MAX_QUERIES + self.lookups)

    def prepare_values(self, report):
        return report._prepare_work_order_values(self.kind)

    def count_queries(self, act):
        self.env.flush_all()
        before = self.env.cr.sql_log_count
        act()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before


class NoLossOfWorkOrder(NoLoss):
    """Rules for every kind of work order."""

    def get_native(self, report):
        return {
            "custom_status_id": self.namesake,
            "subgroup_id": self.subgroup,
            "company_id": report.company_id,
        }

    def test_r59_this_kind_can_be_chosen_where_another_one_is_usual(self):
        if self.kind != "maintenance.request":
            self.company.fault_report_work_order_model = "maintenance.request"
        report = self.make_full_report().with_user(self.converter)
        action = report.action_open_convert_dialog()
        dialog = report.env[action["res_model"]].with_context(**action["context"])
        dialog.create({"kind": self.kind}).action_confirm()
        self.assertEqual(report.work_order_model, self.kind)

    # Those of this kind: a field of the start, of the end, or of both
    def assertPlannedAlike(self, report, order):
        start_name, end_name = order._get_work_order_plan_fields()
        self.assertTrue(start_name or end_name)
        if start_name:
            self.assertEqual(order[start_name], report.planned_start)
        if end_name:
            self.assertEqual(order[end_name], report.planned_end)

    def make_planned_order(self):
        report = self.make_report(
            technician_id=self.technician.id,
            planned_start="2031-03-04 08:00:00",
            planned_end="2031-03-04 10:30:00",
        )
        self.converter.group_ids += self.env.ref("fault_report.group_edit")
        order = self.convert(report).with_user(self.converter)
        return report.with_user(self.converter), order

    def test_the_work_order_is_planned_like_its_report(self):
        self.assertPlannedAlike(*self.make_planned_order())

    def test_a_new_plan_of_the_report_plans_the_work_order(self):
        report, order = self.make_planned_order()
        report.planned_start = "2031-03-05 12:00:00"
        self.assertEqual(str(report.planned_end), "2031-03-05 13:00:00")
        self.assertPlannedAlike(report, order)

    def test_a_new_plan_of_the_work_order_plans_the_report(self):
        report, order = self.make_planned_order()
        names = order._get_work_order_plan_fields()
        dates = "2031-03-06 09:00:00", "2031-03-06 11:30:00"
        order.write({k: v for k, v in zip(names, dates, strict=True) if k})
        self.assertPlannedAlike(report, order)
        self.assertEqual(str(report.planned_start), dates[0])
        self.assertEqual(str(report.planned_end), dates[1])

    def test_a_report_without_a_plan_becomes_an_order_and_loses_a_plan(self):
        report, order = self.make_planned_order()
        report.planned_start = False
        self.assertFalse(report.planned_end)
        for name in filter(None, order._get_work_order_plan_fields()):
            if not order._fields[name].required:
                self.assertFalse(order[name])
        self.assertTrue(self.convert(self.make_report()))

    def test_only_who_may_write_the_order_plans_its_report(self):
        report, order = self.make_planned_order()
        names = [*filter(None, order._get_work_order_plan_fields())]
        before = order.read(names)
        planner = new_test_user(self.env, "planner", groups="fault_report.group_edit")
        with self.assertRaisesRegex(AccessError, "you may not plan"):
            report.with_user(planner).planned_start = "2031-03-05 12:00:00"
        order.invalidate_recordset()
        self.assertEqual(order.read(names), before)

    def test_r97_who_does_the_work_is_known(self):
        order = self.convert(self.make_full_report())
        # The user notified of customers' messages needs no access to the order.
        self.assertEqual(order.sudo()._get_work_order_workers(), self.technician)

    def test_r60_a_technician_sees_the_report_at_the_top(self):
        report = self.make_full_report(comment_internal=True, is_emergency=True)
        summary = self.convert(report).with_user(self.converter).fault_report_summary
        text = html2plaintext(summary)
        words = ("EMERGENCY", "Janitor", "The door squeaks", "Lift")
        for expected in (*words, report.reference):
            self.assertIn(expected, text)


class ConversionCost:
    """Queries of a whole request that converts, for each kind that is installed.

    Beside a request that creates an order with the same values. Both start without any
    record in memory and end before the commit, as a request of the web client does.
    Inherit together with `FaultReportCommon`.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        kinds = cls.env["fault.report"]._get_work_order_models()
        cls.kinds = [*sorted(kinds), "sale.order"]
        rights = {cls.env[kind]._conversion_group for kind in cls.kinds}
        groups = {"fault_report.group_convert", *filter(None, rights)}
        cls.converter = new_test_user(
            cls.env, "cost_converter", groups=",".join(sorted(groups))
        )
        if "fault_report_project_id" in cls.company:
            cls.company.fault_report_project_id = cls.env["project.project"].create(
                {"name": "Service", "privacy_visibility": "employees"}
            )

    def note_queries(self, act):
        """Return the queries of a request that does this."""
        self.env.cr.flush()
        self.env.invalidate_all()
        self.env.cr.cache.clear()
        with noted_queries() as queries:
            act()
            self.env.cr.flush()
        return queries

    def convert(self, report, kind):
        report = report.with_user(self.converter)
        if kind == "sale.order":
            report.action_generate_sale_order()
        else:
            report.action_generate_work_order(kind)

    def get_creation(self, report, kind):
        """Convert the report; return a function that creates such an order again."""
        created = []
        Report = self.registry["fault.report"]
        generate = Report._generate_order

        def note(reports, model, values):
            created.append((with_own_context(reports, *KEPT).env, values))
            return generate(reports, model, values)

        with patch.object(Report, "_generate_order", note):
            self.convert(report, kind)
        [(env, values)] = created
        # As the conversion creates it, which has checked the right before
        return lambda: env[kind].sudo().create(copy.deepcopy(values))

    def assertCheap(self, kind, lookups, **values):
        reports = [self.make_report(**values) for _number in range(3)]
        create = self.get_creation(reports[0], kind)
        self.note_queries(create)
        bare = self.note_queries(create)
        self.note_queries(lambda: self.convert(reports[1], kind))
        found = self.note_queries(lambda: self.convert(reports[2], kind))
        self.assertTrue(reports[2]._get_order_of(kind))
        most = MAX_QUERIES_OF_REQUEST + lookups
        self.assertLessEqual(len(found) - len(bare), most, self.compare(bare, found))

    def compare(self, bare, found):
        """Return the beginnings of the queries that only one of the requests has."""
        bare, found = (
            Counter(
                re.sub(r"\d+", "0", " ".join(query.split()))[:150] for query in noted
            )
            for noted in (bare, found)
        )
        lines = [*(found - bare), "instead of", *(bare - found)]
        return "\n".join(lines)

    def test_a_request_that_converts_costs_at_most_6_queries_more_than_its_order(self):
        for kind in self.kinds:
            with self.subTest(kind):
                self.assertCheap(kind, LOOKUPS.get(kind, 0))

    def test_the_same_with_a_technician_who_wants_no_message(self):
        self.technician.fault_report_notify_changed = "none"
        for kind in self.kinds:
            with self.subTest(kind):
                lookups = LOOKUPS.get(kind, 0) + LOOKUPS_OF_TECHNICIAN.get(kind, 0)
                self.assertCheap(kind, lookups, technician_id=self.technician.id)
