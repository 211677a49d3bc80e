// @odoo-module ignore
// The fault form on any web page, added by one line:
//
//     <script async src="https://…/fault_report/v1/embed.js" data-key="fr_…"></script>
//
// The form replaces the script element, or fills the element selected by `data-target`.
// Its language is that of the page (`data-lang`, else that of <html>). The page does not
// affect its style or function, except by the variables `--fr-…` of its style sheet.
//
// The server sends this script after `FAULT_REPORT` and the other scripts of the form, all
// wrapped in one function.
/* global FAULT_REPORT */
(function () {
    "use strict";

    const script = document.currentScript;
    const {style, captcha, photo, language, forms} = FAULT_REPORT;
    const headers = {Authorization: `Bearer ${script.dataset.key}`};
    // After this number of seconds, show the form without points
    const PATIENCE = 5;
    // Console messages for the owner of the page, by reason
    const REASONS = {
        origin:
            "The origin of this page is not among the Allowed Origins of the " +
            "integration. Add it there, or press Allow beside it: ",
        key: "The key in data-key is wrong, was replaced or revoked. The page: ",
        policy:
            "The Content Security Policy of this page refuses what the form needs, as " +
            "the console says. The page: ",
    };
    // Possible hosts: the server, and the captchas
    const NEEDED = [
        new URL(script.src).origin,
        "https://www.recaptcha.net",
        "https://challenges.cloudflare.com",
    ];
    // For a script, a policy violation looks like a lost connection
    let isPolicyAgainst = false;
    document.addEventListener("securitypolicyviolation", ({blockedURI}) => {
        isPolicyAgainst ||= NEEDED.some((origin) => blockedURI.startsWith(origin));
    });

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
     * Replace the form by a box with these parts.
     *
     * @param {HTMLFormElement} form
     * @param {string} state
     * @param {Array} parts
     */
    function replaceForm(form, state, parts) {
        const box = document.createElement("div");
        box.className = "o_fault_report_form o_fr_done";
        box.style.cssText = form.style.cssText;
        box.dataset.state = state;
        box.tabIndex = -1;
        box.append(...parts);
        form.replaceWith(box);
        return box;
    }

    function make(tag, values) {
        return Object.assign(document.createElement(tag), values);
    }

    /**
     * Replace the form by the confirmation of the report.
     *
     * @param {object} answer of the server
     * @param {object} controller of the form
     * @param {object} texts
     */
    function showSuccess(answer, controller, texts) {
        const {form} = controller;
        const number = texts.reference.replace("{reference}", answer.reference);
        const sentence = make("p", {
            className: "o_fr_status",
            textContent: `${texts.sent} ${number}`,
        });
        const link = make("a", {
            href: answer.tracking_url,
            target: "_blank",
            rel: "noopener noreferrer",
            textContent: texts.track,
        });
        const again = make("button", {
            type: "button",
            className: "o_fr_button o_fr_second o_fr_again",
            textContent: texts.again,
        });
        const box = replaceForm(form, "sent", [sentence, link, again]);
        again.addEventListener("click", () => {
            box.replaceWith(form);
            controller.renew();
            form.elements.name.focus();
        });
        box.focus();
    }

    /**
     * Return the reason why the page cannot send, if any; log it for its owner.
     *
     * @param {object} answer with `status` and `data`
     * @returns {string | undefined} a key of `REASONS`
     */
    function findReason(answer) {
        const code = answer.data?.error?.code;
        const reason = answer.status === 0 && isPolicyAgainst ? "policy" : code;
        if (!(reason in REASONS)) {
            return undefined;
        }
        console.error(`Fault report form: ${REASONS[reason]}${location.origin}`);
        return reason;
    }

    /**
     * Return the message for visitors if the page cannot send: contact data.
     *
     * @param {object} answer of the server
     * @param {object} texts
     * @returns {Array<HTMLElement>}
     */
    function makeContact(answer, texts) {
        const {name, phone, email} = answer.data?.error?.contact || {};
        const link = (scheme, text) => {
            const entry = make("p", {className: "o_fr_contact"});
            entry.append(make("a", {href: `${scheme}:${text}`, textContent: text}));
            return entry;
        };
        return [
            make("p", {textContent: texts.closed}),
            name && make("p", {className: "o_fr_contact", textContent: name}),
            phone && link("tel", phone),
            email && link("mailto", email),
        ].filter(Boolean);
    }

    /**
     * Apply the colours set by the page to the form.
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
     * Ask the server whether the form works on this page, and for its points.
     *
     * @param {string} code of the language
     * @param {string} cache the cache mode of the request
     * @returns {Promise<object>} `status` (0 without an answer) and `data`
     */
    async function ask(code, cache = "default") {
        const url = new URL(`form?lang=${code}`, script.src);
        try {
            const signal = AbortSignal.timeout(PATIENCE * 1000);
            const answer = await fetch(url, {headers, signal, cache});
            return {status: answer.status, data: await answer.json()};
        } catch {
            // Offline, or too many visitors: the form works without the points. Policy
            // violations are reported by an event a moment later.
            await new Promise((resolve) => setTimeout(resolve, 50));
            return {status: 0, data: null};
        }
    }

    /**
     * Convert the form data to the format of the API.
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

    function enhance(form, {code, texts}, limits) {
        const controller = window.FaultReportForm.enhance(form, {
            ...limits,
            texts,
            photo,
            captchaKeys: captcha,
            draftKey: `embed:${script.src}`,
            owner: `embed:${script.dataset.key}`,
            url: new URL(`reports?lang=${code}`, script.src).href,
            headers,
            prepare,
            onSuccess: (answer) => showSuccess(answer, controller, texts),
        });
        const {onAnswer, onRefusal} = controller;
        controller.onAnswer = async (answer) => {
            const reason = findReason(answer);
            if (reason) {
                await onRefusal.call(controller, "closed", answer);
                const current = await ask(code, "reload");
                controller.alert.replaceChildren(...makeContact(current, texts));
            } else {
                await onAnswer.call(controller, answer);
            }
        };
        // The API has error codes for programs; the form shows their messages
        controller.onRefusal = (meaning, answer) => {
            const fields = answer.data?.error?.fields || {};
            for (const [name, word] of Object.entries(fields)) {
                fields[name] = texts[word] || texts.not_accepted;
            }
            return onRefusal.call(controller, meaning, answer);
        };
        return controller;
    }

    async function show() {
        const {code, html, texts} = getForm();
        const answer = await ask(code);
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
        if (findReason(answer)) {
            replaceForm(form, "closed", makeContact(answer, texts));
            return;
        }
        const {html: points = "", limits = FAULT_REPORT.limits} = answer.data || {};
        form.querySelector("[data-points]").innerHTML = points;
        enhance(form, {code, texts}, limits);
        window.FaultReportForm.followPoints(form);
    }

    if (document.readyState === "loading") {
        document.addEventListener("DOMContentLoaded", show);
    } else {
        show();
    }
})();
