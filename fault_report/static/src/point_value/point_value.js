import {
    OptionalNumberField,
    formatNumber,
} from "../optional_number/optional_number_field";
import {VALUE_FIELDS, getChosenOption} from "./point_rules";
import {Component} from "@odoo/owl";
import {PointPhoto} from "./point_photo";
import {PointText} from "./point_text";
import {_t} from "@web/core/l10n/translation";
import {formatDate} from "@web/core/l10n/dates";

const {DateTime} = luxon;
// More options than these are shown as a dropdown
const MAX_BUTTONS = 4;

/** The input for the answer to a service point, by its type. */
export class PointValue extends Component {
    static template = "fault_report.PointValue";
    static components = {OptionalNumberField, PointPhoto, PointText};
    static props = {
        record: Object,
        readonly: {type: Boolean, optional: true},
    };

    get point() {
        return this.props.record.data;
    }

    get fieldName() {
        return VALUE_FIELDS[this.point.type];
    }

    /** Buttons for the answers of a check, or of a choice with few options. */
    get buttons() {
        if (this.point.type === "check") {
            return [
                {value: "ok", label: _t("OK"), color: "success"},
                {value: "not_ok", label: _t("Not OK"), color: "danger"},
                {value: "na", label: _t("N/A"), color: "secondary"},
            ];
        }
        return this.options.map((option) => ({
            value: option.id,
            label: option.name,
            color: option.approved ? "success" : "danger",
        }));
    }

    get options() {
        return this.point.options || [];
    }

    get hasButtons() {
        return (
            this.point.type === "check" ||
            (this.point.type === "choice" && this.options.length <= MAX_BUTTONS)
        );
    }

    get chosen() {
        if (this.point.type === "choice") {
            return this.point.value_option_id && this.point.value_option_id.id;
        }
        return this.point.value_check;
    }

    /** The answer as text. */
    get text() {
        switch (this.point.type) {
            case "check":
                return this.buttons.find(({value}) => value === this.chosen)?.label;
            case "choice":
                return getChosenOption(this.point)?.name;
            case "number":
                return formatNumber(this.point.value_number);
            case "date":
                return this.point.value_date && formatDate(this.point.value_date);
            default:
                return this.point.value_text;
        }
    }

    get limits() {
        const {minimum, maximum} = this.point;
        if (minimum !== false && maximum !== false) {
            return `${formatNumber(minimum)} – ${formatNumber(maximum)}`;
        }
        if (minimum !== false) {
            return `≥ ${formatNumber(minimum)}`;
        }
        return maximum === false ? "" : `≤ ${formatNumber(maximum)}`;
    }

    get isoDate() {
        return this.point.value_date ? this.point.value_date.toISODate() : "";
    }

    update(value) {
        return this.props.record.update({[this.fieldName]: value});
    }

    choose(value) {
        if (this.point.type === "check") {
            return this.update(value);
        }
        const option = this.options.find(({id}) => id === value);
        return this.update(option ? {id: option.id, display_name: option.name} : false);
    }

    /** A second click on the answer clears it. */
    onButtonClick(value) {
        if (value === this.chosen) {
            this.choose(false);
        }
    }

    onButtonKeydown(ev) {
        if (["Backspace", "Delete"].includes(ev.key)) {
            ev.preventDefault();
            this.choose(false);
        }
    }

    onSelectChange(ev) {
        return this.choose(Number(ev.target.value));
    }

    onDateChange(ev) {
        const date = ev.target.value && DateTime.fromISO(ev.target.value);
        return this.update(date && date.isValid ? date : false);
    }
}
