"""Fill the company of each report's customer by SQL: in Python it would take hours."""


def migrate(cr, version):
    cr.execute(
        "ALTER TABLE fault_report"
        " ADD COLUMN IF NOT EXISTS commercial_partner_id integer"
    )
    cr.execute(
        """
        UPDATE fault_report
           SET commercial_partner_id = res_partner.commercial_partner_id
          FROM res_partner
         WHERE res_partner.id = fault_report.partner_id
           AND fault_report.commercial_partner_id IS DISTINCT FROM
               res_partner.commercial_partner_id
        """
    )
