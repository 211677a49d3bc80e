"""Remove the index of templates: no screen looks for the reports of one."""


def migrate(cr, version):
    cr.execute("DROP INDEX IF EXISTS fault_report__template_id_index")
