import {messageActionsRegistry} from "@mail/core/common/message_actions";

// Deleting a message deletes its files: not offered to users who may not remove them.
const deleteAction = messageActionsRegistry.get("delete");
const {condition} = deleteAction;
deleteAction.condition = (params) => {
    const {message} = params;
    const keepsFiles =
        message.thread?.model === "fault.report" &&
        message.attachment_ids.length > 0 &&
        !message.thread.canRemoveFiles;
    return !keepsFiles && condition(params);
};
