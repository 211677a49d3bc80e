from . import test_webhook
from . import test_webhook_addresses
from . import test_webhook_audit
from . import test_webhook_receivers
