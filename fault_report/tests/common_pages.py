"""The pages that customers and visitors open, found from the routes and templates.

A subclass names its `ADDONS` and how their pages are opened. Each page is weighed,
checked with axe-core on a phone and on a large screen, and read in each language.
"""

import gzip
import json
import os
import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import polib
from lxml import etree, html

from odoo import Command
from odoo.http import Request, _generate_routing_rules
from odoo.tools import mute_logger

from .common import FaultReportData
from .common_browser import (
    AXE,
    CHECK,
    FIND_WIDE,
    NARROW,
    PHONE,
    SCREEN,
    BrowserCase,
)
from .common_portal import PortalData

ROOT = Path(__file__).parents[2]
LANGUAGES = "da_DK de_DE es_ES fi_FI fr_FR nb_NO nl_NL sv_SE".split()
ENGLISH = "en_US"
# Addons of Odoo whose texts are on the pages; those of all would take half a minute
SHOWN = ("mail", "portal", "web", "website")
# Of ours on each page, compressed, before photos
MOST_BYTES = 30_000
# As most servers in front of Odoo compress
LEVEL = 6
# The file that gets the table of docs/portal.md
TABLE = os.environ.get("PAGES")
LAYOUTS = {"portal.portal_layout", "website.layout"}
LOADED = "performance.getEntriesByType('resource').map(({name}) => name)"
# Read aloud or shown, beside the content of an element
ATTRIBUTES = ("title", "alt", "placeholder", "aria-label")
TEXTS = re.compile(r"data-texts?(-\w+)?")
TAG = re.compile(r"<[^>]*>")
ATTRIBUTE = re.compile(r'\b(?:title|alt|placeholder|aria-label)="([^"]*)"')
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sdrf]|\{\{[^}]*\}\}|\{\w+\}")
# Fewer letters, such as those of a unit, may be the same in two languages
ARGUMENT = re.compile("<[^>]+>")
WORD = re.compile(r"[^\W\d_]{3,}")
# Fills in the form of a page without its script
POST = """
(([url, data]) => {
    const form = document.createElement("form");
    Object.assign(form, {action: url, method: "post", enctype: "multipart/form-data"});
    for (const [name, value] of Object.entries(data)) {
        const field = document.createElement("textarea");
        Object.assign(field, {name, value});
        form.append(field);
    }
    document.body.append(form);
    form.submit();
})(%s)
"""


class Visit(NamedTuple):
    """How a page is opened.

    name: in the table of docs/portal.md
    login: of the user, or None
    data: what a form without a script sends; None to open the page
    is_of_odoo: whether only a part of the page is ours
    """

    name: str
    url: str
    login: str | None = None
    data: dict | None = None
    is_of_odoo: bool = False


def add_languages(env):
    """Activate the languages of our addons, with the translations of our pages."""
    for code in LANGUAGES:
        env["res.lang"]._activate_lang(code)
    modules = [
        name
        for name in env.registry._init_modules
        if name in SHOWN or name.startswith("fault_report")
    ]
    env["ir.module.module"]._load_module_terms(modules, LANGUAGES)
    if "website" in env:
        env["website"].search([]).language_ids = env["res.lang"].search([])


def clean(text):
    return " ".join(text.split())


def get_pieces(term):
    """Return what a page shows of a term of the translation files."""
    pieces = [*TAG.split(term), *ATTRIBUTE.findall(term)]
    return {clean(piece) for piece in pieces if WORD.search(PLACEHOLDER.sub("", piece))}


class Words:
    """The terms of our addons in one language, as pages show them."""

    def __init__(self, code):
        self.texts, patterns = set(), []
        for path in ROOT.glob("fault_report*/i18n/*.pot"):
            for entry in polib.pofile(str(self.get_path(path, code))):
                for piece in get_pieces(entry.msgstr or entry.msgid):
                    if PLACEHOLDER.search(piece):
                        patterns.append(piece)
                    else:
                        self.texts.add(piece)
        self.pattern = re.compile(
            "|".join(
                ".+?".join(map(re.escape, PLACEHOLDER.split(text))) for text in patterns
            )
        )

    def get_path(self, path, code):
        if code == ENGLISH:
            return path
        return path.with_name(f"{code.partition('_')[0]}.po")

    def __contains__(self, text):
        return text in self.texts or bool(self.pattern.fullmatch(text))


