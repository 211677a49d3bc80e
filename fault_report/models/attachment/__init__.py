from . import fault_report
from . import file_stream
from . import filestore
from . import ir_attachment
from . import ir_binary
from . import mail_message
