import json
import logging

from dateutil.relativedelta import relativedelta
from psycopg2 import OperationalError
from psycopg2.extras import Json

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import (
    SQL,
    email_normalize,
    html2plaintext,
    parse_contact_from_email,
)
from odoo.tools.sql import escape_psql

from ..tools.context_switches import with_own_context
from ..tools.fields import GeneratedText
from ..tools.redaction import SHORTEST_NAME, find_contacts, get_redactor
from .fault_report import WAITING_STATES
from .fault_report_place import REPORTER_FIELDS

_logger = logging.getLogger(__name__)

# Who has reported it, and signed for it. Texts are tracked: what was corrected later is
# known from the log.
PERSONAL_FIELDS = (*REPORTER_FIELDS, "signature", "signed_by")
PHONE_FIELDS = {"phone"}
REDACTED_TYPES = {"char", "text", "html", "json", "properties"}
# Numbers and technical names
KEPT_FIELDS = {"reference", "work_order_model", "message_id", "mimetype", "checksum"}
KEPT_FIELDS |= {"store_fname", "res_model", "model", "res_field"}
PER_COMMIT = 20


class FaultReport(models.Model):
    """Retention: the personal data of reporters is removed after a time.

    Number, dates, places, the work done and the orders stay.
    """

    _inherit = "fault.report"

    anonymised_at = fields.Datetime(
        compute="_compute_anonymised_at",
        store=True,
        precompute=True,
        copy=False,
        protected=True,
        technical=True,
    )

    _retention_index = models.Index(
        "(company_id, id) WHERE anonymised_at IS NULL AND date_handled IS NOT NULL"
    )

    @api.depends("state")
    def _compute_anonymised_at(self):
        """A report that is reopened gets new data."""
        for report in self:
            is_open = report.state in WAITING_STATES
            report.anonymised_at = not is_open and report.anonymised_at

    # === THE BUTTON === #

    def action_anonymise(self, with_files=None):
        """Remove the personal data of the reporters from handled reports, for good.

        Called without a choice, nothing is done but to open the dialog that asks.

        :param bool with_files: remove photos and other files as well
        """
        self._check_may_anonymise()
        if with_files is None:
            return self._get_dialog("fault.report.anonymise", self.env._("Anonymise"))
        self._anonymise(bool(with_files))
        return True

    def _check_may_anonymise(self):
        self.check_access("read")
        if not self.env.user.has_group("fault_report.group_administrator"):
            raise AccessError(
                self.env._("Only administrators of fault reports anonymise them.")
            )
        still_open = self - self._filter_finished()
        if still_open:
            raise UserError(
                self.env._(
                    "%(reports)s: the work is not finished, and the reporter may have "
                    "to be reached. Close it first.",
                    reports=", ".join(still_open.mapped("reference")),
                )
            )

    def _filter_finished(self):
        """Return the reports that no one works on, nor on their original."""
        # Who may see a report may know whether its work is done.
        orders_by_report = self.sudo()._get_work_order_by_report()
        return self.filtered(
            lambda report: (
                report.state not in WAITING_STATES
                and report.sudo().duplicate_of_id.state not in WAITING_STATES
                and (
                    report not in orders_by_report
                    or orders_by_report[report]._get_work_order_progress()
                    in ("done", "cancelled")
                )
            )
        )

    # === THE SCHEDULED ACTION === #

    @api.model
    def _cron_anonymise(self):
        """Anonymise the reports whose time is over, in small transactions.

        It can be stopped at any time: what is not done is taken up by the next run.
        Reports that are still worked on, or fail, are left out until then.
        """
        for company in self.env["res.company"].search(
            [("fault_report_retention_months", ">", 0)]
        ):
            if not self._anonymise_due(company):
                return

    @api.model
    def _anonymise_due(self, company):
        """Anonymise the due reports of a company; return whether there is time left."""
        due = self._get_retention_domain(company)
        cron = self.env["ir.cron"]
        last, left = 0, self.search_count(due)
        while batch := self.search(
            due & Domain("id", ">", last), order="id", limit=PER_COMMIT
        ):
            last, left = batch[-1].id, left - len(batch)
            for report in batch._filter_finished():
                report._anonymise_due_report(due)
            if not cron._commit_progress(len(batch), remaining=left):
                return False
        return True

    @api.model
    def _get_retention_domain(self, company):
        """Return the domain of the company's reports that were handled long ago."""
        months = company.fault_report_retention_months
        limit = fields.Datetime.now() - relativedelta(months=months)
        return (
            Domain("company_id", "=", company.id)
            & Domain("anonymised_at", "=", False)
            & Domain("date_handled", "<=", limit)
            & Domain("state", "not in", WAITING_STATES)
        )

    def _anonymise_due_report(self, due):
        try:
            with self._isolated():
                # Skip a report that was reopened meanwhile, or is locked.
                claimed = self.try_lock_for_update().filtered_domain(due)
                claimed._anonymise(self.company_id.fault_report_retention_files)
        except OperationalError:
            _logger.info("%s is in use; its turn is next time", self)
        except Exception:
            _logger.exception("%s was not anonymised", self)

    # === ANONYMISE === #

    def _anonymise(self, with_files):
        """Remove the personal data of the reporters; the caller has checked the right.

        Nothing is logged with its former value, and no one is notified.
        """
        # Data in models that users have no rights on is removed as well.
        for report_sudo in with_own_context(self).sudo():
            messages_sudo = report_sudo.env["mail.message"].search(
                [("model", "=", self._name), ("res_id", "=", report_sudo.id)]
            )
            names, phones = report_sudo._get_reporters(messages_sudo)
            redact = get_redactor(names, phones)
            report_sudo._remove_personal_files(messages_sudo, with_files)
            report_sudo._remove_deliveries(messages_sudo)
            report_sudo._remove_recent({*names, *phones})
            report_sudo._empty_strangers_messages(messages_sudo)
            report_sudo._redact_records(messages_sudo, redact)
            report_sudo._post_anonymise(redact)
            report_sudo._set_columns(
                report_sudo,
                **dict.fromkeys(PERSONAL_FIELDS),
                access_token=None,
                anonymised_at=fields.Datetime.now(),
            )

    def _post_anonymise(self, redact):
        """Remove the personal data of this report from models of other addons.

        Hook, as superuser: `redact(text)` returns the text without it.
        """

    def _get_personal_records(self, messages):
        """Return a list of recordsets with texts that may name the reporter.

        Hook: an override adds to the list.
        """
        self.ensure_one()
        thread = [("res_model", "=", self._name), ("res_id", "=", self.id)]
        return [
            self,
            self.note_ids,
            self.point_ids,
            messages,
            messages.tracking_value_ids,
            self._get_personal_attachments(messages),
            self.env["mail.activity"].with_context(active_test=False).search(thread),
            self.env["mail.scheduled.message"].search(
                [("model", "=", self._name), ("res_id", "=", self.id)]
            ),
        ]

    def _get_reporters(self, messages):
        """Return names and addresses, and phone numbers, of who has reported it."""
        self.ensure_one()
        names = [self.contact_name, self.email_from, self.signed_by]
        phones = [self.phone]
        own = email_normalize(self._format_company_sender(self.company_id, ""))
        texts = [self.name, self.comment or ""]
        for message in messages._filter_from_strangers():
            name, address = parse_contact_from_email(message.email_from or "")
            # Without “(not verified)”; their answers go to the company's address
            names += [name.partition(" (")[0], address if address != own else None]
            texts.append(html2plaintext(message.body or ""))
        # What they signed with
        for addresses, numbers in map(find_contacts, texts):
            names += addresses
            phones += numbers
        # What was corrected later
        for value in messages.tracking_value_ids:
            former = [value.old_value_char, value.new_value_char]
            if value.field_id.name in PHONE_FIELDS:
                phones += former
            elif value.field_id.name in PERSONAL_FIELDS:
                names += former
        return names, phones

    def _get_personal_attachments(self, messages):
        """Return all files of the report, its points and its messages."""
        places = [
            Domain("res_model", "=", records._name)
            & Domain("res_id", "in", records.ids)
            for records in (self, self.point_ids, messages)
        ]
        # A condition on `res_field` also finds the photos of points
        stored = Domain("res_field", "=", False) | Domain("res_field", "!=", False)
        files = self.env["ir.attachment"].search(Domain.OR(places) & stored)
        return files | messages.attachment_ids.filtered(
            lambda file: file.res_model in (False, self._name, messages._name)
        )

    def _remove_personal_files(self, messages, with_files):
        """Delete the original e-mails, and all other files if so chosen.

        Odoo's daily clean-up removes them from the disk, unless an order has a copy.
        """
        files = self._get_personal_attachments(messages)
        if not with_files:
            files = files.filtered(lambda file: file.mimetype == "message/rfc822")
        files.unlink()

    def _remove_deliveries(self, messages):
        """Delete what queues and repeated requests keep of the report."""
        about = [("mail_message_id", "in", messages.ids)]
        self.env["mail.mail"].search(about).unlink()
        self.env["sms.sms"].search(about).unlink()
        self.env["mail.notification"].search(
            [*about, ("res_partner_id", "=", False)]
        ).unlink()
        self.env["fault.report.submission"].search(
            [("report_id", "=", self.id)]
        ).unlink()

    @api.model
    def _remove_recent(self, texts):
        """Delete what contains the texts and would be kept for another day.

        Short texts are parts of others, of other people.
        """
        # As JSON writes them
        written = [
            escape_psql(json.dumps(text)[1:-1])
            for text in texts
            if text and len(text.strip()) >= SHORTEST_NAME
        ]
        for model, field in (
            ("bus.bus", "message"),
            ("mail.push", "payload"),
            ("fault.report.attempt", "scope"),
        ):
            self.env[model].search(
                Domain.OR(Domain(field, "ilike", text) for text in written)
            ).unlink()

    def _empty_strangers_messages(self, messages):
        """Remove texts and addresses of authors who are no users and no contacts."""
        for message in messages._filter_from_strangers():
            self._set_columns(
                message,
                body=self.env._("Anonymised"),
                subject=None,
                email_from=None,
                reply_to=None,
                incoming_email_cc=None,
                incoming_email_to=None,
                # Unique; that of a sender has their host
                message_id=f"<anonymised-{message.id}@localhost>",
            )

    def _redact_records(self, messages, redact):
        """Write the texts of all records without the reporter."""
        for records in self._get_personal_records(messages):
            names = [
                name
                for name, field in records._fields.items()
                if field.store
                and field.column_type
                and field.type in REDACTED_TYPES
                and not isinstance(field, GeneratedText)
                and not field.translate
                and name not in KEPT_FIELDS
            ]
            self._redact_columns(records, names, redact)

    @api.model
    def _redact_columns(self, records, names, redact):
        self.env.flush_all()
        rows = records.ids and self.env.execute_query(
            SQL(
                "SELECT id, %s FROM %s WHERE id IN %s",
                SQL(", ").join(map(SQL.identifier, names)),
                SQL.identifier(records._table),
                tuple(records.ids),
            )
        )
        for id_, *values in rows:
            changed = {
                name: redact(value)
                for name, value in zip(names, values, strict=True)
                if redact(value) != value
            }
            if changed:
                self._set_columns(records.browse(id_), **changed)

    @api.model
    def _set_columns(self, record, **values):
        """Write values by SQL: checks, log and messages would keep or send the old."""
        record.flush_recordset()
        self.env.execute_query(
            SQL(
                "UPDATE %s SET %s WHERE id = %s",
                SQL.identifier(record._table),
                SQL(", ").join(
                    SQL(
                        "%s = %s",
                        SQL.identifier(name),
                        Json(value) if isinstance(value, (dict, list)) else value,
                    )
                    for name, value in values.items()
                ),
                record.id,
            )
        )
        record.invalidate_recordset()
