"""Let branches use what their parents have: rules and limits.

Rules that administrators have changed stay as they are.
"""

from odoo.tools import SQL

RULES = (
    "fault_report_status_rule_company",
    "fault_report_subgroup_rule_company",
    "fault_report_template_rule_company",
    "fault_report_template_point_rule_company",
    "fault_report_template_option_rule_company",
)
BEFORE = '[("company_id", "in", company_ids + [False])]'
AFTER = '["|", ("company_id", "=", False), ("company_id", "parent_of", company_ids)]'
LIMITS = (
    "fault_report_max_files",
    "fault_report_max_megabytes",
    "fault_report_rate",
    "fault_report_day_reports",
    "fault_report_day_megabytes",
    "fault_report_day_sms",
    "fault_report_keep_position",
)


def migrate(cr, version):
    cr.execute(
        SQL(
            """
            UPDATE ir_rule SET domain_force = %s
            WHERE domain_force = %s AND id IN (
                SELECT res_id FROM ir_model_data
                WHERE module = 'fault_report' AND model = 'ir.rule' AND name IN %s
            )
            """,
            AFTER,
            BEFORE,
            RULES,
        )
    )
    # The limits of a company hold for its branches.
    cr.execute(
        SQL(
            """
            UPDATE res_company branch SET %s FROM res_company root
            WHERE branch.parent_id IS NOT NULL
            AND root.id = split_part(branch.parent_path, '/', 1)::int
            """,
            SQL(", ").join(
                SQL("%s = root.%s", SQL.identifier(name), SQL.identifier(name))
                for name in LIMITS
            ),
        )
    )
