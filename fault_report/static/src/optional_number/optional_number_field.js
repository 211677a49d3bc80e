import {Component, useEffect, useRef} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {formatFloat} from "@web/views/fields/formatters";
import {parseFloat} from "@web/views/fields/parsers";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {useBus} from "@web/core/utils/hooks";
import {useNumpadDecimal} from "@web/views/fields/numpad_decimal_hook";

const DIGITS = [16, 6];

/**
 * Return a number as text without trailing zeros, empty for a missing one.
 *
 * @param {number | false} number
 * @returns {string}
 */
export function formatNumber(number) {
    return formatFloat(number, {digits: DIGITS, trailingZeros: false});
}

/**
 * A number that may be missing.
 *
 * Odoo's own field shows 0 for a missing number, and its input hook ignores a 0 typed
 * into an empty input.
 */
export class OptionalNumberField extends Component {
    static template = "fault_report.OptionalNumberField";
    static props = {
        ...standardFieldProps,
        placeholder: {type: String, optional: true},
        label: {type: String, optional: true},
    };

    setup() {
        this.input = useRef("numpadDecimal");
        this.isDirty = false;
        useNumpadDecimal();
        useEffect(() => {
            const text = this.formattedValue;
            if (this.input.el && !this.isDirty) {
                this.input.el.value = text;
            }
        });
        useBus(this.bus, "WILL_SAVE_URGENTLY", () => this.commit());
        useBus(this.bus, "NEED_LOCAL_CHANGES", ({detail}) =>
            detail.proms.push(this.commit())
        );
    }

    get bus() {
        return this.props.record.model.bus;
    }

    get formattedValue() {
        return formatNumber(this.props.record.data[this.props.name]);
    }

    get isInvalid() {
        return this.props.record.isFieldInvalid(this.props.name);
    }

    onInput() {
        this.isDirty = true;
        this.bus.trigger("FIELD_IS_DIRTY", true);
        if (this.isInvalid) {
            this.props.record.resetFieldValidity(this.props.name);
        }
    }

    onKeydown(ev) {
        if (["Tab", "Enter"].includes(ev.key)) {
            this.commit();
        }
    }

    async commit() {
        if (!this.isDirty) {
            return;
        }
        const text = this.input.el.value.trim();
        let number = false;
        try {
            number = text ? parseFloat(text) : false;
        } catch {
            this.props.record.setInvalidField(this.props.name);
            return;
        }
        this.isDirty = false;
        await this.props.record.update({[this.props.name]: number});
        this.bus.trigger("FIELD_IS_DIRTY", false);
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
