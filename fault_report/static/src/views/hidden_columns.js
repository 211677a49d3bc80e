import {browser} from "@web/core/browser/browser";
import {extractFieldsFromArchInfo} from "@web/model/relational_model/utils";
import {useEffect} from "@odoo/owl";

const PREFIX = "optional_fields,";
// Attributes that need no field of a record: the server sorts
const SILENT = new Set(["name", "default_order"]);

/*
 * Odoo's list reads the fields of all columns, also of those that the user has hidden.
 * These lists read a hidden column when it is shown.
 */

/** Return the key of the user's choice of columns: Odoo's, with all fields. */
function getViewKey(resModel, viewId, archInfo, fields) {
    const {activeFields} = extractFieldsFromArchInfo(archInfo, fields);
    return [resModel, "list", viewId, ...Object.keys(activeFields).sort()].join(",");
}

/** Return a function that says whether the user sees this column of a field. */
function getVisibility(viewKey) {
    const chosen = browser.localStorage.getItem(PREFIX + viewKey);
    const names = chosen === null ? null : chosen.split(",");
    return ({name, optional}) =>
        !optional || (names ? names.includes(name) : optional === "show");
}

/** Return the words in what the view says about the columns that are read. */
function findWords(archInfo, fields, read) {
    const texts = [];
    for (const node of [archInfo.xmlDoc, ...archInfo.xmlDoc.querySelectorAll("*")]) {
        const column = node.closest("field[optional]");
        if (!column || read.has(column.getAttribute("name"))) {
            const own = [...node.attributes].filter(({name}) => !SILENT.has(name));
            texts.push(...own.map(({value}) => value));
        }
    }
    for (const name of read) {
        const {domain, context, currency_field} = fields[name] || {};
        texts.push(...[domain, context, currency_field].map((one) => String(one)));
    }
    return new Set(texts.join(" ").match(/\w+/g));
}

/** Return the nodes of the fields that are shown, or that others shown depend on. */
function findReadNodes(archInfo, fields, isVisible) {
    const columns = archInfo.columns.filter(({type}) => type === "field");
    const read = new Set(columns.filter(isVisible).map(({name}) => name));
    const isNeeded = ({name}) => !read.has(name);
    for (let count = -1; count < read.size; ) {
        count = read.size;
        const words = findWords(archInfo, fields, read);
        for (const {name} of columns.filter(isNeeded)) {
            if (words.has(name)) {
                read.add(name);
            }
        }
    }
    return Object.entries(archInfo.fieldNodes).filter(([, {name}]) => read.has(name));
}

/** Return the active fields of the list without those that are hidden. */
function getReadFields(viewKey, archInfo, fields) {
    const nodes = findReadNodes(archInfo, fields, getVisibility(viewKey));
    return extractFieldsFromArchInfo(
        {...archInfo, fieldNodes: Object.fromEntries(nodes)},
        fields
    ).activeFields;
}

/** Let the list start without the fields of hidden columns. */
export const withoutHiddenColumns = (Controller) =>
    class extends Controller {
        get modelParams() {
            const params = super.modelParams;
            const {archInfo, fields, resModel} = this.props;
            const all = extractFieldsFromArchInfo(archInfo, fields).activeFields;
            const key = getViewKey(resModel, this.env.config.viewId, archInfo, fields);
            const read = getReadFields(key, archInfo, fields);
            // In place: groups that were open when the user left the list share it.
            const {activeFields} = params.config;
            for (const name of Object.keys(all)) {
                delete activeFields[name];
            }
            Object.assign(activeFields, read);
            return params;
        }
    };

/** Let the list read the field of a column as soon as the user wants to see it. */
export const readingShownColumns = (Renderer) =>
    class extends Renderer {
        setup() {
            // Active fields of which the shown records have no values yet
            this.unread = new Set();
            super.setup();
            useEffect(() => {
                this.readChosen();
            });
        }

        createViewKey() {
            const {archInfo, list, nestedKeyOptionalFieldsData} = this.props;
            return nestedKeyOptionalFieldsData
                ? super.createViewKey()
                : getViewKey(
                      list.resModel,
                      this.env.config.viewId,
                      archInfo,
                      list.fields
                  );
        }

        isRead(name) {
            return name in this.props.list.activeFields && !this.unread.has(name);
        }

        getActiveColumns() {
            return super
                .getActiveColumns()
                .filter(({name, type}) => type !== "field" || this.isRead(name));
        }

        /** Read the columns that were chosen, here or in another tab. */
        async readChosen() {
            const {archInfo, list} = this.props;
            const isMissing = (name) =>
                this.optionalActiveFields[name] && !this.isRead(name);
            const isWaiting = this.unread.size || list.editedRecord;
            if (isWaiting || !Object.keys(this.optionalActiveFields).some(isMissing)) {
                return;
            }
            const key = this.keyOptionalFields.slice(PREFIX.length);
            await this.readMore(getReadFields(key, archInfo, list.fields));
            this.render();
        }

        async readMore(fields) {
            const {list} = this.props;
            const names = Object.keys(fields).filter((name) => !this.isRead(name));
            const selected = new Set(list.selection.map(({resId}) => resId));
            this.unread = new Set(names);
            for (const name of names) {
                // In place: all groups share it.
                list.activeFields[name] = fields[name];
            }
            list.config.fieldsToAggregate.push(...names);
            await list.load();
            this.unread.clear();
            for (const record of list.records.filter((one) =>
                selected.has(one.resId)
            )) {
                record.toggleSelection(true);
            }
        }
    };
