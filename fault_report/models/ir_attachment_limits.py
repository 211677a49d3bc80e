import base64
import binascii

from odoo import api, models
from odoo.exceptions import UserError

from . import file_rules, photo_rules, picture_rules
from .context_switches import UPLOAD, get_switch
from .errors import FieldError

CONTENT = ("raw", "datas")


class IrAttachment(models.Model):
    """How many files a report has, how large they are, and what is kept of them."""

    _inherit = "ir.attachment"

    @api.model
    def _get_fault_report_limits(self, model, id_):
        """Return the limits of the company whose report this is.

        For a message that is being written the door says whose it is.
        """
        company = self.env["res.company"]
        if model in self._get_fault_report_guarded_models() and id_:
            # Not shown: it decides what may be added.
            company = self.env[model].browse(id_).sudo().exists().company_id
        elif type(chosen := get_switch(self.env, UPLOAD)) is int:
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
