import {Component, onMounted, useState} from "@odoo/owl";
import {Dialog} from "@web/core/dialog/dialog";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";

// Small enough to show progress, and to lose little if a request fails
const AT_ONCE = 20;

/**
 * Converts many reports in batches, and shows the progress. Each is converted
 * separately; failures are listed at the end.
 */
export class ConvertEach extends Component {
    static template = "fault_report.ConvertEach";
    static components = {Dialog};
    static props = {
        ids: {type: Array, element: Number},
        to: String,
        onDone: Function,
        close: Function,
    };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({tried: 0, converted: 0, failed: [], running: true});
        onMounted(() => this.run());
    }

    get title() {
        return this.props.to === "sale_order"
            ? _t("Generating Sales Orders")
            : _t("Generating Work Orders");
    }

    get percent() {
        return Math.round((100 * this.state.tried) / this.props.ids.length);
    }

    get text() {
        return _t("%(converted)s of %(total)s converted", {
            converted: this.state.converted,
            total: this.props.ids.length,
        });
    }

    async run() {
        try {
            while (this.state.running && this.state.tried < this.props.ids.length) {
                await this.convertNext();
            }
        } finally {
            this.state.running = false;
        }
    }

    async convertNext() {
        const ids = this.props.ids.slice(this.state.tried, this.state.tried + AT_ONCE);
        const result = await this.orm.call("fault.report", "action_convert_each", [
            ids,
            this.props.to,
        ]);
        this.state.converted += result.converted;
        this.state.failed.push(...result.failed);
        this.state.tried += ids.length;
    }

    stop() {
        this.state.running = false;
    }

    /** Open the created orders. */
    async openOrders() {
        const failed = new Set(this.state.failed.map((report) => report.id));
        const ids = this.props.ids
            .slice(0, this.state.tried)
            .filter((id) => !failed.has(id));
        const action = await this.orm.call(
            "fault.report",
            `action_view_${this.props.to}`,
            [ids]
        );
        this.props.close();
        await this.action.doAction(action);
    }

    done() {
        this.props.close();
        this.props.onDone();
    }
}

registry.category("actions").add("fault_report_convert_each", (env, {params}) => {
    env.services.dialog.add(ConvertEach, {
        ids: params.ids,
        to: params.to,
        onDone: () => env.services.action.doAction("soft_reload"),
    });
});
