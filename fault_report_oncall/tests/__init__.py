from . import test_alert
from . import test_link
from . import test_race
from . import test_rights
from . import test_rota
from . import test_schedule
