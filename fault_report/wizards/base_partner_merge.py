from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..models.res_partner import SHOWN_DEPENDENTS

# Relations of a report to contacts
CONTACTS = ("partner_id", "facility_id", "contact_id")


class BasePartnerMerge(models.TransientModel):
    """Merge customers, facilities and contacts together with their reports, or refuse.

    A merge moves all links by SQL, past our rules, and copies values and the parent of
    the merged contacts: only its result shows where reports and portal users end. It
    is therefore tried in a savepoint, compared with the state before, and undone if it
    puts a report at another customer's place or shows it to another customer's user.
    """

    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        partners = self.env["res.partner"].browse(partner_ids).exists()
        scope = self._get_merge_scope(partners)
        before = self._get_merge_state(scope)
        with self.env.cr.savepoint():
            with partners._forbid_wider_portal_access(by_merge=True):
                result = super()._merge(partner_ids, dst_partner, extra_checks)
            self._update_customers(scope)
            self._check_merged(before, self._get_merge_state(scope))
        # Odoo caches the record rules of portal users
        self.env.registry.clear_cache()
        return result

    def _update_foreign_keys(self, src_partners, dst_partner):
        """Remove the links that Odoo leaves where both contacts were linked.

        Those of our lists would forbid to delete the merged contacts.
        """
        result = super()._update_foreign_keys(src_partners, dst_partner)
        for model in self.env.registry.values():
            for field in model._fields.values():
                if _is_restricting_list(field, model):
                    self.env.execute_query(
                        SQL(
                            "DELETE FROM %(table)s WHERE %(column)s IN %(ids)s"
                            " RETURNING 1",
                            table=SQL.identifier(field.relation),
                            column=SQL.identifier(field.column2),
                            ids=tuple(src_partners.ids),
                        )
                    )
        return result

    def _get_merge_scope(self, partners):
        """Return the records whose customer, place or access the merge may change.

        :return: a dict of recordsets without access rules
        """

        def below(*names):
            return Domain.OR(Domain(name, "child_of", partners.ids) for name in names)

        def at(*names):
            return Domain.OR(Domain(name, "in", partners.ids) for name in names)

        # All of them count, whether or not the user sees them.
        env = self.with_context(active_test=False).sudo().env
        groups = partners.commercial_partner_id.ids
        of_reports = below(*CONTACTS) | at(
            "equipment_id.customer_id", "equipment_id.facility_id"
        )
        return {
            "reports": env["fault.report"].search(of_reports),
            "objects": env["maintenance.equipment"].search(
                below("customer_id", "facility_id")
            ),
            "merged": env["res.partner"].browse(partners.ids),
            "contacts": env["res.partner"].search(
                below("id") | at("allowed_facility_ids")
            ),
            "users": env["res.users"].search(
                Domain("share", "=", True) & Domain("partner_id", "child_of", groups)
            ),
        }

    def _get_merge_state(self, scope):
        """Return what is inconsistent, and what each portal user sees."""
        self.env.flush_all()
        self.env.invalidate_all()
        contacts, merged = scope["contacts"].exists(), scope["merged"].exists()
        return {
            "reports": scope["reports"]._filter_misplaced(),
            "objects": scope["objects"].filtered(lambda one: not one._is_at_customer()),
            "contacts": contacts.filtered(lambda one: not one._is_place_consistent()),
            "merged": merged.filtered(lambda one: one._get_dependents_text()),
            "seen": self._get_seen(scope["users"]),
        }

    def _get_seen(self, users):
        """Return the reports that each of these portal users sees."""
        found, by_domain = {}, {}
        for user in users:
            domain = user.partner_id._get_portal_fault_report_domain()
            key = str(domain)
            if key not in by_domain:
                # All reports count, including those hidden from the current user.
                by_domain[key] = set(self.env["fault.report"].sudo()._search(domain))
            found[user] = by_domain[key]
        return found

    def _update_customers(self, scope):
        """Compute anew what follows from contacts that SQL has moved.

        These are the companies of contacts and reports, and the service levels.
        """
        for records in (scope["contacts"].exists(), scope["reports"]):
            field = records._fields["commercial_partner_id"]
            self.env.add_to_compute(field, records)
        # Service levels name contacts, and their cached criteria are from before.
        self.env.registry.clear_cache()
        waiting = scope["reports"].filtered_domain(
            scope["reports"]._get_waiting_domain()
        )
        waiting._recount_service_level()

    def _check_merged(self, before, after):
        """Raise for what the merge has made inconsistent, or shown to others.

        What was inconsistent before, such as the reports of a place that was sold,
        does not matter.
        """
        for name in ("reports", "objects", "contacts", "merged"):
            broken = after[name] - before[name]
            if broken:
                raise UserError(
                    self.env._(
                        "These contacts cannot be merged: customer, facility, contact "
                        "and object of these would not belong together: %(records)s. "
                        "Correct them first.",
                        records=self._name_some(broken),
                    )
                )
        seen = after["seen"]
        users = [user for user in seen if seen[user] - before["seen"][user]]
        if users:
            raise UserError(
                self.env._(
                    "These contacts cannot be merged: %(users)s would see fault "
                    "reports of others on the portal. Withdraw their access first.",
                    users=self._name_some(self.env["res.users"].union(*users)),
                )
            )

    def _name_some(self, records):
        """Return the names of some of these, as far as the user may read them."""
        Partner = self.env["res.partner"]
        readable = records.with_env(self.env)._filtered_access("read")
        names = readable[:SHOWN_DEPENDENTS].mapped("display_name")
        return Partner._get_some_text(names, len(records))


def _is_restricting_list(field, model):
    """Return whether it is a list of contacts in our models that keeps them."""
    return (
        model._name.startswith("fault.report")
        and field.type == "many2many"
        and field.comodel_name == "res.partner"
        and field.store
        and field.ondelete == "restrict"
    )
