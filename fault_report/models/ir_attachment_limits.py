import base64
import binascii

from odoo import api, models
from odoo.exceptions import UserError

from . import file_rules, photo_position
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
        vals |= {"name": name, "raw": content, "mimetype": mimetype}
        return self._prepare_with_position(vals) if limits.keep_position else vals

    @api.model
    def _prepare_with_position(self, vals):
        """Make a large photo smaller as Odoo does, which would forget the position."""
        if self.env.context.get("image_no_postprocess"):
            return vals
        content = self._postprocess_contents(dict(vals))["raw"]
        if content != vals["raw"]:
            position = photo_position.read_position(vals["raw"])
            content = photo_position.add_position(content, position)
        return {**vals, "raw": content}

    @api.model
    def _get_content(self, vals):
        raw = vals.get("raw")
        if raw:
            return raw.encode() if isinstance(raw, str) else bytes(raw)
        try:
            return base64.b64decode(vals.get("datas") or b"")
        except (binascii.Error, ValueError) as error:
            raise UserError(self.env._("The file is not encoded in base64.")) from error
