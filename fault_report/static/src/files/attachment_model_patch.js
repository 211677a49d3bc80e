import {Attachment} from "@mail/core/common/attachment_model";
import {patch} from "@web/core/utils/patch";

/** Offer to remove a report's file only to users who may; the server checks it. */
patch(Attachment.prototype, {
    get isDeletable() {
        if (this.thread?.model === "fault.report" && !this.uploading) {
            return Boolean(this.thread.canRemoveFiles);
        }
        return super.isDeletable;
    },
});
