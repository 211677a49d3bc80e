import {registry} from "@web/core/registry";
import {withCopyMenuItem} from "./copy_menu_item";
import {FormController} from "@web/views/form/form_controller";
import {formView} from "@web/views/form/form_view";
import {useHotkey} from "@web/core/hotkeys/hotkey_hook";
import {user} from "@web/core/user";

const NOTES = ".o_notebook_headers a[name=notes]";
const ADD_NOTE = [
    ".o_field_widget[name=note_ids] .o_field_x2many_list_row_add a",
    ".o_field_widget[name=note_ids] .o-kanban-button-new",
].join();

/**
 * A form for users who may create but not edit: Odoo's own hides the save buttons from
 * them. They can save a new report, and only read it afterwards.
 */
export class FaultReportFormController extends withCopyMenuItem(FormController) {
    static template = "fault_report.FormView";

    setup() {
        super.setup();
        useHotkey("alt+t", () => this.addNote(), {
            bypassEditableProtection: true,
            isAvailable: () => Boolean(this.notesTab),
            withOverlay: () => this.notesTab,
        });
    }

    /** Fields of the company are defined by those who may change the company. */
    getStaticActionMenuItems() {
        const items = super.getStaticActionMenuItems();
        const {isAvailable} = items.addPropertyFieldValue;
        items.addPropertyFieldValue.isAvailable = () => user.isAdmin && isAvailable();
        return items;
    }

    get notesTab() {
        return this.rootRef.el?.querySelector(NOTES);
    }

    /** Open the notes, and a new one if the user may add it. */
    async addNote() {
        this.notesTab.click();
        await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame);
        this.rootRef.el.querySelector(ADD_NOTE)?.click();
    }

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
