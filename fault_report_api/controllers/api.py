import base64
import json
from collections import Counter
from http import HTTPStatus

from werkzeug.exceptions import MethodNotAllowed, NotFound

from odoo import http
from odoo.http import request

from odoo.addons.fault_report.controllers.captcha import check_captcha
from odoo.addons.fault_report.controllers.form import get_max_request
from odoo.addons.fault_report.tools.errors import ContentError, RefusedRequestError

from ..tools import schema
from .api_dispatcher import ROOT, ApiDispatcher

POINTS_AGE = 300  # seconds
# How forms write them
BOOLEANS = {"true": True, "false": False}
COMMENTS = f"{ROOT}/reports/<fault_report_rest:reference>/comments"
ROUTE = {
    "type": ApiDispatcher.routing_type,
    "auth": "public",
    "csrf": False,  # Authenticated by a key in a header, never by a cookie
    "save_session": False,
    "readonly": False,
}


class FaultReportApi(http.Controller):
    """The web API for the company's web sites; see docs/integration.md."""

    @http.route(
        f"{ROOT}/reports",
        methods=["POST"],
        max_content_length=get_max_request,
        **ROUTE,
    )
    def file_report(self):
        integration = self._authenticate()
        data, files = self._read_body()
        if integration.in_page and isinstance(data, dict):
            check_captcha(self._read_captcha(data))
        query = request.httprequest.args
        integration = integration._with_points_language(query.get("lang"))
        answer, replayed = integration._file_report(
            data, files, self._get_idempotency_key(), is_form="form" in query
        )
        return self._answer_posted(answer, replayed)

    @http.route(f"{ROOT}/reports", methods=["GET"], **ROUTE)
    def list_reports(self):
        query = request.httprequest.args
        self._check_unique([name for name, _text in query.items(multi=True)])
        return request.dispatcher.make_response(
            self._authenticate()._list_reports(query.to_dict())
        )

    @http.route(
        f"{ROOT}/reports/<fault_report_rest:reference>", methods=["GET"], **ROUTE
    )
    def read_report(self, reference):
        return request.dispatcher.make_response(
            self._authenticate()._find_report(reference)
        )

    # References may have slashes: the longer address is matched first.
    @http.route(COMMENTS, methods=["GET"], **ROUTE)
    def list_comments(self, reference):
        return request.dispatcher.make_response(
            self._authenticate()._list_comments(reference)
        )

    @http.route(COMMENTS, methods=["POST"], max_content_length=get_max_request, **ROUTE)
    def add_comment(self, reference):
        integration = self._authenticate()
        data, files = self._read_body()
        answer, replayed = integration._add_comment(
            reference, data, files, self._get_idempotency_key()
        )
        return self._answer_posted(answer, replayed)

    def _answer_posted(self, answer, replayed):
        if replayed:
            return request.dispatcher.make_response(
                answer, headers={"Idempotency-Replayed": "true"}
            )
        return request.dispatcher.make_response(answer, HTTPStatus.CREATED)

    @http.route(f"{ROOT}/points", methods=["GET"], **ROUTE)
    def read_points(self):
        integration = self._authenticate(viewing=True)
        return request.dispatcher.make_response(
            integration._get_points(
                request.httprequest.args.get("lang"),
                request.httprequest.args.get("equipment"),
            ),
            # Cached by this browser for this key only
            headers={"Cache-Control": f"private, max-age={POINTS_AGE}"},
        )

    @http.route(f"{ROOT}/form", methods=["GET"], **ROUTE)
    def read_form(self):
        """Return the settings of the form in a web page, by its key and origin."""
        integration = self._authenticate(viewing=True)
        return request.dispatcher.make_response(
            integration._get_page_form(request.httprequest.args.get("lang")),
            headers={"Cache-Control": f"private, max-age={POINTS_AGE}"},
        )

    @http.route([ROOT, f"{ROOT}/<fault_report_rest:path>"], **ROUTE)
    def refuse(self, path=""):
        """Return the API's error for unknown URLs and methods."""
        # For the log of the integration; nothing is read.
        integrations = request.env["fault.report.integration"]
        request.dispatcher.note_sender(integrations._find_sender(self._read_key()))
        methods = request.dispatcher.find_methods()
        raise MethodNotAllowed(methods) if methods else NotFound()

    # === AUTHENTICATION === #

    def _authenticate(self, viewing=False):
        """Return the integration of the key, as the public user."""
        headers = request.httprequest.headers
        # By the cached id: Odoo has looked whether the user is there.
        known = request.env["ir.model.data"]
        request.update_env(user=known._xmlid_to_res_id("base.public_user"))
        integrations = request.env["fault.report.integration"]
        return integrations._authenticate(
            self._read_key(),
            headers.get("Origin"),
            request.httprequest.remote_addr,
            viewing=viewing,
            on_found=request.dispatcher.note_sender,
            on_admitted=request.dispatcher.admit,
        )

    def _read_key(self):
        authorization = request.httprequest.headers.get("Authorization", "")
        kind, _space, key = authorization.partition(" ")
        return key.strip() if kind.lower() == "bearer" else ""

    def _get_idempotency_key(self):
        key = request.httprequest.headers.get("Idempotency-Key")
        if key is None or schema.IDEMPOTENCY_KEY.fullmatch(key):
            return key
        raise RefusedRequestError(
            request.env._(
                "Idempotency-Key has to be 1 to 255 visible ASCII characters."
            ),
            400,
            "idempotency_key",
        )

    def _read_captcha(self, data):
        # Other values are refused by the check of the content
        return data["captcha"] if isinstance(data.get("captcha"), str) else None

    # === BODY === #

    def _read_body(self):
        """Return the data, and the files sent as separate parts, else None."""
        received = request.httprequest
        charset = received.mimetype_params.get("charset", "utf-8").lower()
        encoding = received.headers.get("Content-Encoding", "identity").lower()
        if charset in ("utf-8", "utf8") and encoding == "identity":
            if received.mimetype == "application/json":
                return self._read_json(received.get_data()), None
            if received.mimetype == "multipart/form-data":
                return self._read_form(received)
        raise RefusedRequestError(
            request.env._(
                "Send application/json or multipart/form-data, in UTF-8 "
                "and not compressed."
            ),
            415,
            "content_type",
        )

    def _read_json(self, content):
        excess = schema.find_excess(content)
        if excess == "too_many":
            raise ContentError(
                request.env._("There is more in the body than a report can hold."),
                {"": excess},
            )
        if excess:
            raise self._get_unreadable_error()
        try:
            return json.loads(
                content.decode(),
                object_pairs_hook=self._read_object,
                parse_constant=self._refuse_constant,
            )
        except (ValueError, RecursionError) as error:
            raise self._get_unreadable_error() from error

    def _read_object(self, pairs):
        self._check_unique([name for name, _value in pairs])
        return dict(pairs)

    def _refuse_constant(self, name):
        raise ValueError(name)  # NaN and Infinity are not JSON

    def _check_unique(self, names):
        if len(names) > len(set(names)):
            twice = {name for name, count in Counter(names).items() if count > 1}
            raise ContentError(
                request.env._("Each field may be there once."),
                {
                    name[: schema.MAX_NAMED]: "duplicate"
                    for name in sorted(twice)[: schema.MAX_PROBLEMS]
                },
            )

    def _read_form(self, received):
        """Return the data of a form; Odoo reads a truncated form as empty."""
        texts = list(received.form.items(multi=True))
        parts = list(received.files.items(multi=True))
        if not texts and not parts:
            raise self._get_unreadable_error()
        self._check_photos_are_files(texts)
        if any("\ufffd" in text for pair in texts for text in pair):
            raise self._get_unreadable_error()
        self._check_unique([name for name, _text in texts])
        photos = [(name, part) for name, part in parts if name != "files"]
        unknown = {name for name, _part in photos if not schema.PHOTO.fullmatch(name)}
        if unknown:
            raise ContentError(
                request.env._("Only “files” may hold files."),
                dict.fromkeys(sorted(unknown), "unknown"),
            )
        self._check_unique([name for name, _part in photos])
        data = dict(texts)
        if "points" in data:
            data["points"] = self._read_points(data["points"])
        if data.get("emergency") in BOOLEANS:
            data["emergency"] = BOOLEANS[data["emergency"]]
        if photos:
            data["points"] = self._add_photos(data.get("points", []), photos)
        files = [part for name, part in parts if name == "files"]
        return data, [self._read_part(part) for part in files]

    def _read_points(self, text):
        try:
            return self._read_json(text.encode())
        except RefusedRequestError as error:
            raise ContentError(str(error), {"points": "wrong_type"}) from error

    def _check_photos_are_files(self, texts):
        """Raise for photos without a file name: they would be read as corrupt texts."""
        names = {name for name, _text in texts if schema.PHOTO.fullmatch(name)}
        if names:
            raise ContentError(
                request.env._("A photo needs a file name."),
                dict.fromkeys(sorted(names)[: schema.MAX_PROBLEMS], "wrong_type"),
            )

    def _add_photos(self, points, photos):
        """Return the answers with the photos sent as separate parts."""
        if not isinstance(points, list):
            return points  # Refused with the other errors
        answers = {
            answer["point"]: answer
            for answer in points
            if isinstance(answer, dict) and isinstance(answer.get("point"), int)
        }
        for name, part in photos:
            number = int(schema.PHOTO.fullmatch(name)[1])
            if number not in answers:
                answers[number] = {"point": number}
                points.append(answers[number])
            if "value" in answers[number]:
                raise ContentError(
                    request.env._("Each field may be there once."), {name: "duplicate"}
                )
            content = self._read_part(part)[1]
            answers[number]["value"] = base64.b64encode(content).decode()
        return points

    def _read_part(self, part):
        part.seek(0)  # Already read if Odoo retries the request
        return part.filename or "", part.read()

    def _get_unreadable_error(self):
        return RefusedRequestError(
            request.env._("The body cannot be read: is it complete, and in UTF-8?"),
            400,
            "unreadable",
        )
