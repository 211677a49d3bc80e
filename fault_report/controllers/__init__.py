from . import api
from . import api_pages
from . import attachment
from . import http_dispatcher
from . import qr
from . import portal
from . import portal_filing
from . import webclient
