from . import access
from . import dialogue
from . import filing
from . import res_partner
from . import verdict
