import {Attachment} from "@mail/core/common/attachment_model";
import {patch} from "@web/core/utils/patch";

/** A report's file is removed by those only who may; the server refuses the others. */
patch(Attachment.prototype, {
    get isDeletable() {
        if (this.thread?.model === "fault.report" && !this.uploading) {
            return Boolean(this.thread.canRemoveFiles);
        }
        return super.isDeletable;
    },
});
