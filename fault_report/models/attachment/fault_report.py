import base64
import binascii
import logging
import re

from markupsafe import Markup
from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools import file_rules
from ..fault_report import WAITING_STATES

_logger = logging.getLogger(__name__)

# A file embedded as `data:` URI in an HTML attribute
PACKED_FILE = re.compile(
    r"data:([\w.+-]+/[\w.+-]+)?[^,\"'<>]{0,100};base64,([a-z0-9+/=\s]*)(?=[\"'\)&])",
    re.I,
)
# The image tag of such a file that is refused
LEFT_OUT_PICTURE = re.compile(
    # Up to the next tag: unclosed tags would take quadratic time
    r"<img\b[^<>]*\bsrc=[\"']cid:packed-\d+[\"'][^<>]*>",
    re.I,
)
SHOWN_REFUSALS = 50


class FaultReport(models.Model):
    """Files and messages of reports: the right to add them, and files in e-mails."""

    _inherit = "fault.report"

    can_add_files = fields.Boolean(compute="_compute_can_add_files")
    thumbnail_url = fields.Char(string="Photo", compute="_compute_thumbnail_url")

    @api.depends_context("uid")
    @api.depends("state")
    def _compute_can_add_files(self):
        allowed = self._origin.sudo(False)._filter_may_add_to()
        for report in self:
            report.can_add_files = report._origin in allowed

    def _compute_thumbnail_url(self):
        """Show the first photo of each report, small."""
        # Readers of the report see its files; the picture is read with their rights.
        pictures = (
            self.env["ir.attachment"]
            .sudo()
            ._read_group(self._get_photo_domain(), ["res_id"], ["id:min"])
        )
        first = dict(pictures)
        for report in self:
            photo = first.get(report._origin.id)
            report.thumbnail_url = photo and f"/web/image/{photo}?width=128&height=128"

    def _get_photo_domain(self):
        return [
            ("res_model", "=", self._name),
            ("res_id", "in", self._origin.ids),
            ("mimetype", "=like", "image/%"),
        ]

    def _get_photo_urls(self):
        """Return the URLs of each report's photos, those of its points first.

        :return: dict of lists, by report
        """
        pictures = self.env["ir.attachment"]._read_group(
            self._get_photo_domain(), ["res_id"], ["id:array_agg"]
        )
        found = dict(pictures)
        points = self.point_ids.filtered(
            lambda point: point.is_shown and point.value_photo
        )
        return {
            report: [
                *(
                    f"/web/image/fault.report.point/{point.id}/value_photo"
                    for point in points & report.point_ids
                ),
                *(f"/web/image/{file_id}" for file_id in found.get(report.id, ())),
            ]
            for report in self
        }

    # === ACCESS === #

    def _filter_may_add_to(self):
        """Return the reports that the user may add files and messages to.

        Reports that they may edit, and their own while these wait. Customers may add to
        each report that they see.
        """
        if not self.env.user._is_internal():
            return self._filtered_access("read")
        editable = self._filtered_access("write")
        own = (self - editable)._filter_own_waiting()
        return editable + own._filtered_access("read")

    def _filter_own_waiting(self):
        """Return the reports that the user filed and that still wait."""
        user = self.env.user
        if not user.has_group("fault_report.group_create"):
            return self.browse()
        # Called before the access of the user is checked
        own_sudo = (
            self.sudo()
            .exists()
            .filtered(
                lambda report: (
                    report.create_uid == user and report.state in WAITING_STATES
                )
            )
        )
        return self.browse(own_sudo.ids)

    def _mail_get_operation_for_mail_message_operation(self, message_operation):
        """Require the right to add to the report for posting."""
        if message_operation == "create" and not self.env.user._is_internal():
            return dict.fromkeys(self, "read")
        operations = super()._mail_get_operation_for_mail_message_operation(
            message_operation
        )
        if message_operation == "create":
            own = self._filter_own_waiting()
            return {
                report: "read" if report in own else operation
                for report, operation in operations.items()
            }
        return operations

    # === CHATTER === #

    def _thread_to_store(self, store, fields, *, request_list=None):
        result = super()._thread_to_store(store, fields, request_list=request_list)
        if request_list is not None and store.target.is_current_user(self.env):
            may_remove = self.env["ir.attachment"]._may_remove_fault_report_files()
            for report in self:
                store.add(report, {"canRemoveFiles": may_remove}, as_thread=True)
        return result

    # === FILES OF E-MAILS === #

    def _process_attachments_for_post(
        self, attachments, attachment_ids, message_values
    ):
        """File an e-mail without its refused files, which are listed below its text."""
        if message_values.get("message_type") != "email":
            return super()._process_attachments_for_post(
                attachments, attachment_ids, message_values
            )
        body, pictures = self._extract_pictures(message_values.get("body") or Markup())
        values = super()._process_attachments_for_post(
            [], attachment_ids, {**message_values, "body": body}
        )
        kept, refusals = self._split_mail_files([*(attachments or ()), *pictures])
        for attachment in kept:
            try:
                with self._isolated():
                    one = super()._process_attachments_for_post(
                        [attachment], [], {**message_values, "body": body}
                    )
            except OperationalError:
                raise
            except Exception as error:
                refusals.append(self._get_file_refusal(attachment[0], error))
                continue
            body = one.get("body", body)
            values["attachment_ids"] += one["attachment_ids"]
        return {**values, "body": self._append_refusals(body, refusals)}

    @api.model
    def _extract_pictures(self, body):
        """Return the HTML of an e-mail without its `data:` pictures, and the pictures.

        Odoo would convert them to files later, and fail if one is refused.
        """
        pictures = {}

        def take(match):
            kind, content = match[1], "".join(match[2].split())
            cid = f"packed-{len(pictures) + 1}"
            cid = pictures.setdefault(content, (cid, kind))[0]
            return f"cid:{cid}"

        body = Markup(PACKED_FILE.sub(take, str(body)))  # noqa: S704  as it was before
        files = []
        for content, (cid, kind) in pictures.items():
            ending = re.sub(r"\W.*", "", kind.rpartition("/")[2]) or "bin"
            try:
                packed = base64.b64decode(content + "==", validate=False)
            except binascii.Error:
                packed = b""
            files.append((f"{cid}.{ending}", packed, {"cid": cid}))
        return body, files

    def _split_mail_files(self, attachments):
        """Return the accepted files, and a message for each refused one."""
        limits = self.company_id._get_fault_report_limits()
        # All files count, including those hidden from the user.
        room = limits.files - self.env["ir.attachment"].sudo().search_count(
            [("res_model", "=", self._name), ("res_id", "=", self.id)]
        )
        kept, refusals = [], []
        for attachment in attachments:
            name = file_rules.clean_name(attachment[0])
            if len(kept) >= room:
                refusals.append(
                    self.env._(
                        "“%(file)s”: a report has %(limit)s files at most.",
                        file=name,
                        limit=limits.files,
                    )
                )
                continue
            try:
                content = self._get_mail_file_content(attachment)
                file_rules.check_file(self.env, name, content, limits)
            except Exception as error:
                refusals.append(self._get_file_refusal(name, error))
                continue
            kept.append((name, content, *attachment[2:]))
        return kept, refusals

    @api.model
    def _get_mail_file_content(self, attachment):
        content, info = attachment[1], (attachment[2:] or ({},))[0] or {}
        if isinstance(content, str):
            try:
                return content.encode(info.get("encoding") or "utf-8")
            except (LookupError, UnicodeError):
                return content.encode("utf-8", "replace")
        if hasattr(content, "as_bytes"):
            return content.as_bytes()
        return content or b""

    @api.model
    def _get_file_refusal(self, name, error):
        """Return the message about a refused file."""
        if isinstance(error, UserError):
            return str(error)
        _logger.info("A file of an e-mail is left out", exc_info=error)
        return self.env._(
            "“%(file)s” is damaged and was left out.", file=file_rules.clean_name(name)
        )

    @api.model
    def _append_refusals(self, body, refusals):
        """Return the HTML without the refused files, which are listed below."""
        body = Markup(LEFT_OUT_PICTURE.sub("", str(body)))  # noqa: S704  as it was before
        if not refusals:
            return body
        shown = refusals[:SHOWN_REFUSALS]
        if len(refusals) > len(shown):
            shown.append(self.env._("And %s more.", len(refusals) - len(shown)))
        lines = Markup().join(Markup("<li>%s</li>") % line for line in shown)
        note = self.env._("These files of the e-mail were not kept:")
        return body + Markup("<p>%s</p><ul>%s</ul>") % (note, lines)
