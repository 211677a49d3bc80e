from datetime import timedelta
from itertools import product

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, freeze_time
from odoo.tools import mute_logger

from .common import FaultReportCommon


class TestFilling(FaultReportCommon):
    """Fields filled in from other fields."""

    def test_r19_r20_r21_a_service_object_brings_its_place_and_people(
        self,
    ):
        report = self.make_report()
        self.assertEqual(report.facility_id, self.wing)
        self.assertEqual(report.partner_id, self.hotel)
        self.assertEqual(report.contact_id, self.janitor)
        self.assertEqual(report.cost_center, "WING-7")

    def test_r23_a_facility_brings_its_customer(self):
        report = self.make_report(equipment_id=False, facility_id=self.wing.id)
        self.assertEqual(report.partner_id, self.hotel)

    def test_r37_the_customers_cost_centre_serves_if_need_be(self):
        report = self.make_report(equipment_id=self.fan.id)
        self.assertEqual(report.cost_center, "HOTEL-1")

    def test_r38_a_typed_cost_centre_stays_if_the_place_comes_later(self):
        form = Form(self.as_user(self.env["fault.report"], "create"))
        form.partner_id = self.hotel
        form.cost_center = "TYPED"
        form.facility_id = self.wing
        self.assertEqual(form.cost_center, "TYPED")

    def test_r38_a_typed_cost_centre_stays(self):
        report = self.make_report(cost_center="TYPED")
        report.name = "Something else"
        self.assertEqual(report.cost_center, "TYPED")

    def test_r53_r54_r55_the_facilitys_technician_comes_before_the_customers(self):
        self.hotel.technician_id = self.users["create"]
        self.assertEqual(self.make_report().technician_id, self.users["create"])
        self.wing.technician_id = self.technician
        report = self.make_report()
        self.assertEqual(report.technician_id, self.technician)
        self.assertEqual(report.state, "assigned")
        self.assertTrue(report.date_assigned)

    def test_a_chosen_technician_stays_when_the_place_changes(self):
        self.garage.technician_id = self.users["create"]
        report = self.make_report()
        report.technician_id = self.technician
        report.facility_id = self.garage
        self.assertEqual(report.technician_id, self.technician)

    def test_a_proposed_technician_goes_when_the_place_changes(self):
        self.hotel.technician_id = self.technician
        form = Form(self.as_user(self.env["fault.report"], "create"))
        form.partner_id = self.hotel
        self.assertEqual(form.technician_id, self.technician)
        form.partner_id = self.hospital
        self.assertFalse(form.technician_id)

    def test_the_technician_of_a_handled_report_stays(self):
        report = self.make_report(technician_id=self.technician.id)
        report.action_generate_work_order()
        self.wing.technician_id = self.users["create"]
        report.facility_id = self.garage
        self.assertEqual(report.technician_id, self.technician)

    def test_a_technician_with_reports_cannot_be_deleted(self):
        self.make_report(technician_id=self.technician.id)
        with self.assertRaises(Exception), mute_logger("odoo.sql_db"):  # noqa: B017
            self.technician.unlink()

    def test_a_copy_has_the_technician_of_the_place_as_it_is_now(self):
        report = self.make_report(technician_id=self.technician.id)
        self.technician.active = False
        self.assertFalse(report.copy().technician_id)

    def test_a_technician_who_left_gives_way_to_the_customers(self):
        self.hotel.technician_id = self.users["create"]
        self.wing.technician_id = self.technician
        self.technician.active = False
        self.assertEqual(self.make_report().technician_id, self.users["create"])

    def test_a_technician_who_left_gets_nothing(self):
        self.wing.technician_id = self.technician
        self.technician.active = False
        self.assertFalse(self.make_report().technician_id)

    def test_a_technician_who_may_not_see_reports_any_more_gets_nothing(self):
        self.wing.technician_id = self.technician
        self.technician.group_ids = self.env.ref("base.group_user")
        self.assertFalse(self.make_report().technician_id)

    def test_r27_a_contact_is_shown_with_the_facility(self):
        short = {"fault_report_short_name": True}
        names = (self.janitor | self.manager | self.wing).with_context(**short)
        self.assertEqual(
            names.mapped("display_name"), ["Janitor (Wing)", "Manager", "Wing"]
        )
        self.assertEqual(self.wing.display_name, "Hotel, Wing")

    def test_r63_the_customers_subgroup_follows(self):
        subgroup = self.env["fault.report.subgroup"].create({"name": "Lifts"})
        self.hotel.subgroup_id = subgroup
        self.assertEqual(self.make_report().subgroup_id, subgroup)

    def test_r19_the_form_fills_itself_from_a_service_object(self):
        with Form(self.as_user(self.env["fault.report"], "create")) as form:
            form.equipment_id = self.lift
            self.assertEqual(form.partner_id, self.hotel)
            self.assertEqual(form.facility_id, self.wing)
            form.name = "Stuck"

    def test_r26_another_customer_on_the_form_clears_foreign_records(self):
        form = Form(self.as_user(self.env["fault.report"], "create"))
        form.equipment_id = self.lift
        form.partner_id = self.hospital
        self.assertFalse(form.facility_id)
        self.assertFalse(form.equipment_id)
        self.assertFalse(form.contact_id)
        self.assertFalse(form.cost_center)

    def test_another_facility_on_the_form_clears_the_service_object_only(self):
        form = Form(self.as_user(self.env["fault.report"], "create"))
        form.equipment_id = self.lift
        form.facility_id = self.garage
        self.assertEqual(form.partner_id, self.hotel)
        self.assertFalse(form.equipment_id)

    def test_r26_another_customer_later_clears_foreign_records(self):
        report = self.make_report()
        self.as_user(report, "edit").partner_id = self.hospital
        self.assertFalse(report.facility_id)
        self.assertFalse(report.equipment_id)
        self.assertFalse(report.contact_id)

    def test_another_object_on_a_saved_report_brings_its_own_place(self):
        report = self.as_user(self.make_report(), "edit")
        report.write({"equipment_id": self.fan.id})
        self.assertEqual(report.facility_id, self.garage)
        report.write({"equipment_id": self.hospital_lift.id})
        self.assertEqual(report.partner_id, self.hospital)
        self.assertEqual(report.facility_id, self.ward)

    def test_a_facility_that_moves_takes_its_objects_along(self):
        self.wing.parent_id = self.hospital
        self.assertEqual(self.lift.customer_id, self.hospital)
        self.assertEqual(self.make_report().partner_id, self.hospital)

    def test_moving_the_object_later_does_not_change_old_reports(self):
        report = self.make_report()
        self.lift.write({"facility_id": self.ward.id, "customer_id": self.hospital.id})
        self.assertEqual(report.facility_id, self.wing)
        self.assertEqual(report.partner_id, self.hotel)

    def test_numbers_follow_each_other_and_are_unique(self):
        first, second = self.make_report(), self.make_report()
        self.assertRegex(first.reference, r"^FR/\d{4}/\d{5}$")
        self.assertNotEqual(first.reference, second.reference)
        self.assertEqual(first.copy().reference[:3], "FR/")
        self.assertNotEqual(first.copy().reference, first.reference)


