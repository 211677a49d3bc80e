import {
    FloatTimeField,
    floatTimeField,
} from "@web/views/fields/float_time/float_time_field";
import {formatFloatTime} from "@web/views/fields/formatters";
import {registry} from "@web/core/registry";

const TIMES = [0.25, 0.5, 1, 2];

/** Hours and minutes, with buttons for common values. */
export class QuickTimeField extends FloatTimeField {
    static template = "fault_report.QuickTimeField";

    get times() {
        return TIMES.map((hours) => ({hours, label: formatFloatTime(hours)}));
    }

    choose(hours) {
        return this.props.record.update({[this.props.name]: hours});
    }
}

registry.category("fields").add("fault_report_quick_time", {
    ...floatTimeField,
    component: QuickTimeField,
});
