import logging

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tools import text_rules
from ..tools.context_switches import with_own_context
from .fault_report import WAITING_STATES

_logger = logging.getLogger(__name__)

CRON = "fault_report.ir_cron_release_reports"
# Reports that are released in the transaction of the cause; the others by the cron
AT_ONCE = 100
# The fields of users that determine what they have access to
ACCESS_FIELDS = {"active", "group_ids", "company_ids"}
# The last steps of the progress
FINISHED = {"done", "invoiced"}


class FaultReport(models.Model):
    """Reports of people who go: technicians without access, deleted reporters.

    A waiting report whose technician may no longer see it is new again. It does not
    matter how the technician lost access: reports are compared with the current rights,
    after each change of users, groups and companies, and by a scheduled action.
    """

    _inherit = "fault.report"

    # Until the dispatchers are notified
    released_from_id = fields.Many2one(
        "res.users",
        readonly=True,
        copy=False,
        index="btree_not_null",
        protected=True,
        technical=True,
        help="The technician who lost access to it.",
    )

    # === TECHNICIANS === #

    def _may_keep_technician(self):
        """Return whether the technician still has access to the report.

        Technicians who are absent, and only refused for new reports, keep theirs.
        """
        technician = self.technician_id
        return self._may_see_reports(technician) or self._can_be_technician(technician)

    @api.model
    def _get_leavers_domain(self, domain=Domain.TRUE):
        """Return the domain of waiting reports whose technician has lost access.

        One query, whatever the number of reports: access depends on the company only.

        :param domain: limits the reports
        """
        waiting = (
            self._get_waiting_domain() & Domain("technician_id", "!=", False) & domain
        )
        groups = self._read_group(waiting, ["company_id", "technician_id"], ["id:max"])
        samples = self.browse([report_id for *_names, report_id in groups])
        return waiting & Domain.OR(
            Domain("company_id", "=", report.company_id.id)
            & Domain("technician_id", "=", report.technician_id.id)
            for report in samples
            if not report._may_keep_technician()
        )

    @api.model
    def _release_from_leavers(self, domain=Domain.TRUE, event="reopened"):
        """Release waiting reports whose technicians have lost access.

        Called after each change that can have that effect. Many reports are left to the
        scheduled action.

        :param domain: limits the reports to those that the change can concern
        :param event: the event to post, False if it is being posted
        """
        if not self.env.registry.ready:
            # Groups are being loaded; the scheduled action follows.
            return
        # Users who manage accounts need no access to reports.
        clean_sudo = with_own_context(self).sudo()
        leavers = clean_sudo._get_leavers_domain(domain)
        if leavers.is_false():
            return
        found = clean_sudo.search(leavers, order="id", limit=AT_ONCE + 1)
        if len(found) <= AT_ONCE:
            found._release(event)
            found._notify_released()
        else:
            # Without it, if an administrator has deleted it, the archiving goes on.
            cron = self.env.ref(CRON, raise_if_not_found=False)
            if cron:
                # Users may not trigger it.
                cron.sudo()._trigger()

    def _release(self, event="reopened"):
        """Take the reports from their technicians, with a note and the event."""
        for (technician, company), reports in self.grouped(
            lambda report: (report.technician_id, report.company_id)
        ).items():
            successor = reports._get_successor(technician, company)
            note = self._get_release_note(technician, successor)
            reports._message_log_batch(dict.fromkeys(reports.ids, note))
            reports.write(
                {
                    "technician_id": successor.id,
                    "released_from_id": not successor and technician.id,
                }
            )
        if event:
            released = self.filtered(lambda report: not report.technician_id)
            released.sudo(False)._post_event(event)

    def _get_successor(self, technician, company):
        """Return the technician who takes over the reports, or an empty recordset.

        The substitute, or theirs. Hook: they need access to reports of `company`.
        """
        substitutes = technician._get_fault_report_substitutes()
        return substitutes.filtered(self[:1]._can_be_technician)[:1]

    def _get_release_note(self, technician, successor):
        if successor:
            return self.env._(
                "%(technician)s cannot keep this fault report (has left, or may not "
                "see reports of this company): %(successor)s takes it over.",
                technician=technician.name,
                successor=successor.name,
            )
        return self.env._(
            "%(technician)s cannot keep this fault report (has left, or may not see "
            "reports of this company): it waits for another technician.",
            technician=technician.name,
        )

    def _notify_released(self):
        """Notify the dispatchers of these reports, once for each company."""
        for reports in self.filtered("released_from_id").grouped("company_id").values():
            waiting = reports.filtered(lambda report: report.state == "new")
            if waiting and waiting._queue_release_summary():
                # No further message for each of them
                for since, its_reports in waiting.grouped("unassigned_since").items():
                    its_reports.unassigned_told = since
            reports.released_from_id = False

    def _queue_release_summary(self):
        """Notify the dispatchers, else the administrators; return the channels used."""
        report = self[-1]
        administrators = report._get_administrators().filtered("email_normalized")
        used = report._notify_safely(
            "released", report._get_dispatchers(), summary=self
        ) or report._notify_safely(
            "released", administrators, summary=self, otherwise=("email",)
        )
        if not used:
            report._plan_safely(
                "fault_report.mail_activity_type_unassigned",
                report._get_answer_responsible(),
            )
        return used

    def _get_places_of_leavers(self):
        """Return the places and subgroups that new reports would get them from."""
        leavers = self.released_from_id
        places = self.env["res.partner"].search([("technician_id", "in", leavers.ids)])
        heads = self.env["fault.report.subgroup"].search(
            [("user_id", "in", leavers.ids)]
        )
        return places.mapped("display_name") + heads.mapped("display_name")

    @api.model
    def _cron_release_reports(self, batch_size=200):
        """Release all reports whose technicians have lost access.

        The summary follows when there are no more of them.
        """
        cron = self.env["ir.cron"]
        leavers = self._get_leavers_domain()
        last_id = 0
        while not leavers.is_false():
            found = self.search(
                leavers & Domain("id", ">", last_id), order="id", limit=batch_size
            )
            found.try_lock_for_update()._release_safely()
            remaining = len(found) == batch_size
            if not cron._commit_progress(len(found), remaining=int(remaining)):
                return
            if not remaining:
                break
            last_id = found[-1].id
        self.search([("released_from_id", "!=", False)])._notify_released()
        cron._commit_progress(remaining=0)

    def _release_safely(self):
        """Release the reports; a failure of one does not stop the others."""
        try:
            with self._isolated():
                self._release()
        except OperationalError:
            _logger.info("%s are in use; their turn is next time", self)
        except Exception:
            _logger.exception("%s: not released", self)
            for report in self if len(self) > 1 else ():
                report._release_safely()

    # === REPORTERS === #

    @api.model
    def _keep_deleted_contacts(self, contacts):
        """Keep on open reports who reported them, before these contacts are deleted."""
        # Users who delete a contact need no access to its reports.
        clean_sudo = with_own_context(self).sudo()
        found = clean_sudo._search_open(Domain("contact_id", "in", contacts.ids))
        for contact, reports in found.grouped("contact_id").items():
            reports._keep_reporter(contact)

    @api.model
    def _keep_deleted_users(self, users):
        """Keep on open reports who filed them, before these accounts are deleted."""
        # As above
        clean_sudo = with_own_context(self).sudo()
        found = clean_sudo._search_open(
            Domain("create_uid", "in", users.filtered("share").ids)
            & Domain("contact_id", "=", False)
            & Domain("contact_name", "in", (False, ""))
        )
        for user, reports in found.grouped("create_uid").items():
            reports._keep_reporter(user.partner_id)

    @api.model
    def _search_open(self, domain):
        """Return the reports that wait, or whose work is not done yet."""
        states = (*WAITING_STATES, "converted")
        found = self.search(domain & Domain("state", "in", states))
        return found.filtered(lambda report: report.progress not in FINISHED)

    def _keep_reporter(self, person):
        """Fill in name, e-mail and phone of a person who is about to be deleted.

        Of another reporter who is named already, nothing is changed.
        """
        name, email, phone = (
            text_rules.clean_line(text or "", text_rules.MAX_LINE)
            for text in (person.name, person.email, person.phone)
        )
        named = self.filtered("contact_name")
        for (own_email, own_phone), reports in (
            (self - named)
            .grouped(lambda report: (report.email_from, report.phone))
            .items()
        ):
            reports.write(
                {
                    "contact_name": name,
                    "email_from": own_email or email,
                    "phone": own_phone or phone,
                }
            )
        who = ", ".join(filter(None, (name, email, phone)))
        note = self.env._("%s was deleted, and stays named here as the reporter.", name)
        other = self.env._("The contact %s was deleted.", who)
        self._message_log_batch(
            {report.id: other if report in named else note for report in self}
        )


class ResUsers(models.Model):
    _inherit = "res.users"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_technician(self):
        # Reports of all companies count.
        report_sudo = (
            self.env["fault.report"]
            .sudo()
            .search([("technician_id", "in", self.ids)], limit=1)
        )
        if report_sudo:
            raise UserError(
                self.env._(
                    "Fault reports name %s as their technician: archive the user "
                    "instead.",
                    report_sudo.technician_id.name,
                )
            )

    def unlink(self):
        """Keep on open reports who filed them."""
        self.env["fault.report"]._keep_deleted_users(self)
        return super().unlink()


class ResPartner(models.Model):
    _inherit = "res.partner"

    def unlink(self):
        """Keep on open reports who reported them."""
        self.env["fault.report"]._keep_deleted_contacts(self)
        return super().unlink()