class PublicPages(PortalData, FaultReportData, BrowserCase):
    """The walk. Import the module, not the class: pytest would run it as it is."""

    ADDONS = ()
    # What axe-core checks
    CHECKED = "document"
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Unless the other case of a subclass has made them
        if not hasattr(cls, "lift"):
            cls.make_data(cls.env)
        if not hasattr(cls, "filing"):
            cls.make_portal_data(cls.env)
        cls.make_portal_reports()
        # A form without a script sends more: it is refused
        Company = cls.registry["res.company"]
        cls.classPatch(Company, "_get_fault_report_max_request", lambda self: 20_000)

    @classmethod
    def make_template(cls):
        """Return a template with a point of each type, and with each rule."""
        types = ("section", "check", "choice", "text", "number", "date", "photo")
        points = [
            Command.create(
                {
                    "name": f"P{number}",
                    "type": kind,
                    "help": f"H{number}",
                    "option_ids": [Command.create({"name": "O1"})]
                    if kind == "choice"
                    else [],
                }
            )
            for number, kind in enumerate(types)
        ]
        template = cls.env["fault.report.template"].create(
            {"name": "T1", "point_ids": points}
        )
        check = template.point_ids.filtered(lambda point: point.type == "check")
        cls.env["fault.report.template.point"].create(
            {
                "name": "P9",
                "type": "text",
                "sequence": 20,
                "template_id": template.id,
                "condition_point_id": check.id,
                "condition_check": "not_ok",
            }
        )
        return template

    def get_visits(self):
        """Return each visit; those that change something come last."""
        raise NotImplementedError

    # === WHAT THERE IS === #

    def find_routes(self):
        """Return method and rule of each route that is no route of the back office."""
        modules = sorted(self.env.registry._init_modules)
        return {
            (method, url)
            for url, endpoint in _generate_routing_rules(modules, nodb_only=False)
            if "fault_report" in url and self.is_public(endpoint)
            for method in endpoint.routing.get("methods") or ("GET",)
        }

    def is_public(self, endpoint):
        own = tuple(f"odoo.addons.{name}." for name in self.ADDONS)
        routing = endpoint.routing
        return (routing["auth"] != "user" or routing.get("website")) and any(
            cls.__module__.startswith(own) and endpoint.func.__name__ in vars(cls)
            for cls in type(endpoint.func.__self__).__mro__
        )

    def find_templates(self):
        """Return the templates of whole pages."""
        layouts, pages = set(LAYOUTS), set()
        found = {
            f"{addon}.{template.get('id')}": template
            for addon in self.ADDONS
            for path in ROOT.glob(f"{addon}/views/*_templates.xml")
            for template in etree.parse(path).iter("template")
        }
        for _depth in range(3):
            for name, template in found.items():
                calls = {node.get("t-call") for node in template.iter()}
                if template.find(".//html") is not None or calls & layouts:
                    is_layout = any(
                        node.get("t-out") == "0" for node in template.iter()
                    )
                    (layouts if is_layout else pages).add(name)
        return pages

    def find_rule(self, visit):
        """Return the most exact route of the visit."""
        method = "POST" if visit.data else "GET"
        path = urlsplit(visit.url).path
        found = [
            (url.count("<"), method, url)
            for other, url in self.find_routes()
            if other == method and re.fullmatch(ARGUMENT.sub("[^/]+", url), path)
        ]
        return min(found)[1:] if found else None

    # === VISITS === #

    def get_headers(self):
        return {}

    def set_language(self, code, login):
        """Sign in with this language, or visit with a browser of this language."""
        self.filing.lang = code
        self.authenticate(login, login, session_extra={"context": {"lang": code}})
        self.opener.headers["Accept-Language"] = code.replace("_", "-")
        self.opener.cookies["frontend_lang"] = code

    def get_data(self, visit):
        return {"csrf_token": Request.csrf_token(self), **visit.data}

    def fetch(self, visit):
        self.env["fault.report.attempt"].search([]).unlink()
        url = self.base_url() + visit.url
        options = {"headers": self.get_headers(), "timeout": 60}
        if visit.data is None:
            return self.opener.get(url, **options)
        files = {name: (None, text) for name, text in self.get_data(visit).items()}
        return self.opener.post(url, files=files, allow_redirects=False, **options)

    def is_page(self, visit):
        """Return whether it is a whole page of ours."""
        answer = self.fetch(visit)
        is_html = answer.status_code != 303 and "<html" in answer.text[:500]
        return is_html and not visit.is_of_odoo

    def get_pages(self, login):
        """Return the visits of a user that open whole pages."""
        self.set_language(ENGLISH, login)
        return [
            visit
            for visit in self.get_visits()
            if visit.login == login and self.is_page(visit)
        ]

    def show(self, page, visit):
        """Open the page in the browser."""
        if visit.data is None:
            page.open(visit.url)
            return
        page.open("/web/health")
        content = json.dumps([visit.url, self.get_data(visit)])
        page.run(POST % content)
        path = json.dumps(visit.url.partition("?")[0])
        page.wait(f"location.pathname === {path} && document.readyState === 'complete'")

    def get_logins(self):
        return list(dict.fromkeys(visit.login for visit in self.get_visits()))

    # === WEIGHT === #

    def weigh(self, page, visit):
        """Return the bytes of ours that the page has loaded, compressed."""
        urls = set(page.run(LOADED)) - {self.base_url() + visit.url}
        parts = [*map(self.get_content, filter(self.is_ours, urls))]
        parts.append(self.fetch(visit).content)
        if any("web.assets_frontend" in url for url in urls):
            parts += self.read_bundled()
        return sum(len(gzip.compress(part, LEVEL)) for part in parts)

    def is_ours(self, url):
        return "fault_report" in urlsplit(url).path and AXE not in url

    def get_content(self, url):
        return self.opener.get(url, headers=self.get_headers(), timeout=60).content

    def read_bundled(self):
        """Return our files in the bundle of Odoo's pages."""
        bundle = self.env["ir.qweb"]._get_asset_content("web.assets_frontend")
        return [
            Path(file["filename"]).read_bytes()
            for file in bundle[0]
            if file.get("filename") and "/fault_report" in file["url"]
        ]

    # === LANGUAGES === #

    def get_texts(self, visit, answer, code):
        """Return the texts that the page shows, or its script may show."""
        return self.read_texts(self.parse(answer))

    def parse(self, answer):
        """Return what the browser shows: nothing of an answer to a script."""
        is_html = "html" in answer.headers["Content-Type"] and answer.text.strip()
        is_shown = is_html and answer.status_code != 303
        return html.fromstring(answer.content if is_shown else "<p/>")

    def read_texts(self, tree):
        texts = set()
        for node in tree.iter(etree.Element):
            if node.tag not in ("script", "style", "noscript", "textarea"):
                texts.add(node.text or "")
            texts.add(node.tail or "")
            for name, value in node.attrib.items():
                if name in ATTRIBUTES:
                    texts.add(value)
                elif name == "data-texts":
                    texts.update(json.loads(value).values())
                elif TEXTS.fullmatch(name):
                    texts.add(value)
        return {text for text in map(clean, texts) if WORD.search(text)}

    def get_own_texts(self, visit, answer):
        """Return the texts of our part of a page of Odoo."""
        parts = self.parse(answer).xpath(
            "//title | //*[contains(@class, 'o_fault_report_page')]"
            " | //*[contains(@class, 'o_fault_report_form')]"
        )
        return set().union(*map(self.read_texts, parts))

    def get_names(self):
        """Return the texts that people have typed, which are not translated."""
        models = ("res.partner", "maintenance.equipment", "fault.report", "res.company")
        records = [self.env[model].search([]) for model in models]
        names = {name for found in records for name in found.mapped("name") if name}
        references = self.env["fault.report"].search([]).mapped("reference")
        return names | {"Odoo", *references}

    def is_name(self, text, names):
        rest = text
        for name in sorted(names, key=len, reverse=True):
            rest = rest.replace(name, "")
        return not WORD.search(rest)

    def find_foreign(self, code, english):
        """Return what a visitor of this language reads in English, by page."""
        words, before, names = Words(code), Words(ENGLISH), self.get_names()
        foreign = {}
        for login in self.get_logins():
            self.set_language(code, login)
            for visit in self.get_visits():
                if visit.login != login:
                    continue
                answer = self.fetch(visit)
                texts = self.get_texts(visit, answer, code)
                same = self.get_own_texts(visit, answer) & english[visit.name]
                found = {text for text in texts if text in before} | same
                left = {
                    text
                    for text in found
                    if text not in words and not self.is_name(text, names)
                }
                if left:
                    foreign[visit.name] = left
        return foreign

    def read_english(self):
        english = {}
        for login in self.get_logins():
            self.set_language(ENGLISH, login)
            for visit in self.get_visits():
                if visit.login == login:
                    english[visit.name] = self.get_own_texts(visit, self.fetch(visit))
        return english

    # === TESTS === #

    @mute_logger("odoo.http")
    def test_the_walk_visits_every_route_and_every_template_of_a_page(self):
        rendered = set()
        View = self.registry["ir.ui.view"]
        render = View._render_template

        def render_template(view, template, values=None):
            rendered.add(template)
            return render(view, template, values)

        self.patch(View, "_render_template", render_template)
        visited = set()
        for login in self.get_logins():
            self.set_language(ENGLISH, login)
            for visit in self.get_visits():
                if visit.login == login:
                    self.assertLess(self.fetch(visit).status_code, 500, visit)
                    if "fault_report" in visit.url:
                        visited.add(self.find_rule(visit))
        self.assertEqual(self.find_routes() - visited, set())
        self.assertEqual(self.find_templates() - rendered, set())

    @mute_logger("odoo.http")
    def test_each_page_is_light_and_accessible(self):
        rows = []
        for login in self.get_logins():
            visits = self.get_pages(login)
            with self.browse(login=login) as page:
                page.leave_out_odoo()
                for visit in visits:
                    with self.subTest(visit.name):
                        rows.append((visit.name, *self.measure(page, visit)))
        self.assertTrue(rows)
        self.note(rows)

    def measure(self, page, visit):
        """Return the weight, and the number of violations on both screens."""
        found = []
        check = CHECK.replace("run(document", f"run({self.CHECKED}")
        for size in (PHONE, SCREEN):
            page.resize(size)
            self.show(page, visit)
            found.append(page.run(check))
        page.resize(NARROW)
        self.assertEqual(page.run(FIND_WIDE), [])
        weight = self.weigh(page, visit)
        self.assertEqual(found, [[], []])
        self.assertLessEqual(weight, MOST_BYTES)
        return weight, *map(len, found)

    def note(self, rows):
        """Add rows to the table of docs/portal.md, if `PAGES` names a file."""
        if not TABLE:
            return
        with Path(TABLE).open("a") as file:
            for name, weight, phone, screen in rows:
                file.write(
                    f"| {name} | {weight / 1000:.1f} kB | {phone} | {screen} |\n"
                )

    @mute_logger("odoo.http")
    def test_a_visitor_reads_nothing_in_another_language(self):
        add_languages(self.env)
        english = self.read_english()
        for code in LANGUAGES:
            with self.subTest(code):
                self.assertEqual(self.find_foreign(code, english), {})
