from . import test_other_apps
from . import test_skills
