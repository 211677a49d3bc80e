// @odoo-module ignore
// The look of the page around the form: colours and font size of its place, as variables
// for `embed.css`, also after the page has changed them.
//
// A colour of the page that cannot be read on its background is replaced.
(function () {
    "use strict";

    const FaultReportForm = window.FaultReportForm || {};
    window.FaultReportForm = FaultReportForm;

    // Pixels: still legible, and still a form on a phone
    const SIZES = {min: 14, max: 22};
    // Contrasts of WCAG: of large and of normal text
    const LARGE = 3;
    const NORMAL = 4.5;
    const BYTE = 0xff;
    const WHITE = [1, 1, 1, 1];
    const BLACK = [0.07, 0.07, 0.07, 1];

    function getLuminance(colour) {
        const [red, green, blue] = colour.map((part) =>
            part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
        );
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    }

    function getContrast(one, other) {
        const [dark, light] = [getLuminance(one), getLuminance(other)].sort(
            (a, b) => a - b
        );
        return (light + 0.05) / (dark + 0.05);
    }

    function chooseReadable(background) {
        const isWhite = getContrast(WHITE, background) >= NORMAL;
        return isWhite ? WHITE : BLACK;
    }

    function write(colour) {
        const [red, green, blue] = colour.map((part) => Math.round(part * BYTE));
        return `rgb(${red}, ${green}, ${blue})`;
    }

    class Look {
        /** @param {HTMLElement} host with a shadow root, in its place */
        constructor(host) {
            this.host = host;
            this.probe = document.createElement("span");
            this.probe.hidden = true;
            host.shadowRoot.append(this.probe);
            this.sheet = new CSSStyleSheet();
        }

        get place() {
            return this.host.parentElement || this.host.getRootNode().host;
        }

        /**
         * Return the parts of a colour in any notation, from 0 to 1.
         *
         * @param {string} text
         * @returns {Array<number>} red, green, blue and opacity
         */
        read(text) {
            const {style} = this.probe;
            style.color = text;
            let found = getComputedStyle(this.probe).color;
            if (!found.startsWith("rgb")) {
                style.color = `color-mix(in srgb, ${text}, ${text})`;
                found = getComputedStyle(this.probe).color;
            }
            const numbers = found.match(/-?[\d.]+(e-?\d+)?/g).map(Number);
            const [red, green, blue, opacity = 1] = numbers;
            const whole = found.startsWith("rgb") ? BYTE : 1;
            return [red / whole, green / whole, blue / whole, opacity];
        }

        /** Return the colour of links of the page, and that of its empty canvas. */
        readLink() {
            const link = document.createElement("a");
            link.href = "#";
            this.host.before(link);
            const colour = getComputedStyle(link).color;
            link.style.setProperty("color", "Canvas", "important");
            const canvas = getComputedStyle(link).color;
            link.remove();
            return [this.read(colour), this.read(canvas)];
        }

        /**
         * Return the background of the place.
         *
         * @param {Array<number>} canvas if no element has one
         * @returns {Array<number> | null} null if it is a picture
         */
        readBackground(canvas) {
            let element = this.place;
            while (element) {
                const {backgroundColor, backgroundImage} = getComputedStyle(element);
                const colour = this.read(backgroundColor);
                if (colour[3] > 0.5) {
                    return colour;
                }
                if (backgroundImage !== "none") {
                    return null;
                }
                element = element.parentElement || element.getRootNode().host;
            }
            return canvas;
        }

        /** Whether a colour can be read; on a picture, the page knows best. */
        isReadable(colour, background, contrast) {
            const opacity = colour[3];
            if (!background) {
                return opacity > 0.5;
            }
            const seen = colour.map(
                (part, index) => part * opacity + background[index] * (1 - opacity)
            );
            return getContrast(seen, background) >= contrast;
        }

        update() {
            const {color, fontSize} = getComputedStyle(this.place);
            const [link, canvas] = this.readLink();
            const background = this.readBackground(canvas);
            let text = this.read(color);
            if (!this.isReadable(text, background, LARGE)) {
                text = chooseReadable(background || WHITE);
            }
            const accent = this.isReadable(link, background, NORMAL) ? link : text;
            const size = Math.min(Math.max(parseFloat(fontSize), SIZES.min), SIZES.max);
            const isDark = background
                ? getLuminance(background) < 0.18
                : getLuminance(text) > 0.5;
            this.host.toggleAttribute("data-dark", isDark);
            this.sheet.replaceSync(`:host {
                --fr-size: ${size}px;
                --fr-page-text: ${write(text)};
                --fr-page-accent: ${write(accent)};
            }`);
            // The page may have set the accent itself
            const shown = chooseReadable(this.read("var(--fr-accent)"));
            this.sheet.insertRule(`:host { --fr-page-on-accent: ${write(shown)}; }`);
        }
    }

    /**
     * Give the form the look of its place in the page, and keep it.
     *
     * @param {HTMLElement} host with a shadow root, in its place
     * @param {string} style sheet of the form
     */
    FaultReportForm.followPage = function (host, style) {
        const look = new Look(host);
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(style);
        host.shadowRoot.adoptedStyleSheets = [sheet, look.sheet];
        let isDue = false;
        const update = () => {
            isDue = false;
            if (host.isConnected) {
                look.update();
            }
        };
        const updateSoon = () => {
            if (!isDue) {
                isDue = true;
                requestAnimationFrame(update);
            }
        };
        update();
        window.addEventListener("load", updateSoon);
        window.addEventListener("resize", updateSoon);
        matchMedia("(prefers-color-scheme: dark)").addEventListener(
            "change",
            updateSoon
        );
        // A switch of the page for dark colours, which may fade
        const observer = new MutationObserver(updateSoon);
        for (const element of [document.documentElement, document.body]) {
            observer.observe(element, {attributes: true});
        }
        document.addEventListener("transitionend", ({target}) => {
            if (target.contains(host)) {
                updateSoon();
            }
        });
    };
})();
