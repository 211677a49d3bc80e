from . import resource_calendar
from . import fault_report_sla_policy
from . import fault_report
from . import alarms
from . import customer_month
