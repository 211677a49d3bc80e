import {_t} from "@web/core/l10n/translation";

/**
 * Call Odoo's "Duplicate" by another name: a duplicate is a report of the same fault.
 *
 * @param {typeof import("@odoo/owl").Component} Controller of a view
 * @returns {typeof import("@odoo/owl").Component}
 */
export const withCopyMenuItem = (Controller) =>
    class extends Controller {
        getStaticActionMenuItems() {
            const items = super.getStaticActionMenuItems();
            return {
                ...items,
                duplicate: {...items.duplicate, description: _t("Copy")},
            };
        }
    };
