// @odoo-module ignore
// Odoo's captcha, if installed: it protects each submission. The attribute
// `data-captcha-keys` of the form, or the option `captchaKeys`, has the site key of
// `recaptcha`, of `turnstile`, or of both.
(function () {
    "use strict";

    const FaultReportForm = window.FaultReportForm || {};
    window.FaultReportForm = FaultReportForm;

    const ACTION = "fault_report";
    const RECAPTCHA = "https://www.recaptcha.net/recaptcha/api.js?render=";
    const TURNSTILE =
        "https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit";
    const PATIENCE = 30 * 1000;

    function load(url) {
        return new Promise((resolve, reject) => {
            const script = document.createElement("script");
            script.src = url;
            script.onload = resolve;
            script.onerror = () => {
                script.remove();
                reject(new Error(`${url} cannot be loaded`));
            };
            document.head.append(script);
        });
    }

    /**
     * Limit the time to wait for third-party code.
     *
     * @param {Promise} promise
     * @returns {Promise}
     */
    function within(promise) {
        return new Promise((resolve, reject) => {
            const timer = setTimeout(
                () => reject(new Error("The captcha does not answer")),
                PATIENCE
            );
            promise.then(resolve, reject).finally(() => clearTimeout(timer));
        });
    }

    class Recaptcha {
        constructor(key) {
            this.key = key;
        }

        async getToken() {
            if (!window.grecaptcha) {
                await load(RECAPTCHA + encodeURIComponent(this.key));
            }
            await new Promise((resolve) => window.grecaptcha.ready(resolve));
            return window.grecaptcha.execute(this.key, {action: ACTION});
        }
    }

    class Turnstile {
        constructor(key, place) {
            this.key = key;
            this.place = place;
            this.expect();
            // It may need a click, so load it before the form is sent
            this.show().catch(() => null);
        }

        expect() {
            this.token = new Promise((resolve) => {
                this.receive = resolve;
            });
        }

        async show() {
            if (!window.turnstile) {
                await load(TURNSTILE);
            }
            if (this.widget === undefined) {
                this.widget = window.turnstile.render(this.place, {
                    sitekey: this.key,
                    action: ACTION,
                    callback: (token) => this.receive(token),
                    "expired-callback": () => this.forget(),
                });
            }
        }

        async getToken() {
            await this.show();
            return this.token;
        }

        forget() {
            this.expect();
            if (this.widget !== undefined) {
                window.turnstile.reset(this.widget);
            }
        }
    }

    FaultReportForm.Captcha = class {
        /**
         * @param {HTMLFormElement} form
         * @param {object} keys
         */
        constructor(form, keys) {
            this.form = form;
            this.providers = [];
            if (keys.recaptcha) {
                this.providers.push(new Recaptcha(keys.recaptcha));
            }
            if (keys.turnstile) {
                this.providers.push(
                    new Turnstile(keys.turnstile, this.makePlace(form))
                );
            }
        }

        get field() {
            let field = this.form.elements.captcha;
            if (!field) {
                field = document.createElement("input");
                field.type = "hidden";
                field.name = "captcha";
                field.dataset.noDraft = "1";
                this.form.append(field);
            }
            return field;
        }

        makePlace(form) {
            const place = document.createElement("div");
            form.querySelector("[type=submit]").before(place);
            return place;
        }

        /**
         * Fill in the field; fails if a captcha is not reachable.
         *
         * @returns {Promise}
         */
        async prove() {
            if (!this.providers.length) {
                return;
            }
            const tokens = this.providers.map((provider) => provider.getToken());
            this.field.value = (await within(Promise.all(tokens))).join(" ");
        }

        // A token is valid once
        forget() {
            for (const provider of this.providers) {
                if (provider.forget) {
                    provider.forget();
                }
            }
        }
    };
})();
