/**
 * Evaluates answers while they are typed. The server does the same on saving; a request
 * for every answer would be slow on a bad connection.
 */

export const VALUE_FIELDS = {
    check: "value_check",
    text: "value_text",
    number: "value_number",
    choice: "value_option_id",
    date: "value_date",
    photo: "value_photo",
};

export function isSection(point) {
    return point.type === "section";
}

export function isAnswered(point) {
    const value = point[VALUE_FIELDS[point.type]];
    if (point.type === "number") {
        return value !== false;
    }
    return Boolean(point.type === "text" ? value.trim() : value);
}

export function getChosenOption(point) {
    const chosenId = point.value_option_id && point.value_option_id.id;
    return (point.options || []).find((option) => option.id === chosenId);
}

export function isDeviation(point) {
    if (point.type === "check") {
        return point.value_check === "not_ok";
    }
    if (point.type === "choice") {
        const option = getChosenOption(point);
        return Boolean(option) && !option.approved;
    }
    if (point.type !== "number" || point.value_number === false) {
        return false;
    }
    const below = point.minimum !== false && point.value_number < point.minimum;
    const above = point.maximum !== false && point.value_number > point.maximum;
    return below || above;
}

function getDecidingValue(point) {
    if (point.type === "choice") {
        return point.value_option_id && point.value_option_id.id;
    }
    return point.type === "number" ? point.value_number : point.value_check;
}

function getKey(point) {
    return point.template_point_id ? point.template_point_id.id : point.id;
}

/**
 * Return the points that apply to the object of the report and to the answers.
 *
 * A point for reporters only is asked while a report is filed, and shown if answered.
 *
 * @param {Array<object>} points data of the records, in their order
 * @param {object} report data of the record
 * @returns {Set<object>}
 */
export function findApplying(points, report) {
    const questions = points.filter((point) => !isSection(point));
    const shown = window.FaultReportPoints.findShown(
        questions.map((point) => ({
            id: getKey(point),
            categories: (point.rule && point.rule.categories) || [],
            condition: point.rule && point.rule.condition,
        })),
        new Map(questions.map((point) => [getKey(point), getDecidingValue(point)])),
        report.point_categories || []
    );
    return new Set(
        questions.filter(
            (point) =>
                shown.has(getKey(point)) &&
                (point.audience !== "reporter" || !report.id || isAnswered(point))
        )
    );
}

/** Return whether the section at this index has a point that applies, or has none. */
export function leads(points, index, applying) {
    const following = points.slice(index + 1);
    const end = following.findIndex(isSection);
    const own = end < 0 ? following : following.slice(0, end);
    return !own.length || own.some((point) => applying.has(point));
}
