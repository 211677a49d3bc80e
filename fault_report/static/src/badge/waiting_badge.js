import {Component, useEffect, useState} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";

const systray = registry.category("systray");

/** The number of waiting fault reports in red; hidden at 0. */
export class WaitingBadge extends Component {
    static template = "fault_report.WaitingBadge";
    static props = {};

    setup() {
        this.store = useState(useService("mail.store"));
    }
}

/** The badge in the systray of every app, with a link to the reports. */
export class WaitingMenu extends Component {
    static template = "fault_report.WaitingMenu";
    static components = {WaitingBadge};
    static props = {};

    setup() {
        this.store = useState(useService("mail.store"));
        this.action = useService("action");
        this.menus = useService("menu");
        useEffect(
            // A wider badge leaves less room for the app's menus.
            () => systray.trigger("UPDATE"),
            () => [this.store.faultReportWaitingCount]
        );
    }

    openReports() {
        const app = this.menus
            .getApps()
            .find((menu) => menu.xmlid === "fault_report.menu_root");
        return this.action.doAction("fault_report.action_fault_report", {
            clearBreadcrumbs: true,
            onActionReady: () => app && this.menus.setCurrentMenu(app),
        });
    }
}

systray.add("fault_report.WaitingMenu", {Component: WaitingMenu}, {sequence: 19});
