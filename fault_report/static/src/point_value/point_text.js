import {Component, useRef} from "@odoo/owl";
import {useAutoresize} from "@web/core/utils/autoresize";
import {useInputField} from "@web/views/fields/input_field_hook";

const MAX_TEXT = 10000;
const MAX_LINE = 255;

/** A text of a service point: an answer with several lines, or a remark in one line. */
export class PointText extends Component {
    static template = "fault_report.PointText";
    static props = {
        record: Object,
        name: String,
        label: String,
        placeholder: {type: String, optional: true},
        multiline: {type: Boolean, optional: true},
    };

    setup() {
        const input = useRef("input");
        useInputField({
            fieldName: this.props.name,
            getValue: () => this.props.record.data[this.props.name] || "",
            ref: input,
        });
        if (this.props.multiline) {
            useAutoresize(input);
        }
    }

    get maxLength() {
        return this.props.multiline ? MAX_TEXT : MAX_LINE;
    }
}
