from markupsafe import Markup

from odoo import models, tools

from ...tools.xmlids import get_record
from .recipients import CUSTOMER_KINDS

# One SMS in the GSM alphabet
SMS_LENGTH = 160
# Channels of a line without a layout
SHORT_CHANNELS = ("sms", "push")
# Maximum length of a changed text in a message
CHANGE_LENGTH = 300
# Maximum number of reports in a summary
SUMMARY_LINES = 50
# Replaced by `mail.mail`: a new report gets its photos after its message
PHOTOS_PLACE = Markup('<p class="o_fault_report_photos"></p>')


class FaultReport(models.Model):
    """Texts of the messages to staff."""

    _inherit = "fault.report"

    def _prepare_message_values(
        self, kind, channel, summary=None, absence=None, **news
    ):
        """Return the values of `message_notify` in the language of the environment.

        Hook: an override changes the texts. An SMS sends `sms_content`.

        :param summary: the reports of a message about several ones
        :param absence: their technician who will be away, start and end
        :param news: the changes, as parameters of `_prepare_news`
        """
        self.ensure_one()
        author, email_from = self._get_notification_author()
        values = {
            "author_id": author.id,
            "email_from": email_from,
            "email_add_signature": False,
            "email_layout_xmlid": "mail.mail_notification_light",
        }
        if absence:
            reports = summary.with_env(self.env)
            return {**values, **reports._prepare_time_off_values(channel, *absence)}
        if summary:
            return {**values, **summary._prepare_summary_values(kind, channel)}
        if channel in SHORT_CHANNELS:
            # A push message opens the report by itself.
            build = self._get_sms_text if channel == "sms" else self._get_short_text
            text = build(kind, news.get("visit"), news.get("arrival"))
            title = self._mark_title(kind, self._get_message_title(kind))
            return {**values, "subject": title, "body": text, "sms_content": text}
        headers = self._get_visit_headers(kind, news.get("visit"))
        if headers:
            values["mail_headers"] = headers
        message = self._render_message(kind, news)
        message["subject"] = self._mark_title(kind, message["subject"])
        # Below every text: templates are the company's own
        message["body"] += self._get_verdict_buttons(kind)
        return {**values, **message}

    def _render_message(self, kind, news):
        """Return subject and body of the e-mail from the template of this kind."""
        template = get_record(self.env, f"fault_report.mail_template_{kind}")
        text = self._prepare_news(**news)
        report = self.with_context(fault_report_news=text)
        if not template:
            return report._render_without_template(kind, text)
        template = template.with_env(report.env)
        return {
            name: template._render_field(field, self.ids)[self.id]
            for name, field in (("subject", "subject"), ("body", "body_html"))
        }

    def _render_without_template(self, kind, news):
        """Return subject and body of an e-mail whose template was deleted."""
        title = self._get_message_title(kind)
        is_to_customer = kind in CUSTOMER_KINDS
        details = news if is_to_customer else self._get_message_details()
        return {
            "subject": title,
            "body": Markup('<p>%s</p>%s<p><a href="%s">%s</a></p>')
            % (title, details, self._get_message_link(kind), self.reference),
        }

    def _prepare_summary_values(self, kind, channel):
        """Return the text of a message about many new or released reports."""
        title = self._mark_title(kind, self._get_summary_title(kind))
        values = self._prepare_list_values(channel, title)
        if channel not in SHORT_CHANNELS:
            values["body"] += self._get_leavers_text()
        return values

    def _prepare_list_values(
        self, channel, title, path="odoo/fault-reports", label=None
    ):
        """Return subject and body of a message with a list of these reports.

        :param path: where the title, or else the label, leads
        """
        base = self[:1].get_base_url()
        url, reports_url = f"{base}/{path}", f"{base}/odoo/fault-reports"
        if channel in SHORT_CHANNELS:
            text = f"{title} {url}"
            return {"subject": title, "body": text, "sms_content": text}
        lines = Markup().join(
            Markup('<li><a href="%s/%s">%s</a></li>') % (reports_url, report.id, text)
            for report in self[:SUMMARY_LINES]
            for text in [report.display_name]
        )
        rest = len(self) - SUMMARY_LINES
        more = self.env._("And %s more.", rest) if rest > 0 else ""
        head = Markup("<p>%s</p>") % title if label else Markup()
        link = Markup('<p><a href="%s">%s</a></p>') % (url, label or title)
        body = Markup("<ul>%s</ul><p>%s</p>") % (lines, more)
        return {"subject": title, "body": head + link + body}

    def _get_summary_title(self, kind):
        if kind == "released":
            return self.env._("Fault reports without a technician: %s", len(self))
        return self.env._("%s new fault reports", len(self))

    def _get_leavers_text(self):
        """Return who has lost access to these reports, and where they still stand."""
        leavers = self.released_from_id
        if not leavers:
            return Markup()
        text = self.env._(
            "%s cannot keep them (has left, or may not see reports of this company).",
            ", ".join(leavers.mapped("name")),
        )
        places = self._get_places_of_leavers()
        rest = len(places) - SUMMARY_LINES
        more = self.env._("And %s more.", rest) if rest > 0 else ""
        still = places and self.env._(
            "Choose another technician or head here too: %s.",
            ", ".join(places[:SUMMARY_LINES]),
        )
        return Markup("<p>%s</p><p>%s %s</p>") % (text, still or "", more)

    def _prepare_news(
        self,
        changes=(),
        notes=(),
        messages=(),
        files=(),
        visit=None,
        former_visit=None,
        arrival=None,
    ):
        """Return the changes as HTML for the template.

        :param changes: triples of field name, old and new value
        :param notes: new notes
        :param messages: a customer's messages
        :param files: new files
        :param visit: start and end of a customer's visit, and of the former one
        :param arrival: when a technician who is on the way arrives
        """
        if arrival:
            text = self.env._("Arrival: about %s", self._format_clock(arrival))
            return Markup("<strong>%s</strong>") % text
        if visit:
            return self._get_visit_news(visit, former_visit)
        if not (changes or notes or messages or files):
            return Markup()
        return self.env["ir.qweb"]._render(
            "fault_report.message_news",
            {
                "changes": [self._format_change(*change) for change in changes],
                "notes": notes,
                "messages": messages,
                "files": files,
            },
            minimal_qcontext=True,
        )

    # === FOR THE TEMPLATES === #

    def _get_message_details(self):
        """Return the most important data of the report as HTML. For staff only."""
        names = ["reference", "name", "partner_id", "facility_id", "equipment_id"]
        if self.is_emergency:
            names.insert(0, "is_emergency")
        if self.priority != "0":
            names.append("priority")
        names.append("planned_start")
        rows = [
            (self._get_label(name), self._format_value(name, self[name]))
            for name in (*names, "comment")
            if self[name]
        ]
        return self.env["ir.qweb"]._render(
            "fault_report.message_details", {"rows": rows}, minimal_qcontext=True
        )

    def _get_message_photos(self):
        """Return the placeholder of the photos, replaced when the e-mail is sent."""
        return PHOTOS_PLACE

    def _get_message_link(self, kind):
        """Return the URL of the report for the recipients of this kind of message."""
        path = "my/fault_reports" if kind in CUSTOMER_KINDS else "odoo/fault-reports"
        return f"{self.get_base_url()}/{path}/{self.id}"

    # === TEXTS === #

    def _creation_message(self):
        return self._get_creation_message()

    @tools.ormcache("self.env.lang")
    def _get_creation_message(self):
        """Return Odoo's text for the log of a new report: it is that of each."""
        return super()._creation_message()

    def _get_message_title(self, kind):
        """Return the event in one line."""
        name = self.display_name
        if kind == "new":
            return self.env._("New fault report: %(report)s", report=name)
        if kind == "assigned":
            return self.env._("Assigned to you: %(report)s", report=name)
        if kind == "emergency":
            # The mark of the title says so.
            return name
        if kind == "reminder":
            return self.env._("Still waiting: %(report)s", report=name)
        if kind == "escalation":
            return self.env._("Escalated: %(report)s", report=name)
        if kind == "answered":
            return self.env._("The customer has answered: %(report)s", report=name)
        if kind == "unassigned":
            return self.env._("Not assigned yet: %(report)s", report=name)
        if kind == "sla_warning":
            return self.env._("Due soon: %(report)s", report=name)
        if kind == "sla_breached":
            return self.env._("Overdue: %(report)s", report=name)
        if kind == "converted":
            return self.env._("Work order created: %(report)s", report=name)
        if kind == "done":
            return self.env._("Work done: %(report)s", report=name)
        if kind == "solved":
            return self.env._("Solved: %(report)s", report=name)
        if kind == "visit":
            return self.env._("Visit planned: %(report)s", report=name)
        if kind == "visit_off":
            return self.env._("Visit called off: %(report)s", report=name)
        if kind == "on_the_way":
            return self.env._("On the way: %(report)s", report=name)
        return self.env._("Changed: %(report)s", report=name)

    def _mark_title(self, kind, title):
        """Return the title for staff; with an emergency among these, it says so."""
        if kind in CUSTOMER_KINDS or not any(self.mapped("is_emergency")):
            return title
        return self.env._("EMERGENCY: %(title)s", title=title)

    def _get_short_text(self, kind, visit=None, arrival=None):
        """Return the title and the facility.

        :param visit: start and end, which come first, instead of the facility
        :param arrival: when the technician arrives, likewise
        """
        text = self._mark_title(kind, self._get_message_title(kind))
        if visit:
            return f"{self._format_visit(*visit)}: {text}"
        if arrival:
            clock = self._format_clock(arrival)
            return f"{self.env._('Arrival: about %s', clock)}. {text}"
        return f"{text} ({self.facility_id.name})" if self.facility_id else text

    def _get_sms_text(self, kind, visit=None, arrival=None):
        """Return the short text and a link, short enough for one SMS."""
        text = self._get_short_text(kind, visit, arrival)
        link = self._get_message_link(kind)
        room = max(SMS_LENGTH - len(link) - 1, 20)
        if len(text) > room:
            text = text[: room - 3] + "..."
        return f"{text} {link}"

    def _get_label(self, name):
        return self._fields[name]._description_string(self.env)

    def _format_value(self, name, value):
        """Return the value of a field as text."""
        field = self._fields[name]
        if isinstance(value, models.BaseModel):
            return value.with_env(self.env).display_name or ""
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, "")
        if field.type == "boolean":
            return self.env._("Yes") if value else self.env._("No")
        if field.type == "datetime":
            # Where the technician is; users who see the report see who that is.
            zone = self.sudo().technician_id.tz
            return tools.format_datetime(self.env, value, tz=zone, dt_format="short")
        return str(value or "")

    def _format_change(self, name, before, now):
        """Return label, old and new value of a changed field or answer."""
        if name not in self._fields:
            return name, before, now
        texts = [self._format_value(name, value) for value in (before, now)]
        if self._fields[name].type == "text":
            texts[0] = ""
        return (
            self._get_label(name),
            *(
                text if len(text) <= CHANGE_LENGTH else text[:CHANGE_LENGTH] + "…"
                for text in texts
            ),
        )
