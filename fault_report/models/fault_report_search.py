from typing import NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools import search_rules
from ..tools.fields import GeneratedText

OWN_FIELDS = ("name", "reference", "customer_order_ref", "contact_name")
PLACE_FIELDS = ("partner_id", "facility_id", "contact_id")
# Up to this number, related records are passed to PostgreSQL as ids
FEW = 1000
# Up to this number, as many as the lists of the web client count, the reports that
# match a search text are determined first. With more, every hundredth report of a
# million matches, and the pages of a list are filled quickly.
MOST = 10_000
# Minimum length for trigram indexes; in some scripts, words are shorter
MIN_INDEXED = 3
# Key in the cursor's cache: results that the parts of one request share
SHARED = "fault_report_search"


class Related(NamedTuple):
    """Related records that match a search text, and the field that links them."""

    field: str
    records: models.BaseModel
    domain: Domain
    # None: more than `FEW`
    ids: list | None
    # Condition on the reports
    condition: Domain = Domain.TRUE


class FaultReport(models.Model):
    """Search of reports by all their identifying data.

    The report's own texts are one column, which PostgreSQL keeps. Related records are
    searched with the indexes of their models, so renaming a customer changes no report.
    """

    _inherit = "fault.report"

    search_text = GeneratedText(
        sources=OWN_FIELDS,
        expression=search_rules.join_lines(OWN_FIELDS),
        groups=fields.NO_ACCESS,
        protected=True,
        technical=True,
    )
    phone_digits = GeneratedText(
        sources=("phone",),
        expression=search_rules.PHONE_DIGITS.format("phone"),
        groups=fields.NO_ACCESS,
        protected=True,
        technical=True,
    )

    _search_text_index = models.Index(search_rules.trigram_index("search_text"))
    _search_mixed_index = models.Index(search_rules.mixed_index("search_text"))
    _phone_digits_index = models.Index(
        search_rules.digits_index("phone_digits", "phone_digits")
    )

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
        if not term:
            return Domain.TRUE
        found = self._find_by_term(term, Domain.TRUE)
        if len(found) <= MOST:
            return self._get_ids_domain(found)
        return self._get_term_domain(term)

    @api.model
    @api.readonly
    def web_search_read(self, *args, **kwargs):
        """Search once for the page and its count."""
        self.env.cr.cache[SHARED] = []
        try:
            return super().web_search_read(*args, **kwargs)
        finally:
            self.env.cr.cache.pop(SHARED, None)

    # === GROUPS === #

    @api.model
    def _read_group(
        self,
        domain,
        groupby=(),
        aggregates=(),
        having=(),
        offset=0,
        limit=None,
        order=None,
    ):
        """Count the reports of each related record first, and sort the records then.

        PostgreSQL would join them with each report, and sort all reports by their
        names.
        """
        field = self._get_sorted_relation(groupby, order)
        if not field:
            return super()._read_group(
                domain, groupby, aggregates, having, offset, limit, order
            )
        groups = super()._read_group(domain, groupby, aggregates, having)
        ranks = self._get_ranks(field, [record.id for record, *_ in groups])
        groups.sort(
            # An addon may hide records of its model from the search
            key=lambda group: ranks.get(group[0].id, len(ranks)),
            reverse=order.lower().endswith(" desc"),
        )
        return groups[offset : limit and offset + limit]

    @api.model
    def _get_sorted_relation(self, groupby, order):
        """Return the field if its records are the groups, in their own order."""
        name = groupby[0] if len(groupby) == 1 else ""
        field = self._fields.get(name)
        directions = {f"{name}{direction}" for direction in ("", " asc", " desc")}
        is_sorted = (order or "").lower() in directions
        return field if is_sorted and field and field.type == "many2one" else None

    @api.model
    def _get_ranks(self, field, ids):
        """Return the places of the records in the order of their model, by id."""
        # Only their order is read, as by the join of Odoo, which checks no access.
        records_sudo = self.env[field.comodel_name].sudo()
        found = records_sudo.with_context(active_test=False)._search(
            [("id", "in", ids)], order=records_sudo._order
        )
        ranks = {one: rank for rank, one in enumerate(found)}
        # As PostgreSQL sorts NULL: last, or first if the order is a descending one
        is_descending = " desc" in records_sudo._order.lower().partition(",")[0]
        return {**ranks, False: -1 if is_descending else len(ranks)}

    # === SEARCH WITH A LIMIT === #

    @api.model
    def _search_by_term(self, domain, offset, limit, order, **kwargs):
        """Return the query of a search with a limit, or None without a search text.

        PostgreSQL estimates the frequency of texts badly. With an order and a limit, it
        could scan all reports for a few old ones, or sort all for the newest ones.
        """
        term, rest = self._split_term(domain)
        if not term:
            return None
        found = self._find_by_term(term, rest, **kwargs)
        first = offset or 0
        if not order and (len(found) <= MOST or first + limit <= len(found)):
            return self.browse(found[first : first + limit])._as_query(ordered=False)
        if len(found) <= MOST:
            domain = self._get_ids_domain(found)
        else:
            domain = rest & self._get_term_domain(term, by_index=False)
        return self._search(domain, offset, limit, order, **kwargs)

    @api.model
    def _split_term(self, domain):
        """Return a search text that all results match, and the rest of the domain."""
        for one in domain.iter_conditions():
            if one.field_expr == "display_name" and one.operator == "ilike":
                # Without its results there are none at all.
                if _replace(domain, one, Domain.FALSE).is_false():
                    term = search_rules.clean_term(one.value)
                    return term, _replace(domain, one, Domain.TRUE)
        return "", domain

    @api.model
    def _find_by_term(self, term, rest, **kwargs):
        """Return the ids of the reports that match; of many, any `MOST` and one more.

        :param rest: the domain of the reports
        """

        def find():
            found = set()
            # Other search texts are replaced by what they find.
            narrow = rest.optimize_full(self)
            for ids in self._iter_found(term, narrow, **kwargs):
                found.update(ids)
                if len(found) > MOST:
                    break
            return sorted(found)

        return self._share((term, rest, *sorted(kwargs.items())), find)

    @api.model
    def _share(self, key, function):
        """Return the result for this key, shared within one request."""
        shared = self.env.cr.cache.get(SHARED, [])
        key = (self.env, *key)
        # Not a dictionary: values in domains may be lists
        for known, result in shared:
            if known == key:
                return result
        shared.append((key, function()))
        return shared[-1][1]

    @api.model
    def _iter_found(self, term, rest, **kwargs):
        """Yield ids of matching reports, each time by other data."""
        limit = MOST + 1
        text = rest & self._get_text_domain(term)
        yield self._search(text, limit=limit, **kwargs)
        for related in self._get_related(term):
            if related.ids != []:
                yield self._find_by_related(related, rest, limit, **kwargs)
        digits = search_rules.find_digits(term)
        if digits:
            number = rest & self._get_own_digits_domain(digits)
            yield self._search(number, limit=limit, **kwargs)

    @api.model
    def _find_by_related(self, related, rest, limit, **kwargs):
        """Return ids of the reports of these records, one record after the other.

        As few reports as possible are read, whatever PostgreSQL estimates.
        """
        link = Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s = found_record.id", model._field_to_sql(alias, related.field, query)
            )
        )
        reports = self._search(rest & related.condition & link, limit=limit, **kwargs)
        if related.ids is None:
            records = related.records._search(related.domain).select()
        else:
            records = SQL("SELECT unnest(%s) AS id", related.ids)
        rows = self.env.execute_query(
            SQL(
                "SELECT report.id FROM (%s) AS found_record"
                " CROSS JOIN LATERAL (%s) AS report LIMIT %s",
                records,
                reports.select(),
                limit,
            )
        )
        return [report_id for (report_id,) in rows]

    # === DOMAINS === #

    @api.model
    def _get_term_domain(self, term, by_index=True):
        """Return the domain of the reports that match a search text.

        :param by_index: False if reports are checked one by one, in a given order
        """
        found = [self._get_text_domain(term, by_index)]
        for related in self._get_related(term):
            if related.ids is None and not by_index:
                found.append(self._get_related_check(related) & related.condition)
            else:
                ids = related.ids
                if ids is None:
                    ids = related.records._search(related.domain)
                found.append(Domain(related.field, "in", ids) & related.condition)
        digits = search_rules.find_digits(term)
        if digits:
            found.append(self._get_own_digits_domain(digits))
        return Domain.OR(found)

    @api.model
    def _get_ids_domain(self, ids):
        """Return the domain of these reports; they are read before they are sorted."""
        if not ids:
            return Domain.FALSE
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s = ANY(ARRAY(SELECT unnest(%s)))", SQL.identifier(alias, "id"), ids
            ),
            predicate=lambda report: report.id in ids,
        )

    @api.model
    def _get_text_domain(self, term, by_index=True):
        """Return the domain of reports with this in one of their own texts."""

        def to_sql(model, alias, _query):
            field = model._fields["search_text"]
            if by_index:
                find = [
                    field.get_match(model, alias, f"%{one}%")
                    for one in search_rules.get_patterns(term)
                ]
            else:
                find = [
                    field.get_check(model, alias, one)
                    for one in search_rules.get_forms(term)
                ]
            return SQL("(%s)", SQL(" OR ").join(find))

        return Domain.custom(to_sql=to_sql)

    @api.model
    def _get_related_check(self, related):
        """Return the domain of reports of these records, looked up for each report."""

        def to_sql(model, alias, query):
            found = related.records._search(related.domain)
            link = model._field_to_sql(alias, related.field, query)
            found.add_where(SQL("%s = %s", SQL.identifier(found.table, "id"), link))
            return SQL("((%s LIMIT 1) IS TRUE)", found.select("TRUE"))

        return Domain.custom(to_sql=to_sql)

    # === RELATED RECORDS === #

    @api.model
    def _get_related(self, term):
        """Return the records that match a search text, for each field to them."""

        def find():
            found = [*self._get_related_partners(term), self._get_related_object(term)]
            # Names of orders are searched with an index only.
            if len(term) >= MIN_INDEXED or not term.isascii():
                found += self._get_related_orders(term)
            return found

        return self._share(("related", term), find)

    @api.model
    def _get_related_partners(self, term):
        named = search_rules.get_domain(term, "complete_name")
        named |= Domain("ref", "=", term)
        digits = search_rules.find_digits(term)
        if digits:
            named |= self._get_digits_domain(digits)
        partners = self.env["res.partner"].with_context(active_test=False)
        ids = self._find_few(partners, named)
        return [Related(name, partners, named, ids) for name in PLACE_FIELDS]

    @api.model
    def _get_related_object(self, term):
        named = Domain("display_name", "ilike", term)
        objects = self.env["maintenance.equipment"].with_context(active_test=False)
        return Related("equipment_id", objects, named, self._find_few(objects, named))

    @api.model
    def _get_related_orders(self, term):
        """Return the orders of reports; the report's form shows their names."""
        links = {"sale.order": ("sale_order_id", Domain.TRUE)}
        for model in sorted(self._get_work_order_models()):
            links[model] = ("work_order_id", Domain("work_order_model", "=", model))
        found = []
        for model, (field, condition) in links.items():
            # Users who may see the report see the names of its orders, as on its form.
            orders_sudo = self.env[model].sudo().with_context(active_test=False)
            named = search_rules.get_domain(term, orders_sudo._rec_name)
            ids = self._find_few(orders_sudo, named)
            found.append(Related(field, orders_sudo, named, ids, condition))
        return found

    @api.model
    def _find_few(self, records, domain):
        """Return the ids of matching records, or None if they are more than `FEW`.

        Only records that the user may read: hidden data is not searched.
        """
        if not records.has_access("read"):
            return []
        ids = list(records._search(domain, limit=FEW + 1))
        return ids if len(ids) <= FEW else None

    # === PHONE NUMBERS === #

    @api.model
    def _search_reach_phone(self, operator, value):
        """Search by the number of reporter, contact, facility or customer."""
        if operator != "ilike":
            return NotImplemented
        term = search_rules.clean_term(value)
        typed = search_rules.get_domain(term, "phone")
        return self._get_phone_domain(term) | typed if term else Domain.TRUE

    @api.model
    def _get_phone_domain(self, term):
        """Return the domain of the reports with a phone number, in any spelling."""
        digits = search_rules.find_digits(term)
        if not digits:
            return Domain.FALSE
        partners = self.env["res.partner"].with_context(active_test=False)
        has_digits = self._get_digits_domain(digits)
        ids = self._find_few(partners, has_digits)
        found = partners._search(has_digits) if ids is None else ids
        return self._get_own_digits_domain(digits) | Domain.OR(
            Domain(name, "in", found) for name in PLACE_FIELDS
        )

    @api.model
    def _get_digits_domain(self, digits):
        """Return the domain of contacts with such digits in `phone`."""

        def to_sql(model, alias, query):
            column = model._field_to_sql(alias, "phone", query)
            number = SQL(search_rules.PHONE_DIGITS.format("%s"), column)
            return search_rules.get_digits_match(number, column, digits)

        return Domain.custom(to_sql=to_sql)

    @api.model
    def _get_own_digits_domain(self, digits):
        """Return the domain of reports with such digits in `phone`."""

        def to_sql(model, alias, _query):
            column = model._fields["phone_digits"].to_sql(model, alias)
            return search_rules.get_digits_match(column, column, digits)

        return Domain.custom(to_sql=to_sql)


def _replace(domain, condition, other):
    """Return the domain with another one instead of this condition."""
    return domain.map_conditions(lambda one: other if one is condition else one)
