// @odoo-module ignore
// The fault form on any web page, added by one line:
//
//     <script async src="https://…/fault_report/v1/embed.js" data-key="fr_…"></script>
//
// The form replaces the script element, or fills the element selected by `data-target`.
// Its language is that of its place in the page, unless `data-lang` is set. It has the
// colours, font and size of its place (`page_look.js`, `embed.css`); the style sheet of the
// page affects nothing else, except by the variables `--fr-…`.
//
// The server sends this script after `FAULT_REPORT` and the other scripts of the form, all
// wrapped in one function.
/* global FAULT_REPORT */
(function () {
    "use strict";

    // Some programs that make pages faster run scripts later, without `currentScript`
    const script =
        document.currentScript ||
        document.querySelector('script[src*="/fault_report/v1/embed.js"]');
    const {style, captcha, photo, language, forms} = FAULT_REPORT;
    const authorization = {Authorization: `Bearer ${script.dataset.key}`};
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
        place:
            "There is no element for data-target, or the line is in <head>: the form " +
            "is at the end of the page. The page: ",
    };
    // What another report of the same visitor has in common with the last one
    const KEPT = ["contact_name", "phone", "email", "facility"];
    // Other codes of languages of ours
    const ALIASES = {no: "nb", nn: "nb"};
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

    function warn(reason) {
        console.error(`Fault report form: ${REASONS[reason]}${location.origin}`);
    }

    /** Put the element of the form into the page. */
    function place(host) {
        const selector = script.dataset.target;
        let target = null;
        try {
            target = selector && document.querySelector(selector);
        } catch {
            // No valid selector
        }
        if (target) {
            target.append(host);
        } else if (selector || !document.body.contains(script)) {
            warn("place");
            document.body.append(host);
        } else {
            script.after(host);
        }
    }

    /**
     * Return the form in the language of the page.
     *
     * @param {HTMLElement} host in its place
     * @returns {object} `code`, `html` and `texts`
     */
    function getForm(host) {
        const wanted = [
            script.dataset.lang,
            host.closest("[lang]")?.lang,
            language,
        ].map((tag) => {
            const [first, ...rest] = (tag || "").toLowerCase().split(/[-_]/);
            return [ALIASES[first] || first, ...rest].join("_");
        });
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
            const kept = KEPT.map((name) => [name, form.elements[name].value]);
            box.replaceWith(form);
            controller.renew();
            for (const [name, value] of kept) {
                form.elements[name].value = value;
            }
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
        warn(reason);
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

    /** The code of a language as pages and browsers write it. */
    function getTag(code) {
        return code.replace(/[_@]/g, "-");
    }

    /**
     * Return the headers of each request: who asks, and the language of the answer.
     *
     * @param {string} code of the language
     * @returns {object}
     */
    function getHeaders(code) {
        return {...authorization, "Accept-Language": getTag(code)};
    }

    /**
     * Ask the server whether the form works on this page, and for its points.
     *
     * Always the server: a key that was revoked a minute ago is no use to a visitor.
     *
     * @param {string} code of the language
     * @returns {Promise<object>} `status` (0 without an answer) and `data`
     */
    async function ask(code) {
        const url = new URL(`form?lang=${code}`, script.src);
        try {
            const answer = await fetch(url, {
                headers: getHeaders(code),
                signal: AbortSignal.timeout(PATIENCE * 1000),
                cache: "reload",
            });
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

    /**
     * Ask for the contact data that the key asks for; the server checks them again.
     *
     * @param {HTMLFormElement} form
     * @param {string} asked `phone`, `email`, `both` or `either`
     * @param {object} texts
     */
    function askContact(form, asked, texts) {
        const {phone, email} = form.elements;
        phone.required = ["phone", "both"].includes(asked);
        email.required = ["email", "both"].includes(asked);
        phone.closest(".o_fr_field").hidden = asked === "email";
        email.closest(".o_fr_field").hidden = asked === "phone";
        if (asked === "either") {
            const hint = make("p", {
                id: "fr_one_required",
                className: "o_fr_hint o_fr_one_required",
                textContent: texts.one_required,
            });
            phone.closest(".o_fr_field").before(hint);
            for (const field of [phone, email]) {
                field.setAttribute("aria-describedby", hint.id);
            }
            Object.assign(phone.dataset, {
                other: "email",
                sentence: texts.one_required,
            });
        }
    }

    function enhance(form, {code, texts}, limits) {
        const controller = window.FaultReportForm.enhance(form, {
            ...limits,
            texts,
            photo,
            captchaKeys: captcha,
            draftKey: `embed:${script.src}`,
            owner: `embed:${script.dataset.key}`,
            url: new URL(`reports?lang=${code}&form=1`, script.src).href,
            headers: getHeaders(code),
            prepare,
            onSuccess: (answer) => showSuccess(answer, controller, texts),
        });
        const {onAnswer, onRefusal} = controller;
        controller.onAnswer = async (answer) => {
            const reason = findReason(answer);
            if (reason) {
                await onRefusal.call(controller, "closed", answer);
                const current = await ask(code);
                controller.alert.replaceChildren(...makeContact(current, texts));
            } else {
                await onAnswer.call(controller, answer);
            }
        };
        // The API has error codes and names for programs; the form shows its own texts
        controller.onRefusal = (meaning, answer) => {
            const error = answer.data?.error || {};
            const {fields = {}, message} = error;
            for (const [name, word] of Object.entries(fields)) {
                if (word === "not_accepted") {
                    fields[name] = message;
                } else {
                    fields[name] = texts[word] || texts.not_accepted;
                    error.message = "";
                }
            }
            return onRefusal.call(controller, meaning, answer);
        };
        return controller;
    }

    async function show() {
        const host = document.createElement("div");
        host.className = "fault-report";
        place(host);
        const {code, html, texts} = getForm(host);
        host.lang = getTag(code);
        const answer = await ask(code);
        const root = host.attachShadow({mode: "open"});
        root.innerHTML = html;
        window.FaultReportForm.followPage(host, style);
        const form = root.querySelector("form");
        if (findReason(answer)) {
            replaceForm(form, "closed", makeContact(answer, texts));
            return;
        }
        const {
            html: points = "",
            emergency = "",
            limits = FAULT_REPORT.limits,
            asked = "either",
        } = answer.data || {};
        form.querySelector("[data-points]").innerHTML = points;
        form.querySelector("[data-emergency]").innerHTML = emergency;
        askContact(form, asked, texts);
        enhance(form, {code, texts}, limits);
        window.FaultReportForm.followPoints(form);
    }

    if (document.readyState === "loading") {
        document.addEventListener("DOMContentLoaded", show);
    } else {
        show();
    }
})();
