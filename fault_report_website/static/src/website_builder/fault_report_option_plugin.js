import {BaseOptionComponent} from "@html_builder/core/utils";
import {Plugin} from "@html_editor/plugin";
import {registry} from "@web/core/registry";

export class FaultReportOption extends BaseOptionComponent {
    static template = "fault_report_website.FaultReportOption";
    static selector = ".s_fault_report";
}

export class FaultReportOptionPlugin extends Plugin {
    static id = "faultReportOption";
    resources = {
        builder_options: [FaultReportOption],
    };
}

registry
    .category("website-plugins")
    .add(FaultReportOptionPlugin.id, FaultReportOptionPlugin);
