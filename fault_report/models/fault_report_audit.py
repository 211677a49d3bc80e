from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.http import request

EVENTS = [
    ("portal_limits", "Portal limits changed"),
    ("permission_given", "Permission given"),
    ("permission_taken", "Permission removed"),
]
KEPT_LENGTH = 1000


class FaultReportAudit(models.Model):
    """Audit trail of access changes and refusals. Lines are only added.

    A line is committed with its change, and contains no secrets.
    Hook: an addon adds its events to `event`, with `keep_lines` for `ondelete`.
    """

    _name = "fault.report.audit"
    _description = "Fault Report Audit Trail"
    _inherit = ["fault.report.reference.mixin"]
    _order = "date desc, id desc"
    _log_access = False

    date = fields.Datetime(required=True, readonly=True, index=True)
    event = fields.Selection(EVENTS, required=True, readonly=True)
    user_name = fields.Char(
        string="Who", readonly=True, help="Empty for senders without an account."
    )
    address = fields.Char(string="From Address", readonly=True)
    subject = fields.Char(
        string="About", readonly=True, help="What or whom the change is about."
    )
    detail = fields.Char(string="What", readonly=True)
    before = fields.Char(readonly=True)
    after = fields.Char(readonly=True)
    company_id = fields.Many2one(
        "res.company", readonly=True, index="btree_not_null", ondelete="cascade"
    )

    # Lines are read-only. pylint: disable=method-required-super
    def write(self, vals):
        raise self._get_closed_error()

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise self._get_closed_error()

    @api.model
    def _get_closed_error(self):
        return AccessError(self.env._("The audit trail is read, not changed."))

    @api.model
    def _log(self, event, record, detail="", before="", after=""):
        """Add a line in the transaction of the change.

        :param str event: a key of `EVENTS`
        :param record: the changed record
        """
        # Users may not add lines; the client's context is dropped.
        audit_sudo = self.with_env(self.env(su=True, context={}))
        user_sudo = audit_sudo.env.user
        # Administrators of the record's company may see its name.
        record_sudo = record.with_env(audit_sudo.env)
        company = (
            record_sudo.company_id
            if "company_id" in record_sudo._fields
            else self.env["res.company"]
        )
        return audit_sudo.create(
            {
                "date": fields.Datetime.now(),
                "event": event,
                "user_name": f"{user_sudo.name} ({user_sudo.login})",
                "address": _get_address(),
                "subject": shorten(record_sudo.display_name),
                "detail": shorten(detail),
                "before": shorten(before),
                "after": shorten(after),
                "company_id": company.id,
            }
        )


class FaultReportAuditMixin(models.AbstractModel):
    """Mixin of models with fields that give access: logs their changes."""

    _name = "fault.report.audit.mixin"
    _description = "Model With an Audit Trail"

    # The event by field; for a key three: created, replaced, revoked
    _audited_fields = {}
    # The field to log instead of a secret value, or none
    _audited_secrets = {}

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        if any(not self._audited_fields.keys().isdisjoint(vals) for vals in vals_list):
            records._log_changes({})
        elif self._audited_secrets:
            # Compare with the defaults
            records._log_changes({})
        return records

    def write(self, vals):
        if self._audited_fields.keys().isdisjoint(vals):
            return super().write(vals)
        before = self._get_audited()
        result = super().write(vals)
        self._log_changes(before)
        return result

    def unlink(self):
        before = self._get_audited()
        for record in self:
            record._log_differences(before[record.id], {})
        return super().unlink()

    def _get_audited(self):
        """Return value and text of the audited fields, by record and field."""
        return {
            # Users who change one field need no access to the others.
            record_sudo.id: {
                name: (record_sudo[name], record_sudo._get_audited_text(name))
                for name in self._audited_fields
            }
            for record_sudo in self.sudo()
        }

    def _get_audited_text(self, name):
        """Return the value as text, never that of a secret."""
        if name in self._audited_secrets:
            name = self._audited_secrets[name]
        value = self[name] if name else ""
        if isinstance(value, models.BaseModel):
            return ", ".join(value.mapped("display_name"))
        return str(value or "")

    def _log_changes(self, before):
        after = self._get_audited()
        for record in self:
            record._log_differences(before.get(record.id, {}), after[record.id])

    def _log_differences(self, before, after):
        self.ensure_one()
        nothing = (False, "")
        for name, event in self._audited_fields.items():
            old, old_text = before.get(name, nothing)
            new, new_text = after.get(name, nothing)
            if old == new or not (old or new):
                continue
            if isinstance(event, tuple):
                made, replaced, revoked = event
                event = revoked if not new else replaced if old else made
            label = self._fields[name]._description_string(self.env)
            self.env["fault.report.audit"]._log(event, self, label, old_text, new_text)


def keep_lines(_lines):
    """Keep the lines of an uninstalled addon in the trail."""


def _get_address():
    return request.httprequest.remote_addr if request else ""


def shorten(text):
    return (text or "")[:KEPT_LENGTH]
