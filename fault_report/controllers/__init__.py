from . import api
from . import attachment
from . import webclient
