# Mixins come before the models that inherit them.
from . import retry_mixin
from . import delivery
from . import events
from . import ir_mail_server
from . import mail_alias
from . import mail_mail
from . import mail_template
from . import messages
from . import recipients
from . import reminder
from . import senders
from . import sms_sms
