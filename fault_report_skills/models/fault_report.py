from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Domain


class FaultReport(models.Model):
    """Skills of technicians, and those that the category of the object requires."""

    _inherit = "fault.report"

    def _get_required_skill(self):
        """Return the skill that the object requires, or none."""
        # Categories are no secret to those who file a report on their objects.
        return self.sudo().equipment_id.category_id.fault_report_skill_id

    def _prefer_members(self, members):
        members = super()._prefer_members(members)
        needed = {report: report._get_required_skill() for report in members}
        users = self.env["res.users"].union(*members.values())
        skills = self.env["hr.skill"].union(*needed.values())
        owners = self._get_skills(users, skills)
        return {
            report: own.filtered(
                lambda user: needed[report] in owners[user.id]  # noqa: B023
            )
            or own
            for report, own in members.items()
        }

    def _get_choice_remarks(self):
        remarks = defaultdict(list, super()._get_choice_remarks())
        needed = {report: report._get_required_skill() for report in self}
        skills = self.env["hr.skill"].union(*needed.values())
        owners = self._get_skills(self.technician_id, skills)
        for report, skill in needed.items():
            technician = report.technician_id
            if skill and technician and skill not in owners[technician.id]:
                remarks[report.id].append(
                    self.env._(
                        "%(technician)s does not have the skill %(skill)s, which the "
                        "object requires.",
                        technician=technician.name,
                        skill=skill.name,
                    )
                )
        return remarks

    @api.model
    def _get_candidate_details(self, users):
        details = defaultdict(list, super()._get_candidate_details(users))
        for user_id, skills in self._get_skills(users).items():
            names = ", ".join(skills.mapped("name"))
            details[user_id].append(self.env._("Skills: %s", names))
        return details

    @api.model
    def _get_skills(self, users, skills=None):
        """Return the valid skills of users by id; of these skills only, if given."""
        found = defaultdict(self.env["hr.skill"].browse)
        if not users or skills is not None and not skills:
            return found
        today = fields.Date.context_today(self)
        domain = (
            Domain("employee_id.user_id", "in", users.ids)
            & (Domain("valid_from", "=", False) | Domain("valid_from", "<=", today))
            & (Domain("valid_to", "=", False) | Domain("valid_to", ">=", today))
        )
        if skills:
            domain &= Domain("skill_id", "in", skills.ids)
        # Users who file a report need no access to employees and their skills.
        owned_sudo = self.env["hr.employee.skill"].sudo().search(domain)
        for one_sudo in owned_sudo:
            user = one_sudo.employee_id.user_id
            found[user.id] |= one_sudo.skill_id.sudo(False)
        return found
