"""Odoo's captchas on the public forms."""

import json
from types import SimpleNamespace
from unittest import SkipTest
from unittest.mock import patch

import requests
from lxml import html
from psycopg2.errors import SerializationFailure

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.fault_report_api.tests.common_api import SITE, ApiCase

from .common import PAGE, WebsiteCase

GOOD = "a-good-token"
MUTED = mute_logger(
    "odoo.addons.google_recaptcha.models.ir_http",
    "odoo.addons.website_cf_turnstile.models.ir_http",
)
SECRETS = {
    "recaptcha": "recaptcha_private_key",
    "turnstile": "cf.turnstile_secret_key",
}
SITE_KEYS = {
    "recaptcha": "recaptcha_public_key",
    "turnstile": "cf.turnstile_site_key",
}


# A stub of the providers' scripts
SCRIPTS = {
    "recaptcha": """window.grecaptcha = {
        ready: (callback) => callback(),
        execute: async (key, {action}) => `a-good-token-${key}-${action}`,
    };""",
    "turnstile": """window.turnstile = {
        render: (place, {sitekey, action, callback}) => {
            place.textContent = "Success";
            setTimeout(() => callback(`a-good-token-${sitekey}-${action}`));
        },
        reset: () => null,
    };""",
}


class Again(SerializationFailure):
    pgcode = "40001"


class Provider:
    """A stub of both providers: a token is valid once, for one action."""

    def __init__(self):
        self.asked = []
        self.failure = None

    def post(self, url, data, timeout):
        if self.failure:
            raise self.failure
        token = data["response"]
        is_new = token not in self.asked
        self.asked.append(token)
        if token and token.startswith(GOOD) and is_new:
            answer = {"success": True, "score": 0.9, "action": "fault_report"}
        elif not token:
            answer = {"success": False, "error-codes": ["missing-input-response"]}
        elif not is_new:
            answer = {"success": False, "error-codes": ["timeout-or-duplicate"]}
        else:
            answer = {"success": False, "error-codes": ["invalid-input-response"]}
        return SimpleNamespace(json=lambda: answer)


class CaptchaCase:
    """Tests for every form; subclasses define how it is sent."""

    def setUp(self):
        super().setUp()
        self.provider = Provider()
        post = patch.object(requests, "post", self.provider.post)
        post.start()
        self.addCleanup(post.stop)
        MUTED.__enter__()
        self.addCleanup(MUTED.__exit__)

    def set_parameters(self, names, *kinds):
        for kind, name in names.items():
            value = f"key-of-{kind}" if kind in kinds else False
            self.env["ir.config_parameter"].set_param(name, value)

    def file(self, token, key=None):
        """Send the form with this token; return the answer."""
        raise NotImplementedError

    def count(self):
        return self.env["fault.report"].search_count([("name", "=", "It rattles")])

    def assert_refused(self, answer):
        self.assertEqual(answer.status_code, 422, answer.text)
        error = answer.json()["error"]
        self.assertIn("captcha", error["fields"])
        self.assertFalse(self.count())

    def test_who_passes_the_captcha_files(self):
        for number, kind in enumerate(SECRETS):
            with self.subTest(kind):
                self.set_parameters(SECRETS, kind)
                answer = self.file(GOOD + kind)
                self.assertIn(answer.status_code, (200, 201), answer.text)
                self.assertEqual(self.provider.asked[-1], GOOD + kind)
                self.assertEqual(self.count(), number + 1)

    def test_who_does_not_is_refused_and_nothing_is_kept(self):
        for kind in SECRETS:
            self.set_parameters(SECRETS, kind)
            for token in ("made-up", "", None):
                with self.subTest(kind, token=token):
                    self.assert_refused(self.file(token, "k" * 20))
            # Not even the idempotency key of the form
            answer = self.file(GOOD + kind, "k" * 20)
            self.assertIn(answer.status_code, (200, 201), answer.text)
            self.env["fault.report"].search([("name", "=", "It rattles")]).unlink()
            self.env["fault.report.submission"].search([]).unlink()

    def test_a_captcha_that_does_not_answer_costs_no_words(self):
        failures = (
            requests.exceptions.Timeout(),
            requests.exceptions.ConnectionError(),
        )
        for kind in SECRETS:
            self.set_parameters(SECRETS, kind)
            for failure in failures:
                with self.subTest(kind, failure=failure):
                    self.provider.failure = failure
                    self.assert_refused(self.file(GOOD))
            self.provider.failure = None
            self.env["fault.report.attempt"].search([]).unlink()

    def test_both_at_once_get_their_own_token(self):
        self.set_parameters(SECRETS, *SECRETS)
        answer = self.file(f"{GOOD}1 {GOOD}2")
        self.assertIn(answer.status_code, (200, 201), answer.text)
        self.assertEqual(set(self.provider.asked), {f"{GOOD}1", f"{GOOD}2"})

    def test_a_request_that_odoo_runs_again_is_asked_once(self):
        self.set_parameters(SECRETS, "turnstile")
        Report = self.env.registry["fault.report"]
        original, runs = Report._create_from_channel, []

        def create(model, *args, **kwargs):
            runs.append(True)
            if len(runs) == 1:
                raise Again
            return original(model, *args, **kwargs)

        self.patch(Report, "_create_from_channel", create)
        with mute_logger("odoo.service.model"):
            answer = self.file(GOOD)
        self.assertIn(answer.status_code, (200, 201), answer.text)
        self.assertEqual((len(runs), len(self.provider.asked)), (2, 1))
        self.assertEqual(self.count(), 1)

    def test_without_a_secret_no_visitor_is_asked(self):
        self.set_parameters(SECRETS)
        self.assertIn(self.file(None).status_code, (200, 201))
        self.assertFalse(self.provider.asked)


