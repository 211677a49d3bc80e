from odoo import api, models, tools


class MailAlias(models.Model):
    _inherit = "mail.alias"

    @api.model
    @tools.ormcache()
    def _has_fault_reports(self):
        """Return whether a report is the parent of an alias: of its answers."""
        # Aliases are settings.
        aliases_sudo = self.sudo()
        domain = [("alias_parent_model_id", "=", self._get_reports_model_id())]
        return bool(aliases_sudo.search_count(domain, limit=1))

    @api.model
    def _get_reports_model_id(self):
        return self.env["ir.model"]._get_id("fault.report")

    @api.model_create_multi
    def create(self, vals_list):
        aliases = super().create(vals_list)
        aliases._clear_if_of_fault_reports()
        return aliases

    def write(self, vals):
        result = super().write(vals)
        if "alias_parent_model_id" in vals:
            self._clear_if_of_fault_reports()
        return result

    def _clear_if_of_fault_reports(self):
        # Only compared
        if self._get_reports_model_id() in self.sudo().alias_parent_model_id.ids:
            self.env.registry.clear_cache()


class MailAliasDomain(models.Model):
    _inherit = "mail.alias.domain"

    @api.model
    @tools.ormcache()
    def _get_first_id(self):
        """Return the id of the domain of companies without one, or False."""
        # Domains are part of public addresses.
        return self.sudo().search([], limit=1).id

    @api.model_create_multi
    def create(self, vals_list):
        domains = super().create(vals_list)
        self.env.registry.clear_cache()
        return domains

    def write(self, vals):
        result = super().write(vals)
        if "sequence" in vals:
            self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result
