"""Columns that would be computed for all of the history in Python.

Reports that were filed before have no service level. Those that wait keep what their
technician was told, so that a policy that is added later does not find them unanswered.
"""


def migrate(cr, version):
    cr.execute(
        """
        ALTER TABLE fault_report
            ADD COLUMN IF NOT EXISTS sla_policy_id integer,
            ADD COLUMN IF NOT EXISTS sla_pauses jsonb,
            ADD COLUMN IF NOT EXISTS responded_at timestamp,
            ADD COLUMN IF NOT EXISTS response_deadline timestamp,
            ADD COLUMN IF NOT EXISTS arrival_deadline timestamp,
            ADD COLUMN IF NOT EXISTS resolution_deadline timestamp,
            ADD COLUMN IF NOT EXISTS response_time double precision,
            ADD COLUMN IF NOT EXISTS arrival_time double precision,
            ADD COLUMN IF NOT EXISTS resolution_time double precision,
            ADD COLUMN IF NOT EXISTS sla_deadline timestamp,
            ADD COLUMN IF NOT EXISTS sla_stage varchar DEFAULT 'none',
            ADD COLUMN IF NOT EXISTS sla_warning_from timestamp,
            ADD COLUMN IF NOT EXISTS sla_alarm_date timestamp,
            ADD COLUMN IF NOT EXISTS sla_counted_from timestamp
        """
    )
    cr.execute("ALTER TABLE fault_report ALTER COLUMN sla_stage DROP DEFAULT")
    cr.execute(
        """
        UPDATE fault_report
           SET responded_at = date_assigned
         WHERE date_assigned IS NOT NULL
           AND state IN ('new', 'assigned', 'converted')
        """
    )
