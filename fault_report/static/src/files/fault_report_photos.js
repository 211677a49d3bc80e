import {Component, useState} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {useFileViewer} from "@web/core/file_viewer/file_viewer_hook";
import {useService} from "@web/core/utils/hooks";

/** Thumbnails of a report's photos, beside its text. */
export class FaultReportPhotos extends Component {
    static template = "fault_report.Photos";
    static props = {...standardWidgetProps};

    setup() {
        this.store = useState(useService("mail.store"));
        this.viewer = useFileViewer();
    }

    get photos() {
        const {resId, resModel} = this.props.record;
        const thread = resId && this.store.Thread.get({model: resModel, id: resId});
        return (thread?.attachments || [])
            .filter((file) => file.isImage && !file.uploading)
            .sort((one, other) => one.id - other.id);
    }

    getUrl(photo) {
        return `/web/image/${photo.id}?width=192&height=192`;
    }

    open(photo) {
        this.viewer.open(photo, this.photos);
    }
}

registry.category("view_widgets").add("fault_report_photos", {
    component: FaultReportPhotos,
});
