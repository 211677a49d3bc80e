import {FaultReportActionHelper} from "./fault_report_nothing_found";
import {KanbanRenderer} from "@web/views/kanban/kanban_renderer";
import {_t} from "@web/core/l10n/translation";
import {kanbanView} from "@web/views/kanban/kanban_view";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {withCopyMenuItem} from "./copy_menu_item";

/** A board by state, which is computed: dropping a card opens the matching dialog. */
export class FaultReportKanbanRenderer extends KanbanRenderer {
    static components = {
        ...KanbanRenderer.components,
        ActionHelper: FaultReportActionHelper,
    };

    setup() {
        super.setup();
        this.action = useService("action");
        this.notification = useService("notification");
    }

    get isByState() {
        return this.props.list.groupByField?.name === "state";
    }

    get canMoveRecords() {
        return super.canMoveRecords || (this.isByState && this.canResequenceRecords);
    }

    async sortRecordDrop(dataRecordId, dataGroupId, params) {
        if (!this.isByState) {
            return super.sortRecordDrop(dataRecordId, dataGroupId, params);
        }
        const {element, parent} = params;
        parent?.classList.remove("o_kanban_hover");
        const [from, to] = [dataGroupId, parent?.dataset.id].map((id) =>
            this.props.list.groups.find((group) => group.id === id)
        );
        if (!from || !to || from === to) {
            return;
        }
        const record = from.list.records.find(({id}) => id === element.dataset.id);
        await this.dropOnState(record, to.value);
    }

    /** Open the dialog that leads to the state, or explain what sets it. */
    async dropOnState(record, state) {
        if (state === "assigned" && record.data.state === "new") {
            return this.action.doActionButton({
                type: "object",
                name: "action_assign",
                resModel: record.resModel,
                resId: record.resId,
                resIds: [record.resId],
                onClose: () => this.props.list.model.load(),
            });
        }
        this.notification.add(this.getStateText(state), {type: "warning"});
    }

    getStateText(state) {
        const texts = {
            new: _t("A report is new until it is assigned: remove its technician."),
            assigned: _t("Only new reports can be assigned here: reopen it first."),
            converted: _t("Open the report and generate an order: this converts it."),
            solved: _t("Open the report and choose Solved: the reporter is told why."),
            cancelled: _t(
                "Open the report and choose Cancel: the reporter is told why."
            ),
        };
        return texts[state];
    }
}

registry.category("views").add("fault_report_kanban", {
    ...kanbanView,
    Controller: withCopyMenuItem(kanbanView.Controller),
    Renderer: FaultReportKanbanRenderer,
});
