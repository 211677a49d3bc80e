import {browser} from "@web/core/browser/browser";
import {registry} from "@web/core/registry";

// Debounce bursts of signals, and spread the requests of all users.
const DELAY = 300; // ms
const JITTER = 500; // ms

/**
 * Keeps the number of waiting fault reports in the mail store up to date: requests it
 * at start, and when the server signals that it may have changed.
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
        // At start it is part of the request that the store sends anyway.
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
        // A hidden tab requests it when it becomes visible again.
        if (!this.isStale || isBusy || document.visibilityState === "hidden") {
            return;
        }
        this.timer = browser.setTimeout(
            () => {
                this.timer = undefined;
                // A database replica may not have the change yet.
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
            // Not shown to the user: the next signal retries.
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
