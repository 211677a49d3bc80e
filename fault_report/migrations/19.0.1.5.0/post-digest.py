"""Switch off the KPIs in Odoo's own digest, which no user has chosen.

Earlier versions switched them on. A digest that a user has changed stays as it is.
"""

from odoo import SUPERUSER_ID

QUERY = """
    UPDATE digest_digest
       SET kpi_fault_report_new = FALSE,
           kpi_fault_report_waiting = FALSE,
           kpi_fault_report_hours = FALSE
     WHERE write_uid = %s
       AND id = (
           SELECT res_id
             FROM ir_model_data
            WHERE module = 'digest' AND name = 'digest_digest_default'
       )
"""


def migrate(cr, version):
    cr.execute(QUERY, [SUPERUSER_ID])
