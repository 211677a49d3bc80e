from . import fault_report_label
