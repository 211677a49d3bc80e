from . import fsm_order
from . import res_company
from . import res_partner