@tagged("post_install", "-at_install")
class TestEmbedCaptcha(CaptchaCase, ApiCase):
    """The form in a page of another site; it needs fault_report_api as well."""

    @classmethod
    def make_integration(cls, **vals):
        if "fault.report.integration" not in cls.env:
            raise SkipTest("fault_report_api is not installed.")
        return super().make_integration(**vals)

    def setUp(self):
        super().setUp()
        page = self.make_integration(name="Page", allowed_origins=SITE, in_page=True)
        self.page_key = self.make_key(page)

    def file(self, token, key=None):
        data = {"name": "It rattles", "captcha": token}
        headers = {"Origin": SITE, "Idempotency-Key": key}
        return self.send(
            json={name: value for name, value in data.items() if value is not None},
            key=self.page_key,
            headers=headers,
        )

    def test_the_server_of_a_web_site_is_not_asked(self):
        self.set_parameters(SECRETS, *SECRETS)
        self.assertEqual(self.send(json={"name": "It rattles"}).status_code, 201)
        self.assertFalse(self.provider.asked)

    def test_something_else_than_a_token_is_refused_as_such(self):
        self.set_parameters(SECRETS, "turnstile")
        data = {"name": "It rattles", "captcha": [GOOD]}
        answer = self.send(json=data, key=self.page_key, headers={"Origin": SITE})
        self.assertEqual(answer.status_code, 422)
        self.assertFalse(self.count())

    def test_the_script_brings_the_site_keys(self):
        for kinds in ((), ("recaptcha",), ("turnstile",), tuple(SITE_KEYS)):
            with self.subTest(kinds):
                self.set_parameters(SITE_KEYS, *kinds)
                answer = self.opener.get(f"{self.base_url()}/fault_report/v1/embed.js")
                settings = answer.text.splitlines()[1].partition("=")[2].strip()
                found = json.loads(settings.removesuffix(";"))["captcha"]
                self.assertEqual(found, {kind: f"key-of-{kind}" for kind in kinds})


@tagged("post_install", "-at_install")
class TestWebsiteCaptcha(CaptchaCase, WebsiteCase):
    """The form on a page of the website."""

    def file(self, token, key=None):
        data = {"name": "It rattles", "captcha": token}
        return self.send(
            {name: value for name, value in data.items() if value is not None},
            headers={"Idempotency-Key": key} if key else None,
        )

    def test_the_form_brings_the_site_keys(self):
        for url in (PAGE, f"{PAGE}/form"):
            self.set_parameters(SITE_KEYS, "turnstile")
            page = html.fromstring(self.url_open(url).content)
            (keys,) = page.xpath("//form/@data-captcha-keys")
            self.assertEqual(json.loads(keys), {"turnstile": "key-of-turnstile"})

    def fetch_proxy(self, url):
        """Answer for the servers of both scripts, which are down at first."""
        for kind, script in SCRIPTS.items():
            if f"{kind}/" in url and self.is_up:
                return self.make_fetch_proxy_response(script)
            self.is_up = self.is_up or f"{kind}/" in url
        return super().fetch_proxy(url)

    def visit(self, kind, tour, is_up):
        self.is_up = is_up
        self.set_parameters(SITE_KEYS, kind)
        self.set_parameters(SECRETS, kind)
        self.start_tour(PAGE, tour)
        token = f"{GOOD}-key-of-{kind}-fault_report"
        self.assertEqual(self.provider.asked, [token])
        self.assertEqual(self.count(), 1)

    def test_a_visitor_passes_recaptcha_without_knowing_it(self):
        self.visit("recaptcha", "fault_report_website_captcha", is_up=True)

    def test_a_visitor_passes_turnstile_although_it_was_not_there_at_first(self):
        self.visit("turnstile", "fault_report_website_captcha", is_up=False)

    def test_the_text_is_kept_while_the_captcha_is_not_available(self):
        self.visit("recaptcha", "fault_report_website_captcha_down", is_up=False)
