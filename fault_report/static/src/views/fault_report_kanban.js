import {FaultReportActionHelper} from "./fault_report_nothing_found";
import {KanbanRenderer} from "@web/views/kanban/kanban_renderer";
import {kanbanView} from "@web/views/kanban/kanban_view";
import {registry} from "@web/core/registry";

export class FaultReportKanbanRenderer extends KanbanRenderer {
    static components = {
        ...KanbanRenderer.components,
        ActionHelper: FaultReportActionHelper,
    };
}

registry.category("views").add("fault_report_kanban", {
    ...kanbanView,
    Renderer: FaultReportKanbanRenderer,
});
