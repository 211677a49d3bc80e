from . import base_partner_merge
from . import fault_report_label
