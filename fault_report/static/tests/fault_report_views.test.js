import {
    clickSave,
    contains,
    defineModels,
    editSearch,
    fields,
    models,
    mountView,
    onRpc,
    patchWithCleanup,
    validateSearch,
} from "@web/../tests/web_test_helpers";
import {expect, test} from "@odoo/hoot";
import {animationFrame, mockTouch} from "@odoo/hoot-mock";
import {browser} from "@web/core/browser/browser";
import {defineMailModels} from "@mail/../tests/mail_test_helpers";
import {user} from "@web/core/user";

/** A stub of the models that use the widgets. */
class Thing extends models.Model {
    name = fields.Char();
    status_color = fields.Integer();
    minimum = fields.Float();
    parent_id = fields.Many2one({relation: "thing"});
    definitions = fields.PropertiesDefinition();
    properties = fields.Properties({
        definition_record: "parent_id",
        definition_record_field: "definitions",
    });
    state = fields.Selection({
        selection: [
            ["new", "New"],
            ["assigned", "Assigned"],
            ["solved", "Solved"],
        ],
        readonly: true,
        group_expand: true,
    });

    _records = [
        {id: 1, name: "no colour", status_color: 0, state: "solved"},
        {id: 2, name: "orange", status_color: 2, minimum: 5.25, state: "new"},
        {id: 3, name: "green", state: "assigned"},
    ];
}

defineMailModels();
defineModels([Thing]);
onRpc("has_group", () => true);

const FORM = `
    <form>
        <field name="minimum" widget="fault_report_optional_number"/>
    </form>`;

test("rows have a stripe in the colour of their status", async () => {
    await mountView({
        type: "list",
        resModel: "thing",
        arch: `
            <list js_class="fault_report_list">
                <field name="status_color" column_invisible="1"/>
                <field name="name"/>
            </list>`,
    });
    expect(".o_data_row").toHaveCount(3);
    expect(".o_data_row[class*=o_fault_report_stripe]").toHaveCount(1);
    expect(".o_data_row.o_fault_report_stripe_2").toHaveText("orange");
});

test("a list without statuses has no stripes", async () => {
    await mountView({
        type: "list",
        resModel: "thing",
        arch: `<list js_class="fault_report_list"><field name="name"/></list>`,
    });
    expect(".o_data_row").toHaveCount(3);
    expect("[class*=o_fault_report_stripe]").toHaveCount(0);
});

const COLUMNS = `
    <list js_class="fault_report_list" multi_edit="1" default_order="state, id">
        <field name="name"/>
        <field name="state" optional="hide"/>
        <field name="minimum" optional="hide" sum="Sum"/>
        <field name="status_color" optional="show"/>
    </list>`;

/** Note what each list reads, in the order of the alphabet. */
function noteFields() {
    const note = (specification) =>
        expect.step(Object.keys(specification).sort().join(" "));
    onRpc("web_search_read", ({kwargs}) => note(kwargs.specification));
    onRpc("web_read_group", ({kwargs}) => note(kwargs.unfold_read_specification));
}

const toggleColumn = async (label) => {
    await contains(".o_optional_columns_dropdown_toggle").click();
    await contains(`.o-dropdown--menu span:contains(${label})`).click();
    await contains(".o_optional_columns_dropdown_toggle").click();
};

test("a hidden column is read when it is shown, and the rows stay chosen", async () => {
    noteFields();
    await mountView({type: "list", resModel: "thing", arch: COLUMNS});
    expect.verifySteps(["name status_color"]);
    await contains(".o_data_row:contains(orange) .o_list_record_selector").click();
    await toggleColumn("Minimum");
    await animationFrame();
    expect.verifySteps(["minimum name status_color"]);
    expect(".o_data_row:contains(orange) [name=minimum]").toHaveText("5.25");
    expect(".o_data_row_selected").toHaveCount(1);
    expect(".o_data_row_selected").toHaveText(/orange/);
    await toggleColumn("Minimum");
    expect("th[data-name=minimum]").toHaveCount(0);
    await toggleColumn("Minimum");
    expect("th[data-name=minimum]").toHaveCount(1);
    expect.verifySteps([]);
});

test("the choice of columns is kept where Odoo keeps it, and found again", async () => {
    noteFields();
    const list = () => mountView({type: "list", resModel: "thing", arch: COLUMNS});
    const first = await list();
    await toggleColumn("State");
    await animationFrame();
    expect.verifySteps(["name status_color", "name state status_color"]);
    const [key] = Object.keys(browser.localStorage).filter((one) =>
        one.startsWith("optional_fields,thing,list,")
    );
    expect(key.split(",").slice(4)).toEqual([
        "minimum",
        "name",
        "state",
        "status_color",
    ]);
    first.__owl__.app.destroy();
    await list();
    expect.verifySteps(["name state status_color"]);
    expect("th[data-name=state]").toHaveCount(1);
});

