import {insertSnippet, registerWebsitePreviewTour} from "@website/js/tours/tour_utils";

/**
 * Once any block is selected, a click of the tour runner crashes the page in Chromium
 * 156; these events have the same effect on the builder.
 *
 * @param {string} trigger
 * @returns {object} a step
 */
function press(trigger) {
    return {
        trigger,
        run({anchor}) {
            for (const type of ["pointerdown", "mousedown", "pointerup", "mouseup"]) {
                const Event = type.startsWith("pointer") ? PointerEvent : MouseEvent;
                anchor.dispatchEvent(
                    new Event(type, {bubbles: true, cancelable: true})
                );
            }
            anchor.click();
        },
    };
}

registerWebsitePreviewTour(
    "fault_report_website_build",
    {url: "/", edition: true},
    () => [
        ...insertSnippet({
            id: "s_fault_report",
            name: "Fault Report",
            groupName: "Contact & Forms",
        }),
        {
            content: "the editor shows what the page keeps, not the form",
            trigger: ":iframe .s_fault_report:not(:has(form)) .s_fault_report_link",
        },
        press("button[data-action=save]:enabled"),
        {
            content: "saved, the page shows the form",
            trigger: ":iframe .s_fault_report form[data-state]:has(.o_fr_point)",
            timeout: 50000,
        },
        press(".o_menu_systray .o_edit_website_container button"),
        {
            trigger: ".o_builder_sidebar_open",
            timeout: 30000,
        },
        {
            content: "which disappears when the page is edited again",
            trigger: ":iframe .s_fault_report:not(:has(form)) p > a:not(.d-none)",
        },
        press(":iframe .s_fault_report"),
        press("[data-container-title='Fault Report'] .dropdown-toggle:contains(Ask)"),
        press(".o_popover .o-dropdown-item:contains(Do not ask)"),
        {
            trigger: ":iframe .s_fault_report[data-points=skip]:not(:has(form))",
        },
        press(
            "[data-container-title='Fault Report'] .dropdown-toggle:contains(Phone or E-mail)"
        ),
        press(".o_popover .o-dropdown-item:contains(/^E-mail$/)"),
        {
            trigger: ":iframe .s_fault_report[data-contact=email]:not(:has(form))",
        },
        press("button[data-action=save]:enabled"),
        {
            trigger: ":iframe .s_fault_report form[data-state]:not(:has(.o_fr_point))",
            timeout: 50000,
        },
    ]
);
