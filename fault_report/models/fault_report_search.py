from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.sql import escape_psql

from ..tools import search_rules

OWN_FIELDS = ("name", "reference", "customer_order_ref", "contact_name")
PLACE_FIELDS = ("partner_id", "facility_id", "contact_id")
# Up to this number, related records are passed to PostgreSQL as ids, so that it uses
# indexes. With more, so many reports match that a page is filled quickly.
FEW = 1000
# Minimum length for trigram indexes; in some scripts, words are shorter
MIN_INDEXED = 3


class FaultReport(models.Model):
    """Search of reports by all their identifying data.

    Related records are searched first, with the indexes of their models. The cost
    hardly grows with the number of reports, and renaming a customer changes no report.
    """

    _inherit = "fault.report"

    _phone_digits_index = models.Index(search_rules.phone_index("phone"))

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """Offer no filters and groups by fields with `technical=True`."""
        found = super().fields_get(allfields, attributes)
        for name, description in found.items():
            if getattr(self._fields[name], "technical", False):
                for attribute in {"searchable", "groupable"}.intersection(description):
                    description[attribute] = False
        return found

    @api.model
    def _search_display_name(self, operator, value):
        """Search by number, description, place, object, people, phone and orders.

        For customers, only in the report's own fields: counts reveal data as well.
        """
        if self._is_for_customer() or not operator.endswith("ilike"):
            return super()._search_display_name(operator, value)
        if operator != "ilike":
            # Odoo negates the result itself
            return NotImplemented
        term = search_rules.clean_term(value)
        return self._get_term_domain(term) if term else Domain.TRUE

    @api.model
    def _get_term_domain(self, term):
        """Return the domain of the reports that match a search text."""
        pattern = escape_psql(term)
        domain = Domain.OR(Domain(name, "ilike", pattern) for name in OWN_FIELDS)
        domain |= self._get_partner_term_domain(term, pattern)
        domain |= self._get_equipment_term_domain(term)
        if len(term) < MIN_INDEXED and term.isascii():
            return domain
        domain |= self._get_order_term_domain(pattern)
        return self._replace_few_by_ids(domain) | self._get_phone_domain(term)

    @api.model
    def _replace_few_by_ids(self, domain):
        """Replace a domain that few reports match by their ids.

        With an order and a limit, PostgreSQL would scan the newest reports instead.
        """
        reports = self.with_context(active_test=False)
        ids = list(reports._search(domain, limit=FEW + 1))
        return Domain("id", "in", ids) if len(ids) <= FEW else domain

    @api.model
    def _get_partner_term_domain(self, term, pattern):
        named = Domain("complete_name", "ilike", pattern) | Domain("ref", "=", term)
        partners = self._find_related("res.partner", named)
        return Domain.OR(Domain(name, "in", partners) for name in PLACE_FIELDS)

    @api.model
    def _get_equipment_term_domain(self, term):
        named = Domain("display_name", "ilike", term)
        return Domain(
            "equipment_id", "in", self._find_related("maintenance.equipment", named)
        )

    @api.model
    def _get_order_term_domain(self, pattern):
        """Return the domain of reports with such an order; the form shows its name."""
        found = [
            Domain("sale_order_id", "in", self._find_orders("sale.order", pattern))
        ]
        for model in sorted(self._get_work_order_models()):
            ids = self._find_orders(model, pattern)
            found.append(
                Domain("work_order_id", "in", ids)
                & Domain("work_order_model", "=", model)
            )
        return Domain.OR(found)

    @api.model
    def _find_related(self, model, domain):
        """Return the ids of few matching records, or the query for many.

        Only records that the user may read: hidden data is not searched.
        """
        records = self.env[model].with_context(active_test=False)
        if not records.has_access("read"):
            return []
        ids = list(records._search(domain, limit=FEW + 1))
        return ids if len(ids) <= FEW else records._search(domain)

    @api.model
    def _find_orders(self, model, pattern):
        """Return the orders with such a name; of many, the newest ones."""
        # Users who may see the report see the names of its orders, as on its form.
        orders_sudo = self.env[model].sudo().with_context(active_test=False)
        domain = Domain(orders_sudo._rec_name, "ilike", pattern)
        ids = list(orders_sudo._search(domain, limit=FEW + 1))
        if len(ids) > FEW:
            ids = list(orders_sudo._search(domain, limit=FEW, order="id desc"))
        return ids

    # === PHONE NUMBERS === #

    @api.model
    def _search_reach_phone(self, operator, value):
        """Search by the number of reporter, contact, facility or customer."""
        if operator != "ilike":
            return NotImplemented
        term = search_rules.clean_term(value)
        typed = Domain("phone", "ilike", escape_psql(term))
        return self._get_phone_domain(term) | typed if term else Domain.TRUE

    @api.model
    def _get_phone_domain(self, term):
        """Return the domain of the reports with a phone number, in any spelling."""
        digits = search_rules.find_digits(term)
        if not digits:
            return Domain.FALSE
        has_digits = self._get_digits_domain(digits)
        partners = self._find_related("res.partner", has_digits)
        # Without a limit: PostgreSQL cannot estimate the frequency of such digits.
        return Domain("id", "in", list(self._search(has_digits))) | Domain.OR(
            Domain(name, "in", partners) for name in PLACE_FIELDS
        )

    @api.model
    def _get_digits_domain(self, digits):
        """Return the domain of records, of any model, with such digits in `phone`."""

        def to_sql(model, alias, query):
            column = model._field_to_sql(alias, "phone", query)
            number = SQL(search_rules.PHONE_DIGITS.format("%s"), column)
            contained = [SQL("%s LIKE %s", number, f"%{one}%") for one in digits]
            return SQL("(%s IS NOT NULL AND (%s))", column, SQL(" OR ").join(contained))

        return Domain.custom(to_sql=to_sql)
