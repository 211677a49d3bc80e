from . import fault_report
from . import maintenance_equipment_category
