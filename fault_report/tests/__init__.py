from . import test_conversion
from . import test_conversion_race
from . import test_fault_report
from . import test_multi_company
from . import test_permissions
from . import test_text_rules
from . import test_tours
from . import test_views
