import base64
import binascii
from datetime import UTC, datetime, time

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import consteq, hmac, html2plaintext

from odoo.addons.fault_report.tools import text_rules
from odoo.addons.fault_report.tools.errors import ContentError, RefusedRequestError

from ..tools import schema

DEFAULT_LIMIT = 50


def format_time(value):
    """Return a time in UTC, or the start of a day, in ISO 8601; None without one."""
    if not value:
        return None
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


class FaultReportIntegration(models.Model):
    """What a program may read of its own reports, and its comments on them."""

    _inherit = "fault.report.integration"

    # === ONE REPORT === #

    def _check_may_read(self):
        """Raise for a key that is public, as anyone can copy it from a page."""
        self.ensure_one()
        if self.in_page:
            raise RefusedRequestError(
                self.env._("A key in a web page reads no reports."), 403, "scope"
            )

    def _get_own_report(self, reference):
        """Return one of this integration's own reports.

        :raises RefusedRequestError: if there is none, or it is of another integration
        """
        self._check_may_read()
        report = self.env["fault.report"]
        # Invalid in numbers, and refused by the database.
        if not text_rules.find_problem(reference, text_rules.MAX_LINE):
            report = report.search(
                [("reference", "=", reference), ("integration_id", "=", self.id)]
            )
        if not report:
            raise RefusedRequestError(
                self.env._("There is no such report."), 404, "not_found"
            )
        return report

    def _find_report(self, reference):
        """Return the state of one of this integration's own reports."""
        return self._describe_reports(self._get_own_report(reference))[0]

    def _describe_reports(self, reports):
        """Return what the customer may know of each report: state, progress, plan."""
        # Read at once for all of them
        orders = reports._get_work_order_by_report()
        none = self.env["maintenance.request"]
        return [
            self._describe_report(report, orders.get(report, none))
            for report in reports
        ]

    def _describe_report(self, report, order):
        return {
            "reference": report.reference,
            "state": report.state,
            **report._describe_emergency(),
            "tracking_url": report._get_tracking_url(),
            "reported_at": format_time(report.reported_at),
            "planned_start": format_time(report.planned_start),
            "planned_end": format_time(report.planned_end),
            "progress": self._describe_progress(report, order),
        }

    def _describe_progress(self, report, order):
        """Return when the work was started, done and invoiced; None: not yet.

        A step whose time is not known has that of the last one that is.
        """
        steps = report._get_progress_steps(order)
        found = dict.fromkeys(("started", "done", "invoiced"))
        latest = report.reported_at
        for key, is_reached, date in steps:
            known = {"started": report.arrived_at, "done": report.resolved_at}.get(key)
            latest = known or date or latest
            if is_reached and key in found:
                found[key] = format_time(latest)
            if key == "solved":
                found["done"] = format_time(report.resolved_at or latest)
        return found

    # === MANY REPORTS === #

    def _list_reports(self, query):
        """Return a page of this integration's reports, in the order of filing.

        :param query: the parameters of the address: `state`, `since`, `until`,
            `cursor`, `limit`
        :raises ContentError: for others, and for values that cannot be read
        """
        self._check_may_read()
        domain, limit = self._read_query(query)
        # One more shows whether there is a next page.
        reports = self.env["fault.report"].search(domain, order="id", limit=limit + 1)
        page = reports[:limit]
        return {
            "reports": self._describe_reports(page),
            "next": self._make_cursor(page[-1]) if len(reports) > limit else None,
        }

    def _read_query(self, query):
        problems, read = {}, {}
        for name, text in query.items():
            reader = getattr(self, f"_read_query_{name}", None)
            if name not in schema.QUERY or reader is None:
                problems[name[: schema.MAX_NAMED]] = "unknown"
                continue
            try:
                read[name] = reader(text)
            except (ValueError, OverflowError):
                problems[name] = "not_offered"
        if problems:
            raise ContentError(self._get_problem_message(problems), problems)
        limit = read.pop("limit", DEFAULT_LIMIT)
        own = Domain("integration_id", "=", self.id)
        return Domain.AND([own, *read.values()]), limit

    # Each returns a domain, or raises ValueError.

    def _read_query_state(self, text):
        if text not in schema.STATES:
            raise ValueError(text)
        return Domain("state", "=", text)

    def _read_query_since(self, text):
        return Domain("reported_at", ">=", self._read_time(text))

    def _read_query_until(self, text):
        return Domain("reported_at", "<", self._read_time(text))

    def _read_query_cursor(self, text):
        return Domain("id", ">", self._read_cursor(text))

    def _read_query_limit(self, text):
        if not text.isascii() or not text.isdigit() or len(text) > 3:
            raise ValueError(text)
        if not 1 <= int(text) <= schema.MAX_LISTED:
            raise ValueError(text)
        return int(text)

    def _read_time(self, text):
        moment = datetime.fromisoformat(text)
        if moment.tzinfo:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
        # Not before the years that the database knows
        if not 1970 <= moment.year <= 9000:
            raise ValueError(text)
        return fields.Datetime.to_string(moment)

    def _make_cursor(self, report):
        text = f"{report.id}.{self._sign_cursor(report.id)}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def _read_cursor(self, text):
        padded = text + "=" * (-len(text) % 4)
        try:
            raw = base64.b64decode(padded, altchars=b"-_", validate=True)
            content = raw.decode("ascii")
        except (binascii.Error, UnicodeError) as error:
            raise ValueError(text) from error
        number, _point, signature = content.partition(".")
        if not number.isascii() or not number.isdigit() or len(number) > 18:
            raise ValueError(text)
        if not consteq(signature, self._sign_cursor(int(number))):
            raise ValueError(text)
        return int(number)

    def _sign_cursor(self, number):
        """Return a signature, so that cursors are those that were given out."""
        content = (self.id, number)
        return hmac(self.env, "fault_report_api-cursor", content)[:24]

    # === COMMENTS === #

    def _list_comments(self, reference):
        """Return the messages of a report that its customer sees, oldest first."""
        report = self._get_own_report(reference)
        return {
            "comments": [
                self._describe_comment(report, message)
                for message in report._get_public_messages()
            ]
        }

    def _describe_comment(self, report, message):
        author = message.author_id
        return {
            "date": format_time(message.date),
            "author": message._get_fault_report_author_name() or "",
            "from_staff": bool(author and not author.partner_share),
            "text": html2plaintext(message.body, include_references=False),
            "files": [
                {
                    "name": file.name,
                    "url": report.get_base_url() + report._get_file_url(file),
                }
                for file in message.attachment_ids
            ],
        }

    def _add_comment(self, reference, data, files=None, key=None):
        """Add a comment of the customer, or find that of an earlier request.

        :param dict data: as `tools.schema.COMMENT` describes it; checked here
        :param files, key: as of `_file_report`
        :return: the response (a dict), and whether the comment existed already
        """
        report = self._get_own_report(reference)
        self._check_content(data, schema.COMMENT)
        if files is None:
            files = self._read_files(data.get("files", ()))

        def create():
            message = report._post_from_customer(data.get("comment", ""), files)
            # Senders may not read messages; this one is theirs.
            return report, self._describe_comment(report, message.sudo())

        if not key:
            return create()[1], False
        _report, answer, replayed = self.env["fault.report.submission"]._run_once(
            f"api:{self.id}:{report.id}",
            key,
            self._get_fingerprint(data, files),
            create,
        )
        return answer, replayed
