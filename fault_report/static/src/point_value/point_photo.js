import {Component, onWillStart, useRef, useState} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {getDataURLFromFile, imageUrl} from "@web/core/utils/urls";
import {isBinarySize} from "@web/core/utils/binary";
import {useService} from "@web/core/utils/hooks";
import {user} from "@web/core/user";

const MAX_SIDE = 1920;
const QUALITY = 0.85;

/**
 * Make a photo smaller for a phone's connection. Metadata of the camera, such as the
 * position, is dropped.
 *
 * @param {File} file
 * @returns {Promise<string>} a JPEG in base64; the file itself if it is no picture
 *     that the browser can read
 */
async function shrink(file) {
    let bitmap = null;
    try {
        bitmap = await createImageBitmap(file);
    } catch {
        return (await getDataURLFromFile(file)).split(",")[1];
    }
    const ratio = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(bitmap.width * ratio);
    canvas.height = Math.round(bitmap.height * ratio);
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    return canvas.toDataURL("image/jpeg", QUALITY).split(",")[1];
}

/** The photo of a service point, directly from the phone's camera. */
export class PointPhoto extends Component {
    static template = "fault_report.PointPhoto";
    static props = {
        record: Object,
        readonly: {type: Boolean, optional: true},
    };

    setup() {
        this.input = useRef("input");
        this.notification = useService("notification");
        this.state = useState({isBusy: false});
        onWillStart(async () => {
            this.mayRemove = await user.hasGroup("fault_report.group_remove_file");
        });
    }

    get photo() {
        return this.props.record.data.value_photo;
    }

    get isSaved() {
        return isBinarySize(this.photo || "");
    }

    get url() {
        const {record} = this.props;
        if (this.isSaved) {
            return imageUrl(record.resModel, record.resId, "value_photo", {
                unique: record.data.write_date,
            });
        }
        return `data:image/jpeg;base64,${this.photo}`;
    }

    /** A saved photo is an uploaded file: only some users may remove it. */
    get canChange() {
        return !this.props.readonly && (!this.photo || !this.isSaved || this.mayRemove);
    }

    async onFileChange(ev) {
        const [file] = ev.target.files;
        if (!file) {
            return;
        }
        this.state.isBusy = true;
        try {
            const photo = await shrink(file);
            await this.props.record.update({value_photo: photo});
        } catch {
            this.notification.add(_t("The photo could not be read: take it again."), {
                type: "danger",
            });
        } finally {
            this.state.isBusy = false;
            ev.target.value = null;
        }
    }

    remove() {
        return this.props.record.update({value_photo: false});
    }
}
