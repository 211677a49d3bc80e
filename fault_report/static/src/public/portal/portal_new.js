// @odoo-module ignore
// The page “Report a fault”: the object is searched while typing, and its open reports
// are shown before sending.
(function () {
    "use strict";

    const DELAY = 250;

    function wait(action, delay) {
        let timer = 0;
        return () => {
            clearTimeout(timer);
            timer = setTimeout(action, delay);
        };
    }

    class ObjectSearch {
        constructor(form, select) {
            this.form = form;
            this.select = select;
            this.facility = form.querySelector("[name=facility_id]");
            this.options = [];
            this.active = -1;
            this.build();
            this.input.addEventListener("input", (event) => this.onType(event));
            this.input.addEventListener("keydown", (event) => this.onKey(event));
            this.input.addEventListener("focus", () => this.search());
            this.input.addEventListener("blur", () =>
                setTimeout(() => this.hide(), 200)
            );
            this.list.addEventListener("mousedown", (event) => event.preventDefault());
            this.list.addEventListener("click", (event) => {
                const option = event.target.closest("[role=option]");
                if (option) {
                    this.choose(this.options[Number(option.dataset.index)]);
                }
            });
            if (this.facility) {
                this.facility.addEventListener("change", () => this.onFacility());
            }
            form.addEventListener("fault-report-restored", () => this.onRestored());
            this.searchLater = wait(() => this.search(), DELAY);
        }

        /** Replace the select, which has few options, by an input with a search list. */
        build() {
            const {select} = this;
            const make = (tag, attributes) =>
                Object.assign(document.createElement(tag), attributes);
            this.value = make("input", {type: "hidden", name: select.name});
            this.value.value = select.value;
            // Of the first objects; those that are searched come with their own
            this.categories = new Map(
                [...select.options].map(({value, dataset}) => [
                    value,
                    dataset.categories || "[]",
                ])
            );
            this.value.dataset.categories = this.categories.get(select.value);
            this.input = make("input", {
                id: select.id,
                className: "o_fr_input",
                name: "object_text",
                maxLength: Number(select.dataset.maxlength),
                autocomplete: "off",
                value: select.value ? select.dataset.name || "" : "",
            });
            this.list = make("ul", {id: "fr_objects", className: "o_fr_objects"});
            this.list.hidden = true;
            this.list.setAttribute("role", "listbox");
            this.list.setAttribute("aria-label", select.labels[0].textContent.trim());
            this.hint = make("p", {id: "fr_objects_hint", className: "o_fr_hint"});
            this.hint.textContent = select.dataset.textHint;
            const attributes = {
                role: "combobox",
                "aria-autocomplete": "list",
                "aria-expanded": "false",
                "aria-controls": this.list.id,
                "aria-describedby": this.hint.id,
            };
            for (const [name, value] of Object.entries(attributes)) {
                this.input.setAttribute(name, value);
            }
            if (select.dataset.preset !== undefined) {
                this.value.dataset.preset = "1";
                this.input.dataset.preset = "1";
            }
            select.replaceWith(this.value, this.input, this.list, this.hint);
            this.showHint();
        }

        /** Show how to find an object, until one is chosen. */
        showHint() {
            this.hint.hidden = Boolean(this.value.value);
        }

        onType() {
            this.setValue(null);
            this.searchLater();
        }

        onFacility() {
            if (
                this.chosen &&
                this.chosen.facility_id !== Number(this.facility.value)
            ) {
                this.input.value = "";
                this.setValue(null);
            }
        }

        async onRestored() {
            this.showHint();
            this.showOpen();
            const id = this.value.value;
            if (id && !this.categories.has(id)) {
                // Not one of the first objects
                for (const object of (await this.find(this.input.value)) || []) {
                    this.remember(object);
                }
            }
            this.value.dataset.categories = this.categories.get(id) || "[]";
            this.form.dispatchEvent(new Event("change"));
        }

        remember(object) {
            this.categories.set(String(object.id), JSON.stringify(object.categories));
        }

        setValue(object) {
            const before = this.value.value;
            this.chosen = object;
            this.value.value = object ? object.id : "";
            if (object) {
                this.remember(object);
            }
            this.value.dataset.categories =
                this.categories.get(this.value.value) || "[]";
            this.showHint();
            if (this.value.value !== before) {
                this.showOpen();
                this.value.dispatchEvent(new Event("input", {bubbles: true}));
            }
        }

        async search() {
            const asked = this.input.value;
            const found = await this.find(this.value.value ? "" : asked);
            this.isFailed = !found;
            this.options = found || [];
            const isFocused = this.input.getRootNode().activeElement === this.input;
            if (asked === this.input.value && isFocused) {
                this.show();
            }
        }

        /**
         * @param {string} search
         * @returns {Promise<Array | null>} the objects; nothing if it could not search
         */
        async find(search) {
            const query = new URLSearchParams({
                search,
                facility_id: this.facility ? this.facility.value : "",
            });
            try {
                const response = await fetch(`${this.form.dataset.objects}?${query}`);
                return response.ok ? await response.json() : null;
            } catch {
                // Without a connection the object is sent as typed
                return null;
            }
        }

        show() {
            this.active = -1;
            this.list.replaceChildren(
                ...this.options.map((object, index) => {
                    const option = document.createElement("li");
                    option.id = `fr_object_${index}`;
                    option.dataset.index = index;
                    option.setAttribute("role", "option");
                    option.setAttribute("aria-selected", "false");
                    const name = document.createElement("strong");
                    name.textContent = object.name;
                    const detail = document.createElement("span");
                    detail.className = "small";
                    detail.textContent = object.detail;
                    option.append(name, detail);
                    return option;
                })
            );
            this.toggle(this.options.length > 0);
            const {textNone, textFailed, textHint} = this.select.dataset;
            const isNothing = !this.options.length && this.input.value.trim();
            const missing = this.isFailed ? textFailed : textNone;
            this.hint.textContent = isNothing ? missing : textHint;
        }

        toggle(visible) {
            this.list.hidden = !visible;
            this.input.setAttribute("aria-expanded", visible);
            this.input.removeAttribute("aria-activedescendant");
        }

        hide() {
            this.toggle(false);
        }

        onKey(event) {
            if (event.key === "Escape") {
                this.hide();
            } else if (event.key === "Enter" && this.active >= 0) {
                event.preventDefault();
                this.choose(this.options[this.active]);
            } else if (["ArrowDown", "ArrowUp"].includes(event.key)) {
                event.preventDefault();
                this.move(event.key === "ArrowDown" ? 1 : -1);
            }
        }

        move(step) {
            if (this.list.hidden) {
                this.search();
                return;
            }
            const count = this.options.length;
            this.active = (this.active + step + count) % count;
            for (const [index, option] of [...this.list.children].entries()) {
                option.setAttribute("aria-selected", index === this.active);
                if (index === this.active) {
                    this.input.setAttribute("aria-activedescendant", option.id);
                    option.scrollIntoView({block: "nearest"});
                }
            }
        }

        choose(object) {
            this.input.value = object.name;
            const wanted = String(object.facility_id);
            if (this.facility && this.facility.querySelector(`[value="${wanted}"]`)) {
                this.facility.value = wanted;
            }
            this.hide();
            this.setValue(object);
        }

        /** Show the open reports on the chosen object. */
        async showOpen() {
            const place = this.form.querySelector("#fr_open");
            const id = this.value.value;
            place.replaceChildren();
            if (!id) {
                return;
            }
            try {
                const query = new URLSearchParams({equipment_id: id});
                const response = await fetch(`${this.form.dataset.open}?${query}`);
                if (response.ok && this.value.value === id) {
                    // A fragment of our own page, escaped by the server
                    const page = new DOMParser().parseFromString(
                        await response.text(),
                        "text/html"
                    );
                    place.replaceChildren(...page.body.children);
                }
            } catch {
                // Optional: skipped without a connection
            }
        }
    }

    function start() {
        for (const select of document.querySelectorAll("[data-object-search] select")) {
            const search = new ObjectSearch(select.form, select);
            search.input.dataset.ready = "1";
        }
    }

    if (document.readyState === "loading") {
        document.addEventListener("DOMContentLoaded", start);
    } else {
        start();
    }
})();
