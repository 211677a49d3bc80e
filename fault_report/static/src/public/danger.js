// @odoo-module ignore
// Asks whether anyone is in danger before a form is sent that says so: by the words of
// the company (`data-words` of its dialog) or by an answer (`data-danger`).
//
// A plain script without dependencies: it also runs on pages outside Odoo.
(function () {
    "use strict";

    const FaultReportForm = window.FaultReportForm || {};
    window.FaultReportForm = FaultReportForm;

    // What people write about the fault, not about themselves
    const READ = /^(name|comment|facility|object_text|(point|remark)_\d+)$/;

    /** As `tools/danger.py` does. */
    function fold(text) {
        const letters = text.toUpperCase().toLowerCase().normalize("NFKD");
        const words = letters.replace(/[\p{M}\p{Cf}]/gu, "").match(/[\p{L}\p{N}]+/gu);
        return ` ${(words || []).join(" ")} `;
    }

    function readTexts(form) {
        return [...form.elements]
            .filter(({type}) => ["text", "textarea"].includes(type))
            .filter(({name, disabled}) => READ.test(name) && !disabled)
            .map(({value}) => fold(value))
            .join("\n");
    }

    /**
     * Ask, if the form means danger and it was not asked for these texts.
     *
     * @param {HTMLFormElement} form gets the answer in its input `emergency`
     * @returns {Promise<boolean>} whether to send it; false without an answer
     */
    FaultReportForm.ask = async function (form) {
        const dialog = form.querySelector("dialog[data-words]");
        if (!dialog?.showModal) {
            // Nothing to ask, or an old browser: the server marks the report
            return true;
        }
        const answer = form.elements.emergency;
        const texts = readTexts(form);
        const words = JSON.parse(dialog.dataset.words);
        const marked = form.querySelector("[data-danger]:checked:enabled");
        if (!marked && !words.some((word) => texts.includes(` ${word} `))) {
            answer.value = "";
            return true;
        }
        if (answer.value && dialog.askedFor === texts) {
            return true;
        }
        answer.value = await show(dialog);
        dialog.askedFor = texts;
        return Boolean(answer.value);
    };

    FaultReportForm.foldText = fold;

    function show(dialog) {
        dialog.returnValue = "";
        for (const button of dialog.querySelectorAll("button")) {
            button.onclick = () => dialog.close(button.value);
        }
        dialog.showModal();
        return new Promise((resolve) => {
            // The event of an earlier question may come late
            dialog.onclose = () => dialog.open || resolve(dialog.returnValue);
        });
    }
})();
