import {registry} from "@web/core/registry";

// A dispatcher converts all reports of the list; one of them is closed already.
registry.category("web_tour.tours").add("fault_report_convert_each", {
    steps: () => [
        {
            trigger: ".o_data_row td:contains('Tour: first')",
        },
        {
            trigger: "thead .o_list_record_selector input",
            run: "click",
        },
        {
            trigger: ".o_cp_action_menus button:contains('Actions')",
            run: "click",
        },
        {
            trigger:
                ".o-dropdown--menu .o-dropdown-item:contains('Work Order for Each')",
            run: "click",
        },
        {
            content: "It says how many, and names the one that was not converted",
            trigger: ".o_fault_report_convert_each:contains('2 of 3 converted')",
        },
        {
            trigger: ".o_fault_report_convert_each li:contains('Tour: closed')",
        },
        {
            content: "The orders are a click away",
            trigger: ".modal-footer button:contains('Open the Orders')",
        },
        {
            trigger: ".modal-footer button:contains('Close')",
            run: "click",
        },
        {
            content: "The list shows their new state",
            trigger: ".o_data_row:contains('Tour: first') .badge:contains('Converted')",
        },
    ],
});
