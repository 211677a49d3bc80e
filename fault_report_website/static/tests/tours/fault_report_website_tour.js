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

async function checkAccessibility(selector) {
    const width = document.documentElement.scrollWidth;
    if (width > window.innerWidth) {
        console.error(`The page is ${width} pixels wide`);
    }
    if (!window.axe) {
        await loadJS("/fault_report/static/tests/lib/axe-core/axe.min.js");
    }
    const {violations} = await window.axe.run(selector, {
        // It would fetch third-party style sheets, such as fonts
        preload: false,
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
    });
    for (const {id, nodes} of violations) {
        console.error(`axe: ${id} at ${nodes.map((node) => node.target).join(", ")}`);
    }
}

registry.category("web_tour.tours").add("fault_report_website_file", {
    steps: () => [
        {
            content: "the form stands where the link was",
            trigger:
                ".s_fault_report:has(.s_fault_report_link.d-none) form[data-state]",
            run: () => checkAccessibility(".s_fault_report"),
        },
        {
            content: "the visitor sends too early",
            trigger: ".o_fr_button[type=submit]",
            run: "click",
        },
        {
            content: "and is led to the missing fields",
            trigger: "#fr_name[aria-invalid=true]:focus",
            run: () => checkAccessibility(".s_fault_report"),
        },
        {
            content: "describes the fault",
            trigger: "#fr_name",
            run: "edit Door does not close",
        },
        {
            content: "and how to be reached",
            trigger: "#fr_phone",
            run: "edit 555",
        },
        {
            content: "and takes a photo",
            trigger: ".o_fr_files",
            run: () => takePhoto(document.querySelector("#fr_files")),
        },
        {
            content: "which is shown",
            trigger: ".o_fr_previews li img",
        },
        {
            content: "sends it",
            trigger: ".o_fr_button[type=submit]",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "it has arrived",
            trigger: ".o_fr_good:contains(has arrived)",
            run: () => checkAccessibility(".o_fault_report_page"),
        },
        {
            content: "and follows it",
            trigger: "a[href*=access_token]",
            run: "click",
            expectUnloadPage: true,
        },
        {
            trigger: ".o_fr_report_page:contains(Door does not close)",
            run: () => checkAccessibility(".o_fault_report_page"),
        },
    ],
});

registry.category("web_tour.tours").add("fault_report_website_customer", {
    steps: () => [
        {
            content: "the customer is offered the portal form",
            trigger: ".s_fault_report_customer a[href$='/my/fault_reports/new']",
            run: "click",
            expectUnloadPage: true,
        },
        {
            trigger: ".o_fr_new_page",
        },
    ],
});

registry.category("web_tour.tours").add("fault_report_website_built", {
    steps: () => [
        {
            content: "the form is on the page, without service points",
            trigger: ".s_fault_report form[data-state]:not(:has(.o_fr_point))",
        },
        {
            content: "and asks for an e-mail address only",
            trigger:
                ".s_fault_report form:not(:has([name=phone])) [name=email]:required",
        },
    ],
});

const sayIt = [
    {
        trigger: "form[data-state=editing] #fr_name",
        run: "edit It rattles",
    },
    {
        trigger: "#fr_phone",
        run: "edit 555",
    },
];
const arrived = {
    content: "it has arrived",
    trigger: ".o_fr_good:contains(has arrived)",
};

registry.category("web_tour.tours").add("fault_report_website_captcha", {
    steps: () => [
        ...sayIt,
        {
            trigger: ".o_fr_button[type=submit]",
            run: "click",
            expectUnloadPage: true,
        },
        arrived,
    ],
});

registry.category("web_tour.tours").add("fault_report_website_captcha_down", {
    steps: () => [
        ...sayIt,
        {
            trigger: ".o_fr_button[type=submit]",
            run: "click",
        },
        {
            content: "the captcha does not answer: the report is kept",
            trigger: "form[data-state=waiting] [data-part=status]:contains(is kept)",
        },
        {
            content: "now it does",
            trigger: "[data-part=retry]:not([hidden])",
            run: "click",
            expectUnloadPage: true,
        },
        arrived,
    ],
});
