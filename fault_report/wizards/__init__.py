from . import base_partner_merge
from . import composers
from . import fault_report_assign
from . import fault_report_close
from . import fault_report_convert
from . import fault_report_duplicate
from . import fault_report_reopen
from . import portal_wizard_user
