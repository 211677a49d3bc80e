from . import fault_report
from . import ir_http
from . import res_company
