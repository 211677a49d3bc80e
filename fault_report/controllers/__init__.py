from . import api
from . import attachment
from . import qr
from . import webclient
