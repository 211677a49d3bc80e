from . import test_fieldservice
from . import test_other_apps
from . import test_privacy_lookup
from . import test_uninstall
