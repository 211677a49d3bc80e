"""The embedded form in pages of other looks: it takes theirs, and is never broken."""

import json
import re
from pathlib import Path

from odoo.tests import tagged

from odoo.addons.fault_report.tests.common_browser import AXE, PHONE, SCREEN

from ..models.fault_report_integration_embed import STYLES
from .test_embed import EMBED, serve
from .test_embed_refused import ROOT, EmbedCase

# Each a style sheet of a page, and the background that the form is on
LIGHT = (
    "body {font: 18px Georgia, serif; color: #223; background: #fff} a {color: #064}"
)
DARK = "body {font: 15px Verdana; color: #eee; background: #111} a {color: #8cf}"
# Rules for everything on a page; the page itself is of no use to anyone
HOSTILE = (
    "* {all: unset !important}",
    "* {display: none !important} html, body, main {display: block !important}",
    "* {font-size: 70px !important; line-height: 0 !important}",
    "* {color: transparent !important; -webkit-text-fill-color: transparent}",
    "* {opacity: 0 !important} html, body, main {opacity: 1 !important}",
    "* {width: 0 !important; height: 0 !important; overflow: hidden !important}"
    " html, body, main {width: auto !important; height: auto !important}",
    "* {position: fixed !important; left: -9999px !important}"
    " html, body, main {position: static !important}",
    "* {text-transform: uppercase !important; letter-spacing: 2em !important;"
    " white-space: nowrap !important; text-indent: -9999px !important}",
    "* {transform: scale(0) !important; filter: blur(9px) !important}"
    " html, body, main {transform: none !important; filter: none !important}",
    "html {font-size: 4px} body {display: flex}",
    "body {color: #fff; background: #fff}",
    "input, form, label, button, textarea {display: none !important;"
    " visibility: hidden !important; border: 9px solid red !important}",
)
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>A lift company</title>
<style>{style}</style></head>
<body><main><h1>Lifts</h1>
<script async src="{url}" data-key="{key}"></script>
</main></body></html>"""
# What a visitor needs: all fields there, of a size for people, and with readable texts
LOOK = """
(() => {
    const host = document.querySelector(".fault-report");
    const root = host.shadowRoot;
    const form = root.querySelector("form");
    const problems = [];
    const seen = [...form.elements].filter(
        (field) => field.checkVisibility() && field.type !== "file"
    );
    if (seen.length < 6) { problems.push(`${seen.length} fields`); }
    for (const field of seen) {
        const {width, height, left} = field.getBoundingClientRect();
        const {fontSize, letterSpacing, textTransform} = getComputedStyle(field);
        const size = parseFloat(fontSize);
        if (width < 150 || height < 40 || height > 400 || left < 0) {
            problems.push(`${field.name}: ${width} x ${height} at ${left}`);
        }
        if (size < 14 || size > 26) { problems.push(`${field.name}: ${fontSize}`); }
        if (letterSpacing !== "normal" || textTransform !== "none") {
            problems.push(`${field.name}: ${letterSpacing} ${textTransform}`);
        }
    }
    const box = form.getBoundingClientRect();
    if (box.right > innerWidth) { problems.push(`to ${box.right}`); }
    const {opacity, transform, filter} = getComputedStyle(host);
    if (opacity !== "1" || transform !== "none" || filter !== "none") {
        problems.push(`${opacity} ${transform} ${filter}`);
    }
    return problems;
})()
"""
RUN_AXE = """
(async () => {
    const form = document.querySelector(".fault-report");
    const {violations, passes} = await axe.run(form, {
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
    });
    const problems = violations.map(({id, nodes}) =>
        `${id} at ${nodes.map((node) => `${node.target} ${node.failureSummary}`)}`);
    // Targets in a shadow tree are lists
    const isInside = ({nodes}) => nodes.some(({target}) => Array.isArray(target[0]));
    return passes.some(isInside) ? problems : ["It did not look into the form"];
})()
"""


@tagged("post_install", "-at_install")
class TestEmbedLook(EmbedCase):
    def setUp(self):
        super().setUp()
        self.style = ""

    def make_styled(self):
        return PAGE.format(
            url=self.base_url() + EMBED, key=self.page_key, style=self.style
        )

    def show(self, browser, origin, style):
        self.style = style
        self.page.allowed_origins = origin
        self.visit(browser, f"{origin}/")
        browser.wait(
            f"document.querySelector('style')?.textContent === {json.dumps(style)}"
        )
        browser.wait(f"{ROOT}?.querySelector('form[data-state=editing]')")

    def get_style(self, browser, selector, name):
        return browser.run(
            f"getComputedStyle({ROOT}.querySelector('{selector}')).{name}"
        )

    def test_no_style_sheet_of_a_page_breaks_the_form(self):
        with serve(self.make_styled) as origin:
            for size in (PHONE, SCREEN):
                with self.browse(size) as browser:
                    for style in HOSTILE:
                        with self.subTest(style, size=size):
                            self.show(browser, origin, style)
                            self.assertEqual(browser.run(LOOK), [])

    def test_it_is_accessible_in_light_dark_and_hostile_pages(self):
        # Before the page, whose policy or style may be against it
        source = Path(__file__).parents[2] / "fault_report" / AXE.split("/", 2)[2]
        code = source.read_text()
        with serve(self.make_styled) as origin, self.browse(SCREEN) as browser:
            pages = [(style, PHONE) for style in (LIGHT, DARK, *HOSTILE)]
            for style, size in [*pages, (LIGHT, SCREEN), (DARK, SCREEN)]:
                with self.subTest(style, size=size):
                    browser.resize(size)
                    self.show(browser, origin, style)
                    browser.run(code + ";0")
                    self.assertEqual(browser.run(RUN_AXE), [])

    def test_it_has_the_font_the_colours_and_the_size_of_its_page(self):
        with serve(self.make_styled) as origin, self.browse(SCREEN) as browser:
            self.show(browser, origin, LIGHT)
            self.assertIn(
                "Georgia", self.get_style(browser, "[name=name]", "fontFamily")
            )
            self.assertEqual(self.get_style(browser, "[name=name]", "fontSize"), "18px")
            self.assertEqual(
                self.get_style(browser, "form", "color"), "rgb(34, 34, 51)"
            )
            button = "[type=submit]"
            green = "rgb(0, 102, 68)"
            self.assertEqual(self.get_style(browser, button, "backgroundColor"), green)
            self.assertEqual(self.get_style(browser, "form", "colorScheme"), "light")

    def test_and_follows_a_page_that_becomes_dark(self):
        style = f"{LIGHT} .night {{color: #eee; background: #111}}"
        with serve(self.make_styled) as origin, self.browse(SCREEN) as browser:
            self.show(browser, origin, style)
            browser.run("document.body.className = 'night'")
            colour = f"getComputedStyle({ROOT}.querySelector('form')).color"
            browser.wait(f"{colour} === 'rgb(238, 238, 238)'")
            self.assertEqual(self.get_style(browser, "form", "colorScheme"), "dark")

    def test_the_page_sets_each_colour_by_a_variable(self):
        style = f"{LIGHT} .fault-report {{--fr-accent: #ff0; --fr-text: #300}}"
        with serve(self.make_styled) as origin, self.browse(SCREEN) as browser:
            self.show(browser, origin, style)
            button = "[type=submit]"
            yellow = "rgb(255, 255, 0)"
            self.assertEqual(self.get_style(browser, button, "backgroundColor"), yellow)
            self.assertEqual(
                self.get_style(browser, button, "color"), "rgb(18, 18, 18)"
            )
            self.assertEqual(self.get_style(browser, "form", "color"), "rgb(51, 0, 0)")

    def test_each_variable_of_the_form_can_be_set_by_a_page(self):
        addons = Path(__file__).parents[2]
        form, own = ((addons / path).read_text() for path in STYLES)
        block = own.partition("\n.o_fault_report_form {")
        names = set(re.findall(r"(--fr-[\w-]+):", form))
        self.assertGreater(len(names), 10)
        for name in names:
            with self.subTest(name):
                self.assertIn(f"{name}:", block[0])
                self.assertIn(f"{name}: inherit;", block[2])
