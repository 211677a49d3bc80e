# Mixins come before the models that inherit them.
from . import order_mixin
from . import work_order_mixin
from . import account_move
from . import conversion
from . import ir_model_fields_selection
from . import maintenance_request
from . import order_values
from . import orders
from . import progress
from . import sale_order
