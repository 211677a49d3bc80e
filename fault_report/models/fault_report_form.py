import json

from odoo import api, models

from .fault_report_submission import DRAFT_DAYS


class FaultReport(models.Model):
    """What the forms outside of the back office need to know."""

    _inherit = "fault.report"

    @api.model
    def _get_form_texts(self):
        """Return what the script of the forms says, in the language of the reader.

        What stands in braces is filled in by the script.
        """
        return {
            "preparing": self.env._("Preparing photos …"),
            "sending": self.env._("Sending … {percent} %"),
            "sent": self.env._("Your report has arrived."),
            "offline": self.env._(
                "No connection. Your report is kept on this device and is sent as soon "
                "as there is one."
            ),
            "unavailable": self.env._(
                "The server does not answer. We try again in {seconds} seconds."
            ),
            "failed": self.env._(
                "It could not be sent yet. Your report is kept on this device."
            ),
            "retry": self.env._("Send now"),
            "restored": self.env._("We kept what you entered last time."),
            "discard": self.env._("Start over"),
            "fix": self.env._("Please look at what is marked."),
            "signin": self.env._(
                "You have been signed out. Sign in again; what you entered is kept."
            ),
            "stale": self.env._(
                "This page is too old. Reload it; what you entered is kept."
            ),
            "kept": self.env._(
                "What you entered is kept on this device and sent by itself."
            ),
            "unsent": self.env._("1 report not sent yet."),
            "unsentMany": self.env._("{count} reports not sent yet."),
            "unsentComment": self.env._("1 comment not sent yet."),
            "unsentComments": self.env._("{count} comments not sent yet."),
            "look": self.env._("Look at it"),
            "arrived": self.env._("This has arrived:"),
            "tooLarge": self.env._("“{name}” is too large."),
            "tooMany": self.env._("{count} files at most."),
            "forbidden": self.env._(
                "You may not do this here. Ask the company that looks after your "
                "equipment."
            ),
            "missing": self.env._("What this is about is not there any more."),
            "tooMuch": self.env._("This is too much at once: take some files away."),
            "remove": self.env._("Remove {name}"),
            "removed": self.env._("{name} removed."),
            "open": self.env._("Open it"),
        }

    @api.model
    def _get_form_limits(self, companies):
        """Return what the script refuses before anything is sent.

        :param companies: those that the form may be for; where there are several, the
            server has the last word
        """
        limits = [company._get_fault_report_limits() for company in companies]
        return {
            "maxFiles": max(limit.files for limit in limits),
            "maxBytes": max(limit.size for limit in limits),
            "keepPosition": any(limit.keep_position for limit in limits),
            "draftDays": DRAFT_DAYS,
        }

    @api.model
    def _get_unsent_data(self, request):
        """Return the attributes by which a page sends what its browser still keeps.

        Reports of the portal are sent for the user of the page only, with the token of
        their session: another user who signs in later sends nothing in their name.
        """
        return {
            "data-fault-report-unsent": "1",
            "data-owner": f"portal:{request.env.uid}",
            "data-csrf": request.csrf_token(),
            "data-texts": json.dumps(self._get_form_texts()),
            "data-limits": json.dumps({"draftDays": DRAFT_DAYS}),
        }
