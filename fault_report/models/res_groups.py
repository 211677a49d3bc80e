from odoo import api, models


class ResGroups(models.Model):
    """Whoever gets or loses a permission of ours by a group is in the audit trail."""

    _inherit = "res.groups"

    @api.model_create_multi
    def create(self, vals_list):
        before = self._get_fault_report_holders()
        groups = super().create(vals_list)
        self._log_fault_report_permissions(before)
        return groups

    def write(self, vals):
        # Members, implied groups and their inverses: what else relates is rare
        if not any(
            name in vals for name, one in self._fields.items() if one.relational
        ):
            return super().write(vals)
        before = self._get_fault_report_holders()
        result = super().write(vals)
        self._log_fault_report_permissions(before)
        return result

    def unlink(self):
        before = self._get_fault_report_holders()
        result = super().unlink()
        self._log_fault_report_permissions(before)
        return result

    @api.model
    def _get_fault_report_groups(self):
        """Return the groups that are permissions of fault reports."""
        # Who changes a group need not see where it comes from.
        data_sudo = self.env["ir.model.data"].sudo()
        found = data_sudo.search(
            [("model", "=", "res.groups"), ("module", "=like", "fault\\_report%")]
        )
        return self.sudo().browse(found.mapped("res_id")).exists()

    @api.model
    def _get_fault_report_holders(self, users=None):
        """Return who has which permission: their names by the ids of both.

        :param users: look at these only
        """
        groups = self._get_fault_report_groups()
        # Also of users that the one who changes something does not see.
        Users = self.env["res.users"].sudo().with_context(active_test=False)
        if users is None:
            users = Users.search([("all_group_ids", "in", groups.ids)])
        return {
            (user.id, group.id): group.privilege_id.name or group.name
            for user in users.sudo()
            for group in user.all_group_ids & groups
        }

    @api.model
    def _log_fault_report_permissions(self, before, users=None):
        """Keep who holds another permission than `before`."""
        after = self._get_fault_report_holders(users)
        for event, some, others in (
            ("permission_given", after, before),
            ("permission_taken", before, after),
        ):
            for key in sorted(some.keys() - others.keys()):
                user = self.env["res.users"].browse(key[0]).exists()
                self.env["fault.report.audit"]._log(event, user, some[key])
