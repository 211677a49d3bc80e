// @odoo-module ignore
// Unsent drafts, on any of our pages: shows their number, sends them, and links to the
// pages where they were filled in.
//
//     <div data-fault-report-unsent="1" data-owner="portal:7" data-csrf="…" …>
//
//   data-owner            the user whose drafts may be sent from here, besides drafts
//                         of forms that need no user
//   data-csrf             the token of the session that this page belongs to
//   data-texts            the texts of the forms, translated, as JSON
//   data-limits           `draftDays`, as JSON
//
// A form on the page itself handles its own draft.
(function () {
    "use strict";

    const FaultReportForm = window.FaultReportForm || {};
    window.FaultReportForm = FaultReportForm;

    const DELAYS = [5, 15, 30, 60, 300];
    const TIMEOUT = 300;

    function make(tag, className, text) {
        const element = document.createElement(tag);
        element.className = className;
        element.textContent = text;
        return element;
    }

    class Unsent {
        constructor(element) {
            this.element = element;
            this.texts = JSON.parse(element.dataset.texts);
            this.limits = JSON.parse(element.dataset.limits);
            this.arrived = [];
            this.tries = 0;
            window.addEventListener("online", () => this.send());
        }

        /**
         * Find the drafts that may be sent from here, without those of other users of
         * this browser.
         */
        async find() {
            const drafts = await FaultReportForm.drafts.list(this.limits.draftDays);
            const here = FaultReportForm.forms.map((form) => form.draftKey);
            const owners = ["", this.element.dataset.owner];
            this.waiting = drafts.filter(
                ({name, draft}) =>
                    draft.queued &&
                    draft.url &&
                    owners.includes(draft.owner) &&
                    !here.includes(name)
            );
            // Drafts that were refused, or need a captcha, are sent from their own page
            this.ready = this.waiting.filter(
                ({draft}) => !draft.refused && !draft.hasCaptcha
            );
        }

        async send() {
            clearTimeout(this.timer);
            if (this.isSending) {
                return;
            }
            this.isSending = true;
            try {
                await this.find();
                this.problem = "";
                this.show(this.ready.length ? this.texts.posting : "", true);
                await this.sendAll();
            } finally {
                this.isSending = false;
            }
        }

        async sendAll() {
            let trouble = null;
            for (const {name} of this.ready) {
                trouble = await FaultReportForm.withLock(name, (isFree) =>
                    // Another tab is sending it
                    isFree ? this.sendOne(name) : {status: 0, isElsewhere: true}
                );
                if (trouble) {
                    break;
                }
            }
            await this.find();
            if (trouble && this.ready.length) {
                this.wait(trouble);
            } else {
                this.show(this.problem);
            }
        }

        /**
         * Send one draft in its current state: another tab may have sent it.
         *
         * @param {string} name of the draft
         * @returns {Promise<object | null>} the response, if it has to be retried
         */
        async sendOne(name) {
            const {drafts, post, understand} = FaultReportForm;
            const draft = await drafts.load(name, this.limits.draftDays);
            if (!draft || !draft.queued) {
                return null;
            }
            const answer = await post({
                url: draft.url,
                body: this.getBody(draft),
                headers: {Accept: "application/json", "Idempotency-Key": draft.key},
                timeout: TIMEOUT,
                onProgress: () => null,
            });
            const meaning = understand(answer);
            if (meaning === "later") {
                return answer;
            }
            if (meaning === "arrived") {
                await drafts.remove(name);
                this.arrived.push({draft, url: answer.data.redirect});
            } else if (meaning === "signin") {
                this.problem = this.texts.signin;
                this.isSignedOut = true;
            } else if (meaning !== "stale") {
                const {message, fields = {}} = (answer.data && answer.data.error) || {};
                const [sentence] = Object.values(fields);
                const refused = message || sentence || this.texts[meaning];
                await drafts.save(name, {...draft, refused: refused || this.texts.fix});
            }
            return null;
        }

        getBody(draft) {
            const body = new FormData();
            body.set("csrf_token", this.element.dataset.csrf || "");
            for (const [name, value] of draft.body) {
                body.append(name, value);
            }
            for (const {field, name, blob} of draft.files) {
                body.append(field, blob, name);
            }
            return body;
        }

        wait({status, retryAfter, isElsewhere}) {
            const delay = DELAYS[Math.min(this.tries, DELAYS.length - 1)];
            const seconds = Math.min(retryAfter || delay, 24 * 3600);
            this.tries += 1;
            const {offline, unavailable, posting} = this.texts;
            const text = status === 0 ? offline : unavailable;
            this.show(isElsewhere ? posting : FaultReportForm.fill(text, {seconds}));
            this.timer = setTimeout(() => this.send(), seconds * 1000);
        }

        // === DISPLAY === #

        show(status = "", isBusy = false) {
            const parts = [];
            if (this.arrived.length) {
                parts.push(make("p", "o_fr_unsent_arrived", this.texts.arrived));
                parts.push(this.makeList(this.arrived, this.texts.open));
            }
            if (this.waiting.length) {
                parts.push(make("strong", "o_fr_unsent_count", this.count()));
                parts.push(make("p", "o_fr_unsent_status", status));
                if (status && this.isSignedOut) {
                    const link = make("a", "", this.texts.signinLink);
                    link.href = FaultReportForm.signInUrl();
                    parts.push(link);
                }
                parts.push(
                    this.makeList(
                        this.waiting.map(({draft}) => ({draft, url: draft.page})),
                        this.texts.look
                    )
                );
            }
            if (this.ready.length) {
                const button = make(
                    "button",
                    "o_fr_button o_fr_second",
                    this.texts.retry
                );
                button.type = "button";
                button.disabled = isBusy;
                button.addEventListener("click", () => this.send());
                parts.push(button);
            }
            this.element.replaceChildren(...parts);
            this.element.dataset.state = this.waiting.length ? "waiting" : "sent";
            this.element.hidden = !parts.length;
        }

        count() {
            const kinds = this.waiting.map(({draft}) => draft.kind);
            const comments = kinds.filter((kind) => kind === "comment").length;
            const reports = kinds.length - comments;
            const {unsent, unsentMany, unsentComment, unsentComments} = this.texts;
            const parts = [
                [reports, unsent, unsentMany],
                [comments, unsentComment, unsentComments],
            ];
            return parts
                .filter(([count]) => count)
                .map(([count, one, many]) =>
                    FaultReportForm.fill(count === 1 ? one : many, {count})
                )
                .join(" ");
        }

        makeList(entries, label) {
            const list = make("ul", "o_fr_unsent_list", "");
            for (const {draft, url} of entries) {
                const entry = document.createElement("li");
                const {name, comment} = Object.fromEntries(draft.fields);
                const title = name || comment || draft.title;
                entry.append(make("span", "", title.slice(0, 80)));
                if (draft.refused) {
                    entry.append(make("span", "o_fr_error", draft.refused));
                }
                if (url) {
                    const link = make("a", "", label);
                    link.href = url;
                    entry.append(link);
                }
                list.append(entry);
            }
            return list;
        }
    }

    /**
     * Send the drafts, from the page or from an inserted fragment.
     *
     * @param {ParentNode} root
     */
    FaultReportForm.sendUnsent = function (root) {
        for (const element of root.querySelectorAll("[data-fault-report-unsent]")) {
            if (!element.dataset.ready) {
                element.dataset.ready = "1";
                new Unsent(element).send();
            }
        }
    };

    const start = () => FaultReportForm.sendUnsent(document);
    if (document.readyState === "loading") {
        document.addEventListener("DOMContentLoaded", start);
    } else {
        start();
    }
})();
