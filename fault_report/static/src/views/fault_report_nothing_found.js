import {ActionHelper} from "@web/views/action_helper";

/** What an empty page says: what was looked for, when something was. */
export class FaultReportActionHelper extends ActionHelper {
    static template = "fault_report.ActionHelper";

    get typed() {
        const facets = this.env.searchModel?.facets || [];
        return facets
            .filter((facet) => facet.type === "field")
            .flatMap((facet) => facet.values)
            .join(", ");
    }
}
