from . import attachment
from . import portal
from . import portal_filing
from . import webclient
