import {Component, useRef, useState} from "@odoo/owl";
import {isMobileOS} from "@web/core/browser/feature_detection";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";

/**
 * Buttons that attach files, or a photo taken with the phone, to a saved report.
 */
export class FaultReportFiles extends Component {
    static template = "fault_report.Files";
    static props = {...standardWidgetProps};

    setup() {
        this.store = useService("mail.store");
        this.uploadService = useService("mail.attachment_upload");
        this.files = useRef("files");
        this.photo = useRef("photo");
        this.state = useState({done: 0, total: 0});
        this.hasCamera = isMobileOS();
    }

    /** File types offered by the browser; the server checks them. */
    get accept() {
        return [
            "image/jpeg,image/png,image/webp,image/gif,image/heic",
            "application/pdf,video/mp4,text/plain,.csv,.log",
            ".doc,.docx,.xls,.xlsx,.ppt,.pptx,.odt,.ods,.odp,.odg",
        ].join(",");
    }

    get isUploading() {
        return this.state.total > 0;
    }

    /**
     * One after the other, for slow connections; each refusal is shown.
     *
     * @param {Event} ev
     */
    async onChange(ev) {
        const files = [...ev.target.files];
        ev.target.value = null;
        const {resId, resModel} = this.props.record;
        const thread = this.store.Thread.insert({model: resModel, id: resId});
        Object.assign(this.state, {done: 0, total: files.length});
        try {
            for (const file of files) {
                await this.uploadService.upload(thread, undefined, file);
                this.state.done++;
            }
        } finally {
            this.state.total = 0;
        }
        // Reloading them makes the chatter show its attachment box.
        await thread.fetchThreadData(["attachments"]);
    }
}

registry.category("view_widgets").add("fault_report_files", {
    component: FaultReportFiles,
});
