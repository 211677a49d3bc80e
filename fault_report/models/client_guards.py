"""Checks of client data: protected fields, texts, and referenced records."""

from collections import defaultdict

from odoo import api, models, tools
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Domain

from ..tools import text_rules
from ..tools.context_switches import SILENT_IMPORT, switch_on

X2MANY = ("one2many", "many2many")
# References with a model's name are excluded: they are protected fields, and no compute
# reads them before they are stored.
RELATIONS = ("many2one", *X2MANY)
# Maximum of an id column
MAX_ID = 2**31 - 1


class FaultReportProtectedMixin(models.AbstractModel):
    """Base of every model with fields that only the system sets.

    Such a field has `protected=True`. Clients with any rights cannot write it, and
    neither the context nor user-defined defaults set it.
    """

    _name = "fault.report.protected.mixin"
    _description = "Model With Protected Fields"

    # Whether the lists of messages, followers and activities are protected as well:
    # they have their own methods with more checks
    _protects_mail_lists = False

    def _valid_field_parameter(self, field, name):
        return name in ("protected", "technical") or super()._valid_field_parameter(
            field, name
        )

    @api.model
    def _get_protected_fields(self):
        """Return the names of the fields that clients cannot write.

        Hook: an override adds fields of other addons; own ones have `protected=True`.
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
        """Raise for values of protected fields from a client."""
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
        """Return whether commands only delete records, which checks its own rights."""
        is_list = self._fields[name].type == "one2many" and isinstance(value, list)
        return bool(is_list and value) and all(
            isinstance(command, (list, tuple)) and command[:1] in ([2], (2,))
            for command in value
        )

    @api.model
    def default_get(self, fields):
        """Return only defaults set in code for protected fields."""
        protected = self._get_protected_fields().intersection(fields)
        defaults = super().default_get([f for f in fields if f not in protected])
        for name in protected:
            field = self._fields.get(name)
            if field and field.default:
                value = field.convert_to_cache(field.default(self), self, False)
                defaults[name] = field.convert_to_write(value, self)
        return defaults

    @api.model
    def load(self, fields, data):
        """Skip the log and the messages of an import without history."""
        if self.env.context.get("tracking_disable"):
            self = switch_on(self, **{SILENT_IMPORT: True})
        return super().load(fields, data)


class FaultReportTextMixin(models.AbstractModel):
    """Base of models with external texts: raise for invalid ones.

    Checked before writing: the database would refuse some with technical errors.
    """

    _name = "fault.report.text.mixin"
    _description = "Model With Checked Texts"
    _inherit = ["fault.report.protected.mixin"]

    # The arguments of `text_rules.check_texts` by field
    _text_limits = {}

    @api.model_create_multi
    def create(self, vals_list):
        context = self.env.context
        defaults = {name: context.get(f"default_{name}") for name in self._text_limits}
        for vals in vals_list:
            self._check_protected_fields(vals)
            text_rules.check_texts(self, {**defaults, **vals}, self._text_limits)
        return super().create(vals_list)

    def write(self, vals):
        self._check_protected_fields(vals)
        text_rules.check_texts(self, vals, self._text_limits)
        return super().write(vals)

    def _update_field_translations(self, field_name, translations, *args, **kwargs):
        """Check translations as well: Odoo stores them without `write`."""
        for text in translations.values():
            text_rules.check_texts(self, {field_name: text}, self._text_limits)
        return super()._update_field_translations(
            field_name, translations, *args, **kwargs
        )


class FaultReportReferenceMixin(models.AbstractModel):
    """Base of every model of ours: refuse links to records that the user may not read.

    Fields computed from a related record ignore access rules and are shown: its name,
    its cost centre, counts. Therefore every record that a client links is read with the
    client's own rights before fields are computed, and so are the records that computed
    fields take from it. Existing links are kept.
    """

    _name = "fault.report.reference.mixin"
    _description = "Model With Checked References"

    # === VALUES OF CLIENTS === #

    @api.model_create_multi
    def create(self, vals_list):
        readable = self._find_readable(vals_list)
        for vals in vals_list:
            self.browse()._check_references(vals, readable)
        try:
            records = super().create(vals_list)
        except UserError:
            # The message of the constraint may name records that the user may not read.
            for vals in vals_list:
                self._check_computed(vals, readable)
            raise
        records._check_followed({}, readable)
        return records

    def write(self, vals):
        self._check_references(vals)
        if self.env.su:
            return super().write(vals)
        is_guarded = not self._get_guarded_relations().isdisjoint(vals)
        before = self._get_followed() if is_guarded else {}
        result = super().write(vals)
        if is_guarded:
            self._check_followed(before)
        if "company_id" in vals:
            self._check_company_of_open_reports()
        return result

    def copy_data(self, default=None):
        """Copy into the user's own company what only its parent may change."""
        vals_list = super().copy_data(default)
        for vals in vals_list:
            company_id = vals.get("company_id")
            if company_id and company_id not in self.env.companies.ids:
                vals["company_id"] = self.env.company.id
        return vals_list

    def _check_company_of_open_reports(self):
        """Raise if open reports of another company link to these records."""
        # The rule holds for all reports, whether or not the user sees them.
        reports_sudo = self.env["fault.report"].sudo()
        names = [
            name
            for name, field in reports_sudo._fields.items()
            if field.comodel_name == self._name and field.store and field.check_company
        ]
        of_a_company = self.filtered("company_id") if names else self.browse()
        for records in of_a_company.grouped("company_id").values():
            domain = reports_sudo._get_waiting_domain() & Domain.OR(
                Domain(name, "in", records.ids) for name in names
            )
            for company, report_id in reports_sudo._read_group(
                domain, ["company_id"], ["id:max"]
            ):
                if not records.filtered_domain(self._check_company_domain(company)):
                    report_sudo = reports_sudo.browse(report_id)
                    linked = self.browse().concat(*(report_sudo[n] for n in names))
                    raise self._get_open_reports_error(records & linked)

    def _check_unused(self, users):
        """Raise if records of other models link to these.

        :param users: pairs of a model and its field
        """
        for model, field in users:
            # Records of all companies count, including archived ones.
            Model = self.env[model].sudo().with_context(active_test=False)
            used = Model.search([(field, "in", self.ids)], limit=1)
            if used:
                raise UserError(
                    self.env._(
                        "“%(status)s” is used, for instance by %(record)s: "
                        "archive it instead, and it is kept there.",
                        status=(used[field] & self)[:1].name,
                        record=used.display_name,
                    )
                )

    def _get_open_reports_error(self, records):
        return ValidationError(
            self.env._(
                "%s is on open fault reports of another company: handle them first, or "
                "leave the company empty.",
                ", ".join(records.mapped("display_name")),
            )
        )

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        context = self.env.context
        named = {name: value for name, value in values.items() if _key(name) in context}
        self.browse()._check_references(named)
        return values

    def onchange(self, values, field_names, fields_spec):
        self._check_references(values)
        return super().onchange(values, field_names, fields_spec)

    def web_read(self, specification):
        """Also how a form that is being filled in is answered."""
        new = self.filtered(lambda record: not record.id)
        new._check_followed(new._origin._get_followed())
        return super().web_read(specification)

    def export_data(self, fields_to_export):
        """Export texts of strangers that look like a formula as texts.

        Odoo's XLSX would hold the formula, as CSV of Odoo does not.
        """
        result = super().export_data(fields_to_export)
        for row in result["datas"]:
            row[:] = [f"'{one}" if _is_formula(one) else one for one in row]
        return result

    # === THE GUARD === #

    @api.model
    @tools.ormcache()
    def _get_guarded_relations(self):
        """Return the names of the checked relations.

        All relations of our own models; of extended models, those added by us.
        """
        is_own = self._name.startswith("fault.report")
        return frozenset(
            name
            for name, field in self._fields.items()
            if field.type in RELATIONS
            and (is_own or any(m.startswith("fault_report") for m in field._modules))
        )

    @api.model
    @tools.ormcache()
    def _get_followed_relations(self):
        """Return the names of the relations computed from other relations."""
        return frozenset(
            name
            for name in self._get_guarded_relations()
            if (field := self._fields[name]).type == "many2one"
            and field.store
            and field.compute
            and not field.related
        )

    @api.model
    def _find_readable(self, vals_list):
        """Return the ids of referenced records that the user may read, by model.

        Read in one query per model; the others are checked one by one.
        """
        readable = defaultdict(set)
        if self.env.su:
            return readable
        named = defaultdict(set)
        _collect_named(self, self._get_guarded_relations(), vals_list, named)
        for model, ids in named.items():
            records = get_existing(self.env[model].browse(ids))
            readable[model].update(records._filtered_access("read").ids)
        return readable

    def _check_references(self, vals, readable=None):
        """Raise for values with records that the user may not read.

        :param readable: ids by model that were checked before; checked ids are added
        """
        if not self.env.su:
            self._check_named(self, self._get_guarded_relations(), vals, readable)

    @api.model
    def _check_named(self, records, names, vals, readable=None):
        """Raise for values of these records with relations that the user may not read.

        Commands create records of other models: all relations of these are checked.
        """
        for name in set(names).intersection(vals):
            field = records._fields[name]
            ids = read_ids(records, name, vals[name])
            related = self.env[field.comodel_name].browse(ids)
            self._check_readable(records, name, related, readable)
            for nested in _get_nested(vals[name]):
                self._check_named(related, _get_relations(related), nested, readable)

    @api.model
    def _check_readable(self, records, name, related, readable=None, are_stored=False):
        """Raise for new links of `records` to records that the user may not read.

        :param are_stored: whether `related` are known to exist; ids of clients are not
        """
        if not related:
            return
        known = defaultdict(set) if readable is None else readable
        linked_ids = set(known[related._name])
        # Readers of a record know its existing links.
        for record_sudo in records.sudo():
            linked_ids.update(record_sudo[name].ids)
        new = related.browse(id_ for id_ in related.ids if id_ not in linked_ids)
        if new and not (new if are_stored else get_existing(new)).has_access("read"):
            raise _get_choice_error(records, name)
        known[related._name].update(new.ids)

    def _get_followed(self):
        """Return the values of the computed relations, by record id."""
        return {
            record_sudo.id: {
                name: record_sudo[name].id for name in self._get_followed_relations()
            }
            # Only compared
            for record_sudo in self.sudo()
        }

    @api.model
    def _check_computed(self, vals, readable):
        """Raise for links that a record with these values would get."""
        named = {
            name: vals[name]
            for name in self._get_guarded_relations().intersection(vals)
            if self._fields[name].type == "many2one" and isinstance(vals[name], int)
        }
        if named and not self.env.su:
            self.new(named)._check_followed({}, readable)

    def _check_followed(self, before, readable=None):
        """Raise for computed links to records that the user may not read.

        :param before: the result of `_get_followed`; these links are kept
        :param readable: see `_check_references`
        """
        if self.env.su:
            return
        for name in self._get_followed_relations():
            related = self.env[self._fields[name].comodel_name]
            ids = set()
            # Access is checked below, with the user's own rights.
            for record_sudo in self.sudo():
                kept = before.get(record_sudo._origin.id, {}).get(name)
                ids.update({record_sudo[name]._origin.id} - {kept, False})
            # Computed from records, which cannot link to missing ones
            self._check_readable(
                self.browse(), name, related.browse(ids), readable, True
            )


