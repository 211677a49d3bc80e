import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

const PHOTO =
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEklEQVR4nGP4z8CAFWEXHbQSACj/P8Fu7N9hAAAAAElFTkSuQmCC";

function row(name) {
    return `.o_fault_report_point:contains('${name}')`;
}

// An administrator creates a template and selects it in the settings.
registry.category("web_tour.tours").add("fault_report_template_editor", {
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            trigger: ".o_app[data-menu-xmlid='fault_report.menu_root']",
            run: "click",
        },
        {
            trigger: "[data-menu-xmlid='fault_report.menu_configuration']",
            run: "click",
        },
        {
            trigger: "[data-menu-xmlid='fault_report.menu_fault_report_template']",
            run: "click",
        },
        {
            trigger: ".o_breadcrumb:contains('Service Templates')",
        },
        {
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=name] input",
            run: "edit Tour visit",
        },
        {
            content: "A heading",
            trigger: ".o_field_x2many_list_row_add a:contains('Add a section')",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=name] input",
            run: "edit Readings",
        },
        {
            trigger: ".modal .o_form_button_save",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal)) .o_data_row:contains('Readings')",
        },
        {
            content: "A choice, with options",
            trigger:
                "body:not(:has(.modal)) .o_field_x2many_list_row_add a:contains('Add a point')",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=name] input",
            run: "edit Controller",
        },
        {
            trigger: ".modal .o_field_widget[name=type] label:contains('Choice')",
            run: "click",
        },
        {
            trigger: ".modal .o_field_x2many_list_row_add a:contains('Add an option')",
            run: "click",
        },
        {
            trigger: ".modal .o_selected_row .o_field_widget[name=name] input",
            run: "edit Normal",
        },
        {
            trigger: ".modal .o_form_button_save",
            run: "click",
        },
        {
            trigger:
                "body:not(:has(.modal)) .o_data_row:contains('Controller'):contains('Normal')",
        },
        {
            content: "It is not used until it is selected",
            trigger: "button[name=action_use_for_fault_reports]",
            run: "click",
        },
        {
            trigger: "button[name=action_stop_using]",
        },
        {
            trigger: ".ribbon:contains('In use')",
        },
    ],
});

// A technician answers the points with the keyboard.
registry.category("web_tour.tours").add("fault_report_fill_points", {
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            trigger: ".o_app[data-menu-xmlid='fault_report.menu_root']",
            run: "click",
        },
        {
            trigger: ".o_data_row td:contains('Tour: points to fill in')",
            run: "click",
        },
        {
            trigger: ".o_notebook .nav-link:contains('Service Points')",
            run: "click",
        },
        {
            content: "The question mark shows the help",
            trigger: `${row("Car is empty")} sup[data-tooltip='Look through the window']`,
        },
        {
            content: "No point is answered",
            trigger: ".o_fault_report_points_progress:contains('0 of 6 answered')",
        },
        {
            content: "Space chooses the button that has the focus",
            trigger: `${row("Car is empty")} input[data-value=ok]`,
            run({anchor}) {
                anchor.focus();
                anchor.click();
            },
        },
        {
            trigger: `${row("Car is empty")} input[data-value=ok]:checked`,
        },
        {
            content: "A reading outside its limits is a deviation at once",
            trigger: `${row("Door force")} input[inputmode=decimal]`,
            run: "edit 151 && press Tab",
        },
        {
            trigger: `.o_fault_report_point_deviation:contains('Door force')`,
        },
        {
            trigger: ".oe_title .badge:contains('1 deviation')",
        },
        {
            trigger: `${row("Door force")} .o_fault_report_point_remark input`,
            run: "edit Panel bent && press Tab",
        },
        {
            content: "An option that is not approved is one as well",
            trigger: `${row("Controller")} label:contains('Error')`,
            run: "click",
        },
        {
            trigger: ".oe_title .badge:contains('2 deviations')",
        },
        {
            trigger: `${row("Inspected")} input[type=date]`,
            run({anchor}) {
                anchor.value = "2026-03-01";
                anchor.dispatchEvent(new Event("change"));
            },
        },
        {
            trigger: `${row("Found")} textarea`,
            run: "edit Guide shoe worn && press Tab",
        },
        {
            content: "A phone offers its camera",
            trigger: `${row("Display")} input[type=file][capture=environment]:not(:visible)`,
            async run({anchor}) {
                const response = await fetch(`data:image/png;base64,${PHOTO}`);
                const files = new DataTransfer();
                files.items.add(new File([await response.blob()], "photo.png"));
                anchor.files = files.files;
                anchor.dispatchEvent(new Event("change"));
            },
        },
        {
            trigger: `${row("Display")} img`,
        },
        {
            trigger: ".o_fault_report_points_progress:contains('6 of 6 answered')",
        },
        ...stepUtils.saveForm(),
        {
            content: "A saved photo stays: the technician may not remove files",
            trigger: `${row("Display")}:not(:has(.o_fault_report_take_photo)) img`,
        },
    ],
});
