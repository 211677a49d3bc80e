import re

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL, email_normalize

# The end of a number, without the prefixes that are written in different ways
PHONE_END = 7
SHORTEST_PHONE = 5


class PrivacyLookupWizard(models.TransientModel):
    _inherit = "privacy.lookup.wizard"

    def _get_query_models_blacklist(self):
        """Leave out models that Odoo's query cannot read.

        It reads the column `active`; models that inherit this field from another record
        have none. The records of these models are added below.
        """
        return [
            *super()._get_query_models_blacklist(),
            *self._get_models_without_column(),
        ]

    @api.model
    def _get_models_without_column(self):
        return [
            name
            for name, model in self.env.items()
            if model._auto
            and not model._transient
            and "active" in model._fields
            and not model._fields["active"].store
        ]

    def _get_query(self):
        found = [
            (model._name, id_)
            for model, domain in self._get_fault_report_domains()
            # The administrator looks up people in all records, as in Odoo's query.
            for id_ in model.sudo().with_context(active_test=False).search(domain).ids
        ]
        query = super()._get_query()
        for name, id_ in found:
            query = SQL(
                "%s UNION SELECT %s AS res_model_id, %s AS res_id, %s AS is_active",
                query,
                self.env["ir.model"]._get_id(name),
                id_,
                True,
            )
        return query

    def _get_fault_report_domains(self):
        """Return pairs of a model and a domain that Odoo's query lacks."""
        name = self.name.strip()
        # As above
        partners = (
            self.env["res.partner"]
            .sudo()
            .with_context(active_test=False)
            .search(
                Domain("name", "ilike", name)
                | Domain("email_normalized", "=", email_normalize(self.email.strip()))
            )
        )
        reports = self.env["fault.report"]
        yield reports, Domain("contact_name", "ilike", name)
        phones = filter(None, map(_get_end, partners.mapped("phone")))
        for phone in set(phones):
            yield reports, Domain("id", "in", self._find_reports_by_phone(phone))
        for model_name in self._get_models_without_column():
            model = self.env[model_name]
            links = [
                Domain(field_name, "in", partners.ids)
                for field_name, field in model._fields.items()
                if field.comodel_name == "res.partner"
                and field.store
                and field.type == "many2one"
            ]
            if links:
                yield model, Domain.OR(links)

    @api.model
    def _find_reports_by_phone(self, digits):
        """Return the ids of the reports whose phone number ends with these digits."""
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM fault_report"
                " WHERE regexp_replace(phone, '[^0-9]', '', 'g') LIKE %s",
                f"%{digits}",
            )
        )
        return [id_ for (id_,) in rows]


def _get_end(phone):
    digits = re.sub(r"\D", "", phone or "")
    return digits[-PHONE_END:] if len(digits) >= SHORTEST_PHONE else None
