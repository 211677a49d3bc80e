"""`make chaos GUARDS=1`: each guard is taken out, and its fault has to find it.

Each is taken out of the running Odoo of a laboratory; no file is changed.
"""

from .faults import convert_at_once, cut_power, send_the_same_at_once
from .message_faults import stop_mail_server

# What Odoo runs before it starts: it loads the addon, and then loses its guard.
PROGRAM = """\
import odoo.modules.loading as loading

load = loading.load_openerp_module


def load_without_guard(name):
    load(name)
    if name == "fault_report":
        exec({code!r}, {{}})


loading.load_openerp_module = load_without_guard
"""
ROW_LOCK = """
from odoo.addons.fault_report.models.conversion.conversion import FaultReport
FaultReport._lock_for_conversion = lambda self: self
"""
IDEMPOTENCY = """
from odoo.addons.fault_report.models.intake.submission import FaultReportSubmission
FaultReportSubmission._run_once = lambda self, scope, key, fingerprint, create: (
    *create(), False
)
"""
FLUSH = """
import os
from types import SimpleNamespace
from odoo.addons.fault_report.models.attachment import filestore
filestore.os = SimpleNamespace(**{**vars(os), "fsync": lambda file: None})
"""
RETRY = """
from odoo.addons.fault_report.models.notification import retry_mixin
retry_mixin.FaultReportRetryMixin._fault_report_retry = lambda self: 0
"""
GUARDS = {
    "the lock on the report": (ROW_LOCK, convert_at_once),
    "the check of the key": (IDEMPOTENCY, send_the_same_at_once),
    "flushing photos to the disk": (FLUSH, cut_power),
    "the retry of messages": (RETRY, stop_mail_server),
}
