from markupsafe import Markup

from odoo import Command, models
from odoo.tools import plaintext2html

from ...tools.context_switches import with_own_context


class FaultReport(models.Model):
    """The values of a report for its orders."""

    _inherit = "fault.report"

    # === WORK ORDER === #

    def _prepare_work_order_values(self, model):
        """Return the values to create a work order for these reports.

        They have the customer and the company in common.
        Hook: an override looks at `model`, the kind of work order.
        """
        first = self[:1]
        status = first.status_id
        matching = status and status._find_matching("work_order", first.company_id)
        values = {
            "company_id": first.company_id.id,
            "subgroup_id": first.subgroup_id.id,
            "custom_status_id": matching and matching.id,
            "fault_report_internal_note": self._get_internal_note_html(),
            **self._prepare_work_order_plan(model),
            **self.env[model]._prepare_fault_report_values(self),
        }
        stages = status and self.env[model]._get_work_order_stages(values)
        stage = stages and status._find_namesake(stages)
        return {**values, "stage_id": stage.id} if stage else values

    def _get_order_title(self):
        """Return the short descriptions of these reports in one line."""
        return ", ".join(self.mapped("name"))

    def _get_order_priority(self):
        """Return the highest priority of these reports: `0`, `1` or `2`."""
        return max(report.priority or "0" for report in self)

    def _get_order_technician(self):
        """Return the technician of these reports, if they may still be assigned."""
        first = self[:1]
        return self.technician_id.filtered(first._can_be_technician)[:1]

    def _get_order_description(self):
        """Return the description for the technician as HTML; customers may read it."""
        return Markup().join(report._get_description_html() for report in self)

    def _get_description_html(self):
        """Return the public data of one report as HTML."""
        self.ensure_one()
        lines = Markup("<br/>").join(
            Markup("<b>%s</b>: %s") % row for row in self._get_description_rows()
        )
        comment = not self.comment_internal and self.comment
        return Markup("<p>%s</p>%s%s") % (
            lines,
            plaintext2html(comment or ""),
            self._get_points_html(internal=False),
        )

    def _check_may_name(self, *names):
        """Raise if the user may not read what these relations link to.

        It was read before for all of them, without the user's rules.
        """
        for name in names:
            if self[name]:
                self[name].check_access("read")

    def _get_description_rows(self):
        """Return the rows of the description: pairs of label and value."""
        self._check_may_name("partner_id", "facility_id", "contact_id", "equipment_id")
        address = self.facility_id or self.partner_id
        lines = address._display_address(without_company=True).split("\n")
        is_emergency = self.is_emergency and self.env._("Yes")
        values = [
            ("is_emergency", is_emergency),
            ("partner_id", self.partner_id.display_name),
            ("facility_id", self.facility_id.display_name),
            ("contact_id", self._get_contact_text()),
            ("equipment_id", self.equipment_id.display_name),
            ("technician_id", self.technician_id.name),
            ("customer_order_ref", self.customer_order_ref),
            ("cost_center", self.cost_center),
            ("time_spent", self.time_spent and f"{self.time_spent:g} h"),
        ]
        return [
            (self.env._("Fault Report"), self.display_name),
            *(
                (self._fields[name]._description_string(self.env), value)
                for name, value in values
                if value
            ),
            (self.env._("Address"), ", ".join(filter(str.strip, lines)) or "–"),
        ]

    def _get_contact_text(self):
        """Return the name and contact data of the reporter."""
        contact = self.contact_id
        parts = (
            (contact.name, contact.phone, contact.email)
            if contact
            else (self.contact_name, self.phone, self.email_from)
        )
        return ", ".join(filter(None, parts))

    def _get_internal_note_html(self):
        """Return the internal data of these reports as HTML, or False."""
        notes = []
        for report in self:
            comment = report.comment_internal and report.comment
            note = plaintext2html(comment or "") if comment else Markup()
            note += report._get_points_html(internal=True)
            if note and len(self) > 1:
                note = Markup("<p><b>%s</b></p>%s") % (report.display_name, note)
            notes.append(note)
        return Markup().join(notes) or False

    # === SALES ORDER === #

    def _prepare_sale_order_values(self):
        """Return the values to create a quotation for these reports.

        They have the customer, the company and the cost center in common.
        Hook: an override adds to them.
        """
        first = self[:1]
        numbers = dict.fromkeys(filter(None, self.mapped("customer_order_ref")))
        facility = self.facility_id if len(self.facility_id) == 1 else None
        lines = [line for report in self for line in report._prepare_sale_order_lines()]
        return {
            "company_id": first.company_id.id,
            "partner_id": first.partner_id.id,
            "partner_shipping_id": (facility or first.partner_id).id,
            "client_order_ref": ", ".join(numbers) or False,
            "cost_center": first.cost_center,
            "origin": ", ".join(self.mapped("reference")),
            # The converting user: salespeople may be limited to their own orders.
            "user_id": self.env.user.id,
            "order_line": [Command.create(line) for line in lines],
        }

    def _prepare_sale_order_lines(self):
        """Return the values of the lines of one report, in a separate section.

        Customers read them: no internal data.
        """
        self.ensure_one()
        notes = filter(None, self._get_sale_order_notes())
        lines = [{"display_type": "line_section", "name": self.display_name}]
        lines += [{"display_type": "line_note", "name": note} for note in notes]
        product = self.company_id._find_fault_report_setting("fault_report_product_id")
        if product:
            lines.append(
                {"product_id": product.id, "product_uom_qty": self.time_spent or 1}
            )
        return lines

    def _get_sale_order_notes(self):
        """Return the texts below the report's section; empty ones are left out.

        Those who check the invoice read them: the comment and the contact's phone and
        e-mail only if the company wants it.
        """
        self._check_may_name("facility_id", "contact_id", "equipment_id")
        facility = self.facility_id.with_context(fault_report_short_name=True)
        # Users who convert may read no settings of the company.
        has_details = self.company_id.sudo().fault_report_order_details
        contact = self.contact_id.name or self.contact_name
        if has_details:
            contact = self._get_contact_text()
        return [
            facility.display_name,
            self.equipment_id.display_name,
            contact and self.env._("Contact: %s", contact),
            has_details and not self.comment_internal and self.comment,
        ]

    # === MAINTENANCE === #

    def _get_maintenance_team(self):
        """Return the team of the report's company; Odoo's default may be of another."""
        self.ensure_one()
        # Users who convert need no access to objects and teams.
        team = self.sudo().equipment_id.maintenance_team_id
        if team and team.company_id in (self.env["res.company"], self.company_id):
            return team
        # A missing team is created for any user who converts.
        Team = with_own_context(self).env["maintenance.team"].sudo()
        # With the company, which Odoo compares with that of the request
        for company in (self.company_id.id, False):
            domain = [("company_id", "=", company)]
            team = team or Team.search_fetch(domain, ["company_id"], limit=1)
        return team or Team.create(
            {
                "name": self.env._("Maintenance"),
                "company_id": self.company_id.id,
            }
        )
