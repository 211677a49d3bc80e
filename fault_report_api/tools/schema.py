"""The schema of the web API, which checks requests and documents them.

It is a JSON Schema (draft 2020-12), the language in which OpenAPI 3.1 describes
bodies, so that document and checks are identical. Further rules for texts and files are
in the models, for all channels.
"""

import logging
import re
from itertools import islice

from odoo.addons.fault_report.tools import file_rules, text_rules

_logger = logging.getLogger(__name__)

MISSING = "The API cannot be used: install the Python package jsonschema, restart Odoo."
try:
    from jsonschema import Draft202012Validator
except ImportError:
    # Removed since the installation: only the API stops, not the whole database
    Draft202012Validator = None
    _logger.error(MISSING)

MAX_POINTS = 500
MAX_KEY = 255
MAX_PROBLEMS = 20  # in one response
# Far above any report; they limit the work before parsing
MAX_TOKENS = 20_000  # names, values and brackets
MAX_DEPTH = 8
MAX_NAMED = 50  # characters of a name that is shown
MAX_NUMBER = 400  # characters

_LINE = r"^[^\u0000-\u001f\u007f-\u009f]*$"
_TEXT = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$"
# A part of a form with the photo of a point
PHOTO = re.compile(r"point_([1-9][0-9]{0,8})")
IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,%d}" % MAX_KEY)


def _line(description, limit=text_rules.MAX_LINE, **more):
    return {
        "type": "string",
        "maxLength": limit,
        "pattern": _LINE,
        "description": description,
        **more,
    }


POINT = {
    "type": "object",
    "properties": {
        "point": {
            "type": "integer",
            "minimum": 1,
            "maximum": 2**31 - 1,
            "description": "The number of the point in the service template.",
        },
        "value": {
            "type": ["string", "number"],
            "description": "A check: ok, not_ok or na; a choice: the number of the "
            "option; a date: YYYY-MM-DD; a photo: base64; else text or a number.",
        },
        "remark": _line("What there is to say about the answer."),
    },
    "required": ["point"],
    "additionalProperties": False,
}
FILE = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 1000},
        "content": {
            "type": "string",
            "minLength": 1,
            "contentEncoding": "base64",
            "description": "The file. The company says how large it may be: "
            f"{file_rules.Limits().megabytes} MB unless it has chosen otherwise, "
            f"{file_rules.MOST_MEGABYTES} MB at most.",
        },
    },
    "required": ["name", "content"],
    "additionalProperties": False,
}
REPORT = {
    "type": "object",
    "properties": {
        "name": _line("What is wrong, in a few words.", text_rules.MAX_NAME)
        | {"minLength": 1},
        "comment": {
            "type": "string",
            "maxLength": text_rules.MAX_TEXT,
            "pattern": _TEXT,
            "description": "All that helps the technician.",
        },
        "contact_name": _line("Who reports it."),
        "email": _line("Their e-mail address; it shows whose customer they are."),
        "phone": _line("Their phone number."),
        "customer_number": _line("The customer's reference in the address book."),
        "facility": _line("The name or reference of the customer's facility."),
        "equipment": _line(
            "The serial number of the service object, or the token of its QR code."
        ),
        "customer_order_ref": _line("The customer's own order number."),
        "priority": {
            "type": "string",
            "enum": ["0", "1", "2"],
            "description": "0 normal, 1 high, 2 urgent.",
        },
        "emergency": {
            "type": "boolean",
            "description": "Whether anyone is in danger: the answer of the sender. "
            "Without it, the words and answers that the company has chosen decide.",
        },
        "points": {
            "type": "array",
            "maxItems": MAX_POINTS,
            "items": POINT,
            "description": "Answers of service points.",
        },
        "files": {
            "type": "array",
            "maxItems": file_rules.MOST_FILES,
            "items": FILE,
            "description": "The company says how many there may be: "
            f"{file_rules.Limits().files} unless it has chosen otherwise.",
        },
        "website": _line("A trap for robots: leave it out, or empty."),
        "captcha": _line("The token of the captcha, where one is installed.", 10_000),
    },
    "required": ["name"],
    "additionalProperties": False,
}
COMMENT = {
    "type": "object",
    "properties": {
        "comment": {
            **REPORT["properties"]["comment"],
            "description": "What the customer writes; may be missing beside files.",
        },
        "files": REPORT["properties"]["files"],
    },
    "additionalProperties": False,
}
STATES = ("new", "assigned", "converted", "solved", "cancelled")
MAX_LISTED = 100
# The parameters of a list of reports
QUERY = {
    "state": {"type": "string", "enum": list(STATES)},
    "since": {
        "type": "string",
        "format": "date-time",
        "description": "Reported at this time or later.",
    },
    "until": {
        "type": "string",
        "format": "date-time",
        "description": "Reported before this time.",
    },
    "cursor": {"type": "string", "description": "`next` of the page before."},
    "limit": {"type": "integer", "minimum": 1, "maximum": MAX_LISTED},
}
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_VALIDATOR = Draft202012Validator and Draft202012Validator(REPORT)
_COMMENT_VALIDATOR = Draft202012Validator and Draft202012Validator(COMMENT)

