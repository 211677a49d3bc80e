from datetime import timedelta

from markupsafe import Markup

from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import consteq, hmac
from odoo.tools.misc import get_lang

from ...tools import own_addresses, text_rules
from ...tools.context_switches import with_own_context
from ...tools.errors import FieldError, ForbiddenError
from ..fault_report import TEXT_LIMITS, WAITING_STATES
from ..intake.channel import FOLLOW_UP

WORKS, BROKEN = "works", "broken"
VERDICTS = (WORKS, BROKEN)
VERDICT_PATH = ("fault_report", "verdict")
# What a follow-up takes from the report before it
FOLLOWED = (
    "partner_id",
    "facility_id",
    "contact_id",
    "equipment_id",
    "contact_name",
    "email_from",
    "phone",
    "customer_order_ref",
    "priority",
)
# The kinds of messages that ask
ASKING_KINDS = {"done", "solved"}

own_addresses.add_secret_path(*VERDICT_PATH)


class FaultReport(models.Model):
    """What customers say of finished work: it works, or it is still broken.

    A report that was solved is reopened then. One with a work order has a follow-up
    instead: the order is done, and may be invoiced.
    """

    # One file per topic. pylint: disable=consider-merging-classes-inherited
    _inherit = "fault.report"

    verdict = fields.Selection(
        [(WORKS, "It works"), (BROKEN, "Still broken")],
        string="Customer Says",
        readonly=True,
        copy=False,
        protected=True,
        help="The customer's answer to whether it works, for the last time it was "
        "resolved.",
    )
    verdict_at = fields.Datetime(
        string="Customer Said", readonly=True, copy=False, protected=True
    )
    # For statistics: also of reports that were resolved again since
    came_back = fields.Boolean(
        readonly=True,
        copy=False,
        protected=True,
        technical=True,
        help="After it was resolved, it was taken up again, or was still broken.",
    )
    follow_up_of_id = fields.Many2one(
        "fault.report",
        string="Follow-Up of",
        readonly=True,
        copy=False,
        check_company=True,
        protected=True,
        help="The report whose customer said “Still broken”.",
    )
    follow_up_ids = fields.One2many(
        "fault.report",
        "follow_up_of_id",
        string="Follow-Ups",
        readonly=True,
        protected=True,
        technical=True,
    )
    # A report has one at most.
    follow_up_id = fields.Many2one(
        "fault.report", string="Follow-Up", compute="_compute_follow_up_id"
    )

    # One answer never makes two reports.
    _follow_up_of_index = models.UniqueIndex(
        "(follow_up_of_id) WHERE follow_up_of_id IS NOT NULL",
        "This fault report has a follow-up.",
    )

    @api.depends("follow_up_ids")
    def _compute_follow_up_id(self):
        for report in self:
            report.follow_up_id = report.follow_up_ids[:1]

    # === ASKING === #

    def _asks_for_verdict(self):
        """Return whether the company asks its customers whether it works."""
        self.ensure_one()
        # Customers may not read companies.
        return self.company_id.sudo().fault_report_ask_verdict

    def _get_verdict_stage(self):
        """Return what the customer is shown: `open`, `works`, `broken`, or `closed`.

        `works` may still become `broken`; `broken` is final until new work is done. It
        is `closed` where nothing is asked, or not any more.
        """
        self.ensure_one()
        if not self._asks_for_verdict() or self.anonymised_at:
            return "closed"
        if self.verdict == BROKEN:
            return BROKEN if self._is_being_mended() else "closed"
        is_resolved = self.state in ("solved", "converted") and self.resolved_at
        if not is_resolved or fields.Datetime.now() > self._get_verdict_end():
            return "closed"
        return self.verdict or "open"

    def _is_being_mended(self):
        """Return whether what is still broken is open again, or has a follow-up.

        It may have been merged or cancelled since, and the follow-up deleted.
        """
        if self.follow_up_ids or self.state in WAITING_STATES:
            return True
        return self.state == "converted" and not self._is_work_done()

    def _get_verdict_end(self):
        """Return until when an answer is taken."""
        # Customers may not read companies.
        days = self.company_id.sudo().fault_report_verdict_days
        return self.resolved_at + timedelta(days=days)

    def _forget_verdict(self, event):
        """Ask anew after new work, and forget that it works once it goes on.

        What has a follow-up is asked about there.
        """
        stale = self.filtered(lambda report: report.verdict)
        if event in ("started", "reopened"):
            stale = stale.filtered(lambda report: report.verdict == WORKS)
        elif event not in ASKING_KINDS:
            return
        stale = stale.filtered(lambda report: not report.follow_up_ids)
        stale.write({"verdict": False, "verdict_at": False})

    # === THE LINK === #

    def _get_verdict_token(self):
        """Return the secret of the link, which ends if the customer changes."""
        self.ensure_one()
        # Those who are notified see the report; the server's secret is not shown.
        parts = (self.id, self.sudo().commercial_partner_id.id)
        return hmac(self.env(su=True), "fault_report-verdict", parts)

    @api.model
    def _find_by_verdict_token(self, report_id, token):
        """Return the report of the link, without access rules, or none."""
        # The secret is compared before anything is shown.
        report_sudo = self.sudo().browse(report_id).exists()
        if not report_sudo or not token.isascii():
            return report_sudo.browse()
        is_known = consteq(report_sudo._get_verdict_token(), token)
        return report_sudo if is_known else report_sudo.browse()

    def _get_verdict_url(self, verdict):
        """Return the page with this answer first, in the language of the message."""
        path = "/".join((*VERDICT_PATH, str(self.id), self._get_verdict_token()))
        lang = get_lang(self.env).code
        return f"{self.get_base_url()}/{path}?verdict={verdict}&lang={lang}"

    def _get_verdict_buttons(self, kind):
        """Return the buttons for the e-mail of this kind, or nothing."""
        if kind not in ASKING_KINDS or not self._asks_for_verdict():
            return Markup()
        return self.env["ir.qweb"]._render(
            "fault_report.message_verdict", {"report": self}, minimal_qcontext=True
        )

    # === ANSWERING === #

    def _answer_verdict(self, form):
        """Take the answer that a page sent.

        :param form: a `controllers.form.Form`
        """
        if self.env.user._is_internal():
            raise ForbiddenError(
                self.env._("You may not write about this fault report here.")
            )
        unknown = form.vals.keys() - {"verdict", "comment"}
        if unknown or form.points or form.files:
            raise FieldError(
                self.env._("Unknown fields: %s.", ", ".join(sorted(unknown))), "comment"
            )
        self._take_verdict(form.vals.get("verdict"), form.vals.get("comment", ""))

    def _take_verdict(self, verdict, text=""):
        """Note what the customer says, once; “Still broken” brings the report back.

        The caller has checked the secret, or the user's access. The same answer again,
        and one that comes too late, change nothing.
        """
        self.ensure_one()
        if verdict not in VERDICTS:
            raise FieldError(self.env._("Choose one of the offered values."), "verdict")
        text_rules.check_texts(self, {"comment": text}, TEXT_LIMITS)
        # Customers have no rights; the answer is all that they choose.
        report_sudo = with_own_context(self).sudo()
        if report_sudo._get_verdict_stage() not in {"open", WORKS} - {verdict}:
            return
        said = {"verdict": verdict, "verdict_at": fields.Datetime.now()}
        # Once it came back, it has.
        broke = {"came_back": True} if verdict == BROKEN else {}
        report_sudo.write({**said, **broke})
        # Of two at once, the second waits here; then Odoo repeats its request.
        report_sudo.flush_recordset()
        if verdict == BROKEN:
            report_sudo._come_back(text.strip())
        else:
            report_sudo._log_verdict(report_sudo.env._("The customer says: it works."))

    def _log_verdict(self, text):
        self._message_log(body=text, **self._get_customer_author())

    def _come_back(self, text):
        """Reopen the report, or file the follow-up of one with an order."""
        if self.state == "solved":
            # In the name of the company: visitors are no authors of a log.
            report = with_own_context(self._in_staff_language())
            in_own_name = report.with_user(SUPERUSER_ID)
            in_own_name.action_reopen(
                in_own_name.env._("The customer says that it is still broken.")
            )
            said = self.env._("It is still broken.")
            self._post_from_customer(f"{said}\n\n{text}".strip())
        else:
            self._file_follow_up(text)

    def _file_follow_up(self, text):
        """File the report that follows this one, as a new one, and link both."""
        report = self._in_staff_language()
        vals = report._convert_to_write({name: report[name] for name in FOLLOWED})
        follow_up = report._create_from_channel(
            FOLLOW_UP,
            {
                **vals,
                "company_id": report.company_id.id,
                "name": report._get_follow_up_name(),
                "comment": text,
            },
        )
        follow_up.follow_up_of_id = report
        follow_up.message_subscribe(report._get_followers_outside(follow_up).ids)
        # By number: what is anonymised in one leaves no words in the other.
        before, after = (
            one._get_html_link(one.reference) for one in (report, follow_up)
        )
        report._log_verdict(
            report.env._("Still broken: %(report)s follows.", report=after)
        )
        follow_up._log_verdict(
            report.env._("Still broken after %(report)s.", report=before)
        )
        return follow_up

    def _get_follow_up_name(self):
        start = self.env._("Still broken: %s", "")
        name = self.name if self.name.startswith(start) else f"{start}{self.name}"
        return name[: text_rules.MAX_NAME].strip()

    def _get_followers_outside(self, follow_up):
        """Return the contacts who follow the report or filed it, for its follow-up.

        Who has left the customer meanwhile is not among them.
        """
        filed = self.create_uid.filtered(lambda user: user._is_portal())
        outside = self.message_partner_ids.filtered("partner_share") | filed.partner_id
        return outside.filtered(
            lambda partner: follow_up._may_receive(partner, is_chosen=False)
        )

    def _in_staff_language(self):
        """Return the report in the language of the company, for names and logs."""
        lang = get_lang(self.env, self.company_id.partner_id.lang).code
        return self.with_context(lang=lang)

    # === FOR THE PAGES === #

    def _prepare_verdict_page(self, chosen=None):
        """Return the values of the template `verdict_form`.

        :param chosen: the answer that is shown first
        """
        self.ensure_one()
        # The caller has checked that the visitor may see the report.
        report_sudo = self.sudo()
        stage = report_sudo._get_verdict_stage()
        offered = {"open": [WORKS, BROKEN], WORKS: [BROKEN]}.get(stage, [])
        return {
            "verdict_stage": stage,
            "verdict_choices": sorted(offered, key=lambda one: one != chosen),
            # Only its number is shown.
            "follow_up": stage == BROKEN and report_sudo.follow_up_ids,
        }
