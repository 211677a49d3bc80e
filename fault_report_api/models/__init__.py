from . import fault_report
from . import fault_report_audit
from . import fault_report_integration
from . import fault_report_integration_embed
from . import fault_report_integration_intake
from . import fault_report_integration_origin
from . import fault_report_integration_reading
from . import ir_http