# The error code by violated rule of the schema
_CODES = {
    "required": "required",
    "minLength": "required",
    "additionalProperties": "unknown",
    "maxLength": "too_long",
    "maxItems": "too_many",
    "pattern": "characters",
    "enum": "not_offered",
    "minimum": "not_offered",
    "maximum": "not_offered",
    "type": "wrong_type",
}


# Texts, brackets and numbers of JSON, with what is before them; a text may be cut off.
# One of them, or the end, always follows: the search never goes back.
_TOKEN = re.compile(
    rb'[\s,:]*+("(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]|[^\s"\[\]{},:]++|\Z)', re.S
)


_KNOWN = {*REPORT["properties"], *COMMENT["properties"], *QUERY}
_PART = re.compile(r"(points|files)\[[0-9]{1,4}\]")


def get_known_name(field):
    """Return the name of a field, or an ellipsis for one that the sender invented."""
    is_known = field in _KNOWN or _PART.fullmatch(field) or PHOTO.fullmatch(field)
    return field if is_known else "…"


def is_available():
    """Return whether requests can be checked."""
    return _VALIDATOR is not None


def find_excess(content):
    """Return the kind of excess in JSON, before it is parsed.

    The work ends with the first token too many; texts, such as files, are skipped.

    :return: `too_many` for names and values, `too_deep` also for numbers without end,
        or None
    """
    depth = 0
    for count, found in enumerate(_TOKEN.finditer(content)):
        start, end = found.span(1)
        if start == end:
            break
        first = content[start]
        depth += (first in b"[{") - (first in b"]}")
        if depth > MAX_DEPTH or (first != ord('"') and end - start > MAX_NUMBER):
            return "too_deep"
        if count >= MAX_TOKENS:
            return "too_many"
    return None


def find_problems(data, rule=None):
    """Return the errors of a submitted report, or of another body.

    Sizes are checked first: values that are too large are not checked further.

    :param rule: `COMMENT` for a comment
    :return: the error code by field; the field is "" for the whole
    """
    rule = rule or REPORT
    if isinstance(data, dict):
        problems = _find_excess(data, rule)
        if problems:
            return problems
    problems = {}
    if isinstance(data, dict):
        # Not expressible as a pattern: lone surrogates
        for field, value in data.items():
            if isinstance(value, str) and _SURROGATE.search(value):
                problems[field] = "characters"
    validator = _COMMENT_VALIDATOR if rule is COMMENT else _VALIDATOR
    for error in islice(validator.iter_errors(data), MAX_PROBLEMS):
        for field in _get_fields(error, rule)[:MAX_PROBLEMS]:
            problems.setdefault(field, _CODES[error.validator])
    return problems


def _find_excess(data, known):
    """Return the fields that are unknown or exceed the sizes of the schema."""
    problems = {}
    for field, value in data.items():
        rule = known["properties"].get(field)
        problem = "unknown" if rule is None else _get_excess(value, rule)
        if problem:
            problems[field[:MAX_NAMED]] = problem
        if len(problems) == MAX_PROBLEMS:
            break
    return problems


def _get_excess(value, rule):
    """Return the error code for an excess in a value, or None."""
    if isinstance(value, str):
        return "too_long" if len(value) > rule.get("maxLength", len(value)) else None
    if isinstance(value, list):
        if len(value) > rule.get("maxItems", MAX_PROBLEMS):
            return "too_many"
        items = (_get_excess(item, rule.get("items", {})) for item in value)
        return next(filter(None, items), None)
    if isinstance(value, dict):
        names = rule.get("properties", {})
        parts = (_get_excess(value[name], names.get(name, {})) for name in value)
        return next(filter(None, parts), None)
    return None


def _get_fields(error, rule):
    """Return the names of the fields of a schema error."""
    if error.path:
        return [str(error.path[0])]
    if error.validator == "required":
        return [name for name in error.validator_value if name not in error.instance]
    if error.validator == "additionalProperties":
        return [name for name in error.instance if name not in rule["properties"]]
    return [""]
