from odoo import api, models


class ResGroups(models.Model):
    """Who gains or loses our permissions through groups.

    It is logged to the audit trail, and waiting reports of technicians who lost access
    are released.
    """

    _inherit = "res.groups"

    @api.model_create_multi
    def create(self, vals_list):
        before = self._get_fault_report_holders()
        groups = super().create(vals_list)
        self._log_fault_report_permissions(before)
        return groups

    def write(self, vals):
        # Members, implied groups and their inverses
        if not any(
            name in vals for name, one in self._fields.items() if one.relational
        ):
            return super().write(vals)
        before = self._get_fault_report_holders()
        result = super().write(vals)
        self._log_fault_report_permissions(before)
        self.env["fault.report"]._release_from_leavers()
        return result

    def unlink(self):
        before = self._get_fault_report_holders()
        result = super().unlink()
        # Odoo keeps the groups of users in this cache.
        self.env.registry.clear_cache()
        self._log_fault_report_permissions(before)
        self.env["fault.report"]._release_from_leavers()
        return result

    @api.model
    def _get_fault_report_groups(self):
        """Return the groups that are permissions of fault reports."""
        # Users who change a group need no access to its XML id.
        data_sudo = self.env["ir.model.data"].sudo()
        found = data_sudo.search(
            [("model", "=", "res.groups"), ("module", "=like", "fault\\_report%")]
        )
        # The groups are compared only.
        return self.sudo().browse(found.mapped("res_id")).exists()

    @api.model
    def _get_fault_report_holders(self, users=None):
        """Return the holders of each permission: names by user id and group id.

        :param users: limit the result to these users
        """
        groups = self._get_fault_report_groups()
        # Including users hidden from the current user.
        Users = self.env["res.users"].sudo().with_context(active_test=False)
        if users is None:
            users = Users.search([("all_group_ids", "in", groups.ids)])
        return {
            (user.id, group.id): group.privilege_id.name or group.name
            # As above
            for user in users.sudo()
            for group in user.all_group_ids & groups
        }

    @api.model
    def _log_fault_report_permissions(self, before, users=None):
        """Log the permissions that differ from `before`."""
        after = self._get_fault_report_holders(users)
        for event, some, others in (
            ("permission_given", after, before),
            ("permission_taken", before, after),
        ):
            for key in sorted(some.keys() - others.keys()):
                user = self.env["res.users"].browse(key[0]).exists()
                self.env["fault.report.audit"]._log(event, user, some[key])
