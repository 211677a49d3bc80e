from . import fault_report
from . import hr_leave
