import base64
import binascii

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...tools import file_rules, photo_rules, picture_rules
from ...tools.context_switches import SILENT_IMPORT, UPLOAD, get_switch, switch_on
from ...tools.errors import FieldError
from .file_stream import ReportFileStream

# Where an attachment belongs; together they say whether it is a report's file
PLACE = ("res_model", "res_id", "res_field")
# What makes a file readable from outside, or something else than the file it was
EXPOSURE = ("public", "url", "access_token")
INTERNAL = ("db_datas", "store_fname", "checksum", "file_size", "mimetype")


CONTENT = ("raw", "datas")


class IrAttachment(models.Model):
    """The files of a report: who puts them there, who takes them away, what they are.

    Most of Odoo's own doors to attachments work with `sudo()`. Who removes a file or
    shows it to the world is therefore asked of the user behind it, always.
    """

    _inherit = "ir.attachment"

    is_from_fault_report = fields.Boolean(
        readonly=True,
        copy=False,
        help="A copy of a file of a fault report, with the same rules for showing it.",
    )

    @api.model
    def _get_fault_report_guarded_models(self):
        """Return the names of the models whose files are guarded like a report's."""
        return {"fault.report"}

    # === WHO MAY === #

    @api.model
    def _may_remove_fault_report_files(self):
        """Return whether the user behind this, `sudo()` or not, may remove files."""
        user = self.env.user
        return user._is_superuser() or user.has_group("fault_report.group_remove_file")

    def _filter_fault_report_files(self):
        """Return those of the attachments that are files of a report.

        Pictures in fields are not: they are a part of their record.
        """
        guarded = self._get_fault_report_guarded_models()
        # Where a file belongs is asked to protect it, not to show it.
        return self.filtered(
            lambda file: (
                (sudo := file.sudo()).res_model in guarded
                and sudo.res_id
                and not sudo.res_field
            )
        )

    def _is_raw_fault_report_mail(self):
        """Return whether this is an e-mail that is kept as it came."""
        self.ensure_one()
        # What it is decides how it is served, not who asks for it.
        file_sudo = self.sudo()
        return (
            file_sudo.res_model == "mail.message"
            and file_sudo.mimetype == "message/rfc822"
        )

    def _filter_fault_report_uploads(self, records):
        """Return those of the records that the user may put files on."""
        if records._name == "fault.report":
            return records._filter_may_add_to()
        return records._filtered_access("write")

    def _check_access(self, operation):
        """A report's file is not removed by who may edit, but by who may remove."""
        if operation not in ("create", "unlink") or self.env.su:
            return super()._check_access(operation)
        files = self._filter_fault_report_files()
        others = self - files
        refused = super(IrAttachment, others)._check_access(operation)
        # Odoo's own check would ask for Edit on the report
        basic = models.Model._check_access(files, operation)
        forbidden = basic[0] if basic else files.browse()
        forbidden += (files - forbidden)._filter_forbidden(operation)
        if not forbidden:
            return refused
        if not refused:
            return forbidden, lambda: self._get_file_error(operation)
        return refused[0] + forbidden, refused[1]

    def _filter_forbidden(self, operation):
        """Return those of these files that the user may not put there, or remove."""
        if operation == "unlink" and not self._may_remove_fault_report_files():
            return self
        forbidden = self.browse()
        # Only the ids of the records are taken; their access is checked as the user.
        for model, files in self.sudo().grouped("res_model").items():
            records = self.env[model].browse(set(files.mapped("res_id"))).exists()
            if operation == "unlink":
                allowed = records._filtered_access("read")
            else:
                allowed = self._filter_fault_report_uploads(records)
            forbidden += files.filtered(lambda f: f.res_id not in allowed._ids)  # noqa: B023
        return forbidden.sudo(False)

    def _inaccessible_comodel_records(self, model_and_ids, operation):
        """`write` asks here whether a file may be put on a record."""
        if operation != "write" or self.env.su:
            yield from super()._inaccessible_comodel_records(model_and_ids, operation)
            return
        guarded = self._get_fault_report_guarded_models()
        others = {}
        for model, ids in model_and_ids.items():
            if model not in guarded:
                others[model] = ids
                continue
            records = self.env[model].browse(filter(None, ids)).exists()
            allowed = self._filter_fault_report_uploads(records)
            yield from (
                (model, id_) for id_ in filter(None, ids) if id_ not in allowed.ids
            )
        yield from super()._inaccessible_comodel_records(others, operation)

    def _has_attachments_ownership(self, attachment_tokens):
        """Who may remove a report's file may do so in the chatter, without Edit."""
        tokens = attachment_tokens or [None] * len(self)
        if len(tokens) != len(self):
            return super()._has_attachments_ownership(attachment_tokens)
        removable = (
            self.exists()
            ._filter_fault_report_files()
            .filtered(lambda file: file.sudo(False).has_access("unlink"))
        )
        rest = [
            (file.id, token)
            for file, token in zip(self, tokens, strict=True)
            if file not in removable
        ]
        others = self.browse([id_ for id_, _token in rest])
        return super(IrAttachment, others)._has_attachments_ownership(
            [token for _id, token in rest]
        )

    # === WHAT HOLDS UNDER SUDO TOO === #

    def _check_fault_report_removal(self):
        """Refuse to take files off their report.

        They go along with a report that is deleted: it is gone by then.
        """
        files = self._filter_fault_report_files()
        if not files or self._may_remove_fault_report_files():
            return
        # Whether the report still exists decides, not whether the user may see it.
        for model, attachments in files.sudo().grouped("res_model").items():
            # As above
            if self.env[model].browse(attachments.mapped("res_id")).sudo().exists():
                raise self._get_file_error("unlink")

    @api.model
    def _get_file_error(self, operation):
        if operation == "create":
            return AccessError(
                self.env._("You may not add files to this fault report.")
            )
        return AccessError(
            self.env._(
                "You may not remove, move or replace files of fault reports. Ask for "
                "the permission “Remove uploaded files of fault reports”."
            )
        )

    def _check_fault_report_exposure(self, vals):
        """Refuse whatever shows a report's file to others, or makes it a mere link."""
        exposed = [name for name in EXPOSURE if vals.get(name)]
        if vals.get("type", "binary") != "binary":
            exposed.append("type")
        # A picture inside of a message is reached by its token; the server makes it.
        if self.env.su and "access_token" in exposed:
            exposed.remove("access_token")
        exposed += [name for name in INTERNAL if vals.get(name)]
        if exposed and not self.env.user._is_superuser():
            raise AccessError(
                self.env._(
                    "A file of a fault report is neither made public nor replaced by a "
                    "link: upload the file itself."
                )
            )

    def _check_fault_report_field(self, places):
        """Let the photo of a service point be written through its field only.

        It is checked there; a file that is put in its place would not be.
        """
        if self.env.su:
            return
        for place in places:
            model = place.get("res_model") or ""
            ours = model.startswith("fault.report") and model in self.env
            fields_ = self.env[model]._fields if ours else {}
            field = fields_.get(place.get("res_field"))
            if field and field.type == "binary":
                raise self._get_file_error("unlink")

    def _is_fault_report_place(self, vals):
        """Return whether these values make a report's file.

        What waits in a message being written is checked early, where the door says
        that the message is for a report.
        """
        if vals.get("res_field"):
            return False
        if vals.get("res_model") in self._get_fault_report_guarded_models():
            return bool(vals.get("res_id"))
        return bool(get_switch(self.env, UPLOAD))

    # === CREATE, WRITE, DELETE === #

    @api.model_create_multi
    def create(self, vals_list):
        # Defaults of the user or the context count as if they were given (and sudo()
        # would drop those of the context)
        names = [*PLACE, *EXPOSURE, *CONTENT, "name", "type"]
        defaults = self.default_get(names)
        vals_list = [{**defaults, **vals} for vals in vals_list]
        self._check_fault_report_field(vals_list)
        added = {}
        limits = {}
        prepared = []
        for vals in vals_list:
            if self._is_fault_report_place(vals):
                # What Odoo derives from the content is derived anew
                vals = {key: vals[key] for key in vals if key not in INTERNAL}
                self._check_fault_report_exposure(vals)
                place = vals.get("res_model"), vals.get("res_id")
                if place not in limits:
                    limits[place] = self._get_fault_report_limits(*place)
                vals = self._prepare_fault_report_file(vals, limits[place])
                vals = self._prepare_fault_report_thumbnail(vals)
                if vals.get("res_id"):
                    added[place] = added.get(place, 0) + 1
            prepared.append(vals)
        self._check_fault_report_count(added)
        attachments = super().create(prepared)
        attachments._collect_on_fault_reports()
        return attachments

    @api.model
    def load(self, fields, data):
        """Let an import be silent, if it asks to."""
        if self.env.context.get("tracking_disable"):
            self = switch_on(self, **{SILENT_IMPORT: True})
        return super().load(fields, data)

    def write(self, vals):
        if not {*PLACE, *CONTENT, *INTERNAL}.isdisjoint(vals):
            # What a file belongs to decides, not whether the user may see it.
            places = [{name: file[name] for name in PLACE} for file in self.sudo()]
            self._check_fault_report_field(places)
            self._check_fault_report_field({**place, **vals} for place in places)
        if "thumbnail" in vals and any(file._is_from_fault_report() for file in self):
            vals = self._prepare_fault_report_thumbnail(vals)
        if self._concerns_fault_report_files(vals):
            # Each file has a name, a content and a place of its own.
            for attachment in self:
                super(IrAttachment, attachment).write(
                    attachment._prepare_fault_report_write(vals)
                )
        else:
            super().write(vals)
        # A file of the chatter finds its report only when the message is posted.
        if not {"res_model", "res_id"}.isdisjoint(vals):
            self._collect_on_fault_reports()
        return True

    def _concerns_fault_report_files(self, vals):
        """Return whether rules for files of reports have a say in these values."""
        watched = {*PLACE, *CONTENT, *EXPOSURE, *INTERNAL, "name", "type"}
        if watched.isdisjoint(vals):
            return False
        if vals.get("res_model") in self._get_fault_report_guarded_models():
            return True
        # Only `res_id` or `res_field` given: the model may be a guarded one all along
        guarded = self._get_fault_report_guarded_models()
        return any(attachment.res_model in guarded for attachment in self.sudo())

    def _prepare_fault_report_write(self, vals):
        """Check what was and what will be, and return what is to be written."""
        self.ensure_one()
        self.check_access("write")
        # The content itself, not its size as in the web client's lists
        file_sudo = self.sudo().with_context(bin_size=False, bin_size_raw=False)
        was_file = bool(self._filter_fault_report_files())
        before = {name: file_sudo[name] for name in PLACE}
        after = {**before, **{name: vals[name] for name in PLACE if name in vals}}
        moved = any((before[name] or False) != (after[name] or False) for name in PLACE)
        is_file = self._is_fault_report_place(after)
        content = None
        if not vals.keys().isdisjoint(CONTENT):
            content = self._get_content(vals)
        replaced = content is not None and content != (file_sudo.raw or b"")
        if was_file and (moved or replaced):
            self._check_fault_report_removal()
        if not is_file:
            return dict(vals)
        changed = {
            name: value
            for name, value in vals.items()
            if name in ("type", *EXPOSURE, *INTERNAL)
            and (value or False) != (file_sudo[name] or False)
        }
        self._check_fault_report_exposure(changed)
        vals = {name: vals[name] for name in vals if name not in (*CONTENT, "mimetype")}
        if moved:
            self._check_fault_report_exposure(
                {name: file_sudo[name] for name in ("type", "url", "public")}
            )
            self._check_fault_report_count({(after["res_model"], after["res_id"]): 1})
        if moved or replaced:
            return self._prepare_fault_report_file(
                {
                    "name": file_sudo.name,
                    **vals,
                    "raw": content if replaced else file_sudo.raw,
                },
                self._get_fault_report_limits(after["res_model"], after["res_id"]),
            )
        if "name" in vals:
            name = file_rules.clean_name(vals["name"])
            if file_sudo.mimetype in file_rules.EXTENSIONS:
                name = file_rules.complete_name(name, file_sudo.mimetype)
            vals["name"] = name
        return vals

    def unlink(self):
        self._check_fault_report_removal()
        return super().unlink()

    def copy_data(self, default=None):
        """Remember of a copy where it is from, and that its content was checked."""
        vals_list = super().copy_data(default)
        if not {*CONTENT, "db_datas"}.isdisjoint(default or {}):
            return vals_list
        for file, vals in zip(self, vals_list, strict=True):
            if file._is_from_fault_report():
                picture_rules.remember_checksum(self.env, file.checksum)
                vals["is_from_fault_report"] = True
        return vals_list

    # === HOW FILES ARE SHOWN === #

    def _is_from_fault_report(self):
        """Return whether this is a file of a report, a photo in it or a copy of one."""
        self.ensure_one()
        # Where a file belongs decides how it is shown, not to whom.
        file_sudo = self.sudo()
        model = file_sudo.res_model or ""
        return model.startswith("fault.report") or file_sudo.is_from_fault_report

    def _to_http_stream(self):
        stream = super()._to_http_stream()
        if self._is_from_fault_report():
            return ReportFileStream.make(stream, self.mimetype)
        return stream

    # === LIMITS === #

    @api.model
    def _get_fault_report_limits(self, model, id_):
        """Return the limits of the company whose report this is.

        For a message that is being written the channel says whose it is.
        """
        company = self.env["res.company"]
        if model in self._get_fault_report_guarded_models() and id_:
            # Not shown: it decides what may be added.
            company = self.env[model].browse(id_).sudo().exists().company_id
        elif type(chosen := get_switch(self.env, UPLOAD)) is int:
            # Only its limits are read.
            company = company.sudo().browse(chosen).exists()
        return (company or self.env.company)._get_fault_report_limits()

    def _check_fault_report_count(self, added):
        """Refuse more files than a report may have.

        :param dict added: for each (model, id), how many files are about to be added
        """
        for (model, id_), count in added.items():
            limit = self._get_fault_report_limits(model, id_).files
            # All are counted, also those that the user does not see.
            there = self.sudo().search_count(
                [("res_model", "=", model), ("res_id", "=", id_)]
            )
            if there + count > limit:
                raise FieldError(
                    self.env._(
                        "A fault report has %(limit)s files at most, and %(there)s are "
                        "there already.",
                        limit=limit,
                        there=there,
                    ),
                    "files",
                )

    def _prepare_fault_report_file(self, vals, limits):
        """Return `vals` with the name, the content and the type that may be stored."""
        name, content, mimetype = file_rules.check_file(
            self.env, vals.get("name"), self._get_content(vals), limits
        )
        vals = {key: vals[key] for key in vals if key not in CONTENT}
        return vals | {"name": name, "raw": content, "mimetype": mimetype}

    @api.model
    def _prepare_fault_report_thumbnail(self, vals):
        """Return `vals` with a thumbnail that was checked: a browser has made it."""
        value = vals.get("thumbnail")
        # Odoo's own for a PDF without one is a drawing ("<"): that is not decoded
        if not value or value[:1] in ("P", b"P"):
            return vals
        limits = self.env.company._get_fault_report_limits()
        return {**vals, "thumbnail": photo_rules.clean_photo(self.env, value, limits)}

    # === WHAT ODOO DOES WITH A FILE === #

    @api.model
    def _postprocess_contents(self, values):
        """Leave a picture alone that is as small as it is to be."""
        if picture_rules.has_checked(self.env) and picture_rules.is_checked(
            self.env, self._get_content(values)
        ):
            return values
        return super()._postprocess_contents(values)

    @api.model
    def _index(self, bin_data, file_type, checksum=None):
        """Do not unpack a file from outside to search in it, but search in text."""
        if file_type != "text/plain" and picture_rules.is_checked(self.env, bin_data):
            return None
        return super()._index(bin_data, file_type, checksum=checksum)

    @api.model
    def _get_content(self, vals):
        raw = vals.get("raw")
        if raw:
            return raw.encode() if isinstance(raw, str) else bytes(raw)
        try:
            return base64.b64decode(vals.get("datas") or b"")
        except (binascii.Error, ValueError) as error:
            raise UserError(self.env._("The file is not encoded in base64.")) from error
