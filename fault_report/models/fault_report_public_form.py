import secrets

from odoo import api, models

from .errors import FieldError

# What anybody may fill in, and where it goes
PUBLIC_FIELDS = {
    "name": "name",
    "comment": "comment",
    "contact_name": "contact_name",
    "email": "email_from",
    "phone": "phone",
}
# People do not see it; programs that fill in everything do
HONEYPOT = "website"


class FaultReport(models.Model):
    """The forms that anybody may send: behind a QR code, and on a web site."""

    # A file for each responsibility. pylint: disable=consider-merging-classes-inherited
    _inherit = "fault.report"

    @api.model
    def _prepare_public_form(self, company):
        """Return what a page needs to show such a form."""
        return {
            "company": company,
            "points": self._get_channel_template_points(company),
            "texts": self._get_form_texts(),
            "limits": self._get_form_limits(company),
            "key": secrets.token_urlsafe(18),
            "honeypot": HONEYPOT,
        }

    @api.model
    def _get_captcha_keys(self):
        """Return the site key of each captcha that is installed and set up."""
        # The addons of Odoo that bring them are none that this one depends on. What
        # they tell their own pages is for everybody, but needs a page of the website.
        IrHttp = self.env["ir.http"]
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
        """File what a visitor has filled in, once for each key of his browser.

        It is done as the visitor whom everybody is, also for those who are signed in:
        the page gives nobody more than it gives everybody.

        :param str scope: whose keys these are, such as `qr:7`
        :param form: `vals`, `points`, `files`, `key` and `fingerprint`
        :param vals: what the door knows itself
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
        return self.env["fault.report.submission"]._once(
            scope, form.key, form.fingerprint, create
        )[0]

    @api.model
    def _read_public_values(self, given):
        """Return the values of the report; refuse names that no such form has."""
        if given.get(HONEYPOT):
            raise FieldError(self.env._("Leave this field empty."), HONEYPOT)
        unknown = given.keys() - PUBLIC_FIELDS.keys() - {HONEYPOT}
        if unknown:
            raise FieldError(
                self.env._("Unknown fields: %s.", ", ".join(sorted(unknown))), "name"
            )
        if not (given.get("name") or "").strip():
            raise FieldError(self.env._("Say in a few words what is wrong."), "name")
        return {
            PUBLIC_FIELDS[name]: value
            for name, value in given.items()
            if name in PUBLIC_FIELDS and value
        }
