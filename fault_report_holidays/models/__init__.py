from . import fault_report
