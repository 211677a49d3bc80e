// @odoo-module ignore
// Service points of a form: shown if they apply to the object and to the answers.
//
// A plain script without dependencies: it also runs on pages outside Odoo.
(function () {
    "use strict";

    const FaultReportForm = window.FaultReportForm || {};
    window.FaultReportForm = FaultReportForm;

    // As `tools/numbers.py` does
    const GROUPED = [
        [/^[+-]?(\d{1,3}(,\d{3}){2,}(\.\d*)?|\d{1,3},\d{3}\.\d*)$/, ","],
        [/^[+-]?(\d{1,3}(\.\d{3}){2,}(,\d*)?|\d{1,3}\.\d{3},\d*)$/, "."],
    ];

    function readNumber(typed) {
        let text = typed.normalize("NFKC").trim().replace("−", "-");
        text = text.replace(/(\d)[\s'’](?=\d{3}(?!\d))/g, "$1");
        for (const [pattern, separator] of GROUPED) {
            if (pattern.test(text)) {
                text = text.replaceAll(separator, "");
            }
        }
        const number = Number(text.replaceAll(",", "."));
        return text && Number.isFinite(number) ? number : null;
    }

    class Points {
        /** @param {HTMLFormElement} form its points are looked up at each change */
        constructor(form) {
            this.form = form;
            for (const event of ["input", "change", "fault-report-restored"]) {
                form.addEventListener(event, () => this.update());
            }
            // Before the fields are reset
            form.addEventListener("reset", () => setTimeout(() => this.update()));
            this.update();
        }

        /** The ids of the categories of the chosen object, or of that of the page. */
        get categories() {
            const field = this.form.querySelector("[name=equipment_id]");
            const chosen = field && field.options ? field.selectedOptions[0] : field;
            return JSON.parse((chosen || this.form).dataset.categories || "[]");
        }

        update() {
            const places = [...this.form.querySelectorAll("[data-rule]")];
            const points = places.map((place) => JSON.parse(place.dataset.rule));
            const shown = window.FaultReportPoints.findShown(
                points,
                new Map(points.map((point) => [point.id, this.read(point)])),
                this.categories
            );
            places.forEach((place, index) =>
                this.toggle(place, shown.has(points[index].id))
            );
            for (const section of this.form.querySelectorAll("[data-section]")) {
                section.hidden = !this.hasPoints(section);
            }
            for (const part of this.form.querySelectorAll("details[data-points]")) {
                const asked = places.filter((place) => !place.hidden);
                part.hidden = !asked.length;
                part.open ||= asked.some((place) => "required" in place.dataset);
            }
        }

        read({id, type}) {
            const field = this.form.elements[`point_${id}`];
            const value = field ? field.value.trim() : "";
            if (type === "number") {
                return readNumber(value);
            }
            return type === "choice" ? Number(value) : value;
        }

        toggle(place, isShown) {
            place.hidden = !isShown;
            for (const words of place.querySelectorAll(".o_fr_condition")) {
                // For browsers without scripts
                words.hidden = true;
            }
            for (const field of place.querySelectorAll("input, select, textarea")) {
                field.disabled = !isShown;
                // The list of files knows whether one is still needed
                if (field.type !== "file" && field.name.startsWith("point_")) {
                    field.required = isShown && "required" in place.dataset;
                }
            }
        }

        /** Whether a point of this section is shown. */
        hasPoints(section) {
            const own = [];
            let next = section.nextElementSibling;
            while (next && !next.matches(".o_fr_section")) {
                own.push(next);
                next = next.nextElementSibling;
            }
            return own.some((element) => element.dataset.rule && !element.hidden);
        }
    }

    /**
     * Keep showing the points that apply.
     *
     * @param {HTMLFormElement} form
     * @returns {Points}
     */
    FaultReportForm.followPoints = (form) => new Points(form);

    /** A page has this script if one of its forms has points with a rule. */
    function start() {
        for (const form of document.querySelectorAll("form:has([data-rule])")) {
            FaultReportForm.followPoints(form);
        }
    }

    if (document.readyState === "loading") {
        document.addEventListener("DOMContentLoaded", start);
    } else {
        start();
    }
})();
