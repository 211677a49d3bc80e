import {registry} from "@web/core/registry";

const CARD = ".o_kanban_record:contains('Tour: hums')";
const column = (name) => `.o_kanban_group:has(.o_column_title:contains('${name}'))`;

// The board by state: dropping a card asks or explains, and moves nothing by itself.
registry.category("web_tour.tours").add("fault_report_board_by_state", {
    steps: () => [
        {
            content: "By technician first",
            trigger: `${column("Unassigned")} ${CARD}`,
        },
        {
            trigger: ".o_searchview_dropdown_toggler",
            run: "click",
        },
        {
            trigger: ".o_group_by_menu .o_menu_item:contains('State')",
            run: "click",
        },
        {
            trigger: `${column("New")} ${CARD}`,
        },
        ...["Converted", "Solved", "Cancelled"].flatMap((name) => [
            {
                content: `On ${name} it says what to do instead`,
                trigger: `${column("New")} ${CARD}`,
                run: `drag_and_drop(${column(name)})`,
            },
            {
                trigger: ".o_notification:contains('Open the report')",
            },
            {
                trigger: ".o_notification .o_notification_close",
                run: "click",
            },
            {
                trigger: "body:not(:has(.o_notification))",
            },
            {
                trigger: `${column("New")} ${CARD}`,
            },
        ]),
        {
            content: "On Assigned it asks who takes it",
            trigger: `${column("New")} ${CARD}`,
            run: `drag_and_drop(${column("Assigned")})`,
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
            content: "It moves when it is assigned",
            trigger: `body:not(:has(.modal)) ${column("Assigned")} ${CARD}`,
        },
        {
            content: "An assigned one is not new again by dropping it",
            trigger: `${column("Assigned")} ${CARD}`,
            run: `drag_and_drop(${column("New")})`,
        },
        {
            trigger: ".o_notification:contains('remove its technician')",
        },
        {
            trigger: `${column("Assigned")} ${CARD}`,
        },
    ],
});