class TestRefusals(FaultReportCommon):
    """Bad input is refused with a clear message, and nothing is changed."""

    def assertRefused(self, sentence, **values):
        before = self.env["fault.report"].search_count([])
        with self.assertRaises(ValidationError) as caught:
            self.make_report(**values)
        self.assertRegex(str(caught.exception), sentence)
        self.assertEqual(self.env["fault.report"].search_count([]), before)

    def test_r26_a_foreign_facility_is_refused(self):
        self.assertRefused(
            "Ward does not belong to Hotel",
            equipment_id=False,
            partner_id=self.hotel.id,
            facility_id=self.ward.id,
        )

    def test_a_facility_is_not_a_customer(self):
        self.assertRefused("is a facility", equipment_id=False, partner_id=self.wing.id)

    def test_r27_a_foreign_contact_is_refused(self):
        self.assertRefused(
            "does not belong to",
            equipment_id=False,
            partner_id=self.hospital.id,
            contact_id=self.manager.id,
        )

    def test_r31_a_foreign_object_is_refused(self):
        self.assertRefused(
            "Hospital lift does not belong to",
            partner_id=self.hotel.id,
            facility_id=self.wing.id,
            equipment_id=self.hospital_lift.id,
        )

    def test_r25_a_report_without_a_customer_is_refused(self):
        self.assertRefused("Fill in “Customer”", equipment_id=False)
        with self.assertRaises(ValidationError):
            self.as_user(self.env["fault.report"], "create").name_create("Only this")

    def test_r33_texts_have_limits(self):
        self.assertRefused("too long: 200", name="x" * 10_000)
        self.assertRefused("too long: 10000", comment="x" * 10_001)
        self.assertRefused("single line", cost_center="one\ntwo")
        self.assertRefused("cannot be shown", comment="a\x00b")
        self.assertRefused("Fill in", name=" \u200b ")

    def test_texts_have_limits_when_they_come_from_elsewhere_too(self):
        for name in ("x" * 201, "a\nb", "\u3164\u2800"):
            with self.subTest(name=name), self.assertRaises(ValidationError):
                self.env["fault.report"].with_context(default_name=name).create(
                    {"equipment_id": self.lift.id}
                )
        self.assertRefused("too long", name=["x" * 201])
        with self.assertRaises(ValidationError):
            self.wing.cost_center = "x" * 256

    def test_texts_have_limits_when_written_too(self):
        report = self.make_report()
        with self.assertRaisesRegex(ValidationError, "too long"):
            self.as_user(report, "edit").name = "x" * 201

    def test_the_future_cannot_be_reported(self):
        self.assertRefused(
            "future", reported_at=fields.Datetime.now() + timedelta(hours=1)
        )

    def test_r44_negative_time_is_refused(self):
        report = self.make_report()
        with self.assertRaises(Exception) as caught, mute_logger("odoo.sql_db"):
            self.env["fault.report.note"].create(
                {"report_id": report.id, "name": "Time machine", "time_spent": -1}
            )
        self.assertIn("negative", str(caught.exception))

    def test_the_time_of_a_note_is_a_number(self):
        report = self.make_report()
        for hours in (float("nan"), float("inf"), 10_000):
            with (
                self.subTest(hours=hours),
                self.assertRaises(Exception) as caught,
                mute_logger("odoo.sql_db"),
            ):
                self.env["fault.report.note"].create(
                    {"report_id": report.id, "name": "Odd", "time_spent": hours}
                )
            self.assertIn("note_time_spent_not_negative", str(caught.exception))

    def test_a_facility_has_no_facilities(self):
        with self.assertRaises(ValidationError):
            self.env["res.partner"].create(
                {"name": "Room", "is_facility": True, "parent_id": self.wing.id}
            )

    def test_a_note_needs_a_text_that_can_be_seen(self):
        report = self.make_report()
        for text in (" ", "\u200b", "x" * 10_001, "a\x00b"):
            with self.subTest(text=text), self.assertRaises(ValidationError):
                self.as_user(report, "edit").note_ids = [
                    fields.Command.create({"name": text})
                ]

    def test_a_technician_who_may_not_see_reports_is_refused(self):
        self.assertRefused("may not see fault reports", technician_id=self.stranger.id)

    def test_a_facility_needs_a_customer(self):
        with self.assertRaisesRegex(ValidationError, "needs a customer"):
            self.env["res.partner"].create({"name": "Nowhere", "is_facility": True})


