import contextlib
import hashlib
import secrets
from datetime import timedelta
from urllib.parse import urlsplit

import idna

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import OrderedSet

from odoo.addons.fault_report.tools import text_rules
from odoo.addons.fault_report.tools.context_switches import POINTS_LANGUAGE, switch_on
from odoo.addons.fault_report.tools.errors import RefusedRequestError

KEY_START = "fr_"
KEY_BYTES = 32
PREFIX = len(KEY_START) + 6
# Attempts within a minute from one address
WRONG_KEYS = 20
PAGE_VIEWS = 60
# How exactly the last use is noted
USE_NOTED = timedelta(hours=1)
# Read with each key, in the same query
READ_OF_KEY = (
    "active",
    "allowed_origins",
    "asked_contact",
    "company_id",
    "in_page",
    "last_used",
    "partner_id",
    "rate_limit",
)
# Scheme, name of a host and port
MAX_ORIGIN = 270


def get_hash(key):
    """Return the stored hash of a key: a long random key needs no slow hash."""
    return hashlib.sha256(key.encode()).hexdigest()


class FaultReportIntegration(models.Model):
    """A web site of the company that files reports with a key.

    The key is shown once. A key in a web page is public: it files reports from the
    site's own pages, and reads nothing.
    """

    _name = "fault.report.integration"
    _description = "Fault Report Integration"
    _inherit = [
        "fault.report.audit.mixin",
        "fault.report.reference.mixin",
        "fault.report.protected.mixin",
    ]
    _audited_fields = {
        "key_hash": ("key_made", "key_rotated", "key_revoked"),
        "allowed_origins": "origins",
        "in_page": "integration",
        "active": "integration",
    }
    _audited_secrets = {"key_hash": "key_prefix"}
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    kind = fields.Selection(
        [("fault_report", "FaultReport")], required=True, default="fault_report"
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )

    # Authentication
    key_prefix = fields.Char(
        string="Key",
        readonly=True,
        copy=False,
        help="How the key begins.",
        protected=True,
    )
    key_hash = fields.Char(groups=fields.NO_ACCESS, copy=False, protected=True)
    former_key_hash = fields.Char(groups=fields.NO_ACCESS, copy=False, protected=True)
    former_key_until = fields.Datetime(readonly=True, copy=False, protected=True)
    grace_hours = fields.Integer(
        string="Hours of Grace",
        help="How long the former key still works after a new one was made.",
    )
    in_page = fields.Boolean(
        string="Key in a Web Page",
        help="Visitors can see the key: it works from the allowed origins only, reads "
        "no report, and identifies no customer.",
    )
    # Its reports do not become trusted ones when the key leaves the page
    was_in_page = fields.Boolean(
        compute="_compute_was_in_page",
        store=True,
        copy=False,
        protected=True,
        technical=True,
    )
    allowed_origins = fields.Text(
        help="Web sites whose pages may use the key in the browser, one on each line, "
        "such as https://www.example.com. Programs on a server need none."
    )
    refused_origin_ids = fields.One2many(
        "fault.report.integration.origin",
        "integration_id",
        readonly=True,
        protected=True,
    )
    rate_limit = fields.Integer(string="Requests per Minute", required=True, default=60)

    # Results
    partner_id = fields.Many2one(
        "res.partner",
        string="Default Customer",
        check_company=True,
        domain="[('is_facility', '=', False)]",
        help="Whose reports they are when the sender is not recognised.",
    )
    report_ids = fields.One2many("fault.report", "integration_id")
    report_count = fields.Integer(
        string="Reports Received", compute="_compute_report_count"
    )
    last_used = fields.Datetime(readonly=True, copy=False, protected=True)

    _key_index = models.UniqueIndex("(key_hash) WHERE key_hash IS NOT NULL")
    _rate_limit_range = models.Constraint(
        "CHECK(rate_limit BETWEEN 1 AND 6000)",
        "Allow 1 to 6000 requests per minute. To refuse all, archive it.",
    )
    _grace_range = models.Constraint(
        "CHECK(grace_hours BETWEEN 0 AND 720)",
        "A former key may work for 0 to 720 hours.",
    )

    @api.depends("in_page")
    def _compute_was_in_page(self):
        for integration in self:
            integration.was_in_page = integration.in_page or integration.was_in_page

    @api.depends("report_ids")
    def _compute_report_count(self):
        counts = dict(
            self.env["fault.report"]._read_group(
                [("integration_id", "in", self.ids)], ["integration_id"], ["__count"]
            )
        )
        for integration in self:
            integration.report_count = counts.get(integration, 0)

    @api.constrains("allowed_origins", "in_page")
    def _check_allowed_origins(self):
        for integration in self:
            for origin in integration._get_origins():
                if not is_origin(origin):
                    raise ValidationError(
                        self.env._(
                            "“%s” is not an origin: write it like "
                            "https://www.example.com, without a path.",
                            origin,
                        )
                    )
            if integration.in_page and not integration._get_origins():
                raise ValidationError(
                    self.env._(
                        "Name the web sites whose pages hold the key "
                        "as allowed origins."
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_protected_fields(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_protected_fields(vals)
        if "in_page" in vals:
            # A public key never becomes a secret one.
            changed = self.filtered(lambda one: one.in_page != bool(vals["in_page"]))
            changed._forget_keys()
        result = super().write(vals)
        if "allowed_origins" in vals:
            self._forget_refused_origins()
        return result

    # === KEYS === #

    def action_new_key(self):
        """Create a key and show it once."""
        self.ensure_one()
        self.check_access("write")
        key = KEY_START + secrets.token_urlsafe(KEY_BYTES)
        # Users may not read or write these fields.
        integration_sudo = self.sudo()
        integration_sudo.write(
            {
                "former_key_hash": integration_sudo.key_hash,
                "former_key_until": integration_sudo.key_hash
                and fields.Datetime.now() + timedelta(hours=self.grace_hours),
                "key_hash": get_hash(key),
                "key_prefix": key[:PREFIX],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New Key"),
            "res_model": "fault.report.integration.key",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_key": key,
                "default_embed_code": self.in_page and self._get_embed_code(key),
            },
        }

    def action_revoke_key(self):
        """Revoke the key."""
        self.check_access("write")
        self._forget_keys()

    def _forget_keys(self):
        # Users may not write these fields; the right on the integration is checked.
        self.sudo().write(
            dict.fromkeys(
                ("key_hash", "key_prefix", "former_key_hash", "former_key_until"), False
            )
        )

    def action_view_reports(self):
        self.ensure_one()
        action = self.env["fault.report"]._get_action_all()
        return {**action, "domain": [("integration_id", "=", self.id)], "context": {}}

    # === AUTHENTICATION === #

    @api.model
    def _authenticate(
        self, key, origin, address, viewing=False, on_found=None, on_admitted=None
    ):
        """Return the integration of the key, without access rules; count the request.

        :param str origin: the origin of the web page sent by the browser, or None
        :param str address: the sender's IP address, to limit guessing of keys
        :param bool viewing: whether the page is only displayed, before sending
        :param on_found: called with the integration before it is counted and checked
        :param on_admitted: called with the limit of the key in a minute and how many
            are left after this one, or with None for a key in a page, whose visitors
            have limits of their own
        :raises RefusedRequestError: for an invalid key or origin
        :raises TooManyRequestsError:
        """
        integration_sudo = self._find_sender(key)
        if on_found:
            on_found(integration_sudo)
        rate = integration_sudo._count(address, viewing)
        prefix = (key or "")[:PREFIX]
        if not integration_sudo:
            self._refuse_key(address, prefix)
        if not integration_sudo._may_come_from(origin):
            integration_sudo._refuse_origin(origin, address, prefix, viewing)
        used = integration_sudo.last_used
        if not used or used < fields.Datetime.now() - USE_NOTED:
            self.env.cr.postcommit.add(integration_sudo._note_use)
        if on_admitted:
            on_admitted(rate)
        return integration_sudo

    @api.model
    def _refuse_key(self, address, prefix):
        self.env["fault.report.audit"]._log_refused("key_refused", address, prefix)
        raise RefusedRequestError(
            self.env._("The key is missing, wrong, or no longer valid."), 401, "key"
        )

    def _refuse_origin(self, origin, address, prefix, viewing):
        self._note_refused_origin(origin, address)
        self.env["fault.report.audit"]._log_refused(
            "origin_refused", address, prefix, self, origin
        )
        raise RefusedRequestError(
            self.env._("This web page may not use the key."),
            403,
            "origin",
            # A visitor of a form gets the contact data instead.
            self._get_contact() if viewing else None,
        )

    @api.model
    def _find_sender(self, key):
        """Return the integration of the key, without access rules, or none."""
        # The sender has no rights; the key is checked here.
        return self.sudo()._find_by_key(key) if key else self.browse()

    def _count(self, address, viewing):
        """Count a request; raise if there are too many.

        :return: the limit and how many are left, as `_authenticate` passes them on
        """
        attempts = self.env["fault.report.attempt"]
        if not self:
            attempts._check_rate("api:wrong", WRONG_KEYS, address=address)
            return None
        if self.in_page and viewing:
            # Views are limited to a part, so that reports still have room.
            attempts._check_rate(f"api:view:{self.id}", PAGE_VIEWS, address=address)
            return None
        if self.in_page:
            limit = min(self.company_id._get_fault_report_rate(), self.rate_limit)
            attempts._check_rate(f"api:{self.id}", limit, address=address)
        used = attempts._check_rate(f"api:{self.id}", self.rate_limit)
        if self.in_page:
            return None
        return self.rate_limit, max(self.rate_limit - used - 1, 0)

    @api.model
    def _find_by_key(self, key):
        digest = get_hash(key)
        found = self.search_fetch([("key_hash", "=", digest)], READ_OF_KEY)
        return found or self.search_fetch(
            [
                ("former_key_hash", "=", digest),
                ("former_key_until", ">", fields.Datetime.now()),
            ],
            READ_OF_KEY,
        )

    def _get_origins(self):
        """Return the allowed origins as browsers write them."""
        self.ensure_one()
        return {
            _normalize_origin(line.strip())
            for line in (self.allowed_origins or "").splitlines()
            if line.strip()
        }

    def _may_come_from(self, origin):
        self.ensure_one()
        if not origin:
            return not self.in_page
        return origin.lower() in self._get_origins()

    def _note_refused_origin(self, origin, address):
        """Record refused origins, so that administrators can allow them."""
        if origin and len(origin) <= MAX_ORIGIN and is_origin(origin.lower()):
            self.env["fault.report.integration.origin"]._note(
                self, origin.lower(), address
            )

    def _forget_refused_origins(self):
        for integration in self:
            allowed = integration._get_origins()
            # No user writes these rows; the right to write the integration is checked.
            integration.sudo().refused_origin_ids.filtered(
                lambda refused, allowed=allowed: refused.origin in allowed
            ).unlink()

    def _get_contact(self):
        """Return the contact data for visitors of a page with the key."""
        self.ensure_one()
        company = self.company_id
        if not self.in_page:
            return None
        return {
            "name": company.name,
            "phone": company.phone or "",
            "email": company.email or "",
        }

    @api.model
    def _is_known_origin(self, origin):
        """Return whether pages of this origin may read responses."""
        # Browsers send preflights without the key: check all integrations.
        found_sudo = self.sudo().search([("allowed_origins", "!=", False)])
        return any(
            origin.lower() in integration._get_origins() for integration in found_sudo
        )

    def _note_use(self):
        """Note the time, at most once an hour, and never wait to do so.

        Called after the report is created: a concurrent change of the linked row would
        make Odoo retry the whole request.
        """
        with self.env.registry.cursor() as cr:
            cr.execute(
                "UPDATE fault_report_integration SET last_used = %(now)s WHERE id IN ("
                " SELECT id FROM fault_report_integration WHERE id = %(id)s"
                " AND (last_used IS NULL OR last_used < %(now)s - interval '1 hour')"
                " FOR NO KEY UPDATE SKIP LOCKED)",
                {"now": fields.Datetime.now(), "id": self.id},
            )

    # === SERVICE POINTS === #

    def _get_points(self, lang=None, equipment=None):
        """Return the service points of new reports for a web site.

        :param str lang: code of an installed language; else that of the company
        :param str equipment: serial number or token of an object; one that the key may
            not name gives the same answer as none
        :return: `points`, one dict for each, sections included; `html`, the same as
            fields of a form, named `point_<number>` and `remark_<number>`
        """
        self.ensure_one()
        if text_rules.find_problem(equipment or "", text_rules.MAX_LINE):
            equipment = None  # No object is called that, and the database refuses it
        categories = self._find_equipment(equipment)._get_point_categories().ids
        points = self._get_asked_points(lang, categories)
        # Public data, for any user
        html = points.env["ir.qweb"]._render(
            "fault_report.form_points",
            {"points": points, "categories": categories, "inserted": True},
        )
        return {
            "points": [self._prepare_point(point) for point in points],
            "html": str(html) if points else "",
        }

    def _get_page_form(self, lang=None):
        """Return the settings of the key's company for the form."""
        return {
            "html": self._get_points(lang)["html"],
            "emergency": self._get_emergency_html(lang),
            "limits": self.env["fault.report"]._get_form_limits(self.company_id),
            "asked": self.asked_contact,
        }

    def _get_emergency_html(self, lang):
        """Return the number and the question of the key's company."""
        Report = self.env["fault.report"].with_context(
            lang=self._get_points_language(lang)
        )
        points = self._get_asked_points(lang)
        emergency = Report._get_form_emergency(self.company_id, points)
        html = Report.env["ir.qweb"]._render(
            "fault_report_api.embed_emergency", {"emergency": emergency}
        )
        return str(html).strip()

    def _get_asked_points(self, lang, categories=()):
        return (
            self.env["fault.report"]
            ._get_channel_template_points(self.company_id, categories)
            .with_context(lang=self._get_points_language(lang))
        )

    def _get_points_language(self, lang):
        """Return this language, if it is installed; else that of the company."""
        # The company's language is public, but visitors may not read its contact.
        contact_sudo = self.company_id.partner_id.sudo()
        contact_sudo.fetch(["lang"])  # Instead of all its columns
        codes = OrderedSet([lang, contact_sudo.lang, self.env.lang])
        installed = {code for code, _name in self.env["res.lang"].get_installed()}
        return next((code for code in codes if code in installed), None)

    def _with_points_language(self, lang):
        """Return the integration, to file reports with the points in this language."""
        return switch_on(self, **{POINTS_LANGUAGE: self._get_points_language(lang)})

    def _prepare_point(self, point):
        """Return a point in the API's format; a section has only a name."""
        content = {"point": point.id, "type": point.type, "name": point.name}
        if point.type == "section":
            return content
        content |= {"required": point.required, "help": point.help or ""}
        if point.condition_point_id:
            content["condition"] = point._get_condition()
            content["condition_text"] = point._get_condition_text()
        if point.type == "number":
            # A limit of 0 is a limit, an empty one is none
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


def _normalize_origin(text):
    """Return an origin in the notation of browsers, if it is valid."""
    text = text.rstrip("/").lower()
    scheme, slashes, host = text.partition("://")
    host = host.removesuffix({"http": ":80", "https": ":443"}.get(scheme, ""))
    name, colon, port = host.partition(":")
    if not host.isascii():
        # An internationalised domain name in ASCII
        with contextlib.suppress(idna.IDNAError):
            host = f"{idna.encode(name, uts46=True).decode()}{colon}{port}"
    return f"{scheme}{slashes}{host}"


def is_origin(text):
    """Return whether it is an origin in the notation of browsers."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    if any(sign.isspace() or sign == "*" for sign in host):
        return False
    written = f"{parts.scheme}://{host}" + (f":{port}" if port else "")
    return parts.scheme in ("http", "https") and bool(host) and text == written


class FaultReportIntegrationKey(models.AbstractModel):
    """The dialog with a new key, which is not stored."""

    _name = "fault.report.integration.key"
    _description = "New Key of an Integration"

    # Needed by the web client to load the default of `key`
    id = fields.Id()
    key = fields.Char(readonly=True)
    embed_code = fields.Char(
        string="Form", readonly=True, help="One line for the page, with the key."
    )
