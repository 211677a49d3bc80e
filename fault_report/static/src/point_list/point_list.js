import {
    findApplying,
    isAnswered,
    isDeviation,
    isSection,
    leads,
} from "../point_value/point_rules";
import {Component} from "@odoo/owl";
import {PointText} from "../point_value/point_text";
import {PointValue} from "../point_value/point_value";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

/**
 * The service points of a report, one per row, each with the input of its type. Rows
 * wrap, so that phones need no horizontal scrolling.
 */
export class PointList extends Component {
    static template = "fault_report.PointList";
    static components = {PointText, PointValue};
    static props = {...standardFieldProps};

    get records() {
        return this.props.record.data[this.props.name].records;
    }

    /** The records that apply to the object and to the answers, with sections. */
    get shown() {
        const points = this.records.map(({data}) => data);
        const applying = findApplying(points, this.props.record.data);
        return this.records.filter(({data}, index) =>
            isSection(data) ? leads(points, index, applying) : applying.has(data)
        );
    }

    get questions() {
        return this.shown.map(({data}) => data).filter((data) => !isSection(data));
    }

    get progress() {
        return _t("%(answered)s of %(all)s answered", {
            answered: this.questions.filter(isAnswered).length,
            all: this.questions.length,
        });
    }

    isSection(record) {
        return isSection(record.data);
    }

    isDeviation(record) {
        return isDeviation(record.data);
    }
}

export const pointList = {
    component: PointList,
    displayName: _t("Service points"),
    supportedTypes: ["one2many"],
    useSubView: true,
};

registry.category("fields").add("fault_report_points", pointList);
