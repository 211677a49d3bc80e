from . import test_other_apps
from . import test_repair
from . import test_uninstall
