from . import fault_report
from . import ir_http
from . import fault_report_code_mixin
from . import maintenance_equipment
from . import res_company
from . import res_config_settings
from . import res_partner
