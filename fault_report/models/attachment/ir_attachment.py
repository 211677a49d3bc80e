import base64
import binascii
from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import AccessError, MissingError, UserError

from odoo.addons.base.models.ir_attachment import SECURITY_FIELDS

from ...tools import file_rules, photo_rules, picture_rules, text_rules
from ...tools.context_switches import (
    FILES_COUNTED,
    SILENT_IMPORT,
    UPLOAD,
    get_switch,
    switch_on,
)
from ...tools.errors import FieldError
from ..client_guards import get_existing
from .file_stream import ReportFileStream

# The fields that determine whether an attachment is a report's file
PLACE = ("res_model", "res_id", "res_field")
# The fields that publish a file, or replace it by a link
EXPOSURE = ("public", "url", "access_token")
# The fields that Odoo sets from the content
INTERNAL = ("db_datas", "store_fname", "checksum", "file_size", "mimetype")
CONTENT = ("raw", "datas")
# Fields that `account` reads as the user before Odoo checks the right to write
_READ_FIRST = {"res_model", "res_id", "store_fname", "db_datas", *CONTENT}


class IrAttachment(models.Model):
    """Files of reports: rights to add and remove them, accepted content, display.

    Most of Odoo's own routes for attachments use `sudo()`. The right to remove or to
    publish a file is therefore always checked for the user of the environment.

    Files of other models are handled by Odoo: each override first checks whether a file
    is of a report. It reads the fields that Odoo reads as well; only for a new name or
    type under `sudo()`, where Odoo reads none, it needs a query for uncached files.
    """

    _inherit = "ir.attachment"

    is_from_fault_report = fields.Boolean(
        readonly=True,
        copy=False,
        help="A copy of a file of a fault report, with the same rules for showing it.",
    )

    @api.model
    def _get_fault_report_guarded_models(self):
        """Return the names of the models whose files follow the rules of reports.

        Hook: an override adds to the set.
        """
        return {"fault.report"}

    # === ACCESS === #

    @api.model
    def _may_remove_fault_report_files(self):
        """Return whether the user may remove files, also under `sudo()`."""
        user = self.env.user
        return user._is_superuser() or user.has_group("fault_report.group_remove_file")

    def _filter_fault_report_files(self):
        """Return the attachments that are files of a report.

        Excludes pictures in fields, which belong to the fields of their record.
        """
        guarded = self._get_fault_report_guarded_models()
        # The record of a file is read to protect the file, not to show it.
        return self.filtered(
            lambda file: (
                (file_sudo := file.sudo()).res_model in guarded
                and file_sudo.res_id
                and not file_sudo.res_field
            )
        )

    def _fetch_fault_report_places(self):
        """Read the records of the files with the query that Odoo's check makes next."""
        if not self.env.su:
            # The record of a file is read to protect the file, not to show it.
            self.sudo().fetch(SECURITY_FIELDS)

    def _is_raw_fault_report_mail(self):
        """Return whether this is the original of an e-mail."""
        self.ensure_one()
        # Determines how the file is served, not the access to it.
        file_sudo = self.sudo()
        return (
            file_sudo.res_model == "mail.message"
            and file_sudo.mimetype == "message/rfc822"
        )

    def _filter_fault_report_uploads(self, records):
        """Return the records that the user may add files to."""
        if records._name == "fault.report":
            return records._filter_may_add_to()
        return records._filtered_access("write")

    def _check_access(self, operation):
        """Removing a report's file needs the right to remove files, not Edit."""
        if operation not in ("create", "unlink") or self.env.su:
            return super()._check_access(operation)
        self._fetch_fault_report_places()
        files = self._filter_fault_report_files()
        if not files:
            return super()._check_access(operation)
        others = self - files
        refused = super(IrAttachment, others)._check_access(operation)
        # Odoo's own check would require Edit on the report
        basic = models.Model._check_access(files, operation)
        forbidden = basic[0] if basic else files.browse()
        forbidden += (files - forbidden)._filter_forbidden(operation)
        if not forbidden:
            return refused
        if not refused:
            return forbidden, lambda: self._get_file_error(operation)
        return refused[0] + forbidden, refused[1]

    def _filter_forbidden(self, operation):
        """Return the files that the user may not add, or may not remove."""
        if operation == "unlink" and not self._may_remove_fault_report_files():
            return self
        forbidden = self.browse()
        # Only ids are read; access to the records is checked for the user.
        for model, files in self.sudo().grouped("res_model").items():
            records = self.env[model].browse(set(files.mapped("res_id"))).exists()
            if operation == "unlink":
                allowed = records._filtered_access("read")
            else:
                allowed = self._filter_fault_report_uploads(records)
            forbidden += files.filtered(lambda f: f.res_id not in allowed._ids)  # noqa: B023
        return forbidden.sudo(False)

    def _inaccessible_comodel_records(self, model_and_ids, operation):
        """Odoo checks here whether a file may be written to a record."""
        guarded = self._get_fault_report_guarded_models()
        is_guarded = not guarded.isdisjoint(model_and_ids)
        if operation != "write" or self.env.su or not is_guarded:
            yield from super()._inaccessible_comodel_records(model_and_ids, operation)
            return
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
        """The right to remove files is enough in the chatter too, without Edit."""
        tokens = attachment_tokens or [None] * len(self)
        try:
            self._fetch_fault_report_places()
            files = self._filter_fault_report_files()
        except MissingError:
            files = self.browse()
        if not files or len(tokens) != len(self):
            return super()._has_attachments_ownership(attachment_tokens)
        removable = files.filtered(lambda file: file.sudo(False).has_access("unlink"))
        rest = [
            (file.id, token)
            for file, token in zip(self, tokens, strict=True)
            if file not in removable
        ]
        others = self.browse([id_ for id_, _token in rest])
        return super(IrAttachment, others)._has_attachments_ownership(
            [token for _id, token in rest]
        )

    # === RULES THAT ALSO APPLY UNDER SUDO === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_fault_report_files(self):
        self._check_fault_report_removal()

    def _check_fault_report_removal(self):
        """Check that the user may remove the files from their reports.

        Files of a deleted report are removed with it: it no longer exists by then.

        :raises AccessError: if the user may not
        """
        files = self._filter_fault_report_files()
        if not files or self._may_remove_fault_report_files():
            return
        # Existing reports count, including those hidden from the user.
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
        """Check that the values neither publish a report's file nor make it a link.

        :raises AccessError: if they do
        """
        exposed = [name for name in EXPOSURE if vals.get(name)]
        if vals.get("type", "binary") != "binary":
            exposed.append("type")
        # The server gives a picture inside a message a token.
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
        """Check that photos of service points are written through their field only.

        The field checks the photo.

        :param places: for each file, a dict with the values of `PLACE`
        :raises AccessError: if one is
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
        """Return whether these values create a report's file.

        Includes files of a message being written, if the channel sets the switch
        `UPLOAD` for a message on a report.
        """
        if vals.get("res_field"):
            return False
        if vals.get("res_model") in self._get_fault_report_guarded_models():
            return bool(vals.get("res_id"))
        return bool(get_switch(self.env, UPLOAD))

    # === CREATE, WRITE, DELETE === #

    @api.model_create_multi
    def create(self, vals_list):
        # Defaults of the user or of the context are checked like values.
        place = self.default_get(PLACE)
        self._check_fault_report_field({**place, **vals} for vals in vals_list)
        added, limits = Counter(), {}
        prepared = []
        for vals in vals_list:
            if self._is_fault_report_place({**place, **vals}):
                vals = self._prepare_fault_report_create(vals, limits)
                if vals.get("res_id"):
                    added[vals.get("res_model"), vals["res_id"]] += 1
            prepared.append(vals)
        if not get_switch(self.env, FILES_COUNTED):
            self._check_fault_report_count(added, limits)
        attachments = super().create(prepared)
        if added:
            attachments._collect_on_fault_reports()
        return attachments

    def _prepare_fault_report_create(self, vals, limits):
        """Check the values of a report's file, and return the values to create.

        :param dict limits: the limits by place, completed here
        """
        vals = {
            **self.default_get([*PLACE, *EXPOSURE, *CONTENT, "name", "type"]),
            **vals,
        }
        vals = {key: vals[key] for key in vals if key not in INTERNAL}
        self._check_fault_report_exposure(vals)
        place = vals.get("res_model"), vals.get("res_id")
        if place not in limits:
            limits[place] = self._get_fault_report_limits(*place)
        vals = self._prepare_fault_report_file(vals, limits[place])
        return self._prepare_fault_report_thumbnail(vals)

    @api.model
    def load(self, fields, data):
        """Keep an import silent if it asks for that."""
        if self.env.context.get("tracking_disable"):
            self = switch_on(self, **{SILENT_IMPORT: True})
        return super().load(fields, data)

    def write(self, vals):
        watched = {*PLACE, *CONTENT, *EXPOSURE, *INTERNAL, "name", "type", "thumbnail"}
        if watched.isdisjoint(vals):
            return super().write(vals)
        self._read_fault_report_places(vals)
        if not {*PLACE, *CONTENT, *INTERNAL}.isdisjoint(vals):
            # The record of the file matters, even if the user may not see it.
            places = [{name: file[name] for name in PLACE} for file in self.sudo()]
            self._check_fault_report_field(places)
            self._check_fault_report_field({**place, **vals} for place in places)
        if "thumbnail" in vals and any(file._is_from_fault_report() for file in self):
            vals = self._prepare_fault_report_thumbnail(vals)
        if not self._concerns_fault_report_files(vals):
            return super().write(vals)
        # Each file has its own name, content and record.
        for attachment in self:
            super(IrAttachment, attachment).write(
                attachment._prepare_fault_report_write(vals)
            )
        # A file of the chatter is linked to its report when the message is posted.
        if not {"res_model", "res_id"}.isdisjoint(vals):
            self._collect_on_fault_reports()
        return True

    def _read_fault_report_places(self, vals):
        """Read the records of the files with the queries that Odoo makes next."""
        if _READ_FIRST.isdisjoint(vals):
            self.check_access("write")
        else:
            self.mapped("res_model")

    def _concerns_fault_report_files(self, vals):
        """Return whether these values change or create files of reports."""
        guarded = self._get_fault_report_guarded_models()
        # The record of the file matters, even if the user may not see it.
        models_ = {vals.get("res_model"), *self.sudo().mapped("res_model")}
        return not guarded.isdisjoint(models_)

    def _prepare_fault_report_write(self, vals):
        """Check the file before and after the change; return the values to write."""
        self.ensure_one()
        self.check_access("write")
        # The content itself, not its size as in the web client's lists
        file_sudo = self.sudo().with_context(bin_size=False, bin_size_raw=False)
        place = {name: vals.get(name, file_sudo[name]) for name in PLACE}
        is_moved = any((file_sudo[n] or False) != (place[n] or False) for n in PLACE)
        content = file_sudo._get_new_content(vals)
        is_replaced = content is not None
        if (is_moved or is_replaced) and self._filter_fault_report_files():
            self._check_fault_report_removal()
        if not self._is_fault_report_place(place):
            return dict(vals)
        self._check_fault_report_exposure(file_sudo._get_changed_exposure(vals))
        if is_moved:
            file_sudo._check_moved_to_fault_report(place)
        vals = {name: vals[name] for name in vals if name not in (*CONTENT, "mimetype")}
        if is_moved or is_replaced:
            raw = content if is_replaced else file_sudo.raw
            return self._prepare_fault_report_file(
                {"name": file_sudo.name, **vals, "raw": raw},
                self._get_fault_report_limits(place["res_model"], place["res_id"]),
            )
        if "name" in vals:
            vals["name"] = file_sudo._get_clean_name(vals["name"])
        return vals

    def _get_new_content(self, vals):
        """Return the content that these values give the file, or None if it stays."""
        if vals.keys().isdisjoint(CONTENT):
            return None
        content = self._get_content(vals)
        return None if content == (self.raw or b"") else content

    def _get_changed_exposure(self, vals):
        """Return those of the values that change how the file is served."""
        return {
            name: value
            for name, value in vals.items()
            if name in ("type", *EXPOSURE, *INTERNAL)
            and (value or False) != (self[name] or False)
        }

    def _check_moved_to_fault_report(self, place):
        """Check the file like a new one of this place."""
        exposure = {name: self[name] for name in ("type", "url", "public")}
        self._check_fault_report_exposure(exposure)
        key = place["res_model"], place["res_id"]
        limits = {key: self._get_fault_report_limits(*key)}
        self._check_fault_report_count({key: 1}, limits)

    def _get_clean_name(self, name):
        """Return a new name of the file, with the extension of its content."""
        name = file_rules.clean_name(name)
        if self.mimetype in file_rules.EXTENSIONS:
            return file_rules.complete_name(name, self.mimetype)
        return name

    def copy_data(self, default=None):
        """Mark copies of a report's file; their content is already checked."""
        vals_list = super().copy_data(default)
        if not {*CONTENT, "db_datas"}.isdisjoint(default or {}):
            return vals_list
        for file, vals in zip(self, vals_list, strict=True):
            if file._is_from_fault_report():
                picture_rules.remember_checksum(self.env, file.checksum)
                vals["is_from_fault_report"] = True
        return vals_list

    # === SERVING === #

    def _is_from_fault_report(self):
        """Return whether this is a file of a report, a photo in it or a copy of one."""
        self.ensure_one()
        # Determines how the file is served, not the access to it.
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
        """Return the limits of the company of the report.

        For a message being written, the switch `UPLOAD` gives the company.
        """
        company = self.env["res.company"]
        if model in self._get_fault_report_guarded_models() and id_:
            # Not shown: only the limits of the company are used.
            company = get_existing(self.env[model].browse(id_).sudo()).company_id
        elif type(chosen := get_switch(self.env, UPLOAD)) is int:
            # Only its limits are read.
            company = company.sudo().browse(chosen).exists()
        return (company or self.env.company)._get_fault_report_limits()

    def _check_fault_report_count(self, added, limits):
        """Check that no report gets more files than its company allows.

        :param dict added: the number of files to add, by (model, id)
        :param dict limits: the limits of the companies, by the same
        :raises FieldError: if one does
        """
        for (model, id_), count in added.items():
            limit = limits[model, id_].files
            # All files count, including those hidden from the user.
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
        """Return the values with the name, content and type that may be stored.

        :raises FieldError: if the file may not be stored
        """
        name, content, mimetype = file_rules.check_file(
            self.env, vals.get("name"), self._get_content(vals), limits
        )
        vals = {key: vals[key] for key in vals if key not in CONTENT}
        if vals.get("description"):
            # Odoo repeats there the name that the sender chose.
            vals["description"] = text_rules.clean_text(
                str(vals["description"]), text_rules.MAX_TEXT
            )
        return vals | {"name": name, "raw": content, "mimetype": mimetype}

    @api.model
    def _prepare_fault_report_thumbnail(self, vals):
        """Return the values with a checked thumbnail: browsers send it."""
        value = vals.get("thumbnail")
        # For a PDF Odoo has a drawing of its own ("<"), which is never decoded.
        if not value or value[:1] in ("P", b"P"):
            return vals
        limits = self.env.company._get_fault_report_limits()
        return {**vals, "thumbnail": photo_rules.clean_photo(self.env, value, limits)}

    # === PROCESSING BY ODOO === #

    @api.model
    def _postprocess_contents(self, values):
        """Do not resize a picture that was prepared for a report."""
        if picture_rules.has_checked(self.env) and picture_rules.is_checked(
            self.env, self._get_content(values)
        ):
            return values
        return super()._postprocess_contents(values)

    @api.model
    def _index(self, bin_data, file_type, checksum=None):
        """Index only text files of reports; others are not unpacked."""
        key = checksum or self._compute_checksum(bin_data)
        if file_type != "text/plain" and picture_rules.is_for_report(self.env, key):
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
