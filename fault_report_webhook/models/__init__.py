from . import fault_report
from . import fault_report_audit
from . import fault_report_webhook
from . import fault_report_webhook_delivery