test("a hidden column that decides about what is shown is read", async () => {
    noteFields();
    await mountView({
        type: "list",
        resModel: "thing",
        arch: `
            <list js_class="fault_report_list" decoration-bf="minimum > 5">
                <field name="name" invisible="state == 'solved'"/>
                <field name="state" optional="hide" decoration-muted="status_color"/>
                <field name="minimum" optional="hide"/>
                <field name="status_color" optional="hide"/>
            </list>`,
    });
    expect.verifySteps(["minimum name state status_color"]);
    expect(".o_data_row.fw-bold").toHaveText("orange");
});

test("a column that is switched on is in all groups, with its sum", async () => {
    noteFields();
    await mountView({
        type: "list",
        resModel: "thing",
        arch: COLUMNS,
        groupBy: ["state"],
    });
    expect.verifySteps(["name status_color"]);
    await contains(".o_group_header:contains(New)").click();
    expect.verifySteps(["name status_color"]);
    await toggleColumn("Minimum");
    await animationFrame();
    expect.verifySteps(["minimum name status_color"]);
    expect(".o_data_row [name=minimum]").toHaveText("5.25");
    expect(".o_group_header:contains(New) .o_list_number:first").toHaveText("5.25");
    await contains(".o_group_header:contains(Assigned)").click();
    expect.verifySteps(["minimum name status_color"]);
    expect(".o_data_row").toHaveCount(2);
    expect(".o_data_row:contains(green) [name=minimum]").toHaveText("0.00");
});

test("a column that is switched on can be sorted by, and edited in many rows", async () => {
    onRpc("web_save_multi", ({args}) => expect.step(args[1]));
    await mountView({type: "list", resModel: "thing", arch: COLUMNS});
    await toggleColumn("Minimum");
    await animationFrame();
    await contains("th[data-name=minimum]").click();
    await contains("th[data-name=minimum]").click();
    expect(".o_data_row:first").toHaveText(/orange/);
    for (const name of ["orange", "green"]) {
        await contains(`.o_data_row:contains(${name}) .o_list_record_selector`).click();
    }
    await contains(".o_data_row:contains(orange) [name=minimum]").click();
    await contains(".o_data_row [name=minimum] input").edit("7");
    await contains(".modal-footer .btn-primary").click();
    expect(".o_data_row:contains(green) [name=minimum]").toHaveText("7.00");
});

test("a column that was switched on in another tab is read here, too", async () => {
    noteFields();
    const view = await mountView({type: "list", resModel: "thing", arch: COLUMNS});
    const key = "optional_fields,thing,list";
    const names = ["minimum", "name", "state", "status_color"];
    const viewId = view.env.config.viewId;
    browser.localStorage.setItem([key, viewId, ...names].join(","), "state");
    await contains(".o_data_row:contains(orange) .o_list_record_selector").click();
    await animationFrame();
    expect("th[data-name=state]").toHaveCount(1);
    expect("th[data-name=status_color]").toHaveCount(0);
    expect(".o_data_row:contains(orange)").toHaveText(/New/);
    expect.verifySteps(["name status_color", "name state status_color"]);
});

test("a missing number is shown as nothing, and a zero can be typed", async () => {
    onRpc("web_save", ({args}) => expect.step(args[1]));
    // The mock server has no missing numbers.
    onRpc("web_read", () => [{id: 1, minimum: false}]);
    await mountView({type: "form", resModel: "thing", resId: 1, arch: FORM});
    expect(".o_field_widget input").toHaveValue("");
    await contains(".o_field_widget input").edit("0");
    await clickSave();
    expect.verifySteps([{minimum: 0}]);
});

test("a number can be cleared", async () => {
    onRpc("web_save", ({args}) => expect.step(args[1]));
    await mountView({type: "form", resModel: "thing", resId: 2, arch: FORM});
    expect(".o_field_widget input").toHaveValue("5.25");
    await contains(".o_field_widget input").edit("");
    await clickSave();
    expect.verifySteps([{minimum: false}]);
});

test("an invalid number is marked and not saved", async () => {
    await mountView({type: "form", resModel: "thing", resId: 2, arch: FORM});
    await contains(".o_field_widget input").edit("many");
    expect(".o_field_widget input").toHaveAttribute("aria-invalid", "true");
    expect(".o_form_button_save:enabled").toHaveCount(0);
});

