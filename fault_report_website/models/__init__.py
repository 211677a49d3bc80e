from . import fault_report
from . import res_company
