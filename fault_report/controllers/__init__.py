from . import attachment
from . import http_dispatcher
from . import portal
from . import portal_filing
from . import verdict
from . import visit
from . import webclient
