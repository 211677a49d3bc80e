import json
import os
import re

from markupsafe import Markup
from rjsmin import jsmin

from odoo import api, fields, models, tools
from odoo.tools import file_open, file_path

from odoo.addons.fault_report.models.intake.public_form import HONEYPOT

FOLDER = "fault_report/static/src/public"
OWN_FOLDER = "fault_report_api/static/src/public"
STYLES = (f"{FOLDER}/fault_report_form.css", f"{OWN_FOLDER}/embed.css")
SCRIPTS = (
    "fault_report/static/src/point_rule/find_shown.js",
    f"{FOLDER}/points.js",
    f"{FOLDER}/drafts.js",
    f"{FOLDER}/photos.js",
    f"{FOLDER}/captcha.js",
    f"{FOLDER}/danger.js",
    f"{FOLDER}/fault_report_form.js",
    f"{OWN_FOLDER}/page_look.js",
    f"{OWN_FOLDER}/embed.js",
)
# Sizes relative to the root of the page, which is not ours
ROOT_SIZE = re.compile(r"([\d.]+)rem\b")
# Comments and indentation, as Odoo's bundles leave them out
CSS_BLANK = re.compile(r"/\*.*?\*/|\n\s*", re.S)


def _read_files(paths):
    texts = []
    for path in paths:
        with file_open(path) as file:
            texts.append(file.read())
    return "\n".join(texts)


class FaultReportIntegration(models.Model):
    """The form and the sign-in link for the company's own web pages."""

    _inherit = "fault.report.integration"

    asked_contact = fields.Selection(
        [
            ("either", "Phone or E-mail"),
            ("phone", "Phone"),
            ("email", "E-mail"),
            ("both", "Phone and E-mail"),
        ],
        required=True,
        default="either",
        help="What visitors have to enter in the form, besides their name.",
    )
    page_lang = fields.Selection(
        lambda self: self.env["res.lang"].get_installed(),
        string="Language of the Form",
        help="If it is not the language of the page.",
    )
    embed_code = fields.Char(
        string="Form", compute="_compute_codes", help="One line for the page."
    )
    signin_code = fields.Char(
        string="Sign-in Link", compute="_compute_codes", help="Copy it into the page."
    )

    @api.depends("company_id", "in_page", "page_lang")
    def _compute_codes(self):
        for integration in self:
            url = integration.get_base_url()
            integration.embed_code = integration.in_page and (
                integration._get_embed_code(self.env._("YOUR KEY"))
            )
            company = integration.company_id
            integration.signin_code = Markup(
                '<a href="%(url)s/fault_report/signin?company=%(id)s">'
                '<img src="%(url)s/web/binary/company_logo?company=%(id)s"'
                ' alt="%(name)s" height="60"/><br/>%(text)s</a>'
            ) % {
                "url": url,
                "id": company.id,
                "name": company.name,
                "text": self.env._("Sign in to your fault reports"),
            }

    def _get_embed_code(self, key):
        """Return the line of HTML for the page, with contact data without scripts."""
        self.ensure_one()
        lang = self.page_lang or self.company_id.partner_id.lang
        return Markup(
            '<script async src="%(url)s/fault_report/v1/embed.js" data-key="%(key)s"'
            "%(lang)s></script><noscript><p>%(closed)s</p>%(contact)s</noscript>"
        ) % {
            "url": self.get_base_url(),
            "key": key,
            "lang": Markup(' data-lang="%s"') % self.page_lang.replace("_", "-")
            if self.page_lang
            else "",
            "closed": self.with_context(lang=lang)._get_embed_texts()["closed"],
            "contact": self._get_contact_html(),
        }

    def _get_contact_html(self):
        company = self.company_id
        links = [(company.phone, "tel"), (company.email, "mailto")]
        return Markup().join(
            Markup('<p><a href="%(scheme)s:%(text)s">%(text)s</a></p>')
            % {"scheme": scheme, "text": text}
            for text, scheme in links
            if text
        )

    @api.model
    def _get_embed_script(self):
        """Return one script with everything for the form on other sites."""
        context = self.env.context
        keys = self.env["ir.qweb"]._get_template_cache_keys()
        forms, scripts = self._prepare_embed(
            tuple(context.get(key) or False for key in keys if key != "lang"),
            # Files may change while Odoo runs
            tuple(os.stat(file_path(path)).st_mtime_ns for path in (*STYLES, *SCRIPTS)),
        )
        # One object of both
        settings = f"{forms[:-1]}, {json.dumps(self._get_embed())[1:]}"
        return f"(function () {{\nconst FAULT_REPORT = {settings};\n{scripts}\n}})();\n"

    # Cleared by changes of views, languages, parameters and files in Odoo
    @tools.ormcache("context", "version", cache="templates.cached_values")
    def _prepare_embed(self, context, version):
        """Return the expensive parts: style and forms as JSON, and the scripts.

        :param tuple context: what templates depend on, besides the language
        :param tuple version: of the files
        """
        forms = {
            code: self.with_context(lang=code)._get_embed_form()
            for code, _name in self.env["res.lang"].get_installed()
        }
        style = ROOT_SIZE.sub(r"calc(\1 * var(--fr-size))", _read_files(STYLES))
        style = CSS_BLANK.sub(" ", style)
        settings = {"style": style, "forms": forms}
        return json.dumps(settings), jsmin(_read_files(SCRIPTS))

    @api.model
    def _get_embed(self):
        """Return the other settings of the form's script."""
        languages = [code for code, _name in self.env["res.lang"].get_installed()]
        return {
            "limits": self.env["fault.report"]._get_form_limits(
                # The script is the same for all of them.
                self.env["res.company"].sudo().search([])
            ),
            "photo": self.env["fault.report"]._get_form_rules()["photo"],
            "captcha": self.env["fault.report"]._get_captcha_keys(),
            "language": self.env.company.partner_id.sudo().lang or languages[0],
        }

    @api.model
    def _get_embed_form(self):
        # The script asks for the points of the key
        values = {"honeypot": HONEYPOT, "points": ()}
        # Public data, for any user
        qweb = self.env["ir.qweb"].sudo()
        html = qweb._render("fault_report_api.embed_form", values)
        return {
            "html": str(html),
            "texts": {
                **self.env["fault.report"]._get_form_texts(),
                **self._get_embed_texts(),
            },
        }

    @api.model
    def _get_embed_texts(self):
        """Return the additional texts of the embedded form's script."""
        return {
            "required": self.env._("Fill this in."),
            "too_long": self.env._("This is too long."),
            "characters": self.env._("This holds characters that cannot be shown."),
            "not_accepted": self.env._("This cannot be accepted."),
            "one_required": self.env["fault.report"]._get_either_text(),
            "reference": self.env._("Its number is {reference}."),
            "track": self.env._("Follow what becomes of it"),
            "again": self.env._("Report something else"),
            "closed": self.env._(
                "This form cannot send anything at the moment. Please reach us in "
                "another way."
            ),
        }
