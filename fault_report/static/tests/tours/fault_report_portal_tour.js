import {loadJS} from "@web/core/assets";
import {registry} from "@web/core/registry";

const PHOTO =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

function takePhoto(input) {
    const bytes = Uint8Array.from(atob(PHOTO), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], "door.png", {type: "image/png"}));
    input.files = transfer.files;
    input.dispatchEvent(new Event("change", {bubbles: true}));
}

async function checkAccessibility() {
    const width = document.documentElement.scrollWidth;
    if (width > window.innerWidth) {
        console.error(`The page is ${width} pixels wide`);
    }
    if (!window.axe) {
        await loadJS("/fault_report/static/tests/lib/axe-core/axe.min.js");
    }
    const {violations} = await window.axe.run(".o_fault_report_page", {
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
    });
    for (const {id, nodes} of violations) {
        console.error(`axe: ${id} at ${nodes.map((node) => node.target).join(", ")}`);
    }
}

registry.category("web_tour.tours").add("fault_report_portal_file", {
    steps: () => [
        {
            content: "the customer opens the form from the list",
            trigger: ".o_fr_title a[href='/my/fault_reports/new']",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "they type the object",
            trigger: "input[name=object_text][data-ready]",
            run: "edit Lif",
        },
        {
            content: "and choose it; the facility is filled in",
            trigger: "#fr_objects [role=option]:contains(Lift)",
            run: "click",
        },
        {
            content: "open reports on it are shown",
            trigger: "#fr_open:contains(Wing squeaks) .o_fr_me_too",
        },
        {
            content: "they send too early",
            trigger: ".o_fr_button[type=submit]",
            run: "click",
        },
        {
            content: "and are led to the missing fields",
            trigger: "#fr_name[aria-invalid=true]:focus",
            run: checkAccessibility,
        },
        {
            content: "describes the fault",
            trigger: "#fr_name",
            run: "edit Door does not close",
        },
        {
            content: "and take a photo",
            trigger: ".o_fr_files",
            run: () => takePhoto(document.querySelector("#fr_files")),
        },
        {
            content: "which they see",
            trigger: ".o_fr_previews li img",
            run: () => {
                // The connection is lost
                window.realSend = XMLHttpRequest.prototype.send;
                XMLHttpRequest.prototype.send = function () {
                    setTimeout(this.onerror);
                };
            },
        },
        {
            content: "they send it without a connection",
            trigger: ".o_fr_button[type=submit]",
            run: "click",
        },
        {
            content: "it is kept, and the page says so",
            trigger: "form[data-state=waiting] [data-part=status]:contains(is kept)",
            run: () => {
                XMLHttpRequest.prototype.send = window.realSend;
            },
        },
        {
            content: "with the connection back it is sent",
            trigger: "[data-part=retry]:not([hidden])",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "they see it with its photo",
            trigger: ".o_fr_good:contains(has arrived)",
        },
        {
            trigger: ".o_fr_file_list:contains(door.png)",
            run: checkAccessibility,
        },
        {
            content: "they ask a question",
            trigger: "#fr_comment",
            run: "edit When do you come?",
        },
        {
            trigger: "#comments .o_fr_button[type=submit]",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "and read it",
            trigger: ".o_fr_messages:contains(When do you come)",
        },
    ],
});

registry.category("web_tour.tours").add("fault_report_portal_follow", {
    steps: () => [
        {
            content: "the list shows the progress",
            trigger: ".o_fr_card:contains(Work order created)",
            run: checkAccessibility,
        },
        {
            trigger: ".o_fr_card:contains(Door does not close) a",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "and so does its page",
            trigger: ".o_fr_progress_steps .o_fr_done[data-key=work_order]",
        },
    ],
});
