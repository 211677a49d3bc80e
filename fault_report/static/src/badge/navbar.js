import {NavBar} from "@web/webclient/navbar/navbar";
import {patch} from "@web/core/utils/patch";

import {WaitingBadge} from "./waiting_badge";

const MENUS_WITH_BADGE = ["fault_report.menu_root", "fault_report.menu_fault_report"];

patch(NavBar.prototype, {
    /** Return the component to show beside the menu's name, if any. */
    getMenuBadge(menu) {
        return MENUS_WITH_BADGE.includes(menu.xmlid) && WaitingBadge;
    },
});
