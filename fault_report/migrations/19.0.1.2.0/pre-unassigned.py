"""Companies that are there stay silent about unassigned reports until they choose."""


def migrate(cr, version):
    cr.execute(
        "ALTER TABLE res_company"
        " ADD COLUMN IF NOT EXISTS fault_report_unassigned_minutes integer DEFAULT 0"
    )
    cr.execute(
        "ALTER TABLE res_company ALTER COLUMN fault_report_unassigned_minutes"
        " DROP DEFAULT"
    )
    # By SQL: in Python, all of the history would be computed
    cr.execute(
        """
        ALTER TABLE fault_report
            ADD COLUMN IF NOT EXISTS unassigned_since timestamp,
            ADD COLUMN IF NOT EXISTS unassigned_date timestamp
        """
    )
    cr.execute(
        """
        UPDATE fault_report
           SET unassigned_since = now() AT TIME ZONE 'UTC'
         WHERE state = 'new' AND unassigned_since IS NULL
        """
    )
