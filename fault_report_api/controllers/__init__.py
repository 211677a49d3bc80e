from . import api
from . import api_pages
from . import http_dispatcher