def _is_formula(value):
    """Return whether a spreadsheet takes the value for a formula."""
    return isinstance(value, str) and value.startswith(("=", "{="))


def _key(name):
    return f"default_{name}"


def get_ids(value):
    """Return the ids in the value of a relation, in the format of a client.

    :raises ValueError: for what is no id, such as “7” or 7.0: Odoo stores some of them,
        but takes them for no record, or for another, when it checks them
    """
    if isinstance(value, models.BaseModel):
        return value.ids
    ids = []
    for one in value if isinstance(value, list | tuple) else [value]:
        if isinstance(one, dict):
            ids.append(one.get("id"))
        elif not isinstance(one, list | tuple):
            ids.append(one)
        elif one and one[0] in (Command.UPDATE, Command.LINK):
            ids += one[1:2]
        elif one[:1] in ([Command.SET], (Command.SET,)):
            ids += _get_set_ids(*one[2:3])
    ids = [id_ for id_ in ids if id_]
    if not all(type(id_) is int and 0 < id_ <= MAX_ID for id_ in ids):
        raise ValueError(value)
    return ids


def _get_set_ids(ids=()):
    """Return the ids in a command that sets them."""
    if isinstance(ids, models.BaseModel):
        return ids.ids
    # Odoo would read the keys of a dict and the letters of a text.
    return [ids] if isinstance(ids, str | dict) else list(ids or ())


