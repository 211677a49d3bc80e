import json
import secrets

from odoo import api, models

from ...tools import photo_rules, text_rules
from ...tools.errors import FieldError
from ..fault_report import TEXT_LIMITS
from .emergency import EMERGENCY
from .submission import DRAFT_DAYS

# The public form fields, and the fields of the report
PUBLIC_FIELDS = {
    "name": "name",
    "comment": "comment",
    "contact_name": "contact_name",
    "email": "email_from",
    "phone": "phone",
}
# Inputs by which visitors can be reached, and those without which a form is refused;
# `either` needs one of them
CONTACTS = ("phone", "email")
ASKED_CONTACTS = {
    "either": (),
    "phone": ("phone",),
    "email": ("email",),
    "both": CONTACTS,
}
# Honeypot: hidden from people, filled in by robots
HONEYPOT = "website"


class FaultReport(models.Model):
    """Public forms: behind a QR code, and on a web site."""

    # One file per topic. pylint: disable=consider-merging-classes-inherited
    _inherit = "fault.report"

    @api.model
    def _prepare_public_form(self, company, categories=()):
        """Return the rendering values of a public form.

        :param categories: ids of the categories of the object, if the form knows it
        """
        points = self._get_channel_template_points(company, categories)
        return {
            "company": company,
            "points": points,
            "emergency": self._get_form_emergency(company, points),
            "categories": categories,
            "form_data": {
                **self._get_form_data(company),
                "data-categories": json.dumps(list(categories)),
            },
            "key": secrets.token_urlsafe(18),
            "honeypot": HONEYPOT,
        }

    @api.model
    def _prepare_public_contact(self, asked):
        """Return the rendering values of the inputs that ask how to reach the visitor.

        :param str asked: a key of `ASKED_CONTACTS`
        """
        needed = ASKED_CONTACTS[asked]
        return {
            "asked": ("contact_name", *(needed or CONTACTS)),
            "needed": needed,
            "one_required": "" if needed else self._get_either_text(),
        }

    @api.model
    def _check_reachable(self, asked, given):
        """Raise unless the visitor can be reached in the way that the form asks for.

        :param str asked: a key of `ASKED_CONTACTS`
        :param dict given: texts by the names of the inputs
        :raises FieldError:
        """
        missing = [
            name for name in CONTACTS if text_rules.is_blank(given.get(name) or "")
        ]
        if asked == "either" and missing == list(CONTACTS):
            raise FieldError(self._get_either_text(), CONTACTS[0])
        for name in missing:
            if name in ASKED_CONTACTS[asked]:
                label = self._get_form_labels()[name]
                raise text_rules.get_error(self.env, "blank", label, 0, name)

    @api.model
    def _get_either_text(self):
        return self.env._("Enter a phone number or an e-mail address.")

    @api.model
    def _add_described_place(self, values, text):
        """Put the place that a visitor described before the comment in `values`."""
        if text_rules.is_blank(text):
            return
        label = self._get_form_labels()["facility"]
        problem = text_rules.find_problem(text, text_rules.MAX_LINE)
        if problem:
            raise text_rules.get_error(
                self.env, problem, label, text_rules.MAX_LINE, "facility"
            )
        lines = [f"{label} {text.strip()}", values.get("comment") or ""]
        values["comment"] = "\n".join(filter(None, lines))

    @api.model
    def _get_captcha_keys(self):
        """Return the site key of each captcha that is installed and set up."""
        # Odoo's captcha addons are optional. They publish their site keys in session
        # info, which exists on pages of the website only.
        IrHttp = self.env["ir.http"]
        # Site keys are public; only administrators may read parameters.
        parameters = self.env["ir.config_parameter"].sudo()
        keys = {}
        if hasattr(IrHttp, "_add_public_key_to_session_info"):
            info = IrHttp._add_public_key_to_session_info({})
            keys["recaptcha"] = info.get("recaptcha_public_key")
        if hasattr(IrHttp, "_verify_turnstile_token"):
            keys["turnstile"] = parameters.get_param("cf.turnstile_site_key")
        return {kind: key for kind, key in keys.items() if key}

    @api.model
    def _file_public_form(self, channel, scope, form, **vals):
        """File a visitor's form, once per idempotency key.

        It is handled as the public user, also for signed-in users: the page gives all
        users the same rights.

        :param str scope: the scope of the keys, such as `qr:7`
        :param form: `vals`, `points`, `files`, `key` and `fingerprint`
        :param vals: values set by the channel
        :return: the report, without access rules
        """
        values = {**self._read_public_values(form.vals), **vals}
        visitor = self.with_user(self.env.ref("base.public_user"))

        def create():
            report = visitor._create_from_channel(
                channel, values, files=form.files, points=form.points
            )
            return report, None

        if not form.key:
            return create()[0]
        return self.env["fault.report.submission"]._run_once(
            scope, form.key, form.fingerprint, create
        )[0]

    @api.model
    def _read_public_values(self, given):
        """Return the values of the report; raise for unknown names."""
        if given.get(HONEYPOT):
            raise FieldError(self.env._("Leave this field empty."), HONEYPOT)
        unknown = given.keys() - PUBLIC_FIELDS.keys() - {HONEYPOT, EMERGENCY}
        if unknown:
            raise FieldError(
                self.env._("Unknown fields: %s.", ", ".join(sorted(unknown))), "name"
            )
        if not (given.get("name") or "").strip():
            raise FieldError(self.env._("Say in a few words what is wrong."), "name")
        email = given.get("email") or ""
        # One that is too long is refused with its limit.
        is_short = len(email) <= text_rules.MAX_LINE
        if email and is_short and not text_rules.is_email(email):
            raise FieldError(
                self.env._("Enter one e-mail address, such as name@example.com."),
                "email",
            )
        values = {
            PUBLIC_FIELDS[name]: value
            for name, value in given.items()
            if name in PUBLIC_FIELDS and value
        }
        return {**values, **self._read_emergency(given)}

    @api.model
    def _get_form_labels(self, is_customer=False):
        """Return the labels of the forms' texts by the name of the input.

        :param is_customer: those of the portal
        """
        return {
            "name": self.env._("What is wrong?"),
            "comment": self.env._("Anything else we should know?"),
            "contact_name": self.env._("Contact on site")
            if is_customer
            else self.env._("Your name"),
            "phone": self.env._("Phone"),
            "email": self.env._("E-mail"),
            "facility": self.env._("Where is it?"),
            "customer_order_ref": self.env._("Your order number"),
            "colleague": self.env._("E-mail of the colleague"),
        }

    @api.model
    def _get_form_texts(self):
        """Return the texts of the form's script, in the user's language.

        The script replaces the placeholders in braces. Browsers have names for what is
        wrong with an input, and say it in their own language.
        """
        return {
            "valueMissing": self.env._("Fill this in."),
            "typeMismatch": self.env._("Write it like name@example.com."),
            "patternMismatch": self.env._("Enter a number."),
            "badInput": self.env._("This cannot be accepted."),
            "preparing": self.env._("Preparing photos …"),
            "posting": self.env._("Sending …"),
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
            "signinLink": self.env._("Sign in"),
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
            "tooLarge": self.env._("“{name}” is too large: {megabytes} MB at most."),
            "tooMany": self.env._("{count} files at most."),
            "forbidden": self.env._(
                "You may not do this here. Ask the company that looks after your "
                "equipment."
            ),
            "missing": self.env._("What this is about no longer exists."),
            "tooMuch": self.env._("This is too much at once: take some files away."),
            "remove": self.env._("Remove {name}"),
            "removed": self.env._("{name} removed."),
            "open": self.env._("Open it"),
        }

    @api.model
    def _get_form_rules(self):
        """Return the limits of the forms' inputs, which the server checks as well.

        :return: `lengths`, the maximum length by input name; `photo_types`, as `accept`
            of an input; `photo`, how the script resizes photos
        """
        rules = {**TEXT_LIMITS, **self.env["fault.report.point"]._text_limits}
        lengths = {name: rule["limit"] for name, rule in rules.items()}
        inputs = {name: lengths[field] for name, field in PUBLIC_FIELDS.items()}
        lines = dict.fromkeys(("facility", "object_text"), text_rules.MAX_LINE)
        lines["colleague"] = text_rules.MAX_EMAIL
        lines["wish"] = text_rules.MAX_WISH
        return {
            "lengths": {**lengths, **inputs, **lines},
            "photo_types": ",".join(photo_rules.TYPES),
            "photo": {
                "maxSide": photo_rules.MAX_SIDE,
                "quality": photo_rules.QUALITY / 100,
                # A GIF may move
                "types": [kind for kind in photo_rules.TYPES if kind != "image/gif"],
            },
        }

    @api.model
    def _get_form_data(self, company):
        """Return the attributes that the script of a form reads from it."""
        return {
            "data-texts": self._dump_form_texts(),
            "data-limits": json.dumps(self._get_form_limits(company)),
            "data-photo": json.dumps(self._get_form_rules()["photo"]),
        }

    @api.model
    def _dump_form_texts(self):
        """Return the texts as JSON without spaces and escapes, as pages are light."""
        texts = self._get_form_texts()
        return json.dumps(texts, ensure_ascii=False, separators=(",", ":"))

    @api.model
    def _get_form_limits(self, companies):
        """Return the limits that the script checks before sending.

        :param companies: the possible companies of the form; with several, the server
            checks again
        """
        limits = [company._get_fault_report_limits() for company in companies]
        return {
            "maxFiles": max(limit.files for limit in limits),
            "maxBytes": max(limit.size for limit in limits),
            "maxTotal": self.env["res.company"]._get_fault_report_max_request(),
            "keepPosition": any(limit.keep_position for limit in limits),
            "draftDays": DRAFT_DAYS,
        }

    @api.model
    def _get_unsent_data(self, request):
        """Return the attributes with which a page sends the drafts of its browser.

        Drafts of the portal are sent for the user of the page only, with their CSRF
        token: another user who signs in later sends nothing in their name.
        """
        return {
            "data-fault-report-unsent": "1",
            "data-owner": f"portal:{request.env.uid}",
            "data-csrf": request.csrf_token(),
            "data-texts": self._dump_form_texts(),
            "data-limits": json.dumps({"draftDays": DRAFT_DAYS}),
        }
