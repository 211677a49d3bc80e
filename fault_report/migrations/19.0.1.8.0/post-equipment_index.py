"""Remove the index that the one of objects and dates replaces."""


def migrate(cr, version):
    cr.execute("DROP INDEX IF EXISTS fault_report__equipment_id_index")
