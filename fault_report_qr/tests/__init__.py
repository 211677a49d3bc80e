from . import test_phone_form
from . import test_qr
from . import test_qr_pages
from . import test_qr_places
