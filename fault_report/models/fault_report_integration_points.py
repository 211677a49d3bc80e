from odoo import models
from odoo.tools import OrderedSet


class FaultReportIntegration(models.Model):
    """The service points that a web site asks for."""

    _inherit = "fault.report.integration"

    def _get_points(self, lang=None):
        """Return what a web site needs to ask for the points of new reports.

        :param str lang: code of an installed language; else that of the company
        :return: `points`, one dict for each, sections included; `html`, the same as
            fields of a form, named `point_<number>` and `remark_<number>`
        """
        self.ensure_one()
        points = self._get_asked_points(lang)
        # What everybody may read, whoever asks
        html = points.env["ir.qweb"]._render(
            "fault_report.form_points", {"points": points}
        )
        return {
            "points": [self._prepare_point(point) for point in points],
            "html": str(html) if points else "",
        }

    def _get_page_form(self, lang=None):
        """Return what the form in a web page needs to know of the key's company."""
        return {
            "html": self._get_points(lang)["html"],
            "limits": self.env["fault.report"]._get_form_limits(self.company_id),
        }

    def _get_asked_points(self, lang):
        company = self.company_id
        # The language of a company is no secret, but its card is not for visitors.
        codes = OrderedSet([lang, company.partner_id.sudo().lang, self.env.lang])
        installed = {code for code, _name in self.env["res.lang"].get_installed()}
        code = next((code for code in codes if code in installed), None)
        return (
            self.env["fault.report"]
            ._get_channel_template_points(company)
            .with_context(lang=code)
        )

    def _prepare_point(self, point):
        """Return a point as the API tells it; a section has nothing but a name."""
        content = {"point": point.id, "type": point.type, "name": point.name}
        if point.type == "section":
            return content
        content |= {"required": point.required, "help": point.help or ""}
        if point.type == "number":
            # A limit of 0 is one; one that is empty is none
            content |= {
                name: None if point[name] is False else point[name]
                for name in ("minimum", "maximum")
            }
            content["unit"] = point.unit or ""
        if point.type == "choice":
            content["options"] = [
                {"option": option.id, "name": option.name}
                for option in point.option_ids
            ]
        if point.type == "check":
            content["options"] = [
                {"option": value, "name": name}
                for value, name in point._get_check_answers()
            ]
        return content
