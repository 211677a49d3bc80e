import {browser} from "@web/core/browser/browser";
import {registry} from "@web/core/registry";

// One request for a burst of signals, and not from all users at the same moment.
const DELAY = 300; // ms
const JITTER = 500; // ms

/**
 * Keeps the number of waiting fault reports in the mail store right: asks the server
 * for it at start and when the server signals that it may have changed.
 */
export class WaitingCount {
    constructor(store) {
        this.store = store;
        this.isStale = false;
        this.isFetching = false;
        this.timer = undefined;
    }

    start(bus) {
        bus.subscribe("fault_report/waiting_changed", () => this.onChanged());
        // Signals may have been missed
        bus.addEventListener("BUS:RECONNECT", () => this.onReconnect());
        browser.addEventListener("visibilitychange", () => this.scheduleFetch());
        bus.start();
        // At start it travels in the request that the store sends anyway.
        return this.fetch();
    }

    onChanged() {
        this.isStale = true;
        this.scheduleFetch();
    }

    onReconnect() {
        if (this.store.faultReportWaitingCount !== undefined) {
            this.onChanged();
        }
    }

    scheduleFetch() {
        const isBusy = this.timer || this.isFetching;
        // A hidden tab asks when somebody looks at it again.
        if (!this.isStale || isBusy || document.visibilityState === "hidden") {
            return;
        }
        this.timer = browser.setTimeout(
            () => {
                this.timer = undefined;
                // A replica of the database may not know yet what was signalled.
                this.fetch({readonly: false});
            },
            DELAY + Math.random() * JITTER
        );
    }

    async fetch(options) {
        this.isStale = false;
        this.isFetching = true;
        try {
            await this.store.fetchStoreData("fault_report_waiting", undefined, options);
        } catch {
            // Nothing that a user waits for: the next occasion tries again.
            this.isStale = true;
            return;
        } finally {
            this.isFetching = false;
        }
        this.scheduleFetch();
    }
}

export const waitingCountService = {
    dependencies: ["bus_service", "mail.store"],
    start(env, {bus_service: bus, "mail.store": store}) {
        const waitingCount = new WaitingCount(store);
        waitingCount.start(bus);
        return waitingCount;
    },
};

registry.category("services").add("fault_report.waiting_count", waitingCountService);