def find_ids(value):
    """Return the ids in a value of the context, as of `get_ids`; none if it is odd."""
    try:
        return get_ids(value)
    except (TypeError, ValueError):
        return []


def read_ids(records, name, value):
    """Return the ids in the value of a relation of `records`, as of `get_ids`.

    :raises AccessError: for what is no id
    """
    try:
        return get_ids(value)
    except (TypeError, ValueError) as error:
        raise _get_choice_error(records, name) from error


def read_all_ids(records, names, vals_list):
    """Return the ids in these relations of all values, as of `read_ids`, by name."""
    return {
        name: {
            id_ for vals in vals_list for id_ in read_ids(records, name, vals.get(name))
        }
        for name in names
    }


def _get_choice_error(records, name):
    label = records._fields[name]._description_string(records.env)
    return AccessError(
        records.env._(
            "You have no access to what was chosen as “%s”: choose another.", label
        )
    )


def get_existing(records):
    """Return the records that exist, and read their columns in the same query."""
    field = records._fields.get("create_date")
    if not field or not field.store:
        return records.exists()

    def is_read(record):
        return record.id in field._get_cache(record.env)

    # Only read: the user's access to them is checked next.
    (records - records.filtered(is_read)).sudo().fetch()
    found = records.filtered(is_read)
    return found + (records - found).exists()


def _collect_named(records, names, vals_list, named):
    """Add the ids in these relations of `records` to `named`, by model.

    Those in the values of commands are among them.
    """
    for name in names:
        field = records._fields[name]
        values = [vals[name] for vals in vals_list if vals.get(name)]
        if field.type == "many2one":
            for value in values:
                named[field.comodel_name].update(read_ids(records, name, value))
        nested = [one for value in values for one in _get_nested(value)]
        if nested:
            related = records.env[field.comodel_name]
            _collect_named(related, _get_relations(related), nested, named)


def _get_relations(records):
    return [name for name, one in records._fields.items() if one.type in RELATIONS]


def _get_nested(value):
    """Return the values of records that a relation's value creates or changes.

    A line of a form has its whole form as the value of the relation to it.
    """
    if isinstance(value, dict):
        return [value]
    if not isinstance(value, list | tuple):
        return []
    return [one for one in value if isinstance(one, dict)] + [
        one[2]
        for one in value
        if isinstance(one, list | tuple)
        and len(one) >= 3
        and one[0] in (Command.CREATE, Command.UPDATE)
        and isinstance(one[2], dict)
    ]
