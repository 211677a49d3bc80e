"""Forms on a phone: what, where, a photo and the button come first.

A subclass names the pages. Import the module, not the class: pytest would run it.
"""

from .common_browser import FIND_WIDE, NARROW, PHONE, BrowserCase
from .common_pages import ENGLISH, LANGUAGES, add_languages

# One screen and a half
LOWEST = 844 * 1.5
FIND_BOTTOM = """
document.querySelector("form.o_fault_report_form [type=submit].o_fr_button")
    .getBoundingClientRect().bottom + scrollY
"""
LONG_NAME = "The lift stops between the floors and its light goes out " * 3


class PhoneForm(BrowserCase):
    LOGIN = None
    # Elements of the form that the script has made
    READY = "form.o_fault_report_form[data-state=editing]"

    def get_urls(self):
        """Return the address of each page with the form."""
        raise NotImplementedError

    def get_known_places(self):
        """Return the values of the places of the faults that the pages know."""
        raise NotImplementedError

    def set_language(self, page, code):
        """Show the next pages in this language."""
        context = {"lang": code}
        self.authenticate(
            self.LOGIN,
            self.LOGIN,
            browser=page.browser,
            session_extra={"context": context},
        )
        page.send(
            "Network.setCookie",
            **{"name": "frontend_lang", "value": code, "url": self.base_url()},
        )

    def add_known(self, name=LONG_NAME):
        self.env["fault.report"].create(
            [
                {"name": f"{number} {name}", **place}
                for number in range(12)
                for place in self.get_known_places()
            ]
        )

    def open(self, page, url):
        page.leave_out_odoo()
        page.open(url)
        page.wait(f"document.querySelector({self.READY!r})")

    def assert_high(self, page, url):
        self.open(page, url)
        self.assertLessEqual(page.run(FIND_BOTTOM), LOWEST)

    def test_and_so_it_is_in_each_language(self):
        add_languages(self.env)
        self.add_known()
        with self.browse(login=self.LOGIN) as page:
            for code in (ENGLISH, *LANGUAGES):
                self.set_language(page, code)
                for url in self.get_urls():
                    with self.subTest(code, url=url):
                        self.open(page, url)
                        shown = page.run("document.documentElement.lang")
                        self.assertEqual(shown, code.replace("_", "-"))
                        self.assertLessEqual(page.run(FIND_BOTTOM), LOWEST)
                        page.resize(NARROW)
                        self.assertEqual(page.run(FIND_WIDE), [])
                        page.resize(PHONE)

    def test_and_however_many_faults_are_known_with_names_of_any_length(self):
        self.add_known()
        with self.browse(login=self.LOGIN) as page:
            for url in self.get_urls():
                with self.subTest(url):
                    self.assert_high(page, url)

    def test_and_so_it_is_without_a_script(self):
        self.add_known()
        with self.browse(login=self.LOGIN) as page:
            page.leave_out_scripts()
            for url in self.get_urls():
                with self.subTest(url):
                    page.open(url)
                    self.assertFalse(page.run("Boolean(window.FaultReportForm)"))
                    self.assertLessEqual(page.run(FIND_BOTTOM), LOWEST)
