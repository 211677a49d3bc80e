import {ActionHelper} from "@web/views/action_helper";

/** The text of an empty page, with the search terms, if any. */
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
