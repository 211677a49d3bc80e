import {
    changeOptionInPopover,
    clickOnSave,
    clickOnSnippet,
    insertSnippet,
    registerWebsitePreviewTour,
} from "@website/js/tours/tour_utils";

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
        ...clickOnSnippet({id: "s_fault_report", name: "Fault Report"}),
        ...changeOptionInPopover("Fault Report", "Service Points", "Do not ask"),
        {
            trigger: ":iframe .s_fault_report[data-points=skip]",
        },
        ...clickOnSave(),
        {
            content: "saved, the page shows the form",
            trigger: ":iframe .s_fault_report form[data-state]",
        },
    ]
);
