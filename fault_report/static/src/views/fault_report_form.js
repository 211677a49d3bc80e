import {registry} from "@web/core/registry";
import {withCopyMenuItem} from "./copy_menu_item";
import {FormController} from "@web/views/form/form_controller";
import {formView} from "@web/views/form/form_view";

/**
 * A form for users who may create but not edit: Odoo's own hides the save buttons from
 * them. They can save a new report, and only read it afterwards.
 */
export class FaultReportFormController extends withCopyMenuItem(FormController) {
    static template = "fault_report.FormView";

    get canSave() {
        return this.canEdit || this.model.root.isNew;
    }

    async save(params) {
        const saved = await super.save(params);
        if (saved && !this.canEdit) {
            await this.model.root.switchMode("readonly");
        }
        return saved;
    }
}

registry.category("views").add("fault_report_form", {
    ...formView,
    Controller: FaultReportFormController,
});
