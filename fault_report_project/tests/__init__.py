from . import test_conversion_cost
from . import test_customers
from . import test_other_apps
from . import test_project
from . import test_uninstall
