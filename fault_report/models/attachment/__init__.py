from . import fault_report
from . import filestore
from . import ir_attachment
from . import mail_message
