from . import visit
from . import calendar_feed
