import {CalendarController} from "@web/views/calendar/calendar_controller";
import {calendarView} from "@web/views/calendar/calendar_view";
import {registry} from "@web/core/registry";

/** A calendar that leads to the reports without a date, which it cannot show. */
export class FaultReportCalendarController extends CalendarController {
    openNotPlanned() {
        return this.action.doAction("fault_report.action_fault_report_not_planned");
    }
}

registry.category("views").add("fault_report_calendar", {
    ...calendarView,
    Controller: FaultReportCalendarController,
    buttonTemplate: "fault_report.CalendarButtons",
});
