"""Neighbours: addons that companies run beside ours, in databases of their own.

The main jobs are tested again in each of these databases, and our addons are
uninstalled there. `docs/neighbours.md` lists them.
"""

from .paths import ROOT

# Run in each of these databases: the main jobs, and the tests of what others change
TESTS = [
    ROOT / path
    for path in (
        "test_fault_report/tests/test_main_jobs.py",
        "fault_report/tests/test_conversion.py",
        "fault_report/tests/test_invoice.py",
        "fault_report/tests/test_no_loss.py",
        "fault_report/tests/test_other_apps.py",
        "fault_report/tests/test_views.py",
        "fault_report_fieldservice/tests/test_fieldservice.py",
        "fault_report_project/tests/test_project.py",
        "fault_report_repair/tests/test_repair.py",
    )
]
# Others make queries of their own
SELECTION = "not queries"
# Odoo's addons; those of the community are in `neighbours.in`
ODOO = (
    "hr",
    "hr_timesheet",
    "hr_holidays",
    "hr_maintenance",
    "stock",
    "sale_management",
    "sale_stock",
    "sale_timesheet",
    "purchase",
    "crm",
    "website_sale",
    "l10n_de",
    "l10n_se",
    "privacy_lookup",
    "spreadsheet_dashboard",
    "spreadsheet_dashboard_sale",
    "base_geolocalize",
)


def get_databases(environment):
    """Return the names of the neighbours in each database, by the name of that."""
    return {"odoo": sorted(ODOO), "community": get_community(environment)}


def get_community(environment):
    """Return the addons of the community that are in the lock file."""
    return sorted(
        path.parent.name for path in environment.neighbours.glob("*/__manifest__.py")
    )
