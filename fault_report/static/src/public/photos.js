// @odoo-module ignore
// Photos of a form: resized before sending, previewed, removed.
//
// A plain script without dependencies: it also runs on pages outside Odoo.
(function () {
    "use strict";

    // Smaller files are sent unchanged
    const SMALL_BYTES = 400 * 1024;
    const MEGABYTE = 1024 * 1024;

    const FaultReportForm = window.FaultReportForm || {};
    window.FaultReportForm = FaultReportForm;
    // How photos are resized: `maxSide`, `quality`, and the `types`
    // that are resized. Set by each form, from the server.
    FaultReportForm.photo = {types: []};

    /**
     * Return the picture in the orientation in which browsers show it.
     *
     * @param {Blob} file
     * @returns {Promise<ImageBitmap|HTMLImageElement>}
     */
    async function decode(file) {
        if (window.createImageBitmap) {
            try {
                return await createImageBitmap(file, {imageOrientation: "from-image"});
            } catch {
                // Older browsers lack the option: the element does it itself
            }
        }
        const image = new Image();
        const url = URL.createObjectURL(file);
        try {
            image.src = url;
            await image.decode();
            return image;
        } finally {
            URL.revokeObjectURL(url);
        }
    }

    function draw(picture, scale) {
        const canvas = document.createElement("canvas");
        canvas.width = Math.max(1, Math.round(picture.width * scale));
        canvas.height = Math.max(1, Math.round(picture.height * scale));
        const context = canvas.getContext("2d");
        // Transparent areas would be black in a JPEG
        context.fillStyle = "#fff";
        context.fillRect(0, 0, canvas.width, canvas.height);
        context.drawImage(picture, 0, 0, canvas.width, canvas.height);
        const {quality} = FaultReportForm.photo;
        return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
    }

    /**
     * Return the EXIF metadata of a JPEG, with the orientation reset; nothing if it
     * has none, or none that can be parsed.
     *
     * @param {Blob} file
     * @returns {Promise<?Uint8Array>}
     */
    async function readMetadata(file) {
        const bytes = new Uint8Array(await file.slice(0, 256 * 1024).arrayBuffer());
        const view = new DataView(bytes.buffer);
        let start = 2;
        try {
            // The "Exif" segment before the image data
            while (view.getUint32(start + 4) !== 0x45786966) {
                if (bytes[start] !== 0xff || view.getUint16(start) === 0xffda) {
                    return null;
                }
                start += 2 + view.getUint16(start + 2);
            }
            const end = start + 2 + view.getUint16(start + 2);
            const tiff = start + 10;
            const little = view.getUint16(tiff) === 0x4949;
            let entry = tiff + view.getUint32(tiff + 4, little);
            const last = entry + 12 * view.getUint16(entry, little);
            for (entry += 2; entry < last; entry += 12) {
                // The orientation is already applied
                if (view.getUint16(entry, little) === 0x0112) {
                    view.setUint16(entry + 8, 1, little);
                }
            }
            return bytes.slice(start, end);
        } catch (error) {
            if (error instanceof RangeError) {
                return null;
            }
            throw error;
        }
    }

    async function addMetadata(jpeg, file) {
        const metadata = file.type === "image/jpeg" && (await readMetadata(file));
        if (!metadata) {
            return jpeg;
        }
        const parts = [jpeg.slice(0, 2), metadata, jpeg.slice(2)];
        return new Blob(parts, {type: jpeg.type});
    }

    /**
     * Return the photo with at most `maxSide` pixels as JPEG; small files and files that
     * the browser cannot read (HEIC, documents) are returned unchanged.
     *
     * @param {File} file
     * @param {object} options `keepPosition`: whether to keep the camera's metadata
     * @returns {Promise<{name: string, blob: Blob}>}
     */
    FaultReportForm.shrink = async function (file, options = {}) {
        const original = {name: file.name, blob: file};
        const {maxSide, types} = FaultReportForm.photo;
        if (!types.includes(file.type)) {
            return original;
        }
        try {
            const picture = await decode(file);
            const side = Math.max(picture.width, picture.height);
            const fits = side <= maxSide && file.size <= SMALL_BYTES;
            let blob = fits ? null : await draw(picture, Math.min(1, maxSide / side));
            if (picture.close) {
                picture.close();
            }
            if (!blob || blob.size >= file.size) {
                return original;
            }
            if (options.keepPosition) {
                blob = await addMetadata(blob, file);
            }
            return {name: file.name.replace(/\.\w+$/, "") + ".jpg", blob};
        } catch {
            return original;
        }
    };

    /** The files chosen under one name, by one or more inputs (camera, gallery). */
    FaultReportForm.Files = class {
        /**
         * @param {string} name
         * @param {object} owner the form: `texts`, `options`, `say()`, `onFiles()`
         */
        constructor(name, owner) {
            this.name = name;
            this.owner = owner;
            this.items = [];
            this.inputs = [];
            this.ready = Promise.resolve();
        }

        addInput(input) {
            this.inputs.push(input);
            this.multiple = input.multiple;
            input.dataset.required = input.required ? "1" : "";
            input.addEventListener("change", () => {
                const files = [...input.files];
                // Sent from this list: reset the input, so that a file can be chosen again
                input.value = "";
                this.add(files);
            });
            if (!this.list) {
                this.list = document.createElement("ul");
                this.list.className = "o_fr_previews";
                this.list.hidden = true;
                (input.closest(".o_fr_files") || input).after(this.list);
            }
        }

        /**
         * Add the chosen files one after the other: phones have little memory.
         *
         * @param {Array<File>} files
         * @returns {Promise}
         */
        add(files) {
            const {texts, options} = this.owner;
            this.ready = this.ready.then(async () => {
                for (const file of files) {
                    const item = await FaultReportForm.shrink(file, options);
                    if (item.blob.size > options.maxBytes) {
                        const megabytes = Math.floor(options.maxBytes / MEGABYTE);
                        this.owner.say(texts.tooLarge, {name: file.name, megabytes});
                    } else if (!this.multiple) {
                        this.clear();
                        this.items = [item];
                    } else if (this.items.length >= options.maxFiles) {
                        this.owner.say(texts.tooMany, {count: options.maxFiles});
                    } else {
                        this.items.push(item);
                    }
                }
                this.render();
                this.owner.onFiles();
            });
            return this.ready;
        }

        restore(items) {
            this.items = items;
            this.render();
        }

        clear() {
            for (const item of this.items) {
                URL.revokeObjectURL(item.url);
            }
            this.items = [];
        }

        remove(item) {
            const index = this.items.indexOf(item);
            URL.revokeObjectURL(item.url);
            this.items.splice(index, 1);
            this.render();
            const buttons = this.list.querySelectorAll("button");
            (buttons[Math.min(index, buttons.length - 1)] || this.inputs[0]).focus();
            this.owner.say(this.owner.texts.removed, {name: item.name});
            this.owner.onFiles();
        }

        render() {
            this.list.replaceChildren(...this.items.map((item) => this.preview(item)));
            this.list.hidden = !this.items.length;
            for (const input of this.inputs) {
                input.required = Boolean(input.dataset.required) && !this.items.length;
            }
        }

        preview(item) {
            const entry = document.createElement("li");
            const name = document.createElement("span");
            name.className = "o_fr_preview_name";
            name.textContent = item.name;
            if (item.blob.type.startsWith("image/")) {
                item.url = item.url || URL.createObjectURL(item.blob);
                const image = document.createElement("img");
                image.src = item.url;
                // The file name next to it has the same content
                image.alt = "";
                image.addEventListener("error", () => image.remove());
                entry.append(image);
            }
            const remove = document.createElement("button");
            remove.type = "button";
            remove.className = "o_fr_preview_remove";
            remove.textContent = "\u00d7";
            const label = this.owner.texts.remove.replace("{name}", item.name);
            remove.setAttribute("aria-label", label);
            remove.addEventListener("click", () => this.remove(item));
            entry.append(name, remove);
            return entry;
        }
    };
})();
