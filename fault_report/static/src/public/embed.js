// @odoo-module ignore
// The form for a fault in any web page, by one line:
//
//     <script async src="https://…/fault_report/v1/embed.js" data-key="fr_…"></script>
//
// It stands where the script stands, or in the element that `data-target` names by a
// selector. It speaks the language of the page (`data-lang`, else that of <html>). The
// page around it neither changes its looks nor its workings, but for the variables
// `--fr-…` of its style sheet.
//
// The server puts this behind `FAULT_REPORT`, the other scripts of the form, and within
// one function.
/* global FAULT_REPORT */
(function () {
    "use strict";

    const script = document.currentScript;
    const {style, limits, captcha, language, forms} = FAULT_REPORT;
    const headers = {Authorization: `Bearer ${script.dataset.key}`};
    // After so many seconds, a form without the points is better than none
    const PATIENCE = 5;

    function getForm() {
        const wanted = [
            script.dataset.lang,
            document.documentElement.lang,
            language,
        ].map((tag) => (tag || "").replace("-", "_").toLowerCase());
        const codes = Object.keys(forms);
        for (const tag of wanted.filter(Boolean)) {
            const exact = codes.find((code) => code.toLowerCase() === tag);
            const alike = codes.find(
                (code) => code.toLowerCase().split("_")[0] === tag.split("_")[0]
            );
            if (exact || alike) {
                return {code: exact || alike, ...forms[exact || alike]};
            }
        }
        return {code: codes[0], ...forms[codes[0]]};
    }

    /**
     * Say instead of the form that the report has arrived.
     *
     * @param {object} answer of the server
     * @param {HTMLFormElement} form
     * @param {object} texts
     */
    function showSuccess(answer, form, texts) {
        const done = document.createElement("div");
        done.className = "o_fault_report_form o_fr_done";
        done.style.cssText = form.style.cssText;
        done.dataset.state = "sent";
        done.tabIndex = -1;
        const sentence = document.createElement("p");
        sentence.className = "o_fr_status";
        sentence.textContent = `${texts.sent} ${texts.reference.replace(
            "{reference}",
            answer.reference
        )}`;
        const link = document.createElement("a");
        link.href = answer.tracking_url;
        link.target = "_blank";
        link.rel = "noopener noreferrer";
        link.textContent = texts.track;
        done.append(sentence, link);
        form.replaceWith(done);
        done.focus();
    }

    /**
     * Give the form the colours that the page has chosen for it.
     *
     * @param {HTMLElement} element of the form
     * @param {HTMLElement} host in the page
     */
    function takeColours(element, host) {
        const chosen = getComputedStyle(host);
        for (const name of new Set(style.match(/--fr-[\w-]+(?=:)/g))) {
            const value = chosen.getPropertyValue(name);
            if (value) {
                element.style.setProperty(name, value);
            }
        }
    }

    /**
     * Ask the server for the service points of the company whose key it is.
     *
     * @param {HTMLFormElement} form
     * @param {string} code of the language
     */
    async function addPoints(form, code) {
        const url = new URL(`points?lang=${code}`, script.src);
        const signal = AbortSignal.timeout(PATIENCE * 1000);
        try {
            const answer = await fetch(url, {headers, signal});
            const {html} = await answer.json();
            form.querySelector("[data-points]").innerHTML = html || "";
        } catch {
            // Offline, or too many visitors: a fault can be reported without them
        }
    }

    /**
     * Write what was filled in as the API takes it.
     *
     * @param {FormData} body of the form; it is changed
     * @returns {FormData}
     */
    function prepare(body) {
        const answers = new Map();
        for (const [name, value] of [...body.entries()]) {
            const [, part, number] = name.match(/^(point|remark)_(\d+)$/) || [];
            if (value === "") {
                body.delete(name);
            } else if (part && typeof value === "string") {
                const point = Number(number);
                const answer = answers.get(point) || {point};
                answer[part === "point" ? "value" : "remark"] = value;
                answers.set(point, answer);
                body.delete(name);
            }
        }
        if (answers.size) {
            body.set("points", JSON.stringify([...answers.values()]));
        }
        return body;
    }

    function enhance(form, texts) {
        const controller = window.FaultReportForm.enhance(form, {
            ...limits,
            texts,
            captchaKeys: captcha,
            draftKey: `embed:${script.src}`,
            url: new URL("reports", script.src).href,
            headers,
            prepare,
            onSuccess: (answer) => showSuccess(answer, form, texts),
        });
        const onRefusal = controller.onRefusal.bind(controller);
        // The API has words for programs where the form shows sentences
        controller.onRefusal = (status, data) => {
            const fields = (data && data.error && data.error.fields) || {};
            for (const [name, code] of Object.entries(fields)) {
                fields[name] = texts[code] || texts.not_accepted;
            }
            return onRefusal(status, data);
        };
    }

    async function show() {
        const {code, html, texts} = getForm();
        const host = document.createElement("div");
        host.className = "fault-report";
        host.lang = code.replace("_", "-");
        const target = script.dataset.target;
        if (target) {
            document.querySelector(target).append(host);
        } else {
            script.after(host);
        }
        const root = host.attachShadow({mode: "open"});
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(style);
        root.adoptedStyleSheets = [sheet];
        root.innerHTML = html;
        const form = root.querySelector("form");
        takeColours(form, host);
        if (FAULT_REPORT.has_points) {
            // Whoever is quick finds the button waiting, too
            const button = form.querySelector("[type=submit]");
            button.disabled = true;
            await addPoints(form, code);
            button.disabled = false;
        }
        enhance(form, texts);
    }

    if (document.readyState === "loading") {
        document.addEventListener("DOMContentLoaded", show);
    } else {
        show();
    }
})();
