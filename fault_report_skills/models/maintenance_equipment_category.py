from odoo import fields, models


class MaintenanceEquipmentCategory(models.Model):
    _inherit = "maintenance.equipment.category"

    fault_report_skill_id = fields.Many2one(
        "hr.skill",
        string="Required Skill",
        index="btree_not_null",
        help="Of a team, members with this skill get the reports on these objects.",
    )
