import re
import smtplib
import time

from markupsafe import Markup

from odoo import api, models
from odoo.fields import Domain

from ...tools import picture
from ...tools.context_switches import QUEUES_MAIL, get_switch
from ..client_guards import get_existing

PHOTOS_PLACE = re.compile(
    r'<p[^>]*class="o_fault_report_photos"[^>]*>.*?</p>', re.DOTALL
)
PHOTO_TYPES = ("image/jpeg", "image/png", "image/webp", "image/gif")
MAX_PHOTOS = 3
# Of a queued message about a visit: what its calendar entry says
ICS_HEADER = "X-Fault-Report-Visit"
THUMBNAIL = (240, 240)
# Batches grow as long as the mail server accepts one within this time
MOMENT = 2  # seconds
FIRST_BATCH = 2
MAX_BATCH = 100


class MailMail(models.Model):
    _name = "mail.mail"
    _inherit = ["mail.mail", "fault.report.retry.mixin"]

    _fault_report_failed_index = models.Index(
        "(fault_report_retries) WHERE state = 'exception'"
    )

    @api.model_create_multi
    def create(self, vals_list):
        """Trigger the queue if Odoo's own messages are queued, as by a conversion."""
        mails = super().create(vals_list)
        if mails and get_switch(self.env, QUEUES_MAIL):
            self.env["fault.report"]._trigger_mail_queue()
        return mails

    @api.model
    def _get_fault_report_queue(self):
        return "mail.ir_cron_mail_scheduler_action"

    def _split_by_mail_configuration(self):
        """In the queue's action, send small batches and stop at the time limit."""
        batches = super()._split_by_mail_configuration()
        if self._fault_report_get_time_left() is None:
            yield from batches
            return
        size = FIRST_BATCH
        for *server, mail_ids in batches:
            waiting = list(mail_ids)
            while waiting:
                if self._fault_report_get_time_left() <= 0:
                    self._fault_report_continue_later()
                    return
                start = time.monotonic()
                yield *server, waiting[:size]
                waiting = waiting[size:]
                is_fast = time.monotonic() - start < MOMENT
                size = min(size * 2, MAX_BATCH) if is_fast else max(size // 2, 1)

    def _send(self, *args, **kwargs):
        """In the queue's action, fail reports' messages whose connection has ended.

        They are retried, and shown to staff. Odoo would end the queue instead: what is
        behind them would wait for its next run, in an hour.
        """
        try:
            return super()._send(*args, **kwargs)
        except smtplib.SMTPServerDisconnected as error:
            failed = self.exists().filtered(
                lambda mail: (
                    mail.model == "fault.report"
                    and mail.state in ("outgoing", "exception")
                )
            )
            if not failed or self._fault_report_get_time_left() is None:
                raise
            # As Odoo does if there is no connection
            failed.write({"state": "exception", "failure_reason": str(error)})
            failed._postprocess_sent_message([], [], failure_type="mail_smtp")
            return False

    @api.model
    def _get_fault_report_failed_domain(self):
        return Domain("state", "=", "exception") & Domain("model", "=", "fault.report")

    @api.model
    def _get_permanent_failures(self):
        return {"mail_email_invalid", "mail_email_missing", "mail_from_invalid"}

    def _fault_report_queue_again(self):
        self.mark_outgoing()

    def _get_fault_report_recipients(self):
        return self.recipient_ids.mapped("name") or [self.email_to or ""]

    def _get_fault_report_failure(self):
        return self.failure_reason or super()._get_fault_report_failure()

    # === PHOTOS AND CALENDAR ENTRIES === #

    def _prepare_outgoing_list(self, *args, **kwargs):
        """Insert thumbnails of the report's newest photos into messages to staff.

        Messages to customers about a visit get its calendar entry.
        """
        emails = super()._prepare_outgoing_list(*args, **kwargs)
        if self.model != "fault.report" or self.message_type != "user_notification":
            return emails
        for email in emails:
            self._attach_fault_report_visit(email)
        if not any(PHOTOS_PLACE.search(email["body"] or "") for email in emails):
            return emails
        photos = self._get_fault_report_thumbnails()
        html = Markup().join(
            Markup('<img src="cid:%s" style="margin-right: 8px;"/>') % name
            for name, _content, _mimetype in photos
        )
        for email in emails:
            email["body"] = PHOTOS_PLACE.sub(Markup("<p>%s</p>") % html, email["body"])
            email["attachments"] = [*email["attachments"], *photos]
        return emails

    def _attach_fault_report_visit(self, email):
        header = (email["headers"] or {}).pop(ICS_HEADER, None)
        report = get_existing(self.env["fault.report"].browse(self.res_id))
        if header and report:
            ics = ("visit.ics", report._make_ics_of_header(header), "text/calendar")
            email["attachments"] = [*email["attachments"], ics]

    def _get_fault_report_thumbnails(self):
        """Return thumbnails of the newest photos: name, content and type."""
        # The recipients may see the report, and so its photos.
        photos = (
            self.env["ir.attachment"]
            .sudo()
            .search(
                [
                    ("res_model", "=", self.model),
                    ("res_id", "=", self.res_id),
                    ("mimetype", "in", PHOTO_TYPES),
                ],
                order="id desc",
                limit=MAX_PHOTOS,
            )
        )
        thumbnails = []
        for photo in photos:
            content, mimetype = photo.raw, photo.mimetype
            # A message without this thumbnail is better than none.
            if not picture.is_cheap(content, mimetype):
                continue
            try:
                small = picture.make_smaller(
                    content, mimetype, THUMBNAIL, output_format="JPEG"
                )
            except picture.DamagedPictureError:
                continue
            thumbnails.append((f"fault-report-{photo.id}.jpg", small, "image/jpeg"))
        return thumbnails
