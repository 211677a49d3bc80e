from . import fault_report_oncall_shift
