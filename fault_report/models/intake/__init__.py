from . import channel
from . import email
from . import ir_http
from . import ir_qweb
from . import mail_thread
from . import public_form
from . import rate_limit
from . import submission
