from . import fault_report
from . import ir_http
from . import maintenance_equipment
from . import res_company
from . import res_config_settings
