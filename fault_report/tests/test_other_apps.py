"""Screens and records of other apps that have nothing to do with a fault report."""

import re
from contextlib import contextmanager

from lxml import etree

from odoo.tests import Form, TransactionCase, new_test_user
from odoo.tools.safe_eval import safe_eval

from .common import FaultReportCommon
from .test_files_of_others import odoo_alone

# Our own page within Odoo's settings
OUR_PAGES = {"res.config.settings"}
SCREENS = ("form", "list", "kanban", "search", "calendar", "pivot", "graph", "activity")


# A table of ours in a query
OUR_TABLE = re.compile(r'\b(?:FROM|JOIN|INTO|UPDATE) "?fault_report')


def is_own_class(class_):
    return class_.__module__.startswith("odoo.addons.fault_report.")


def to_list(value):
    return [value] if isinstance(value, str) else value or []


def is_ours(module):
    return module.startswith(("fault_report", "test_fault_report"))


# What accountants need on the invoices of fault reports, hidden on all others
HIDDEN_FIELDS = {"account.move": {"has_fault_report", "cost_center"}}
HIDING = {"True", "1", "not has_fault_report and not cost_center"}


def parse(model, arch):
    """Return the nodes that users may see."""
    arch = etree.fromstring(arch)
    for node in list(arch.iter("*")):
        is_hidden = node.get("invisible") in HIDING
        if is_hidden and node.get("name") in HIDDEN_FIELDS.get(model, ()):
            node.getparent().remove(node)
    return arch


def without_added(arch):
    """Remove the fields of other apps that Odoo adds because a condition needs them."""
    for node in arch.xpath("//*[@data-used-by]"):
        node.getparent().remove(node)
    return arch