class TestHandling(FaultReportCommon):
    def test_a_report_is_new_until_it_has_a_technician(self):
        report = self.make_report()
        self.assertEqual(report.state, "new")
        self.as_user(report, "edit").action_assign(self.technician)
        self.assertEqual(report.state, "assigned")
        self.assertTrue(report.date_assigned)

    @freeze_time("2026-03-02 08:00:00")
    def test_the_date_of_assignment_changes_with_the_technician_only(self):
        report = self.make_report(technician_id=self.technician.id)
        assigned = report.date_assigned
        with freeze_time("2026-03-02 09:00:00"):
            report.technician_id = self.technician
            report.facility_id = self.garage
            self.assertEqual(report.date_assigned, assigned)
            report.technician_id = self.users["create"]
            self.assertEqual(report.date_assigned, assigned + timedelta(hours=1))

    def test_r57_the_dialog_assigns(self):
        report = self.as_user(self.make_report(), "edit")
        action = report.action_assign()
        wizard = Form(
            self.env[action["res_model"]]
            .with_user(self.users["edit"])
            .with_context(**action["context"])
        )
        wizard.technician_id = self.technician
        wizard.save().action_confirm()
        self.assertEqual(report.technician_id, self.technician)

    def test_r43_r44_r45_the_time_of_the_notes_adds_up(self):
        report = self.make_report()
        self.as_user(report, "edit").note_ids = [
            fields.Command.create({"name": "Looked at it", "time_spent": 0.5}),
            fields.Command.create({"name": "Ordered a part", "time_spent": 0.25}),
        ]
        self.assertEqual(report.time_spent, 0.75)
        report.note_ids[0].unlink()
        self.assertIn(report.time_spent, (0.5, 0.25))
        self.assertEqual(report.note_ids.user_id, self.users["edit"])

    def test_r46_the_sums_of_the_pivot_are_those_of_the_notes(self):
        for user, equipment, hours in (
            ("edit", self.lift, 0.5),
            ("edit", self.fan, 0.25),
            ("create", self.hospital_lift, 2),
        ):
            self.make_report(
                equipment_id=equipment.id,
                note_ids=[
                    fields.Command.create(
                        {
                            "name": "Work",
                            "time_spent": hours,
                            "user_id": self.users[user].id,
                        }
                    )
                ],
            )
        Note = self.as_user(self.env["fault.report.note"], "view")

        def sums(field):
            return dict(Note._read_group([], [field], ["time_spent:sum"]))

        self.assertEqual(sums("user_id")[self.users["edit"]], 0.75)
        self.assertEqual(sums("partner_id")[self.hotel], 0.75)
        self.assertEqual(sums("facility_id")[self.garage], 0.25)
        self.assertEqual(sums("partner_id")[self.hospital], 2)

    def test_r16_cancelling_keeps_everything_and_can_be_taken_back(self):
        report = self.make_report(technician_id=self.technician.id)
        self.as_user(report, "edit").action_cancel("Reported twice")
        self.assertEqual(report.state, "cancelled")
        self.assertEqual(report.close_reason, "Reported twice")
        self.assertTrue(report.date_handled)
        self.as_user(report, "edit").action_reopen("They are two lifts")
        self.assertEqual(report.state, "assigned")
        self.assertFalse(report.date_handled)
        self.assertFalse(report.close_reason)
        log = report.message_ids.sorted("id")[-1].body
        self.assertIn("They are two lifts", log)
        self.assertIn("Reported twice", log)

    def test_r16_the_dialogs_ask_for_the_reason(self):
        report = self.as_user(self.make_report(), "edit")
        for method, state in (
            ("action_solve", "solved"),
            ("action_reopen", "new"),
            ("action_cancel", "cancelled"),
            ("action_reopen", "new"),
        ):
            former = report.state
            for blank in (False, " ", "\u200b"):
                action = getattr(report, method)(blank)
                self.assertEqual(report.state, former)
            wizard = Form(
                self.env[action["res_model"]]
                .with_user(self.users["edit"])
                .with_context(**action["context"])
            )
            wizard.reason = " "
            with self.assertRaisesRegex(UserError, "Say why"):
                wizard.save().action_confirm()
            self.assertEqual(report.state, former)
            wizard.reason = "Told them to switch it on"
            wizard.save().action_confirm()
            self.assertEqual(report.state, state)

    def test_r16_a_reason_is_a_line(self):
        report = self.as_user(self.make_report(), "edit")
        for reason in ("x" * 256, "a\nb", "a\x00b"):
            with self.assertRaises(ValidationError):
                report.action_cancel(reason)
        report.action_cancel("Twice")
        with self.assertRaises(ValidationError):
            report.action_reopen("x" * 256)
        self.assertEqual(report.state, "cancelled")

    def test_what_is_handled_cannot_be_closed_again(self):
        report = self.make_report()
        report.action_cancel("Twice")
        with self.assertRaisesRegex(UserError, "already cancelled"):
            report.action_solve("By phone")
        with self.assertRaisesRegex(UserError, "already cancelled"):
            report.action_assign(self.technician)

    def test_what_is_not_closed_cannot_be_reopened(self):
        with self.assertRaisesRegex(UserError, "not closed"):
            self.as_user(self.make_report(), "edit").action_reopen("Again")

    def test_r6_the_number_waiting_falls_when_one_is_handled(self):
        Report = self.as_user(self.env["fault.report"], "view")
        before = Report.get_waiting_count()
        reports = self.make_report(), self.make_report(), self.make_report()
        self.assertEqual(Report.get_waiting_count(), before + 3)
        reports[0].action_cancel("No fault")
        reports[1].action_solve("By phone")
        reports[2].action_generate_work_order()
        self.assertEqual(Report.get_waiting_count(), before)

    def test_protected_fields_cannot_be_filled_by_defaults(self):
        """The client chooses the context."""
        other = self.make_report()
        other.action_generate_work_order()
        Report = self.as_user(self.env["fault.report"], "create").with_context(
            default_work_order_model="maintenance.request",
            default_work_order_id=other.work_order_id,
            default_outcome="cancelled",
            default_close_reason="Because",
            default_channel="mail",
            default_duplicate_of_id=other.id,
            default_reference="FR/1",
        )
        report = Report.create({"name": "Forged", "equipment_id": self.lift.id})
        self.assertEqual(report.state, "new")
        self.assertEqual(report.channel, "form")
        for name in ("work_order_id", "outcome", "close_reason", "duplicate_of_id"):
            self.assertFalse(report[name])
        self.assertNotEqual(report.reference, "FR/1")
        self.assertNotIn("outcome", Report.default_get(["outcome", "name"]))

    def test_onchange_reveals_no_names_of_other_records(self):
        parameter = self.env["ir.config_parameter"].search([], limit=1)
        Report = self.as_user(self.env["fault.report"], "create")
        for values in (
            {
                "work_order_model": "ir.config_parameter",
                "work_order_id": parameter.id,
            },
            {"work_order_model": "res.users", "work_order_id": self.env.uid},
        ):
            result = Report.onchange(
                values, ["work_order_id"], {"work_order_name": {}, "name": {}}
            )
            self.assertFalse(result["value"].get("work_order_name"))

    def test_state_and_links_cannot_be_written_by_any_user(self):
        report = self.make_report()
        admin = self.env.ref("base.user_admin")
        for values in (
            {"state": "solved"},
            {"work_order_model": "maintenance.request", "work_order_id": 1},
            {"sale_order_id": 1},
            {"reference": "FR/1"},
            {"time_spent": 99},
            {"date_handled": fields.Datetime.now()},
            {"channel": "mail"},
            {"outcome": "cancelled"},
            {"close_reason": "Because"},
        ):
            with self.subTest(values=values), self.assertRaises(AccessError):
                report.with_user(admin).write(values)
            with self.subTest(create=values), self.assertRaises(AccessError):
                self.env["fault.report"].with_user(admin).create(
                    {"name": "Forged", "equipment_id": self.lift.id, **values}
                )


