// @odoo-module ignore
// Texts and photos of a form, kept in the browser until they have been sent.
//
// Without a library: it also runs on pages that are not Odoo's.
(function () {
    "use strict";

    const DATABASE = "fault_report";
    const STORE = "drafts";
    const PREFIX = "fault_report_draft:";
    const DAY = 24 * 3600 * 1000;

    const FaultReportForm = window.FaultReportForm || {};
    window.FaultReportForm = FaultReportForm;

    function open() {
        return new Promise((resolve, reject) => {
            const request = indexedDB.open(DATABASE, 1);
            request.onupgradeneeded = () => request.result.createObjectStore(STORE);
            request.onsuccess = () => resolve(request.result);
            request.onerror = () => reject(request.error);
            request.onblocked = () => reject(new Error("blocked"));
        });
    }

    /**
     * Run one request on the store and return its result.
     *
     * @param {string} mode
     * @param {Function} action gets the store, returns the request
     * @returns {Promise}
     */
    async function withStore(mode, action) {
        const database = await open();
        try {
            return await new Promise((resolve, reject) => {
                const transaction = database.transaction(STORE, mode);
                const request = action(transaction.objectStore(STORE));
                transaction.oncomplete = () => resolve(request.result);
                transaction.onerror = () => reject(transaction.error);
                transaction.onabort = () => reject(transaction.error);
            });
        } finally {
            database.close();
        }
    }

    function toText(blob) {
        return new Promise((resolve, reject) => {
            const reader = new FileReader();
            reader.onload = () => resolve(reader.result);
            reader.onerror = () => reject(reader.error);
            reader.readAsDataURL(blob);
        });
    }

    async function toBlob(text) {
        return (await fetch(text)).blob();
    }

    // Fallback without IndexedDB (private windows of some browsers): small, as text
    const fallback = {
        async load(key) {
            const draft = JSON.parse(localStorage.getItem(PREFIX + key));
            for (const file of draft ? draft.files : []) {
                file.blob = await toBlob(file.text);
            }
            return draft;
        },
        async save(key, draft) {
            const files = [];
            for (const file of draft.files) {
                files.push({...file, blob: null, text: await toText(file.blob)});
            }
            try {
                localStorage.setItem(PREFIX + key, JSON.stringify({...draft, files}));
            } catch {
                // Storage is full: keep the texts rather than the photos
                const small = {...draft, files: []};
                localStorage.setItem(PREFIX + key, JSON.stringify(small));
            }
        },
        async remove(key) {
            localStorage.removeItem(PREFIX + key);
        },
        async keys() {
            return Object.keys(localStorage)
                .filter((name) => name.startsWith(PREFIX))
                .map((name) => name.slice(PREFIX.length));
        },
    };

    /**
     * Use IndexedDB, else the fallback, else nothing: forms also work without drafts.
     *
     * @param {string} name of the function of the fallback
     * @param {Array} args
     * @param {Function} action
     * @returns {Promise}
     */
    async function attempt(name, args, action) {
        try {
            return await action();
        } catch {
            try {
                return await fallback[name](...args);
            } catch {
                return null;
            }
        }
    }

    FaultReportForm.drafts = {
        /**
         * Return the draft, unless it is too old. The server sets the retention: it
         * must know the idempotency keys for longer.
         *
         * @param {string} key
         * @param {number} days for which drafts are kept
         * @returns {Promise<object | null>}
         */
        async load(key, days) {
            const draft = await attempt("load", [key], () =>
                withStore("readonly", (store) => store.get(key))
            );
            if (draft && draft.date < Date.now() - days * DAY) {
                await this.remove(key);
                return null;
            }
            return draft || null;
        },
        /**
         * @param {number} days for which drafts are kept
         * @returns {Promise<Array>} of `name`, the key of the draft, and `draft`
         */
        async list(days) {
            const names = await attempt("keys", [], () =>
                withStore("readonly", (store) => store.getAllKeys())
            );
            const drafts = [];
            for (const name of names || []) {
                drafts.push({name, draft: await this.load(name, days)});
            }
            return drafts.filter(({draft}) => draft);
        },
        /**
         * @param {string} key
         * @param {object} draft with `date` and `files`: objects of `field`, `name`, `blob`
         * @returns {Promise}
         */
        save(key, draft) {
            return attempt("save", [key, draft], () =>
                withStore("readwrite", (store) => store.put(draft, key))
            );
        },
        remove(key) {
            return attempt("remove", [key], () =>
                withStore("readwrite", (store) => store.delete(key))
            );
        },
    };
})();
