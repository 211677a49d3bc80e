// @odoo-module ignore
// A form that loses no data: it keeps a draft with photos, sends it in the background,
// and retries after a lost connection. Without this script the form works as plain HTML.
//
//     FaultReportForm.enhance(form, {texts, photo, draftKey, onSuccess, prepare, headers})
//
// The script uses only names and `data-…` attributes of the form, so it works on Odoo
// pages, on other pages and in a shadow DOM:
//   data-texts            its texts, translated, as JSON (none: see unsent.js)
//   data-limits           `maxFiles`, `maxBytes`, `maxTotal`, `keepPosition` and
//                         `draftDays`, as JSON (none: see unsent.js)
//   data-photo            how photos are resized: see photos.js
//   data-captcha-keys     the site keys of the captchas to pass, as JSON
//   data-draft            the name of the draft (none: the URL)
//   data-owner            the sender, such as portal:7 (none: the form needs no user)
//   data-kind             the kind of content: `report` or `comment`
//   data-kept             the values were just refused: do not restore a draft
//   [name=idempotency_key]   gets the key that prevents filing twice
//   [data-error-for=NAME]    the element for the error of the field NAME
//   [data-part=PART]         the elements for `status`, `alert`, `retry` and `discard`;
//                            missing ones are created
//   data-other, data-sentence   on a field: what to say if it is empty like the other
//   data-no-draft            on a field that is excluded from drafts
//
// It posts the form with `Accept: application/json` and the header `Idempotency-Key`,
// and understands these responses:
//   2xx {redirect} or anything for `onSuccess(answer, form)`
//   4xx {error: {code, message, fields: {NAME: message}, url}}
// Anything else (no answer, 429, 5xx, a page instead of JSON) is retried: while its
// database is down, Odoo answers 404 with a page. Events on the form:
// `fault-report-state` with `detail` editing, sending, waiting or sent.
(function () {
    "use strict";

    const FaultReportForm = window.FaultReportForm || {};
    window.FaultReportForm = FaultReportForm;

    const OPTIONS = {
        timeout: 300,
        retryAfter: [5, 15, 30, 60],
        retries: 20,
    };

    // The redirect target of a response that asks to sign in
    const SIGN_IN = /\/web\/login([?#]|$)/;
    // Marks a draft that our next page sends when it is opened
    const SENT_LATER = ["signin", "stale"];
    // What browsers call them, as our texts are
    const PROBLEMS = ["valueMissing", "typeMismatch", "patternMismatch"];
    // Seconds; a timer for more than 24 days would fire at once
    const MAX_WAIT = 24 * 3600;

    function makeKey() {
        // Not randomUUID(): unencrypted pages have none
        const bytes = crypto.getRandomValues(new Uint8Array(16));
        return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    }

    /** The page to sign in, which leads back to this one, where the draft is sent. */
    function signInUrl() {
        const page = location.pathname + location.search;
        return `/web/login?redirect=${encodeURIComponent(page)}`;
    }

    function fill(text, values) {
        return text.replace(/\{(\w+)\}/g, (match, name) => values[name] ?? match);
    }

    /**
     * Return the seconds to wait according to a header, or 0.
     *
     * @param {string | null} header seconds, or a date
     * @returns {number}
     */
    function readWait(header) {
        const date = Math.ceil((Date.parse(header) - Date.now()) / 1000);
        const seconds = Number(header) || date;
        return seconds > 0 ? seconds : 0;
    }

    /**
     * Post the form.
     *
     * @param {object} content with `url`, `body`, `headers`, `timeout`, `onProgress`
     * @returns {Promise<object>} `status` (0 without an answer), `data`, `retryAfter`
     *     and the final `url` after redirects
     */
    function post(content) {
        const {url, body, headers, timeout, onProgress} = content;
        // Not fetch(): it reports no upload progress
        const request = new XMLHttpRequest();
        return new Promise((resolve) => {
            const fail = () => resolve({status: 0, data: null});
            request.open("POST", url);
            request.timeout = timeout * 1000;
            for (const [name, value] of Object.entries(headers)) {
                request.setRequestHeader(name, value);
            }
            request.upload.onprogress = onProgress;
            request.onerror = fail;
            request.onabort = fail;
            request.ontimeout = fail;
            request.onload = () => {
                let data = null;
                try {
                    data = JSON.parse(request.responseText);
                } catch {
                    // A page instead of JSON: of a proxy, or to sign in
                }
                const retryAfter = readWait(request.getResponseHeader("Retry-After"));
                const {status, responseURL} = request;
                resolve({status, data, retryAfter, url: responseURL});
            };
            request.send(body);
        });
    }

    /**
     * Return the meaning of a response.
     *
     * @param {object} answer of `post`
     * @returns {string} `arrived`, `refused`, `signin`, `stale`, `tooMuch`, or `later`
     *     for temporary failures
     */
    function understand(answer) {
        const {status, data, url} = answer;
        if (status === 0 || status === 429 || status >= 500) {
            return "later";
        }
        if (data && status < 300) {
            return "arrived";
        }
        if (data?.error) {
            return SENT_LATER.includes(data.error.code) ? data.error.code : "refused";
        }
        if (status === 401 || status === 403 || SIGN_IN.test(url)) {
            return "signin";
        }
        return status === 413 ? "tooMuch" : "later";
    }

    /**
     * Send under a lock shared by all tabs, so that only one tab sends it.
     *
     * @param {string} name of the draft
     * @param {Function} action called with whether the lock was free
     * @returns {Promise}
     */
    async function withLock(name, action) {
        let result = null;
        const run = async (lock) => {
            result = {value: await action(Boolean(lock))};
        };
        try {
            const options = {ifAvailable: true};
            await navigator.locks.request(`fault_report:${name}`, options, run);
        } catch {
            // Unencrypted pages have no locks: the idempotency key prevents duplicates
            if (!result) {
                await run(true);
            }
        }
        return result.value;
    }

    /**
     * Open the next page, even if it is the current one.
     *
     * @param {string} address
     */
    function open(address) {
        const url = new URL(address, location.href);
        const [next, current] = [url.href, location.href].map(
            (href) => href.split("#")[0]
        );
        if (next === current) {
            // A change of the hash alone would not reload the page
            history.replaceState(history.state, "", url);
            location.reload();
        } else {
            location.assign(url);
        }
    }

    class Form {
        constructor(form, options) {
            this.form = form;
            // Small forms share them with the page
            const page = document.querySelector("[data-fault-report-unsent]");
            const {texts, limits} = {...page?.dataset, ...form.dataset};
            this.options = {...OPTIONS, ...JSON.parse(limits || "{}"), ...options};
            this.texts = {...JSON.parse(texts || "{}"), ...this.options.texts};
            const photo = JSON.parse(form.dataset.photo || "{}");
            Object.assign(FaultReportForm.photo, photo, this.options.photo);
            this.draftKey =
                this.options.draftKey || form.dataset.draft || location.pathname;
            this.owner = this.options.owner || form.dataset.owner || "";
            this.key = makeKey();
            const keys = JSON.parse(form.dataset.captchaKeys || "{}");
            this.captcha = new FaultReportForm.Captcha(form, {
                ...keys,
                ...this.options.captchaKeys,
            });
            this.tries = 0;
            this.bags = new Map();
            this.setUp();
        }

        setUp() {
            const {form} = this;
            form.noValidate = true;
            this.status = this.part("status", "p", {role: "status"});
            this.progress = this.part("progress", "progress", {max: 100, hidden: true});
            this.alert = this.part("alert", "div", {role: "alert", tabindex: -1});
            this.retryButton = this.button("retry", () => this.send());
            this.discardButton = this.button("discard", () => this.discard());
            for (const input of form.querySelectorAll("input[type=file][name]")) {
                if (!this.bags.has(input.name)) {
                    const bag = new FaultReportForm.Files(input.name, this);
                    this.bags.set(input.name, bag);
                }
                this.bags.get(input.name).addInput(input);
            }
            form.addEventListener("submit", (event) => {
                event.preventDefault();
                this.submit(event.submitter);
            });
            form.addEventListener("input", (event) => this.onInput(event.target));
            window.addEventListener("online", () => this.onOnline());
            window.addEventListener("pagehide", () => this.saveDraft());
            window.addEventListener("pageshow", ({persisted}) => {
                // Back from the next page: the button would stay disabled
                if (persisted && this.state === "sent" && !this.options.onSuccess) {
                    location.reload();
                }
            });
            this.setState("editing");
            this.restored = this.restore();
        }

        part(name, tag, attributes) {
            let element = this.form.querySelector(`[data-part=${name}]`);
            if (!element) {
                element = document.createElement(tag);
                element.dataset.part = name;
                this.form.append(element);
            }
            element.classList.add(`o_fr_${name}`);
            for (const [attribute, value] of Object.entries(attributes)) {
                element.setAttribute(attribute, value);
            }
            return element;
        }

        button(name, action) {
            const button = this.part(name, "button", {type: "button", hidden: true});
            button.textContent = this.texts[name];
            button.addEventListener("click", action);
            return button;
        }

        setState(state) {
            this.state = state;
            this.form.dataset.state = state;
            const busy = state === "sending" || state === "sent";
            for (const button of this.form.querySelectorAll("[type=submit]")) {
                button.disabled = busy;
            }
            this.form.setAttribute("aria-busy", state === "sending");
            this.progress.hidden = state !== "sending";
            this.retryButton.hidden = state !== "waiting";
            this.form.dispatchEvent(
                new CustomEvent("fault-report-state", {detail: state, bubbles: true})
            );
        }

        say(text, values = {}) {
            const sentence = fill(text, values);
            if (this.status.textContent !== sentence) {
                this.status.textContent = sentence;
            }
        }

        // === DRAFTS === //

        getFields() {
            const skipped = ["file", "submit", "button", "password"];
            return [...this.form.elements].filter(
                (element) =>
                    element.name &&
                    !skipped.includes(element.type) &&
                    !["csrf_token", "idempotency_key"].includes(element.name) &&
                    element.dataset.noDraft === undefined
            );
        }

        isChecked(element) {
            return !["radio", "checkbox"].includes(element.type) || element.checked;
        }

        saveDraft() {
            clearTimeout(this.saveTimer);
            if (!this.isTouched || this.state === "sent") {
                return Promise.resolve();
            }
            const files = [...this.bags.values()].flatMap((bag) =>
                bag.items.map(({name, blob}) => ({field: bag.name, name, blob}))
            );
            return FaultReportForm.drafts.save(this.draftKey, {
                key: this.key,
                // Its days are counted from the first attempt, like those of its
                // key on the server
                date: this.sentAt || Date.now(),
                sentAt: this.sentAt,
                queued: this.isQueued,
                owner: this.owner,
                kind: this.form.dataset.kind || "report",
                url: this.url,
                page: location.href.split("#")[0],
                title: document.title,
                hasCaptcha: this.captcha.providers.length > 0,
                fields: this.getFields()
                    .filter((element) => this.isChecked(element))
                    .map((element) => [element.name, element.value]),
                body: this.getTexts(),
                files,
            });
        }

        get url() {
            return this.target || this.options.url || this.form.action;
        }

        /** The data sent besides the files, identical on each attempt. */
        getTexts() {
            const transport = ["csrf_token", "idempotency_key", "captcha"];
            return [...this.getBody()].filter(
                ([name, value]) =>
                    typeof value === "string" && !transport.includes(name)
            );
        }

        async restore() {
            const draft = await FaultReportForm.drafts.load(
                this.draftKey,
                this.options.draftDays
            );
            if (!draft || this.isTouched || this.form.dataset.kept !== undefined) {
                return;
            }
            this.isTouched = true;
            this.key = draft.key;
            this.sentAt = draft.sentAt || (draft.queued ? draft.date : null);
            this.fillIn(draft.fields);
            for (const bag of this.bags.values()) {
                bag.restore(draft.files.filter((file) => file.field === bag.name));
            }
            this.discardButton.hidden = false;
            this.say(this.texts.restored);
            if (draft.refused) {
                this.showErrors({}, draft.refused);
            } else if (draft.queued && (draft.owner ?? this.owner) === this.owner) {
                this.target = draft.url;
                await this.send();
            }
        }

        fillIn(fields) {
            const given = new Map();
            for (const [name, value] of fields) {
                given.set(name, [...(given.get(name) || []), value]);
            }
            for (const element of this.getFields()) {
                const values = given.get(element.name) || [];
                if (["radio", "checkbox"].includes(element.type)) {
                    element.checked = values.includes(element.value);
                } else if (values.length && element.dataset.preset === undefined) {
                    element.value = values.shift();
                }
            }
            this.form.dispatchEvent(new CustomEvent("fault-report-restored"));
        }

        async discard() {
            await FaultReportForm.drafts.remove(this.draftKey);
            this.isTouched = false;
            location.reload();
        }

        onInput(element) {
            this.onChange();
            if (element.name) {
                this.showError(element.name, "");
            }
            clearTimeout(this.saveTimer);
            this.saveTimer = setTimeout(() => this.saveDraft(), 400);
        }

        onFiles() {
            this.onChange();
            this.saveDraft();
        }

        onChange() {
            this.isTouched = true;
            // Do not send a draft while it is being edited
            this.isQueued = false;
            this.target = null;
            this.stopWaiting();
        }

        /** Reset the form for another report. */
        renew() {
            this.form.reset();
            for (const bag of this.bags.values()) {
                bag.restore([]);
            }
            this.key = makeKey();
            Object.assign(this, {sentAt: null, target: null, tries: 0});
            this.isTouched = false;
            this.clearErrors();
            this.say("");
            this.setState("editing");
        }

        // === ERRORS === //

        place(name) {
            const wanted = CSS.escape(name);
            let place = this.form.querySelector(`[data-error-for="${wanted}"]`);
            const field = this.form.querySelector(`[name="${wanted}"]`);
            if (!place && field) {
                place = document.createElement("p");
                place.dataset.errorFor = name;
                field.after(place);
            }
            if (place) {
                place.classList.add("o_fr_error");
                place.id ||= `fr_error_${name}`;
            }
            return {place, fields: this.form.querySelectorAll(`[name="${wanted}"]`)};
        }

        showError(name, sentence) {
            const {place, fields} = this.place(name);
            if (!place) {
                return null;
            }
            place.textContent = sentence;
            for (const field of fields) {
                const others = (field.getAttribute("aria-describedby") || "")
                    .split(" ")
                    .filter((id) => id && id !== place.id);
                const ids = sentence ? [...others, place.id] : others;
                field.setAttribute("aria-describedby", ids.join(" "));
                field.setAttribute("aria-invalid", Boolean(sentence));
            }
            const shown = [...fields].find((field) => field.type !== "hidden");
            return shown || place;
        }

        clearErrors() {
            this.alert.replaceChildren();
            for (const place of this.form.querySelectorAll("[data-error-for]")) {
                this.showError(place.dataset.errorFor, "");
            }
        }

        /**
         * Show the errors and scroll to the first one.
         *
         * @param {object} errors messages by name
         * @param {string} message the error of no particular field
         * @param {string} url the subject of the message
         * @param {string} label of the link to it
         */
        showErrors(errors, message, url, label = this.texts.open) {
            const unplaced = [];
            const marked = [];
            for (const [name, sentence] of Object.entries(errors)) {
                const field = this.showError(name, sentence);
                if (field) {
                    marked.push(field);
                } else {
                    unplaced.push(sentence);
                }
            }
            const text = message || unplaced.join(" ") || this.texts.fix;
            this.alert.replaceChildren(text);
            if (url) {
                const link = document.createElement("a");
                link.href = url;
                link.textContent = label;
                this.alert.append(" ", link);
            }
            this.say("");
            const order = Node.DOCUMENT_POSITION_FOLLOWING;
            for (const field of marked) {
                field.closest("details")?.setAttribute("open", "");
            }
            marked.sort((a, b) => (a.compareDocumentPosition(b) & order ? -1 : 1));
            const first = marked[0] || this.alert;
            if (!first.matches("input, select, textarea, button")) {
                first.setAttribute("tabindex", "-1");
            }
            first.focus();
            first.scrollIntoView({block: "center"});
        }

        validate() {
            const errors = {};
            const items = [...this.bags.values()].flatMap((bag) => bag.items);
            const bytes = items.reduce((sum, {blob}) => sum + blob.size, 0);
            if (bytes > this.options.maxTotal) {
                errors.files = this.texts.tooMuch;
            }
            for (const element of this.form.elements) {
                if (element.name && !element.checkValidity()) {
                    // The browser says it in another language than the page
                    const problem = PROBLEMS.find((name) => element.validity[name]);
                    errors[element.name] = this.texts[problem || "badInput"];
                }
                const {other, sentence} = element.dataset;
                if (
                    other &&
                    !(element.value + this.form.elements[other].value).trim()
                ) {
                    errors[element.name] = sentence;
                }
            }
            if (Object.keys(errors).length) {
                this.showErrors(errors);
                return false;
            }
            return true;
        }

        // === SENDING === #

        /**
         * @param {HTMLElement} button the pressed one; its target may differ from that of
         *     the form, such as an existing report
         */
        async submit(button) {
            if (this.state === "sending" || this.state === "sent") {
                return;
            }
            this.clearErrors();
            this.tries = 0;
            const leads = button?.hasAttribute("formaction");
            this.target = leads ? button.formAction : null;
            if (
                button?.formNoValidate ||
                (this.validate() && (await FaultReportForm.ask?.(this.form)) !== false)
            ) {
                await this.send();
            }
        }

        async send() {
            this.stopWaiting();
            this.setState("sending");
            this.say(this.texts.preparing);
            await Promise.all([...this.bags.values()].map((bag) => bag.ready));
            this.isTouched = true;
            this.isQueued = true;
            this.sentAt ||= Date.now();
            await this.saveDraft();
            this.tries += 1;
            const answer = await withLock(this.draftKey, () => this.post());
            await this.onAnswer(answer);
        }

        async post() {
            try {
                await this.captcha.prove();
            } catch {
                // Like a lost connection: keep it, and retry
                return {status: 0};
            }
            const answer = await post({
                url: this.url,
                body: this.getBody(),
                headers: {
                    Accept: "application/json",
                    "Idempotency-Key": this.key,
                    ...this.options.headers,
                },
                timeout: this.options.timeout,
                onProgress: (event) => this.showProgress(event),
            });
            this.captcha.forget();
            return answer;
        }

        getBody() {
            const body = new FormData(this.form);
            if (body.has("idempotency_key")) {
                body.set("idempotency_key", this.key);
            }
            for (const bag of this.bags.values()) {
                body.delete(bag.name);
                for (const {name, blob} of bag.items) {
                    body.append(bag.name, blob, name);
                }
            }
            return this.options.prepare ? this.options.prepare(body) : body;
        }

        showProgress({loaded, total}) {
            const percent = total ? Math.floor((loaded / total) * 100) : 0;
            this.progress.value = percent;
            // A screen reader would announce every step
            this.say(this.texts.sending, {percent: percent - (percent % 25)});
        }

        async onAnswer(answer) {
            const meaning = understand(answer);
            if (meaning === "arrived") {
                await this.onSuccess(answer.data);
            } else if (meaning === "later") {
                await this.onTrouble(answer);
            } else {
                await this.onRefusal(meaning, answer);
            }
        }

        async onSuccess(data) {
            this.isQueued = false;
            this.setState("sent");
            this.discardButton.hidden = true;
            this.say(this.texts.sent);
            await FaultReportForm.drafts.remove(this.draftKey);
            if (this.options.onSuccess) {
                this.options.onSuccess(data, this.form);
            } else if (data.redirect) {
                // Browsers restore the values of a reloaded page
                this.form.reset();
                open(data.redirect);
            }
        }

        onTrouble({status, data, retryAfter}) {
            const {offline, unavailable, kept} = this.texts;
            const message = status === 429 && data?.error?.message;
            const text = message ? `${message} ${kept}` : unavailable;
            return this.wait(status === 0 ? offline : text, retryAfter);
        }

        async onRefusal(meaning, {status, data}) {
            this.isQueued = SENT_LATER.includes(meaning);
            if (status === 409) {
                // This submission has arrived: the next one needs another key
                this.key = makeKey();
                this.sentAt = null;
            }
            await this.saveDraft();
            this.setState("editing");
            const error = data?.error || {};
            const message = error.message || this.texts[meaning];
            if (meaning === "signin") {
                this.showErrors({}, message, signInUrl(), this.texts.signinLink);
            } else {
                this.showErrors(error.fields || {}, message, error.url);
            }
        }

        // === WAITING FOR THE CONNECTION === #

        async wait(text, retryAfter) {
            this.setState("waiting");
            const {retryAfter: delays, retries} = this.options;
            const delay = delays[Math.min(this.tries, delays.length) - 1];
            const seconds = Math.min(retryAfter || delay, MAX_WAIT);
            if (this.tries >= retries) {
                this.say(this.texts.failed);
                return;
            }
            this.say(text, {seconds});
            this.waitTimer = setTimeout(() => this.send(), seconds * 1000);
        }

        stopWaiting() {
            clearTimeout(this.waitTimer);
            if (this.state === "waiting") {
                this.setState("editing");
                this.say("");
            }
        }

        onOnline() {
            if (this.state === "waiting") {
                this.send();
            }
        }
    }

    /**
     * Attach the script to the form.
     *
     * @param {HTMLFormElement} form
     * @param {object} options see above
     * @returns {object} the form's controller; `restored` is a promise
     */
    FaultReportForm.enhance = function (form, options = {}) {
        const controller = new Form(form, options);
        FaultReportForm.forms.push(controller);
        return controller;
    };
    FaultReportForm.forms = [];
    Object.assign(FaultReportForm, {post, understand, withLock, fill, signInUrl});

    FaultReportForm.enhanceAll = function () {
        for (const form of document.querySelectorAll("form[data-fault-report-form]")) {
            FaultReportForm.enhance(form);
        }
    };

    if (document.readyState === "loading") {
        document.addEventListener("DOMContentLoaded", FaultReportForm.enhanceAll);
    } else {
        FaultReportForm.enhanceAll();
    }
})();
