import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

/** A mark on reports whose customer waits for an answer. */
export class AnswerField extends Component {
    static template = "fault_report.AnswerField";
    static props = {...standardFieldProps};

    get text() {
        return this.props.record.fields[this.props.name].string;
    }
}

registry.category("fields").add("fault_report_answer", {
    component: AnswerField,
    displayName: _t("Customer has answered"),
    supportedTypes: ["boolean"],
    isEmpty: () => false,
});
