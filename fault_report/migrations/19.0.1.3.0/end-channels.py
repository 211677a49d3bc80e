"""Give crons and rules back what administrators have changed; see `pre-channels`."""

RESTORE = """
    UPDATE ir_cron cron
    SET active = kept.active,
        interval_number = kept.interval_number,
        interval_type = kept.interval_type,
        nextcall = kept.nextcall
    FROM fault_report_kept_cron kept WHERE kept.id = cron.id;
    UPDATE ir_rule rule SET active = kept.active, domain_force = kept.domain_force
    FROM fault_report_kept_rule kept WHERE kept.id = rule.id;
    DROP TABLE fault_report_kept_cron;
    DROP TABLE fault_report_kept_rule
"""


def migrate(cr, version):
    cr.execute(RESTORE)