for (const type of ["list", "kanban"]) {
    test(`an empty ${type} says what was looked for`, async () => {
        await mountView({
            type,
            resModel: "thing",
            noContentHelp: "Nothing waits",
            searchViewArch: `<search><field name="name"/></search>`,
            arch: {
                list: `<list js_class="fault_report_list"><field name="name"/></list>`,
                kanban: `
                    <kanban js_class="fault_report_kanban">
                        <templates><t t-name="card"><field name="name"/></t></templates>
                    </kanban>`,
            }[type],
        });
        await editSearch("blue");
        await validateSearch();
        expect(".o_nocontent_help").toHaveText(/Nothing matches “blue”/);
    });
}

test("an empty list where nothing was typed says what the action says", async () => {
    await mountView({
        type: "list",
        resModel: "thing",
        domain: [["id", "=", 0]],
        noContentHelp: "Nothing waits",
        arch: `<list js_class="fault_report_list"><field name="name"/></list>`,
    });
    expect(".o_nocontent_help").toHaveText("Nothing waits");
});

test("a card dropped on Assigned asks for the technician; others say why not", async () => {
    onRpc("action_assign", ({args}) => {
        expect.step(["assign", args[0]]);
        return false;
    });
    onRpc("web_save", () => expect.step("saved"));
    await mountView({
        type: "kanban",
        resModel: "thing",
        groupBy: ["state"],
        arch: `
            <kanban js_class="fault_report_kanban">
                <field name="state"/>
                <templates><t t-name="card"><field name="name"/></t></templates>
            </kanban>`,
    });
    const card = ".o_kanban_record:contains(orange)";
    await contains(card).dragAndDrop(".o_kanban_group:contains(Assigned)");
    expect.verifySteps([["assign", [2]]]);
    await contains(card).dragAndDrop(".o_kanban_group:contains(Solved)");
    expect.verifySteps([]);
    expect(".o_notification").toHaveText(/choose Solved/);
});

test("the usual times of a note are a tap away", async () => {
    onRpc("web_save", ({args}) => expect.step(args[1]));
    await mountView({
        type: "form",
        resModel: "thing",
        resId: 2,
        arch: `<form><field name="minimum" widget="fault_report_quick_time"/></form>`,
    });
    expect(".o_field_widget .btn").toHaveCount(4);
    await contains(".o_field_widget .btn:contains(0:15)").click();
    expect(".o_field_widget input").toHaveValue("00:15");
    await clickSave();
    expect.verifySteps([{minimum: 0.25}]);
});

test("the text of a note has the focus, also on a touch screen", async () => {
    mockTouch(true);
    await mountView({
        type: "form",
        resModel: "thing",
        arch: `
            <form>
                <field name="minimum"/>
                <field name="name" widget="fault_report_focused_text"/>
            </form>`,
    });
    expect(".o_field_widget[name=name] textarea").toBeFocused();
});

for (const type of ["form", "list", "kanban"]) {
    test(`Odoo's duplicate is called a copy on a ${type}`, async () => {
        await mountView({
            type,
            resModel: "thing",
            resId: 1,
            loadActionMenus: true,
            arch: {
                form: `<form js_class="fault_report_form"><field name="name"/></form>`,
                list: `<list js_class="fault_report_list"><field name="name"/></list>`,
                kanban: `
                    <kanban js_class="fault_report_kanban">
                        <templates><t t-name="card"><field name="name"/></t></templates>
                    </kanban>`,
            }[type],
        });
        if (type === "list") {
            await contains(".o_data_row .o_list_record_selector input").click();
        } else if (type === "kanban") {
            await contains(".o_kanban_record").click({altKey: true});
        }
        await contains(".o_cp_action_menus .dropdown-toggle").click();
        expect(".o-dropdown--menu").toHaveText(/Copy/);
        expect(".o-dropdown--menu").not.toHaveText(/Duplicate/);
    });
}

for (const isAdmin of [true, false]) {
    test(`fields are defined by who may change the company: ${isAdmin}`, async () => {
        patchWithCleanup(user, {isAdmin});
        await mountView({
            type: "form",
            resModel: "thing",
            resId: 1,
            loadActionMenus: true,
            arch: `
                <form js_class="fault_report_form">
                    <field name="parent_id"/>
                    <field name="properties"/>
                </form>`,
        });
        await contains(".o_cp_action_menus .dropdown-toggle").click();
        const count = isAdmin ? 1 : 0;
        expect(".o-dropdown--menu:contains(Edit Properties)").toHaveCount(count);
    });
}
