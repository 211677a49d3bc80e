import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {isDeviation} from "../point_value/point_rules";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";

/** The number of deviations among the service points, also before saving. */
export class Deviations extends Component {
    static template = "fault_report.Deviations";
    static props = {...standardWidgetProps};

    get count() {
        const points = this.props.record.data.point_ids;
        return points.records.filter(({data}) => isDeviation(data)).length;
    }

    get text() {
        return this.count === 1
            ? _t("1 deviation")
            : _t("%(count)s deviations", {count: this.count});
    }
}

registry.category("view_widgets").add("fault_report_deviations", {
    component: Deviations,
});
