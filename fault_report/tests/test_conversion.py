import base64

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user

from .common import FaultReportCommon


class TestConversion(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.salesman = new_test_user(
            cls.env,
            "fault_salesman",
            groups="fault_report.group_convert,sales_team.group_sale_salesman",
        )

    def test_r59_r60_r61_the_work_order_holds_the_report_and_both_link(
        self,
    ):
        report = self.make_report(
            comment="Door makes a noise", technician_id=self.technician.id, priority="2"
        )
        action = self.as_user(report, "convert").action_generate_work_order()
        work_order = self.env["maintenance.request"].browse(action["res_id"])
        self.assertEqual(report._get_work_order(), work_order)
        self.assertEqual(work_order.fault_report_ids, report)
        self.assertEqual(work_order.name, report.name)
        self.assertEqual(work_order.equipment_id, self.lift)
        self.assertEqual(work_order.user_id, self.technician)
        self.assertEqual(work_order.company_id, report.company_id)
        self.assertEqual(work_order.priority, "3")
        for text in ("Door makes a noise", "Hotel", "Wing", "WING-7"):
            self.assertIn(text, work_order.description)
        self.assertEqual(report.state, "converted")
        back = work_order.with_user(self.users["view"]).action_view_fault_reports()
        self.assertEqual(back["res_id"], report.id)

    def test_r64_the_customers_subgroup_follows_to_the_work_order(self):
        subgroup = self.env["fault.report.subgroup"].create({"name": "Lifts"})
        self.hotel.subgroup_id = subgroup
        report = self.make_report()
        self.as_user(report, "convert").action_generate_work_order()
        self.assertEqual(report._get_work_order().subgroup_id, subgroup)

    def test_the_team_of_the_object_comes_before_the_companys(self):
        team = self.env["maintenance.team"].create(
            {"name": "Lifts", "company_id": False}
        )
        self.lift.maintenance_team_id = team
        report = self.make_report()
        self.as_user(report, "convert").action_generate_work_order()
        self.assertEqual(report._get_work_order().maintenance_team_id, team)

    def test_r29_the_status_of_the_same_name_is_set_whatever_its_case_and_spaces(self):
        Status = self.env["fault.report.status"]
        status = Status.create({"name": "Very Urgent", "usage": "fault_report"})
        match = Status.create({"name": " very  URGENT", "usage": "work_order"})
        report = self.make_report(status_id=status.id)
        self.as_user(report, "convert").action_generate_work_order()
        self.assertEqual(report._get_work_order().custom_status_id, match)

    def test_r30_a_status_without_match_leaves_the_work_orders_own(self):
        status = self.env["fault.report.status"].create(
            {"name": "Odd", "usage": "fault_report"}
        )
        report = self.make_report(status_id=status.id)
        self.as_user(report, "convert").action_generate_work_order()
        self.assertFalse(report._get_work_order().custom_status_id)

    def test_r60_files_go_along_without_a_second_copy_on_disk(self):
        report = self.make_report()
        file = self.env["ir.attachment"].create(
            {
                "name": "photo.txt",
                "datas": base64.b64encode(b"a photo" * 1000),
                "res_model": report._name,
                "res_id": report.id,
            }
        )
        self.as_user(report, "convert").action_generate_work_order()
        carried = self.env["ir.attachment"].search(
            [
                ("res_model", "=", "maintenance.request"),
                ("res_id", "=", report.work_order_id),
            ]
        )
        self.assertEqual(carried.store_fname, file.store_fname)
        self.assertEqual(file.res_id, report.id)

    def test_r66_a_second_click_opens_the_work_order_there_is(self):
        report = self.as_user(self.make_report(), "convert")
        first = report.action_generate_work_order()
        second = report.action_generate_work_order()
        self.assertEqual(first["res_id"], second["res_id"])

    def test_several_reports_become_a_work_order_each(self):
        reports = self.make_report() | self.make_report()
        self.as_user(reports, "convert").action_generate_work_order()
        self.assertEqual(len(set(reports.mapped("work_order_id"))), 2)

    def test_several_reports_of_a_customer_can_share_one_work_order(self):
        reports = self.make_report(name="First") | self.make_report(
            name="Second", equipment_id=self.fan.id, priority="2"
        )
        action = self.as_user(reports, "convert").action_generate_shared_work_order()
        work_order = self.env["maintenance.request"].browse(action["res_id"])
        self.assertEqual(work_order.fault_report_ids, reports)
        self.assertEqual(work_order.name, "First, Second")
        self.assertFalse(work_order.equipment_id)
        self.assertEqual(work_order.priority, "3")
        for report in reports:
            self.assertIn(report.reference, work_order.description)
            self.assertEqual(report.state, "converted")

    def test_one_work_order_for_several_objects_is_asked_about_first(self):
        reports = self.make_report() | self.make_report(equipment_id=self.fan.id)
        reports |= self.make_report(equipment_id=self.fan.id)
        reports = self.as_user(reports, "convert")
        dialog = self.open_dialog(reports.action_open_shared_work_order())
        for equipment in (self.lift, self.fan):
            self.assertIn(equipment.display_name, dialog.object_names)
        self.assertEqual(set(reports.mapped("state")), {"new"})
        dialog = dialog.save()
        with self.env.cr.savepoint() as savepoint:
            action = dialog.action_generate_shared()
            order = self.env["maintenance.request"].browse(action["res_id"])
            self.assertEqual(order.fault_report_ids, reports)
            savepoint.rollback()
        dialog.action_generate_per_object()
        orders = [report._get_work_order() for report in reports]
        self.assertEqual(orders[1], orders[2])
        self.assertEqual(
            [order.equipment_id for order in orders[:2]], [self.lift, self.fan]
        )

    def open_dialog(self, action):
        model = self.env[action["res_model"]].with_user(self.users["convert"])
        model = model.with_context(**action["context"])
        return Form(model, view=action["views"][0][0])

    def test_one_work_order_for_one_object_is_made_at_once(self):
        reports = self.make_report() | self.make_report()
        reports |= self.make_report(equipment_id=False, facility_id=self.wing.id)
        action = self.as_user(reports, "convert").action_open_shared_work_order()
        order = self.env["maintenance.request"].browse(action["res_id"])
        self.assertEqual(order.fault_report_ids, reports)
        self.assertEqual(order.equipment_id, self.lift)

    def test_reports_of_two_customers_do_not_share_a_work_order(self):
        reports = self.make_report() | self.make_report(
            equipment_id=self.hospital_lift.id
        )
        with self.assertRaisesRegex(UserError, "one customer"):
            self.as_user(reports, "convert").action_generate_shared_work_order()
        self.assertEqual(set(reports.mapped("state")), {"new"})

    def test_a_report_with_a_work_order_does_not_get_a_shared_one(self):
        reports = self.make_report() | self.make_report()
        reports[0].action_generate_work_order()
        with self.assertRaisesRegex(UserError, "already"):
            self.as_user(reports, "convert").action_generate_shared_work_order()

    def test_deleting_the_work_order_offers_the_report_again(self):
        report = self.make_report()
        report.action_generate_work_order()
        report._get_work_order().unlink()
        self.assertEqual(report.state, "new")
        self.assertFalse(report.work_order_id)
        report.action_generate_work_order()
        self.assertTrue(report._get_work_order())

    def test_r65_the_quotation_holds_the_report_and_both_link(self):
        report = self.make_report(
            customer_order_ref="PO-1", comment="A new door is needed"
        )
        action = report.with_user(self.salesman).action_generate_sale_order()
        order = self.env["sale.order"].browse(action["res_id"])
        self.assertEqual(report.sale_order_id, order)
        self.assertEqual(order.fault_report_ids, report)
        self.assertEqual(order.partner_id, self.hotel)
        self.assertEqual(order.partner_shipping_id, self.wing)
        self.assertEqual(order.client_order_ref, "PO-1")
        self.assertEqual(order.cost_center, "WING-7")
        self.assertEqual(order.user_id, self.salesman)
        text = " ".join(order.order_line.mapped("name"))
        for expected in (report.reference, report.name, "Wing", "Lift"):
            self.assertIn(expected, text)
        self.assertEqual(report.state, "converted")
        # They may open the order that they have created
        self.assertTrue(order.with_user(self.salesman).read(["name"]))

    def test_comment_and_contact_are_on_the_quotation_if_the_company_wants_it(self):
        self.janitor.phone = "070 1"
        for wanted in (False, True):
            self.company.fault_report_order_details = wanted
            report = self.make_report(
                comment="A new door is needed", contact_id=self.janitor.id
            )
            report.with_user(self.salesman).action_generate_sale_order()
            text = " ".join(report.sale_order_id.order_line.mapped("name"))
            self.assertIn("Janitor", text)
            for detail in ("A new door is needed", "070 1"):
                self.assertEqual(detail in text, wanted, (wanted, detail))

    def test_r36_an_internal_comment_does_not_reach_the_customers_quotation(self):
        self.company.fault_report_order_details = True
        report = self.make_report(comment="They never pay", comment_internal=True)
        report.with_user(self.salesman).action_generate_sale_order()
        text = " ".join(report.sale_order_id.order_line.mapped("name"))
        self.assertNotIn("never pay", text)

    def test_r87_converting_to_a_quotation_needs_sales_rights_and_says_so(self):
        report = self.make_report()
        with self.assertRaisesRegex(AccessError, "you need rights for it"):
            self.as_user(report, "convert").action_generate_sale_order()
        self.assertFalse(report.sale_order_id)

    def hide_from_users(self, model):
        """Hide these records from users, like apps that show users only their own."""
        self.env["ir.rule"].search([("model_id.model", "=", model)]).unlink()
        self.env["ir.rule"].create(
            {
                "name": "Nothing",
                "model_id": self.env["ir.model"]._get(model).id,
                "domain_force": "[(0, '=', 1)]",
            }
        )

    def test_no_rule_of_another_app_prevents_a_conversion(self):
        for model, convert, view in (
            (
                "maintenance.request",
                "action_generate_work_order",
                "action_view_work_order",
            ),
            ("sale.order", "action_generate_sale_order", "action_view_sale_order"),
        ):
            self.hide_from_users(model)
            report = self.make_report()
            action = getattr(report.with_user(self.salesman), convert)()
            order = report._get_order_of(model)
            self.assertTrue(order, model)
            # They may not open it, and read its name
            self.assertEqual(action["tag"], "display_notification")
            self.assertIn(order.display_name, action["params"]["message"])
            with self.assertRaisesRegex(AccessError, "You may not open"):
                getattr(report.with_user(self.salesman), view)()

    def test_r87_sales_rights_alone_do_not_convert(self):
        report = self.make_report()
        salesman = new_test_user(
            self.env,
            "fault_sales_only",
            groups="fault_report.group_view,sales_team.group_sale_salesman_all_leads",
        )
        with self.assertRaisesRegex(AccessError, "may not convert"):
            report.with_user(salesman).action_generate_sale_order()

    def test_r62_r66_a_report_may_become_both_each_once(self):
        report = self.make_report()
        report.with_user(self.salesman).action_generate_sale_order()
        report.with_user(self.salesman).action_generate_work_order()
        report.with_user(self.salesman).action_generate_sale_order()
        self.assertEqual(len(report._get_orders()), 2)
        self.assertEqual(
            self.env["sale.order"].search_count([("origin", "=", report.reference)]), 1
        )

    def test_cancelling_or_deleting_the_quotation_offers_the_report_again(self):
        report = self.make_report()
        report.action_generate_sale_order()
        first = report.sale_order_id
        first._action_cancel()
        self.assertEqual(report.state, "new")
        report.action_generate_sale_order()
        second = report.sale_order_id
        self.assertNotEqual(second, first)
        self.assertEqual(report.state, "converted")
        second._action_cancel()
        second.unlink()
        self.assertEqual(report.state, "new")

    def test_a_cancelled_quotation_cannot_come_back_beside_another_one(self):
        report = self.make_report()
        report.action_generate_sale_order()
        first = report.sale_order_id
        first._action_cancel()
        report.action_generate_sale_order()
        second = report.sale_order_id
        with self.assertRaisesRegex(UserError, "handled in another way"):
            first.action_draft()
        second._action_cancel()
        first.action_draft()
        self.assertEqual(report.sale_order_id, first)
        self.assertEqual(report.state, "converted")

    def test_a_cancelled_quotation_cannot_come_back_for_a_closed_report(self):
        report = self.make_report()
        report.action_generate_sale_order()
        order = report.sale_order_id
        order._action_cancel()
        report.action_cancel("Not wanted any more")
        with self.assertRaisesRegex(UserError, "handled in another way"):
            order.with_user(self.salesman).action_draft()
        self.assertEqual(order.state, "cancel")

    def test_a_link_to_a_kind_of_order_that_is_gone_can_be_replaced(self):
        """The state after the addon of that kind was uninstalled."""
        report = self.make_report()
        report.sudo().write({"work_order_model": "gone.model", "work_order_id": 7})
        self.assertEqual(report.state, "new")
        self.assertFalse(report.has_work_order)
        self.as_user(report, "convert").action_generate_work_order()
        self.assertEqual(report.work_order_model, "maintenance.request")

    def test_files_go_along_if_only_one_of_several_reports_has_some(self):
        reports = self.make_report() | self.make_report() | self.make_report()
        self.env["ir.attachment"].create(
            {
                "name": "plan.txt",
                "raw": b"Second floor",
                "res_model": "fault.report",
                "res_id": reports[1].id,
            }
        )
        self.as_user(reports, "convert").action_generate_work_order()
        for report in reports:
            order = report._get_work_order()
            files = self.env["ir.attachment"].search(
                [("res_model", "=", order._name), ("res_id", "=", order.id)]
            )
            expected = ["plan.txt"] if report == reports[1] else []
            self.assertEqual(files.mapped("name"), expected)

    def test_files_go_along_without_the_keys_that_open_them(self):
        report = self.make_report()
        self.env["ir.attachment"].create(
            {
                "name": "photo.txt",
                "raw": b"a photo",
                "res_model": report._name,
                "res_id": report.id,
            }
        ).generate_access_token()
        self.as_user(report, "convert").action_generate_work_order()
        carried = self.env["ir.attachment"].search(
            [
                ("res_model", "=", "maintenance.request"),
                ("res_id", "=", report.work_order_id),
            ]
        )
        self.assertFalse(carried.access_token)
        self.assertFalse(carried.public)

    def test_a_closed_report_is_not_converted_before_it_is_reopened(self):
        report = self.make_report()
        report.action_cancel("Twice")
        with self.assertRaisesRegex(UserError, "reopen"):
            self.as_user(report, "convert").action_generate_work_order()
        report.action_reopen()
        self.as_user(report, "convert").action_generate_work_order()
        self.assertEqual(report.state, "converted")

    def test_a_converted_report_is_neither_cancelled_nor_deleted(self):
        report = self.make_report()
        report.action_generate_work_order()
        with self.assertRaisesRegex(UserError, "already converted"):
            self.as_user(report, "edit").action_cancel("Too late")
        with self.assertRaisesRegex(UserError, "has to stay"):
            self.as_user(report, "delete").unlink()

    def test_a_work_order_cannot_grab_a_report_from_its_own_side(self):
        """A one-sided link would leave a report converted without an order."""
        report = self.make_report()
        manager = new_test_user(
            self.env,
            "fault_maintenance",
            groups="maintenance.group_equipment_manager,fault_report.group_edit",
        )
        request = self.env["maintenance.request"].with_user(manager)
        with self.assertRaises(AccessError):
            request.create({"name": "Grab", "fault_report_ids": [(4, report.id)]})
        self.assertEqual(report.state, "new")


class TestConversionLog(FaultReportCommon):
    """The log and the messages of a conversion, which is one step for both records."""

    def convert(self, report):
        self.env.cr.flush()
        self.as_user(report, "convert").action_generate_work_order()
        self.env.cr.flush()

    def get_state_changes(self, report):
        """Return the messages that log a change of the state."""
        return report.message_ids.filtered(
            lambda message: (
                "state" in message.tracking_value_ids.field_id.mapped("name")
            )
        )

    def get_mails(self, record):
        return self.env["mail.mail"].search(
            [("model", "=", record._name), ("res_id", "=", record.id)]
        )

    def get_triggers(self):
        queue = self.env.ref("mail.ir_cron_mail_scheduler_action")
        return self.env["ir.cron.trigger"].search_count([("cron_id", "=", queue.id)])

    def test_the_note_about_the_order_logs_the_new_state_once(self):
        report = self.make_report()
        self.convert(report)
        message = self.get_state_changes(report)
        self.assertEqual(len(message), 1)
        self.assertIn("Converted to", message.body)
        self.assertEqual(message.author_id, self.users["convert"].partner_id)
        value = message.tracking_value_ids
        self.assertEqual(
            (value.old_value_char, value.new_value_char), ("New", "Converted")
        )

    def test_other_changes_of_the_transaction_are_logged_as_well(self):
        report = self.make_report()
        self.env.cr.flush()
        report.priority = "2"
        self.as_user(report, "convert").action_generate_work_order()
        report.cost_center = "Later"
        self.env.cr.flush()
        names = report.message_ids.tracking_value_ids.field_id.mapped("name")
        self.assertEqual(sorted(names), ["cost_center", "priority", "state"])

    def test_a_message_of_another_addon_about_the_state_keeps_its_log(self):
        subtype = self.env["mail.message.subtype"].create({"name": "Converted"})
        self.patch(
            self.registry["fault.report"],
            "_track_subtype",
            lambda report, before: subtype if "state" in before else False,
        )
        report = self.make_report()
        self.convert(report)
        self.assertEqual(self.get_state_changes(report).subtype_id, subtype)

    def test_the_technician_is_notified_of_the_new_state(self):
        report = self.make_report(technician_id=self.technician.id)
        self.technician.fault_report_notify_changed = "email"
        self.env.cr.flush()
        before = self.get_mails(report)
        self.convert(report)
        mail = self.get_mails(report) - before
        self.assertEqual(mail.recipient_ids, self.technician.partner_id)
        self.assertIn("Converted", mail.body_html)

    def test_an_order_that_is_deleted_before_the_commit_is_no_change(self):
        report = self.make_report(technician_id=self.technician.id)
        self.technician.fault_report_notify_changed = "email"
        self.env.cr.flush()
        before = self.get_mails(report)
        self.as_user(report, "convert").action_generate_work_order()
        report._get_work_order().unlink()
        self.env.cr.flush()
        self.assertEqual(report.state, "assigned")
        self.assertFalse(self.get_mails(report) - before)
        self.assertEqual(len(self.get_state_changes(report)), 2)

    def test_the_mail_queue_runs_if_odoo_has_queued_a_message_about_the_order(self):
        self.technician.fault_report_notify_changed = "none"
        report = self.make_report(technician_id=self.technician.id)
        self.env.cr.flush()
        before = self.get_triggers()
        self.convert(report)
        self.assertTrue(self.get_mails(report._get_work_order()))
        self.assertEqual(self.get_triggers(), before + 1)

    def test_the_mail_queue_does_not_run_for_nothing(self):
        report = self.make_report()
        self.env.cr.flush()
        before = self.get_triggers()
        self.convert(report)
        self.assertEqual(self.get_triggers(), before)

    def test_who_may_not_read_the_place_makes_no_order_that_names_it(self):
        report = self.make_report()
        for model, record in (
            ("res.partner", self.wing),
            ("res.partner", self.hotel),
            ("maintenance.equipment", self.lift),
        ):
            rule = self.env["ir.rule"].create(
                {
                    "name": "Hidden",
                    "model_id": self.env["ir.model"]._get_id(model),
                    "domain_force": [("id", "!=", record.id)],
                }
            )
            with self.subTest(record.name), self.assertRaises(AccessError):
                self.convert(report)
            rule.unlink()

    def test_reports_named_twice_are_locked_once(self):
        report = self.make_report()
        twice = self.env["fault.report"].browse(report.ids * 2)
        self.convert(twice)
        self.assertEqual(report.state, "converted")
