import {
    clickSave,
    contains,
    defineModels,
    fields,
    models,
    mountView,
    onRpc,
} from "@web/../tests/web_test_helpers";
import {expect, test} from "@odoo/hoot";
import {defineMailModels} from "@mail/../tests/mail_test_helpers";

/** A stub of the models that use the widgets. */
class Thing extends models.Model {
    name = fields.Char();
    status_color = fields.Integer();
    minimum = fields.Float();

    _records = [
        {id: 1, name: "no colour", status_color: 0},
        {id: 2, name: "orange", status_color: 2, minimum: 5.25},
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
    expect(".o_data_row").toHaveCount(2);
    expect(".o_data_row[class*=o_fault_report_stripe]").toHaveCount(1);
    expect(".o_data_row.o_fault_report_stripe_2").toHaveText("orange");
});

test("a list without statuses has no stripes", async () => {
    await mountView({
        type: "list",
        resModel: "thing",
        arch: `<list js_class="fault_report_list"><field name="name"/></list>`,
    });
    expect(".o_data_row").toHaveCount(2);
    expect("[class*=o_fault_report_stripe]").toHaveCount(0);
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
