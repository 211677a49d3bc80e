import {Interaction} from "@web/public/interaction";
import {loadBundle} from "@web/core/assets";
import {registry} from "@web/core/registry";

const PAGE = "/fault_report/website";
const FORM = "o_fault_report_form";

/**
 * Replaces the link of the building block by the form.
 *
 * The form is not saved with the page: it is removed when the interaction stops, which
 * the website builder does before editing. It does not run in the editor.
 */
export class FaultReportBlock extends Interaction {
    static selector = ".s_fault_report";

    start() {
        this.link = this.el.querySelector(".s_fault_report_link");
        // The ids of the form must be unique
        if (this.link && !document.querySelector(`.${FORM}`)) {
            this.showForm();
        }
    }

    async showForm() {
        let piece = null;
        try {
            piece = await this.waitFor(this.loadForm());
            await this.waitFor(loadBundle("fault_report.assets_form"));
            if (piece.querySelector("dialog")) {
                await this.waitFor(loadBundle("fault_report.assets_danger"));
            }
        } catch {
            // The link stays, and opens the same form
            return;
        }
        this.insert(piece, this.link, "afterend");
        this.link.classList.add("d-none");
        this.registerCleanup(() => this.link.classList.remove("d-none"));
        if (piece.classList.contains(FORM)) {
            window.FaultReportForm.enhance(piece);
        }
        window.FaultReportForm.sendUnsent(piece);
    }

    async loadForm() {
        const page = this.link.pathname.endsWith(PAGE) ? this.link.pathname : PAGE;
        const {points, contact} = this.el.dataset;
        const query = new URLSearchParams();
        if (points === "skip") {
            query.set("without_points", "1");
        }
        if (contact) {
            query.set("asked_contact", contact);
        }
        const response = await fetch(`${page}/form?${query}`);
        if (!response.ok) {
            throw new Error(response.statusText);
        }
        const text = await response.text();
        // A fragment of our own page, escaped by the server
        return new DOMParser().parseFromString(text, "text/html").body
            .firstElementChild;
    }
}

registry
    .category("public.interactions")
    .add("fault_report_website.fault_report_block", FaultReportBlock);
