"""The joined search text replaces the indexes of the single texts.

Its column is added by Odoo, and rewrites the table: with fewer indexes it takes less
time.
"""

REPLACED = ("name", "reference", "customer_order_ref", "contact_name")


def migrate(cr, version):
    for name in REPLACED:
        cr.execute(f"DROP INDEX IF EXISTS fault_report__{name}_index")
    cr.execute("DROP INDEX IF EXISTS fault_report_phone_digits_index")
