from odoo import SUPERUSER_ID, api, models, tools
from odoo.exceptions import AccessError

from ..tools.context_switches import LOG_SWITCHES, SILENT_IMPORT, get_switch, switch_on


class FaultReportProtectedMixin(models.AbstractModel):
    """For every model with fields that follow from what is done.

    Such a field has `protected=True`. Clients do not write it, and neither the context
    nor the defaults that users keep fill it in, whoever acts.
    """

    _name = "fault.report.protected.mixin"
    _description = "Model With Protected Fields"

    # Whether also the lists of messages, followers and activities are protected: these
    # have methods of their own, which check more
    _protects_mail_lists = False

    def _valid_field_parameter(self, field, name):
        return name in ("protected", "technical") or super()._valid_field_parameter(
            field, name
        )

    @api.model
    def _get_protected_fields(self):
        """Return the names of the fields that no client writes.

        Hook: an override adds fields of others; own ones have `protected=True`.
        """
        return set(self._find_protected_fields())

    @api.model
    @tools.ormcache()
    def _find_protected_fields(self):
        names = {
            name
            for name, field in self._fields.items()
            if getattr(field, "protected", False)
        }
        if self._protects_mail_lists:
            names |= {
                name
                for mixin in ("mail.thread", "mail.activity.mixin")
                for name, field in self.env[mixin]._fields.items()
                if field.type in ("one2many", "many2many")
            }
        return frozenset(names)

    def _check_protected_fields(self, vals):
        """Refuse values that are not the client's to write."""
        protected = {
            name
            for name in self._get_protected_fields().intersection(vals)
            if not self._is_deletion(name, vals[name])
        }
        if protected and not self.env.su:
            labels = [
                self._fields[name]._description_string(self.env)
                for name in sorted(protected)
            ]
            raise AccessError(
                self.env._(
                    "These fields follow from what is done with the report "
                    "and cannot be written: %(fields)s.",
                    fields=", ".join(labels),
                )
            )

    @api.model
    def _is_deletion(self, name, value):
        """Return whether records of a list are only deleted, with their own rights."""
        is_list = self._fields[name].type == "one2many" and isinstance(value, list)
        return bool(is_list and value) and all(
            isinstance(command, (list, tuple)) and command[:1] in ([2], (2,))
            for command in value
        )

    @api.model
    def default_get(self, fields):
        """Protected fields have the default of the code or none."""
        protected = self._get_protected_fields().intersection(fields)
        defaults = super().default_get([f for f in fields if f not in protected])
        for name in protected:
            field = self._fields.get(name)
            if field and field.default:
                value = field.convert_to_cache(field.default(self), self, False)
                defaults[name] = field.convert_to_write(value, self)
        return defaults

    # === SWITCHES OF A CLIENT === #

    def _without_client_switches(self):
        """Return self without the keys by which a client would leave the log out.

        Code that acts as the superuser and imports keep them.
        """
        context = self.env.context
        if LOG_SWITCHES.isdisjoint(context) or self._is_log_optional():
            return self
        return self.with_env(
            self.env(
                context={k: v for k, v in context.items() if k not in LOG_SWITCHES}
            )
        )

    @api.model
    def _is_log_optional(self):
        return self.env.uid == SUPERUSER_ID or get_switch(self.env, SILENT_IMPORT)

    @api.model
    def load(self, fields, data):
        """Let an import leave out the log and the messages, if it asks to."""
        if self.env.context.get("tracking_disable"):
            self = switch_on(self, **{SILENT_IMPORT: True})
        return super().load(fields, data)
