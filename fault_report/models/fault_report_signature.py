import base64
import io

from PIL import Image

from odoo import fields, models
from odoo.exceptions import UserError

from ..tools import picture as pictures
from ..tools import text_rules
from .fault_report import WAITING_STATES

PNG = b"\x89PNG\r\n"
# More than a phone's screen makes
MAX_BYTES = 2 * 1024 * 1024
MAX_PIXELS = 4096 * 2048
NAME_LIMIT = {"signed_by": {"limit": text_rules.MAX_LINE, "required": True}}


class FaultReport(models.Model):
    """Signature: customers sign on the technician's phone for what was done.

    Where the company wants it, the signature closes the work: a report without an order
    is solved, and an order is done when all of its reports are signed.
    """

    _inherit = "fault.report"

    signature = fields.Image(
        max_width=1024,
        max_height=512,
        # Its report's alone: never among the files, where customers and staff choose
        attachment=False,
        readonly=True,
        copy=False,
        protected=True,
    )
    signed_by = fields.Char(readonly=True, copy=False, tracking=True, protected=True)
    # Tracked as well: a second signature may have the name of the first one.
    signed_at = fields.Datetime(
        string="Signed on", readonly=True, copy=False, tracking=True, protected=True
    )

    def action_sign(self, name=False, picture=None):
        """Keep the signature of the customer on these reports.

        Without a picture nothing is done but to open the dialog that asks for it.

        :param str name: of who signed
        :param picture: a PNG in base64, as Odoo's signature widget makes it
        """
        self.check_access("write")
        self._check_may_be_signed()
        if picture is None:
            return self._get_dialog("fault.report.sign", self.env._("Sign"))
        text_rules.check_texts(self, {"signed_by": name or ""}, NAME_LIMIT)
        self._check_signature(picture)
        # Only this action writes the signature; it checks access and content.
        self.sudo().write(
            {
                "signature": picture,
                "signed_by": name,
                "signed_at": fields.Datetime.now(),
                # It has personal data again.
                "anonymised_at": False,
            }
        )
        self.filtered("company_id.fault_report_signature_closes")._close_signed(
            self.env._("Signed by %s", name)
        )
        return True

    def _check_may_be_signed(self):
        for report in self:
            if report.outcome == "cancelled":
                raise UserError(
                    self.env._(
                        "%(report)s is cancelled: there is nothing to sign.",
                        report=report.reference,
                    )
                )
        if len(self.partner_id) > 1:
            raise UserError(
                self.env._("One signature is for the fault reports of one customer.")
            )

    def _check_signature(self, picture):
        """Raise unless the picture is a PNG on which something was drawn."""
        try:
            is_drawn = picture and self._is_drawn(base64.b64decode(picture))
        except (TypeError, ValueError) as error:
            raise UserError(
                self.env._("The signature cannot be read: sign once more.")
            ) from error
        if not is_drawn:
            raise UserError(self.env._("Sign in the frame first."))

    def _is_drawn(self, content):
        """Return whether the PNG has more than one colour.

        :raises ValueError: if it cannot be read, or is too large
        """
        if not content.startswith(PNG) or len(content) > MAX_BYTES:
            raise ValueError("no PNG, or too large")
        with (
            pictures.guard(),
            Image.open(io.BytesIO(content), formats=["PNG"]) as image,
        ):
            if image.width * image.height > MAX_PIXELS:
                raise ValueError("too large")
            extrema = image.convert("RGBA").getextrema()
        return any(lowest != highest for lowest, highest in extrema)

    def _close_signed(self, reason):
        """Solve the reports that wait, and end the work of the others."""
        waiting = self.filtered(lambda report: report.state in WAITING_STATES)
        if waiting:
            waiting.action_solve(reason)
        orders = (self - waiting)._get_work_order_by_report()
        for order in {order: True for order in orders.values()}:
            is_open = order._get_work_order_state() in ("planned", "started")
            # The user need not see all reports of the order.
            is_signed = all(order.sudo().fault_report_ids.mapped("signed_at"))
            if is_open and is_signed and order.has_access("write"):
                order._finish_work_order()
