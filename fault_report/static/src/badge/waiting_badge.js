import {Component, useEffect, useState} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";

const systray = registry.category("systray");

/** What the number counts, by the user's choice. */
function getTitle(store) {
    return store.faultReportCountsOverdue
        ? _t("Fault reports overdue")
        : _t("Fault reports waiting");
}

/** The number of waiting fault reports in red; hidden at 0. */
export class WaitingBadge extends Component {
    static template = "fault_report.WaitingBadge";
    static props = {};

    setup() {
        this.store = useState(useService("mail.store"));
    }

    get title() {
        return getTitle(this.store);
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

    get title() {
        return getTitle(this.store);
    }

    openReports() {
        const app = this.menus
            .getApps()
            .find((menu) => menu.xmlid === "fault_report.menu_root");
        const overdue = this.store.faultReportCountsOverdue;
        // What is overdue may be converted already.
        const action = overdue ? "action_fault_report_all" : "action_fault_report";
        return this.action.doAction(`fault_report.${action}`, {
            additionalContext: overdue ? {search_default_overdue: 1} : {},
            clearBreadcrumbs: true,
            onActionReady: () => app && this.menus.setCurrentMenu(app),
        });
    }
}

systray.add("fault_report.WaitingMenu", {Component: WaitingMenu}, {sequence: 19});