class TestNumbers(FaultReportCommon):
    """A report gets a number whatever is done to the sequence."""

    def get_sequence(self):
        return self.company._get_fault_report_sequence()

    def make_reports(self):
        values = {"name": "It squeaks", "equipment_id": self.lift.id}
        Report = self.as_user(self.env["fault.report"], "create")
        return Report.create([values, values]).mapped("reference")

    def restart(self):
        """Let the sequence start at 1 again, as a new period of time does."""
        sequence = self.get_sequence()
        (sequence.date_range_ids or sequence).number_next = 1

    def test_a_number_that_is_taken_is_left_out(self):
        for implementation, use_date_range, prefix, suffix in product(
            ("standard", "no_gap"),
            (False, True),
            ("FR/%(year)s/", "%(range_year)s", "", "R_%%"),
            ("", "/7"),
        ):
            sequence = self.get_sequence()
            values = {
                "implementation": implementation,
                "use_date_range": use_date_range,
                "prefix": prefix,
                "suffix": suffix,
                "padding": 1,
            }
            savepoint = self.env.cr.savepoint()
            with self.subTest(**values):
                sequence.write(values)
                numbers = self.make_reports()
                for _time in range(3):
                    self.restart()
                    numbers += self.make_reports()
                self.assertEqual(len(set(numbers)), 8)
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def test_a_sequence_that_gets_periods_of_time_goes_on(self):
        before = self.make_reports()
        self.get_sequence().use_date_range = True
        self.assertFalse({*before} & {*self.make_reports()})
