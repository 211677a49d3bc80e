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
