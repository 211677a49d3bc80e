import {Store} from "@mail/core/common/store_service";
import {patch} from "@web/core/utils/patch";

patch(Store.prototype, {
    setup() {
        super.setup(...arguments);
        /**
         * Number of waiting fault reports; undefined for users who may
         * not see any.
         *
         * @type {number|undefined}
         */
        this.faultReportWaitingCount = undefined;
    },
});
