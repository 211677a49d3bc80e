from . import errors
from . import fields
from . import file_rules
from . import photo_position
from . import photo_rules
from . import text_rules
