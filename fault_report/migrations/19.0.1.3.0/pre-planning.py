"""Columns that would be computed for all of the history in Python."""


def migrate(cr, version):
    cr.execute(
        """
        ALTER TABLE fault_report
            ADD COLUMN IF NOT EXISTS planned_end timestamp,
            ADD COLUMN IF NOT EXISTS duplicate_count integer DEFAULT 0
        """
    )
    cr.execute("ALTER TABLE fault_report ALTER COLUMN duplicate_count DROP DEFAULT")
    cr.execute(
        """
        UPDATE fault_report original
           SET duplicate_count = duplicates.number
          FROM (
                SELECT duplicate_of_id, count(*) AS number
                  FROM fault_report
                 WHERE duplicate_of_id IS NOT NULL
                 GROUP BY duplicate_of_id
               ) duplicates
         WHERE original.id = duplicates.duplicate_of_id
        """
    )
