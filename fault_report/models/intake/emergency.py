import json
import re
from typing import NamedTuple

from odoo import api, models

from ...tools import danger
from ...tools.errors import FieldError
from ...tools.mail_text import html_to_written
from ..fault_report import URGENT

# The input of the forms with the answer to the question, and its values
EMERGENCY = "emergency"
ANSWERS = {"true": True, "false": False}
# What is dialled
_NOT_DIALLED = re.compile(r"[^0-9+*#]")


class Mark(NamedTuple):
    """Whether a new report is an emergency.

    :ivar values: of the report
    :ivar reason: the word or the point that means danger, or None
    :ivar answer: of the sender, None if they were not asked
    """

    values: dict
    reason: str | None
    answer: bool | None


class FaultReport(models.Model):
    """Emergencies: the question of the forms, and the mark of what they send."""

    # One file per topic. pylint: disable=consider-merging-classes-inherited
    _inherit = "fault.report"

    # === THE MARK === #

    @api.model
    def _prepare_emergency(self, company, vals, answers):
        """Return the `Mark` of a report from a channel.

        What the sender has answered decides. Without an answer, words and answers that
        mean danger do.

        :param dict vals: values of `_get_channel_fields()`
        :param answers: values of service points
        """
        answer = vals.get("is_emergency")
        words = company._get_fault_report_danger_words()
        reason = self._find_danger(words, vals, answers)
        is_emergency = bool(reason) if answer is None else answer
        if is_emergency and not reason:
            is_emergency = company._handles_fault_report_emergencies()
        values = {"is_emergency": is_emergency}
        if is_emergency:
            values["priority"] = URGENT
        return Mark(values, reason, answer)

    @api.model
    def _find_danger(self, words, vals, answers):
        """Return the word or the service point that means danger, or None."""
        texts = [vals.get("name"), vals.get("comment")]
        texts += [values.get("value_text") for values in answers]
        texts += [values.get("remark") for values in answers]
        return danger.find_danger(words, texts) or self._find_dangerous_answer(answers)

    @api.model
    def _find_dangerous_answer(self, answers):
        """Return the name of the first point with an answer that means danger."""
        options = self.env["fault.report.template.option"].browse(
            values["value_option_id"]
            for values in answers
            if values.get("value_option_id")
        )
        points = self.env["fault.report.template.point"].browse(
            values["template_point_id"]
            for values in answers
            if values.get("value_check") == "not_ok"
        )
        # Senders may not read templates; staff read the name in the log.
        found = options.sudo().filtered("is_danger").point_id
        found |= points.sudo().filtered("is_danger")
        return found[:1].name or None

    def _add_emergency_priority(self, vals):
        """Return the values; a report that gets the mark gets the highest priority.

        Unless another than the usual one is chosen with it. It may be lowered later.
        """
        is_marked = vals.get("is_emergency") and not self._is_silent()
        is_known = self and all(self.mapped("is_emergency"))
        if not is_marked or is_known or vals.get("priority", "0") != "0":
            return vals
        return {**vals, "priority": URGENT}

    def _follow_danger(self, message):
        """Mark the report if a customer's message has a word that means danger."""
        self.ensure_one()
        words = self.company_id._get_fault_report_danger_words()
        if self.is_emergency or not words:
            return
        word = danger.find_danger(words, [html_to_written(message.body)])
        if word:
            self._track_set_author(self.env.ref("base.partner_root"))
            self.is_emergency = True
            self._log_emergency(Mark({}, word, None))

    def _log_emergency(self, mark):
        """Log why a new report is an emergency, or that the sender denied it."""
        self.ensure_one()
        if mark.answer is None and self.is_emergency:
            text = self.env._("Marked as an emergency because of “%s”.", mark.reason)
        elif self.is_emergency:
            text = self.env._("The sender answered that it is an emergency.")
        elif mark.reason:
            text = self.env._(
                "“%s” can mean danger; the sender answered that it is no emergency.",
                mark.reason,
            )
        else:
            return
        self._message_log(body=text, author_id=self.env.ref("base.partner_root").id)

    # === PROGRAMS === #

    def _describe_emergency(self):
        """Return what programs get about an emergency; about others, nothing."""
        return {"emergency": True} if self.is_emergency else {}

    # === FORMS === #

    @api.model
    def _read_emergency(self, given):
        """Return the answer in a form as values of the report.

        :param dict given: texts by the names of the inputs
        :raises FieldError:
        """
        text = given.get(EMERGENCY)
        if not text:
            return {}
        if text not in ANSWERS:
            raise FieldError(self.env._("Choose one of the offered values."), EMERGENCY)
        return {"is_emergency": ANSWERS[text]}

    @api.model
    def _get_form_emergency(self, company, points=()):
        """Return what a form shows of emergencies: number, text and question.

        :param points: of the form
        :return: a dict of `phone`, `dialled`, `text` and `words`; the words are None if
            nothing is asked, and all is empty if the company has not set it up
        """
        company = company.with_context(lang=self.env.lang)
        phone = company._find_fault_report_setting("fault_report_emergency_phone")
        text = company._find_fault_report_setting("fault_report_emergency_text")
        words = company._get_fault_report_danger_words()
        asks = words or any(point._can_mean_danger() for point in points)
        return {
            "phone": phone or "",
            "dialled": _NOT_DIALLED.sub("", phone or ""),
            "text": text or "",
            "words": json.dumps(words, ensure_ascii=False) if asks else None,
        }
