"""No report was anonymised before; in Python, all of the history would be computed."""


def migrate(cr, version):
    cr.execute(
        "ALTER TABLE fault_report ADD COLUMN IF NOT EXISTS anonymised_at timestamp"
    )
