import base64
import math
import uuid
from contextlib import contextmanager

from markupsafe import Markup
from psycopg2 import IntegrityError

from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...tools import text_rules
from ...tools.context_switches import FILES_COUNTED, switch_on, with_own_context
from ...tools.errors import FieldError, PublicMessage
from ...tools.numbers import read_number
from ..fault_report import GONE, TEXT_LIMITS, URGENT

# Customer and place: the dispatcher can add them later
REPORTED_PLACE = ("partner_id", "facility_id", "contact_id", "equipment_id")
# Filed for a customer who said “Still broken”
FOLLOW_UP = "follow_up"


class FaultReport(models.Model):
    """Create reports on behalf of external channels."""

    _inherit = "fault.report"

    @api.model
    def _create_from_channel(self, channel, vals, files=(), points=()):
        """Create the report of a channel, with its files and answers.

        The caller has checked that the sender may use these records. All or nothing: if
        a file or an answer is refused, no report is created.

        :param str channel: one of the values of `channel`
        :param dict vals: values of `_get_channel_fields()` and no others
        :param files: pairs of a name and the content in bytes
        :param points: answers of service points: dicts of `point` (id of the template's
            point), `value` and `remark`
        :return: the report, without access rules
        :raises ValidationError: with the message for the sender; a `FieldError` for an
            error of one field
        """
        self._check_channel_fields(vals)
        # Before anything reads them
        text_rules.check_texts(self, vals, TEXT_LIMITS)
        company = self.env["res.company"].browse(
            vals.get("company_id") or self.env.company.id
        )
        # Senders have no rights; the channel has checked them. Their context does not
        # affect the created records.
        reports_sudo = with_own_context(self).sudo().with_company(company)
        vals = reports_sudo._limit_channel_priority(channel, company, vals)
        reports_sudo._check_day(channel, vals, files, points)
        equipment_sudo = reports_sudo.env["maintenance.equipment"].browse(
            vals.get("equipment_id")
        )
        point_commands = reports_sudo._prepare_channel_points(
            channel, company, points, equipment_sudo
        )
        answers = [values for _command, _id, values in point_commands]
        mark = reports_sudo._prepare_emergency(company, vals, answers)
        with _naming_points():
            report_sudo = reports_sudo._create_at_place(
                {
                    **vals,
                    **mark.values,
                    "company_id": company.id,
                    "channel": channel,
                    # Each sender gets a link: with the report, in one INSERT.
                    "access_token": str(uuid.uuid4()),
                    "point_ids": point_commands,
                }
            )
        report_sudo._log_emergency(mark)
        report_sudo._add_channel_files(files)
        return report_sudo

    @api.model
    def _check_channel_fields(self, vals):
        unknown = vals.keys() - self._get_channel_fields()
        if unknown:
            raise ValidationError(
                self.env._("Unknown fields: %s.", ", ".join(sorted(unknown)))
            )

    @api.model
    def _limit_channel_priority(self, channel, company, vals):
        """Return the values, without an Urgent that the sender may not choose.

        :raises FieldError: except for e-mails, which are always filed
        """
        if vals.get("priority") != URGENT:
            return vals
        if self._may_set_urgent(channel, company, vals):
            return vals
        if channel == "mail":
            return {name: vals[name] for name in vals if name != "priority"}
        raise FieldError(
            self.env._(
                "Reports cannot be filed as urgent here. Choose another priority; if "
                "it cannot wait, please call us."
            ),
            "priority",
        )

    @api.model
    def _may_set_urgent(self, channel, company, vals):
        """Return whether the sender on this channel may choose the priority Urgent.

        Hook: an override allows it to senders who act for the company.

        :param dict vals: values of `_get_channel_fields()`
        """
        if channel == FOLLOW_UP:
            # Staff chose it for the report before.
            return True
        # Senders may not read companies.
        return company.sudo().fault_report_portal_may_set_urgent

    @api.model
    def _get_channel_priorities(self, channel, company):
        """Return the values and labels that a form of the channel offers."""
        choices = self._fields["priority"]._description_selection(self.env)
        may_set_urgent = self._may_set_urgent(channel, company, {})
        return [
            (value, label)
            for value, label in choices
            if value != URGENT or may_set_urgent
        ]

    @api.model
    def _get_channels_of_strangers(self):
        """Return the channels in which anyone may file, within the daily limits.

        E-mails are always filed, in any number; a report has one follow-up.
        Hook: an override adds to the set.
        """
        return self._get_channels_without_customer() - {"mail", FOLLOW_UP}

    @api.model
    def _check_day(self, channel, vals, files, points):
        """Count what an external sender sends; raise if it exceeds the daily quota.

        :raises TooManyRequestsError:
        """
        if channel not in self._get_channels_of_strangers():
            return
        company = self.env["res.company"].browse(
            vals.get("company_id") or self.env.company.id
        )
        shares = self._get_quota_shares(
            channel, {**dict.fromkeys(self._get_channel_fields()), **vals}
        )
        photos = [answer.get("value") for answer in points]
        contents = [content for _name, content in files] + photos
        size = sum(len(one) for one in contents if isinstance(one, (bytes, str)))
        self.env["fault.report.attempt"]._check_quotas(
            {
                scope: (limit, amount)
                for kind, amount in (("reports", 1), ("megabytes", size))
                for scope, limit in company._get_fault_report_quota(
                    kind, shares
                ).items()
            }
        )

    @api.model
    def _get_quota_shares(self, channel, vals):
        """Return the sources of a report with a share of the daily limits each.

        Hook: an override adds to the list.

        :param vals: a dict of values, or the report itself
        :return: pairs of a name, such as `code:7`, and the divisor of the limit
        """
        return []

    @api.model
    def _create_at_place(self, vals):
        """Create the report; if its place is refused, without a place.

        The place may be inconsistent, such as an object whose customer has become a
        facility. The sender cannot correct that, and must not see it.
        """
        place = {name: vals[name] for name in REPORTED_PLACE if vals.get(name)}
        if not place or vals["channel"] not in self._get_channels_without_customer():
            return self.create(vals)
        try:
            with self._isolated():
                return self.create(vals)
        except (UserError, IntegrityError) as error:
            if isinstance(error, PublicMessage):
                raise
            reason = str(error)
        report = self.create(
            {name: value for name, value in vals.items() if name not in place}
        )
        report._note_refused_place(place, reason)
        return report

    def _note_refused_place(self, place, reason):
        """Log the refused place with the reason, for the dispatcher."""
        self.ensure_one()
        # The names are for staff only: they are in an internal note.
        records = [
            self.env[self._fields[name].comodel_name].browse(id_).exists()
            for name, id_ in place.items()
        ]
        self._message_log(
            body=Markup("<p>%s</p><p>%s</p><p>%s</p>")
            % (
                self.env._(
                    "The report could not be linked to where it came from. "
                    "Correct the records, then choose customer and object here:"
                ),
                ", ".join(record.display_name for record in records if record),
                reason,
            ),
            author_id=self.env.ref("base.partner_root").id,
        )

    @api.model
    def _get_channel_fields(self):
        """Return the names of the fields that a channel may set.

        Hook: an override adds to the set.
        """
        return {
            "company_id",
            "partner_id",
            "facility_id",
            "contact_id",
            "equipment_id",
            "name",
            "comment",
            "comment_internal",
            "priority",
            "is_emergency",
            "customer_order_ref",
            "contact_name",
            "email_from",
            "phone",
        }

    @api.model
    def _get_channels_without_customer(self):
        """Return the channels that accept unknown senders.

        The dispatcher finds their customer.
        Hook: an override adds to the set.
        """
        return {"mail", FOLLOW_UP, GONE}

    @api.model
    def _must_answer_points(self, channel):
        """Return whether required points must be answered on the channel.

        Hook: an override adds a channel.
        """
        return channel == "portal"

    def _is_from_stranger(self):
        """Return whether the sender is not verified, as anyone may use the channel.

        The customer of such a report is hidden from those who follow it without an
        account.
        Hook: an override adds a channel.
        """
        self.ensure_one()
        if self.channel == FOLLOW_UP and self.follow_up_of_id:
            return self.follow_up_of_id._is_from_stranger()
        # Whether the sender was verified went with the addon, or with the report.
        return self.channel in (FOLLOW_UP, GONE)

    def _hides_customer(self):
        """Return whether customer and place are hidden from the current user.

        They are from visitors with the link of a report that may be a stranger's.
        """
        return self.env.user._is_public() and self._is_from_stranger()

    # === FILES === #

    def _add_channel_files(self, files):
        """Add the files of a channel to a new report; if one is refused, raise."""
        self.ensure_one()
        limit = self.company_id._get_fault_report_limits().files
        if len(files) > limit:
            raise FieldError(self.env._("Send %s files at most.", limit), "files")
        # There are no others: they need not be counted.
        Attachment = switch_on(self.env["ir.attachment"], **{FILES_COUNTED: True})
        return Attachment.create(
            [
                {
                    "name": name,
                    "raw": content,
                    "res_model": self._name,
                    "res_id": self.id,
                }
                for name, content in files
            ]
        )

    # === SERVICE POINTS === #

    @api.model
    def _get_channel_template_points(self, company, categories=()):
        """Return the points that reporters are asked, with their sections.

        Those with a condition are among them, whatever is answered.

        :param categories: ids of the categories of the objects that may be chosen; the
            points of other categories are left out
        """
        points = self._get_reporter_points(company)
        return points._filter_shown(None, categories, "reporter")

    @api.model
    def _get_reporter_points(self, company):
        """Return all points that may be asked of reporters, with all sections."""
        # External senders may not read companies; internal points are excluded.
        template = company.sudo()._get_fault_report_template()
        template = template.with_context(lang=self.env.lang)
        return template.point_ids.filtered(
            lambda point: not point.internal and point.audience != "technician"
        )

    @api.model
    def _prepare_channel_points(self, channel, company, answers, equipment=()):
        """Return the commands for the points of a report from a channel.

        Answers to points that do not apply, by the object and the other answers, are
        left out: a form may hold what was typed before.
        """
        points = self._get_reporter_points(company)
        asked = {point.id: point for point in points if point.type != "section"}
        values = self._read_channel_answers(asked, answers)
        shown = self._find_shown_points(points, values, equipment)
        values = {point: values[point] for point in values if point in shown}
        if self._must_answer_points(channel):
            self._check_channel_required(
                [point for point in asked.values() if point.id in shown], values
            )
        template = company._get_fault_report_template()
        return [
            Command.create({"template_point_id": point.id, **values.get(point.id, {})})
            for point in template.point_ids
        ]

    @api.model
    def _read_channel_answers(self, asked, answers):
        """Return the values of each answered point, by its id.

        :raises FieldError: naming all answers that are not accepted
        """
        values, problems = {}, {}
        Point = self.env["fault.report.point"]
        for number, answer in enumerate(answers):
            point = asked.get(answer.get("point"))
            try:
                if not point or point.id in values:
                    raise FieldError(
                        self.env._("A service point that is not asked for, or twice."),
                        "points",
                    )
                values[point.id] = self._prepare_channel_answer(point, answer)
                text_rules.check_texts(
                    Point, values[point.id], Point._text_limits, label=point.name
                )
            except FieldError as error:
                problems[f"points[{number}]"] = str(error)
        if problems:
            message = " ".join(dict.fromkeys(problems.values()))
            raise FieldError(message, "points", list(problems))
        return values

    @api.model
    def _find_shown_points(self, points, values, equipment):
        """Return the ids of the template points that apply to these answers."""
        answers = {
            point: answer.get(
                "value_option_id", answer.get("value_number", answer.get("value_check"))
            )
            for point, answer in values.items()
        }
        categories = equipment._get_point_categories().ids if equipment else ()
        return set(points._filter_shown(answers, categories, "reporter").ids)

    @api.model
    def _check_channel_required(self, points, values):
        missing = [
            point.name
            for point in points
            if point.required and len(values.get(point.id, {}).keys() - {"remark"}) == 0
        ]
        if missing:
            raise FieldError(
                self.env._("Fill in: %s.", ", ".join(missing)),
                "points",
            )

    @api.model
    def _prepare_channel_answer(self, point, answer):
        """Return the values of one answer; without a value, it is not answered."""
        remark = {"remark": answer["remark"]} if answer.get("remark") else {}
        value = answer.get("value")
        # Not by equality, which holds the number zero for False
        if value is None or value is False or value in ("", b""):
            return remark
        try:
            read = getattr(self, f"_read_{point.type}_answer")
            return {**remark, **read(point, value)}
        except (TypeError, ValueError, OverflowError) as error:
            raise FieldError(
                self.env._("“%s” does not take this answer.", point.name), "points"
            ) from error

    # Each returns the values for the sent answer, or raises TypeError or ValueError.

    def _read_check_answer(self, point, value):
        if value not in ("ok", "not_ok", "na"):
            raise ValueError(value)
        return {"value_check": value}

    def _read_text_answer(self, point, value):
        if not isinstance(value, str):
            raise TypeError(value)
        return {"value_text": value}

    def _read_number_answer(self, point, value):
        if isinstance(value, bool):
            raise TypeError(value)
        number = read_number(value) if isinstance(value, str) else float(value)
        if not math.isfinite(number):
            raise ValueError(value)
        return {"value_number": number}

    def _read_choice_answer(self, point, value):
        if isinstance(value, bool):
            raise TypeError(value)
        option = int(value)
        # Other options may be of another company: their names are not shown.
        if option not in point.option_ids.ids:
            raise ValueError(value)
        return {"value_option_id": option}

    def _read_date_answer(self, point, value):
        if not isinstance(value, str):
            raise TypeError(value)
        return {"value_date": fields.Date.to_date(value)}

    def _read_photo_answer(self, point, value):
        if isinstance(value, bytes):
            return {"value_photo": base64.b64encode(value)}
        if not isinstance(value, str):
            raise TypeError(value)
        return {"value_photo": value.encode("ascii")}


@contextmanager
def _naming_points():
    """Name the field `points` in an error of an answer."""
    try:
        yield
    except FieldError as error:
        # No channel accepts these fields: they are parts of an answer.
        if error.field in ("value_text", "value_photo", "remark"):
            error.field = "points"
        raise
