import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {formatFloat} from "@web/views/fields/formatters";
import {parseFloat} from "@web/views/fields/parsers";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {useInputField} from "@web/views/fields/input_field_hook";
import {useNumpadDecimal} from "@web/views/fields/numpad_decimal_hook";

const DIGITS = [16, 6];

/**
 * Return a number for reading, without idle zeros; nothing for a missing one.
 *
 * @param {number | false} number
 * @returns {string}
 */
export function formatNumber(number) {
    return formatFloat(number, {digits: DIGITS, trailingZeros: false});
}

/** A number that may be missing: Odoo's own field shows 0 where nothing was typed. */
export class OptionalNumberField extends Component {
    static template = "fault_report.OptionalNumberField";
    static props = {
        ...standardFieldProps,
        placeholder: {type: String, optional: true},
        label: {type: String, optional: true},
    };

    setup() {
        useInputField({
            fieldName: this.props.name,
            getValue: () => this.formattedValue,
            parse: (text) => (text.trim() ? parseFloat(text.trim()) : false),
            refName: "numpadDecimal",
        });
        useNumpadDecimal();
    }

    get formattedValue() {
        return formatNumber(this.props.record.data[this.props.name]);
    }

    get isInvalid() {
        return this.props.record.isFieldInvalid(this.props.name);
    }
}

export const optionalNumberField = {
    component: OptionalNumberField,
    displayName: _t("Number that may be missing"),
    supportedTypes: ["float"],
    isEmpty: (record, fieldName) => record.data[fieldName] === false,
    extractProps: ({attrs, placeholder}) => ({
        placeholder: placeholder || attrs.placeholder,
    }),
};

registry.category("fields").add("fault_report_optional_number", optionalNumberField);
