"""Reads the submitted fault forms of all channels."""

import hashlib
import re
from typing import NamedTuple

from odoo.http import request as current_request

from ..tools.errors import FieldError, RequestTooLargeError
from ..tools.file_rules import MEGABYTE

# Technical fields that are not part of the report
TRANSPORT = {"csrf_token", "idempotency_key", "captcha"}
_POINT = re.compile(r"(point|remark)_([1-9][0-9]{0,8})")
_KEY = re.compile(r"[\x21-\x7e]{8,200}")


class Form(NamedTuple):
    """A submitted form: texts, answers of service points, files.

    `key` is the idempotency key, or empty; `fingerprint` is a hash of the content.
    """

    vals: dict
    points: list
    files: list
    key: str
    fingerprint: str


def get_max_request(_controller):
    """Return the maximum size of a request: `max_content_length` of its route."""
    return current_request.env["res.company"]._get_fault_report_max_request()


def get_max_form(controller):
    """Return the same for a form, which is read if too large, to keep its texts."""
    return 2 * get_max_request(controller)


def check_size(request):
    """Raise for a form that is too large, before its files are read.

    :raises RequestTooLargeError:
    """
    limit = request.env["res.company"]._get_fault_report_max_request()
    if (request.httprequest.content_length or 0) > limit:
        raise RequestTooLargeError(
            request.env._(
                "This is too much at once: everything together may have %s MB. Choose "
                "fewer or smaller files; you can add the others later.",
                limit // MEGABYTE,
            ),
            "files",
        )


def read_form(request):
    """Return the form of a request.

    Answers are named `point_<id of the template's point>` and `remark_<id>`, files
    `files`; anything else is a value.

    :raises FieldError: for a duplicate name, or a form that is too large
    """
    check_size(request)
    values = _read_values(request)
    files = _read_files(request)
    points = {}
    for name in list(values):
        match = _POINT.fullmatch(name)
        if match:
            part = "value" if match[1] == "point" else "remark"
            points.setdefault(int(match[2]), {})[part] = values.pop(name)
    for name, _filename, content in files:
        match = _POINT.fullmatch(name)
        if match and match[1] == "point":
            points.setdefault(int(match[2]), {})["value"] = content
        elif name != "files":
            raise FieldError(request.env._("A file that is not asked for."), "files")
    key = _read_key(request)
    return Form(
        vals={name: value for name, value in values.items() if name not in TRANSPORT},
        points=[{"point": point, **answer} for point, answer in points.items()],
        files=[
            (filename, content) for name, filename, content in files if name == "files"
        ],
        key=key,
        fingerprint=_get_fingerprint(request.httprequest.form, files),
    )


def _read_values(request):
    values = {}
    for name, given in request.httprequest.form.lists():
        if len(given) > 1:
            raise FieldError(request.env._("“%s” was sent twice.", name), name)
        values[name] = given[0].replace("\r\n", "\n")
    return values


def _read_files(request):
    """Return name, file name and content of each file; browsers send empty ones too."""
    return [
        (name, file.filename, file.read())
        for name, files in request.httprequest.files.lists()
        for file in files
        if file.filename
    ]


def _read_key(request):
    http = request.httprequest
    key = http.headers.get("Idempotency-Key") or http.form.get("idempotency_key") or ""
    if key and not _KEY.fullmatch(key):
        raise FieldError(
            request.env._("The key of this form cannot be used: reload the page."),
            "idempotency_key",
        )
    return key


def _get_fingerprint(values, files):
    digest = hashlib.sha256()
    parts = [
        (name.encode(errors="replace"), value.encode(errors="replace"))
        for name, value in sorted(values.items())
        if name not in TRANSPORT
    ]
    parts += [
        (name.encode(errors="replace"), hashlib.sha256(content).digest())
        for name, _filename, content in files
    ]
    for part in parts:
        for piece in part:
            digest.update(b"%d:" % len(piece) + piece)
    return digest.hexdigest()
