"""A column that would be computed for all of the history: no report was handed over."""


def migrate(cr, version):
    cr.execute(
        "ALTER TABLE fault_report ADD COLUMN IF NOT EXISTS handed_over_from_id integer"
    )
