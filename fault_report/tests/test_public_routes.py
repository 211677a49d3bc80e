"""What can be reached without an account, if no other addon is installed."""

from odoo.http import _generate_routing_rules
from odoo.tests import TransactionCase, tagged

# With the access token of a report, or the secret of a link; or to sign in
PUBLIC = {
    "/fault_report/signin",
    "/my/fault_reports/<int(max=2147483647):report_id>",
    "/my/fault_reports/<int(max=2147483647):report_id>/comment",
    "/my/fault_reports/<int(max=2147483647):report_id>/visit",
    "/my/fault_reports/<int(max=2147483647):report_id>/visit.ics",
    # With the secret of a user
    "/fault_report/calendar/<string:token>.ics",
    "/my/fault_reports/<int(max=2147483647):report_id>/verdict",
    "/fault_report/verdict/<int(max=2147483647):report_id>/<string:token>",
}


@tagged("post_install", "-at_install")
class TestPublicRoutes(TransactionCase):
    def test_only_the_portal_links_and_the_sign_in_are_public(self):
        own = "odoo.addons.fault_report."
        found = {
            url
            for url, endpoint in _generate_routing_rules(
                sorted(self.env.registry._init_modules), nodb_only=False
            )
            for cls in type(endpoint.func.__self__).__mro__
            if cls.__module__.startswith(own)
            and endpoint.func.__name__ in vars(cls)
            and endpoint.routing["auth"] in ("public", "none")
            # Odoo's own addresses are as public as before
            and "fault_report" in url
        }
        self.assertEqual(found, PUBLIC)
