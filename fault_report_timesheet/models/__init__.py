from . import account_analytic_line
from . import fault_report
from . import fault_report_note
from . import project_project
from . import res_company
from . import res_config_settings
