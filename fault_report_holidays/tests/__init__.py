from . import test_holidays
from . import test_other_apps
