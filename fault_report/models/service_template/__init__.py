from . import template_point
from . import template
from . import point
from . import fault_report
