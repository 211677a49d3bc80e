// @odoo-module ignore
// Which service points apply, while answers are typed: the server decides by the same
// rule, in `tools/point_rules.py`. For the back office and for pages outside Odoo.
(function () {
    function isMet(condition, answer) {
        if ("check" in condition) {
            return answer === condition.check;
        }
        if ("options" in condition) {
            return condition.options.includes(answer);
        }
        if (typeof answer !== "number") {
            return false;
        }
        const [minimum, maximum] = condition.outside;
        const below = minimum !== null && answer < minimum;
        return below || (maximum !== null && answer > maximum);
    }

    function isFor(point, categories) {
        const wanted = point.categories;
        return !wanted.length || wanted.some((id) => categories.includes(id));
    }

    window.FaultReportPoints = {
        /**
         * Return the ids of the points that apply; sections are not looked at.
         *
         * @param {Array<object>} points in their order: `id`, `categories`, `condition`
         * @param {Map} answers by the id of the point
         * @param {Array<number>} categories of the object
         * @returns {Set<number>}
         */
        findShown(points, answers, categories) {
            const shown = new Set();
            for (const point of points) {
                const {id, condition} = point;
                if (
                    isFor(point, categories) &&
                    (!condition ||
                        (shown.has(condition.point) &&
                            isMet(condition, answers.get(condition.point))))
                ) {
                    shown.add(id);
                }
            }
            return shown;
        },
    };
})();
