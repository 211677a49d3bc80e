from . import test_fieldservice
from . import test_other_apps