class OtherAppsCase(TransactionCase):
    """A user with the permissions of all other apps and none of ours."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plain = new_test_user(cls.env, "plain_user", groups="base.group_user")
        cls.user = new_test_user(cls.env, "user_of_all_other_apps")
        cls.user.group_ids = cls.get_groups_of_others()

    @classmethod
    def get_groups_of_others(cls):
        groups = cls.env["res.groups"].search([])
        names = groups.get_external_id()
        ours = groups.filtered(lambda group: is_ours(names[group.id]))
        outside = cls.env.ref("base.group_public") | cls.env.ref("base.group_portal")
        return groups.filtered(
            lambda group: not group.all_implied_ids & (ours | outside)
        )


class TestOtherApps(OtherAppsCase):
    @classmethod
    def get_our_views(cls):
        data = cls.env["ir.model.data"].search([("model", "=", "ir.ui.view")])
        ids = data.filtered(lambda one: is_ours(one.module)).mapped("res_id")
        return cls.env["ir.ui.view"].browse(ids).exists()

    def get_screens(self, user, views):
        """Return the views as the user gets them, by view; None without access."""
        return {
            view: etree.canonicalize(
                without_added(parse(view.model, self.get_arch(user, view))),
                strip_text=True,
            )
            for view in views
            if self.env[view.model].with_user(user).has_access("read")
        }

    def get_arch(self, user, view):
        model = self.env[view.model].with_user(user)
        return model.get_view(view.id, view.type)["arch"]

    def get_changed_views(self):
        """Return our extensions, and the views of other apps that they change."""
        ours = self.get_our_views()
        extensions = ours.filtered(
            lambda view: view.model and view.mode == "extension" and view.inherit_id
        )
        roots = self.env["ir.ui.view"]
        for view in extensions:
            while view.mode == "extension":
                view = view.inherit_id
            roots |= view
        roots = roots.filtered(lambda root: root.model not in OUR_PAGES) - ours
        return extensions, roots

    def test_screens_of_other_apps_are_as_without_this_one(self):
        """For users without our permissions, whatever else they may do."""
        extensions, roots = self.get_changed_views()
        self.assertGreater(len(roots), 5)
        for user in (self.user, self.plain):
            with_ours = self.get_screens(user, roots)
            self.env.cr.execute(
                "UPDATE ir_ui_view SET active = FALSE WHERE id IN %s",
                [tuple(extensions.ids)],
            )
            self.env.invalidate_all()
            self.env.registry.clear_cache("templates")
            without = self.get_screens(user, roots)
            self.env.cr.execute(
                "UPDATE ir_ui_view SET active = TRUE WHERE id IN %s",
                [tuple(extensions.ids)],
            )
            self.env.invalidate_all()
            self.env.registry.clear_cache("templates")
            for view, arch in with_ours.items():
                with self.subTest(view=view.name, model=view.model, user=user.login):
                    self.assertEqual(arch, without[view])

    def test_no_field_of_ours_is_on_a_screen_of_another_app(self):
        """Also in views that other addons derive, and with the view of the company."""
        models = {root.model for root in self.get_changed_views()[1]}
        for name in sorted(models):
            model = self.env[name].with_user(self.user)
            kinds = self.env["ir.ui.view"].search([("model", "=", name)]).mapped("type")
            for kind in set(kinds) & set(SCREENS):
                arch = parse(name, model.get_view(view_type=kind)["arch"])
                for node in arch.iter("field"):
                    field = model._fields.get(node.get("name"))
                    with self.subTest(model=name, kind=kind, field=str(field)):
                        self.assertFalse(field and is_ours((field._modules or "?")[0]))
                text = etree.tostring(without_added(arch), encoding="unicode")
                self.assertNotRegex(text, "fault_report|Fault Report")

    def test_lists_of_other_apps_show_no_column_of_ours_before_it_is_chosen(self):
        """Also for users with all of our permissions, to whom it is offered."""
        admin = self.env.ref("base.user_admin")
        columns = []
        for root in self.get_changed_views()[1].filtered(lambda v: v.type == "list"):
            arch = etree.fromstring(self.get_arch(admin, root))
            fields = self.env[root.model]._fields
            columns += [
                node
                for node in arch.findall("field")
                if is_ours((fields[node.get("name")]._modules or ("?",))[0])
                and node.get("column_invisible") not in ("True", "1")
            ]
        self.assertTrue(columns)
        for node in columns:
            with self.subTest(column=node.get("name")):
                self.assertEqual(node.get("optional"), "hide")

    def get_our_computed_texts(self):
        """Return pairs of model and field: texts of ours that are computed."""
        return [
            (name, field)
            for name, model in self.env.registry.models.items()
            if model._auto and not model._abstract
            for field in model._fields.values()
            if field.compute
            and field.type in ("char", "text", "html")
            and is_ours((field._modules or ("",))[0])
        ]

    def test_empty_records_show_no_text_of_ours(self):
        """Without a fault report there is nothing: no “fault.report()”."""
        fields = self.get_our_computed_texts()
        self.assertGreater(len(fields), 15)
        for model, field in fields:
            value = self.env[model].new({})[field.name]
            with self.subTest(field=str(field)):
                self.assertTrue(value is False or isinstance(value, str), repr(value))
                # A recordset that was assigned to a text is stored as its name
                self.assertNotRegex(str(value), r"^[\w.]+\(.*\)$")


class TestPlainRecords(FaultReportCommon):
    """Records without a fault report, for users with all of our permissions."""

    def get_shown(self, record):
        """Return the names of our fields that the form of a record shows."""
        user = self.env.ref("base.user_admin")
        record = record.with_user(user)
        arch = etree.fromstring(record.get_view(view_type="form")["arch"])
        values = self.get_values(record, arch)
        return {
            node.get("name")
            for node in arch.iter("field", "button")
            if self.is_ours_in(node, record)
            and not any(
                self.is_hidden(one, values) for one in (node, *node.iterancestors())
            )
        }

    @staticmethod
    def is_ours_in(node, record):
        field = record._fields.get(node.get("name"))
        if node.tag == "field":
            return bool(field) and is_ours((field._modules or ("?",))[0])
        return node.get("name") == "action_view_fault_reports"

    @staticmethod
    def get_values(record, arch):
        names = {node.get("name") for node in arch.iter("field")} & set(record._fields)
        values = record.read(sorted(names))[0]
        many2one = {n: v and v[0] for n, v in values.items() if isinstance(v, tuple)}
        return {
            **values,
            **many2one,
            "parent": {},
            "context": {},
            "uid": record.env.uid,
        }

    @staticmethod
    def is_hidden(node, values):
        if node.tag in ("list", "kanban"):
            return True
        condition = node.get("invisible", "False")
        return bool(safe_eval(condition, dict(values)))

    def make_plain_records(self):
        """Return a record of each kind of order."""
        return [
            self.env[model].create(self.get_plain_values(model))
            for model in sorted(
                {"sale.order"} | self.env["fault.report"]._get_work_order_models()
            )
        ]

    def get_plain_values(self, model):
        if model == "sale.order":
            return {"partner_id": self.hotel.id}
        values = {"name": "Plain", "company_id": self.company.id}
        if "user_ids" in self.env[model]._fields:
            # Tasks without a project are their users' own
            values["user_ids"] = self.env.ref("base.user_admin").ids
        if model == "fsm.order":
            location = {"name": "Plain", "owner_id": self.hotel.id}
            values["location_id"] = self.env["fsm.location"].create(location).id
        return values

    def test_an_order_without_a_fault_report_shows_nothing_of_ours(self):
        for record in self.make_plain_records():
            with self.subTest(model=record._name):
                self.assertEqual(self.get_shown(record), set())

    def test_an_order_of_a_fault_report_shows_it(self):
        report = self.make_report()
        report.action_generate_work_order()
        report.action_generate_sale_order()
        for order in report._get_orders():
            with self.subTest(model=order._name):
                self.assertIn("action_view_fault_reports", self.get_shown(order))
                self.assertEqual(order.fault_report_count, 1)


class TestServiceObjects(FaultReportCommon):
    """Objects of customers belong to no employee and no department."""

    def get_owner_nodes(self, kind, user, view=None):
        Equipment = self.env["maintenance.equipment"].with_user(user)
        arch = etree.fromstring(Equipment.get_view(view, kind)["arch"])
        return [
            node
            for node in arch.xpath("//field[not(ancestor::field)]")
            if self.is_of_owner(Equipment._fields[node.get("name")])
        ] + arch.xpath("//*[contains(@t-if, 'employee_id')]")

    @staticmethod
    def is_of_owner(field):
        """Return whether the field says which of the company's own people has it."""
        return field.comodel_name in ("hr.employee", "hr.department") or field.name in (
            "owner_user_id",
            "equipment_assign_to",
        )

    def test_they_show_no_owner_in_any_view(self):
        for kind in ("form", "list", "kanban"):
            nodes = self.get_owner_nodes(kind, self.users["view"])
            self.assertTrue(nodes)
            for node in nodes:
                with self.subTest(kind=kind, node=node.get("name")):
                    self.assertRegex(node.get("invisible", ""), "^customer_id|True|1")

    def test_other_users_see_the_owner_as_usual(self):
        user = new_test_user(
            self.env, "of_equipment", groups="maintenance.group_equipment_manager"
        )
        for kind in ("form", "list", "kanban"):
            for node in self.get_owner_nodes(kind, user):
                self.assertNotIn("customer_id", node.get("invisible", ""))

    def test_their_own_list_shows_whose_they_are_and_where(self):
        action = self.env.ref("fault_report.action_service_object")
        Equipment = self.env["maintenance.equipment"].with_user(self.users["view"])
        views = dict((kind, view) for view, kind in action.views)
        arch = etree.fromstring(Equipment.get_view(views["list"], "list")["arch"])
        for name in ("customer_id", "facility_id"):
            [column] = without_added(arch).findall(f"field[@name='{name}']")
            self.assertEqual(column.get("optional"), "show")

    def test_the_pop_up_asks_for_what_and_where_only(self):
        view = self.env.ref("fault_report.service_object_view_form").id
        Equipment = self.as_user(self.env["maintenance.equipment"], "create")
        arch = etree.fromstring(Equipment.get_view(view, "form")["arch"])
        self.assertEqual(
            [
                node.get("name")
                for node in arch.iter("field")
                if node.get("invisible") not in ("True", "1")
            ],
            ["name", "serial_no", "model", "category_id", "customer_id", "facility_id"],
        )

    def test_the_pop_up_saves_an_object_at_the_place_of_the_report(self):
        context = {"default_customer_id": self.hotel.id, "default_company_id": False}
        Equipment = self.as_user(self.env["maintenance.equipment"], "create")
        view = "fault_report.service_object_view_form"
        with Form(Equipment.with_context(**context), view) as form:
            form.name = "Escalator"
            form.facility_id = self.wing
        self.assertEqual(form.record.customer_id, self.hotel)

    def test_an_object_is_opened_on_its_full_form(self):
        lift = self.as_user(self.lift, "view")
        reference = "fault_report.service_object_view_form"
        action = lift.with_context(form_view_ref=reference).get_formview_action()
        self.assertFalse(action["context"]["form_view_ref"])


