import {registry} from "@web/core/registry";

// From the calendar to a report without a date, and back with one.
registry.category("web_tour.tours").add("fault_report_planning", {
    steps: () => [
        {
            content: "The calendar shows what has a date",
            trigger: ".o_calendar_view .o_event:contains('Tour: planned')",
        },
        {
            trigger: ".o_calendar_view:not(:contains('Tour: some day'))",
        },
        {
            content: "The others are a click away",
            trigger: "button.o_fault_report_not_planned",
            run: "click",
        },
        {
            trigger: ".o_list_view:not(:contains('Tour: planned'))",
        },
        {
            trigger: ".o_data_row td:contains('Tour: some day')",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=planned_start]",
        },
        {
            content: "Back in the calendar",
            trigger: ".o_breadcrumb a:contains('Planning'), .o_back_button",
        },
    ],
});
