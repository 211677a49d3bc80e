import {registry} from "@web/core/registry";

const FILE = ".o-mail-AttachmentBox .o-mail-AttachmentContainer[aria-label='door.txt']";
const MESSAGE = ".o-mail-Message:contains('Look')";

const tours = registry.category("web_tour.tours");

tours.add("fault_report_files_view", {
    steps: () => [
        {
            content: "The files are shown without a click, and cannot be removed",
            trigger: `${FILE}:not(:has(.o-mail-Attachment-unlink))`,
        },
        {
            content: "Nothing can be added",
            trigger: ".o_form_view:not(:has(.o_fault_report_files))",
        },
        {trigger: ".o-mail-Chatter-sendMessage:disabled"},
    ],
});

tours.add("fault_report_files_edit", {
    steps: () => [
        {trigger: `${FILE}:not(:has(.o-mail-Attachment-unlink))`},
        {
            content: "Files can be added",
            trigger: ".o_fault_report_files button:contains('Add files')",
        },
        {
            content: "A message with files cannot be deleted",
            trigger: MESSAGE,
            run: "hover && click .o-mail-Message:contains('Look') [title='Expand']",
        },
        {
            trigger: ".o-dropdown--menu:contains('Copy Link'):not(:contains('Delete'))",
        },
    ],
});

tours.add("fault_report_files_remove", {
    steps: () => [
        {trigger: FILE, run: "hover"},
        {trigger: `${FILE} .o-mail-Attachment-unlink`, run: "click"},
        {
            trigger: ".modal button:contains('Ok')",
            run: "click",
        },
        {
            content: "The file is gone",
            trigger: ".o-mail-Chatter:not(:has(.o-mail-AttachmentContainer))",
        },
    ],
});
