import {TextField, textField} from "@web/views/fields/text/text_field";
import {registry} from "@web/core/registry";
import {useAutofocus} from "@web/core/utils/hooks";

/** A text that is typed first: it has the focus, also on touch screens. */
export class FocusedTextField extends TextField {
    setup() {
        super.setup();
        useAutofocus({refName: "textarea", mobile: true});
    }
}

registry.category("fields").add("fault_report_focused_text", {
    ...textField,
    component: FocusedTextField,
    additionalClasses: ["o_field_text"],
});
