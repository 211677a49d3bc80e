from . import mail_repair
from . import mail_text
