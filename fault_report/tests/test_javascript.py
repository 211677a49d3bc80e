from odoo.tests import HttpCase, tagged


def hoot_id(name):
    """Return the identifier of a suite in Odoo's JavaScript test runner (HOOT)."""
    number = 0
    for character in name:
        number = (31 * number + ord(character)) % 2**32
    return f"{number:08x}"


@tagged("post_install", "-at_install")
class TestJavaScript(HttpCase):
    def test_the_unit_tests_of_widgets_and_services(self):
        """Run `static/tests/*.test.js` in the browser, without a server."""
        self.browser_js(
            "/web/tests?headless&loglevel=2&preset=desktop&timeout=15000"
            f"&id={hoot_id('@fault_report')}",
            "",
            "",
            login="admin",
            timeout=300,
            success_signal="[HOOT] Test suite succeeded",
            error_checker=lambda message: "[HOOT]" not in message,
        )
