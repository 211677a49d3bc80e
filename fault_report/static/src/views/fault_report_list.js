import {registry} from "@web/core/registry";
import {readingShownColumns, withoutHiddenColumns} from "./hidden_columns";
import {FaultReportActionHelper} from "./fault_report_nothing_found";
import {ListRenderer} from "@web/views/list/list_renderer";
import {listView} from "@web/views/list/list_view";
import {withCopyMenuItem} from "./copy_menu_item";

/** A list whose rows have a stripe in the colour of their status. */
export class FaultReportListRenderer extends readingShownColumns(ListRenderer) {
    static components = {
        ...ListRenderer.components,
        ActionHelper: FaultReportActionHelper,
    };

    getRowClass(record) {
        const color = record.data.status_color;
        const stripe = color ? ` o_fault_report_stripe_${color}` : "";
        return super.getRowClass(record) + stripe;
    }
}

registry.category("views").add("fault_report_list", {
    ...listView,
    Controller: withoutHiddenColumns(withCopyMenuItem(listView.Controller)),
    Renderer: FaultReportListRenderer,
});