class TestPortalDialog(FaultReportCommon):
    """The dialog for portal access, with the columns of fault reports."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.staff = new_test_user(
            cls.env, "fault_staff", groups="fault_report.group_customer_access"
        )

    def get_columns(self):
        Wizard = self.env["portal.wizard"].with_user(self.staff)
        arch = etree.fromstring(Wizard.get_view(view_type="form")["arch"])
        fields = Wizard.env["portal.wizard.user"].fields_get()
        return {
            node.get("name"): (
                node,
                node.get("string") or fields[node.get("name")]["string"],
            )
            for node in arch.iterfind(".//field[@name='user_ids']/list/field")
            if node.get("column_invisible") not in ("True", "1")
            and node.get("optional") != "hide"
        }

    def test_its_columns_can_be_told_apart_and_have_room_for_their_title(self):
        columns = self.get_columns()
        titles = [title for _node, title in columns.values()]
        self.assertEqual(len(titles), len(set(titles)))
        for name, (node, title) in columns.items():
            if name != "email":
                # About seven pixels a letter
                self.assertGreaterEqual(
                    int(node.get("width")[:-2]), 7 * len(title), name
                )

    def test_it_is_wide_for_users_who_see_them_only(self):
        for user, size in ((self.staff, "extra-large"), (self.env.user, None)):
            Wizard = self.env["portal.wizard"].with_user(user)
            if not size:
                user.group_ids -= self.env.ref("fault_report.group_administrator")
                user.group_ids -= self.env.ref("fault_report.group_customer_access")
            action = Wizard.create({})._action_open_modal()
            self.assertEqual(action.get("context", {}).get("dialog_size"), size)

    def test_contacts_are_called_by_their_own_name(self):
        node, _title = self.get_columns()["partner_id"]
        context = safe_eval(node.get("context"))
        name = self.janitor.with_context(**context).display_name
        self.assertTrue(name.startswith("Janitor"))


class TestWorkOfOtherApps(OtherAppsCase):
    """What users do in other apps takes no query more than without this one.

    Deleting is left out: what reports refer to is looked for.
    """

    def get_values(self):
        """Return the values of a record of each model that has a chatter."""
        partner = self.env["res.partner"].create({"name": "Else"})
        team = self.env["maintenance.team"].create({"name": "Else"})
        return {
            "res.partner": {"name": "Ann", "email": "ann@example.com"},
            "maintenance.equipment": {"name": "Pump"},
            "maintenance.request": {"name": "Pump", "maintenance_team_id": team.id},
            "sale.order": {"partner_id": partner.id},
            "account.move": {"partner_id": partner.id, "move_type": "out_invoice"},
        }

    def get_extended(self):
        """Return the models with a chatter that this addon extends.

        Companies are settings.
        """
        threads = {
            name: [class_ for class_ in type(model).__mro__ if is_own_class(class_)]
            for name, model in self.env.items()
            if hasattr(model, "message_post") and not model._abstract
        }
        return {
            name
            for name, classes in threads.items()
            if not is_ours(name.replace(".", "_"))
            and any(name in to_list(vars(c).get("_inherit")) for c in classes)
        } - {"res.company"}

    def iterate_work(self, model, values):
        """Yield the name of each work, and a function that does it."""
        Model = self.env[model].with_user(self.user)
        record = Model.create(dict(values))
        yield "create", lambda: Model.create(dict(values))
        yield "write", lambda: record.write(dict(values))
        yield "message", lambda: record.message_post(body="Look")
        yield "read", lambda: record.web_read({"display_name": {}, "write_uid": {}})
        yield "search", lambda: Model.web_search_read([], {"display_name": {}})

    def note_queries(self, work):
        """Return the queries of work that is undone."""
        queries = []
        self.env.flush_all()
        self.env.invalidate_all()
        with self.env.cr.savepoint(flush=False) as savepoint:
            with contextmanager(self._patchExecute)(queries):
                work()
                self.env.flush_all()
                self.env.cr.precommit.run()
            savepoint.rollback()
        self.env.invalidate_all()
        return queries

    def test_each_model_with_a_chatter_is_worked_with(self):
        self.assertEqual(self.get_extended(), self.get_values().keys())

    def test_work_in_other_apps_takes_no_query_more(self):
        others = [name for name in self.env if not is_ours(name.replace(".", "_"))]
        for model, values in self.get_values().items():
            for name, work in self.iterate_work(model, values):
                with self.subTest(model=model, work=name):
                    self.note_queries(work)  # fills the caches
                    ours = self.note_queries(work)
                    with odoo_alone(self.env, others):
                        self.note_queries(work)
                        theirs = self.note_queries(work)
                    self.assertEqual(len(ours), len(theirs), "\n".join(ours))
                    about = [query for query in ours if OUR_TABLE.search(query)]
                    self.assertFalse(about)


class TestHotkeys(FaultReportCommon):
    def test_each_button_of_the_report_has_a_hotkey_of_its_own(self):
        """Buttons that create the same share theirs: only one of them shows."""
        arch = self.env["fault.report"].get_view(view_type="form")["arch"]
        keys = {}
        for button in etree.fromstring(arch).iterfind("header/button"):
            self.assertTrue(button.get("data-hotkey"), button.get("name"))
            keys.setdefault(button.get("data-hotkey"), set()).add(button.get("name"))
        # Files and notes; those of Odoo's form, pager, menus and chatter
        taken = set("ft") | set("bchjmnpsu")
        for key, names in keys.items():
            self.assertEqual(len(names), 1, key)
            self.assertNotIn(key, taken)
