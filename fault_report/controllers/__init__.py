from . import attachment
from . import webclient
