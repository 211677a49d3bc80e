from . import test_block
from . import test_captcha
from . import test_form
from . import test_phone_form
from . import test_portal
from . import test_public_pages
from . import test_walks
