import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

const openApp = [
    stepUtils.showAppsMenuItem(),
    {
        content: "Open the app",
        trigger: ".o_app[data-menu-xmlid='fault_report.menu_root']",
        run: "click",
    },
];

// The main workflow: from a service object to a work order.
registry.category("web_tour.tours").add("fault_report_main_job", {
    steps: () => [
        ...openApp,
        {
            content: "Look for the service object",
            trigger: "[data-menu-xmlid='fault_report.menu_register']",
            run: "click",
        },
        {
            trigger: "[data-menu-xmlid='fault_report.menu_service_object']",
            run: "click",
        },
        {
            trigger: ".o_data_cell[data-tooltip='Tour lift'], td:contains('Tour lift')",
            run: "click",
        },
        {
            content: "File a report on it",
            trigger: "button[name=action_add_fault_report]",
            run: "click",
        },
        {
            content: "Customer and facility are filled in without typing",
            trigger: ".o_field_widget[name=facility_id] input:value('Tour tower')",
        },
        {
            trigger: ".o_field_widget[name=name] textarea",
            run: "edit Tour: door does not close",
        },
        ...stepUtils.saveForm(),
        {
            content: "Add a note of half an hour",
            trigger: ".o_field_x2many_list_row_add a:contains('Add note')",
            run: "click",
        },
        {
            trigger: ".o_selected_row .o_field_widget[name=name] textarea",
            run: "edit Called the janitor",
        },
        {
            trigger: ".o_selected_row .o_field_widget[name=time_spent] input",
            run: "edit 0:30",
        },
        ...stepUtils.saveForm(),
        {
            content: "The total is shown",
            trigger:
                ".o_inner_group .o_field_widget[name=time_spent]:contains('00:30')",
        },
        {
            content: "Assign it to a technician",
            trigger: "button[name=action_assign]:contains('Assign a Resource')",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=technician_id] input",
            run: "edit Tour technician",
        },
        {
            trigger: ".ui-autocomplete a:contains('Tour technician')",
            run: "click",
        },
        {
            trigger: ".modal button[name=action_confirm]",
            run: "click",
        },
        {
            content: "It is assigned",
            trigger:
                ".o_statusbar_status button.o_arrow_button_current:contains('Assigned')",
        },
        {
            content: "Create the work order",
            trigger: "button[name=action_generate_work_order]",
            run: "click",
        },
        {
            content: "The work order holds the description and links back",
            trigger:
                ".o_field_widget[name=name] input:value('Tour: door does not close')",
        },
        {
            trigger: "button[name=action_view_fault_reports]",
            run: "click",
        },
        {
            content: "The report links to the work order",
            trigger: "button[name=action_view_work_order]:contains('Tour: door')",
        },
        {
            trigger:
                ".o_statusbar_status button.o_arrow_button_current:contains('Converted')",
        },
        {
            content: "The list of waiting reports no longer shows it",
            trigger: "[data-menu-xmlid='fault_report.menu_execute']",
            run: "click",
        },
        {
            trigger: "[data-menu-xmlid='fault_report.menu_fault_report']",
            run: "click",
        },
        {
            trigger:
                ".o_list_view:has(.o_facet_value:contains('Not converted')):not(:contains('Tour: door'))",
        },
        {
            content: "Removing the filter shows it",
            trigger: ".o_searchview_facet:contains('Not converted') .o_facet_remove",
            run: "click",
        },
        {
            trigger: ".o_data_row:contains('Tour: door does not close')",
        },
    ],
});

// A user with only Create files a report and reads it afterwards.
registry.category("web_tour.tours").add("fault_report_create_only", {
    steps: () => [
        ...openApp,
        {
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=equipment_id] input",
            run: "edit Tour lift",
        },
        {
            trigger: ".ui-autocomplete a:contains('Tour lift')",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=name] textarea",
            run: "edit Tour: filed without Edit",
        },
        {
            content: "There is a button to save",
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "The saved report can only be read",
            trigger:
                ".o_form_readonly .o_field_widget[name=name]:contains('without Edit')",
        },
        {
            content: "The next one can be filed at once",
            trigger: ".o_form_button_create",
            run: "click",
        },
        {
            trigger: ".o_form_editable .o_field_widget[name=name] textarea:value()",
        },
    ],
});

// A salesperson converts a report to a quotation.
registry.category("web_tour.tours").add("fault_report_quotation", {
    steps: () => [
        ...openApp,
        {
            trigger: ".o_data_row td:contains('Tour: new door wanted')",
            run: "click",
        },
        {
            trigger: "button[name=action_generate_sale_order]",
            run: "click",
        },
        {
            content: "The quotation has a section for the report",
            trigger: ".o_field_widget[name=order_line] .o_is_line_section",
        },
        {
            trigger: "button[name=action_view_fault_reports]",
            run: "click",
        },
        {
            trigger: "button[name=action_view_sale_order]",
        },
        {
            trigger: ".o_field_widget[name=customer_order_ref] span:contains('PO-77')",
        },
    ],
});
