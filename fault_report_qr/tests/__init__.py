from . import test_qr
from . import test_qr_pages
from . import test_qr_places
