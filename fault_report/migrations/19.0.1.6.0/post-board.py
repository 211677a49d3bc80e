"""Remove the indexes that the one of the board replaces."""


def migrate(cr, version):
    cr.execute(
        "DROP INDEX IF EXISTS fault_report__technician_id_index,"
        " fault_report_technician_waiting_index"
    )
