import {advanceTime, describe, expect, test} from "@odoo/hoot";
import {WaitingCount} from "@fault_report/badge/waiting_count_service";

/** A store that records requests, and a bus to signal with. */
function start({fail = false} = {}) {
    const store = {
        faultReportWaitingCount: 1,
        async fetchStoreData(name) {
            expect.step(name);
            if (store.fail) {
                throw new Error("offline");
            }
        },
        fail,
    };
    const bus = new EventTarget();
    bus.subscribe = (name, callback) => {
        bus.signal = callback;
    };
    bus.start = () => expect.step("bus started");
    const started = new WaitingCount(store).start(bus);
    return {bus, store, started};
}

describe.current.tags("headless");

test("a burst of signals causes one request", async () => {
    const {bus, started} = start();
    await started;
    expect.verifySteps(["bus started", "fault_report_waiting"]);
    for (let count = 0; count < 20; count++) {
        bus.signal();
    }
    await advanceTime(1000);
    expect.verifySteps(["fault_report_waiting"]);
    await advanceTime(10000);
    expect.verifySteps([]);
});

test("a failed request is repeated at the next signal", async () => {
    const {bus, started} = start({fail: true});
    await started;
    await advanceTime(10000);
    expect.verifySteps(["bus started", "fault_report_waiting"]);
    bus.signal();
    await advanceTime(1000);
    expect.verifySteps(["fault_report_waiting"]);
});

test("after a lost connection only users who may see the number request it", async () => {
    const {bus, store, started} = start();
    await started;
    expect.verifySteps(["bus started", "fault_report_waiting"]);
    bus.dispatchEvent(new Event("BUS:RECONNECT"));
    await advanceTime(1000);
    expect.verifySteps(["fault_report_waiting"]);
    store.faultReportWaitingCount = undefined;
    bus.dispatchEvent(new Event("BUS:RECONNECT"));
    await advanceTime(1000);
    expect.verifySteps([]);
});
