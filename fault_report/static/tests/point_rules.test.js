import {describe, expect, test} from "@odoo/hoot";
import {
    findApplying,
    isAnswered,
    isDeviation,
    leads,
} from "@fault_report/point_value/point_rules";

const OPTIONS = [
    {id: 1, name: "Clean", approved: true},
    {id: 2, name: "Dirty", approved: false},
];

function reading(values) {
    return {type: "number", minimum: false, maximum: false, ...values};
}

describe.current.tags("headless");

test("a reading of zero is an answer, a missing one is not", () => {
    expect(isAnswered(reading({value_number: 0}))).toBe(true);
    expect(isAnswered(reading({value_number: false}))).toBe(false);
});

test("spaces are no answer", () => {
    expect(isAnswered({type: "text", value_text: " \n"})).toBe(false);
    expect(isAnswered({type: "text", value_text: "worn"})).toBe(true);
});

test("a reading outside its limits is a deviation, one on a limit is not", () => {
    const limits = {minimum: 0, maximum: 150};
    for (const [number, expected] of [
        [-1, true],
        [0, false],
        [150, false],
        [150.1, true],
        [false, false],
    ]) {
        const point = reading({...limits, value_number: number});
        expect(isDeviation(point)).toBe(expected, {message: String(number)});
    }
});

test("a missing limit is no limit, a limit of zero is one", () => {
    expect(isDeviation(reading({maximum: 0, value_number: 1}))).toBe(true);
    expect(isDeviation(reading({value_number: 1e9}))).toBe(false);
});

test("what is not OK or not approved is a deviation", () => {
    expect(isDeviation({type: "check", value_check: "not_ok"})).toBe(true);
    expect(isDeviation({type: "check", value_check: "na"})).toBe(false);
    const choice = {type: "choice", options: OPTIONS};
    expect(isDeviation({...choice, value_option_id: {id: 2}})).toBe(true);
    expect(isDeviation({...choice, value_option_id: {id: 1}})).toBe(false);
    expect(isDeviation({...choice, value_option_id: false})).toBe(false);
});

test("points apply by the object, by earlier answers, and to whom they ask", () => {
    const rule = (categories, condition) => ({
        categories,
        condition: condition || null,
    });
    const section = {type: "section", name: "Doors"};
    const runs = {type: "check", template_point_id: {id: 1}, value_check: "not_ok"};
    const force = reading({
        template_point_id: {id: 2},
        value_number: 200,
        rule: rule([7]),
    });
    const why = {
        type: "text",
        template_point_id: {id: 3},
        value_text: "",
        rule: rule([], {point: 2, outside: [null, 150]}),
    };
    const smell = {type: "check", template_point_id: {id: 4}, audience: "reporter"};
    const points = [runs, section, force, why, smell];
    const lift = findApplying(points, {id: 9, point_categories: [7]});
    expect([...lift]).toEqual([runs, force, why]);
    expect(leads(points, 1, lift)).toBe(true);
    const fan = findApplying(points, {id: 9, point_categories: [8]});
    expect([...fan]).toEqual([runs]);
    expect(leads(points, 1, fan)).toBe(false);
    // A reporter's point is asked while the report is filed
    expect(findApplying(points, {id: false}).has(smell)).toBe(true);
});
