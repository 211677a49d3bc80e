"""The OpenAPI document of the web API, generated from the schema of requests."""

from odoo.addons.fault_report.models.intake.submission import KEY_DAYS

from . import schema

_ERROR = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "code": {"type": "string", "description": "A word for programs."},
                "message": {"type": "string", "description": "A sentence for people."},
                "fields": {
                    "type": "object",
                    "additionalProperties": {"type": "string"},
                    "description": "For each field to blame, a word for programs.",
                },
                "request_id": {
                    "type": "string",
                    "description": "By which the server's log knows the request.",
                },
            },
            "required": ["code", "message", "fields", "request_id"],
        }
    },
    "required": ["error"],
}
_STATE = {
    "reference": {"type": "string", "description": "The number of the report."},
    "state": {
        "type": "string",
        "enum": ["new", "assigned", "converted", "solved", "cancelled"],
    },
    "tracking_url": {
        "type": "string",
        "format": "uri",
        "description": "The page on which anyone who knows it follows the report.",
    },
}
# Of emergencies only
_MARK = {"emergency": {"type": "boolean", "const": True}}
_TIME = {
    "type": ["string", "null"],
    "format": "date-time",
    "description": "In UTC; null: not known, or not yet.",
}
_FOLLOWED = {
    **_STATE,
    "reported_at": _TIME,
    "planned_start": _TIME,
    "planned_end": _TIME,
    "progress": {
        "type": "object",
        "properties": dict.fromkeys(("started", "done", "invoiced"), _TIME),
        "required": ["started", "done", "invoiced"],
    },
}
_COMMENT = {
    "date": _TIME,
    "author": {"type": "string", "description": "A name."},
    "from_staff": {"type": "boolean"},
    "text": {"type": "string"},
    "files": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "url": {
                    "type": "string",
                    "format": "uri",
                    "description": "Valid for some weeks.",
                },
            },
            "required": ["name", "url"],
        },
    },
}
_OPTION = {
    "type": "object",
    "properties": {
        "option": {
            "type": ["integer", "string"],
            "description": "What is sent as the answer.",
        },
        "name": {"type": "string"},
    },
    "required": ["option", "name"],
}
_POINT = {
    "type": "object",
    "properties": {
        "point": {"type": "integer", "description": "Its number."},
        "type": {
            "type": "string",
            "enum": ["section", "check", "text", "number", "choice", "date", "photo"],
            "description": "A section is a heading and takes no answer.",
        },
        "name": {"type": "string"},
        "help": {"type": "string", "description": "How it is checked."},
        "required": {"type": "boolean"},
        "unit": {"type": "string"},
        "minimum": {"type": ["number", "null"]},
        "maximum": {"type": ["number", "null"]},
        "options": {"type": "array", "items": _OPTION},
        "condition": {
            "type": "object",
            "description": "It is asked only if the earlier `point` has this answer: "
            "`check`, one of the `options`, or a number `outside` of minimum and "
            "maximum.",
            "properties": {
                "point": {"type": "integer"},
                "check": {"type": "string"},
                "options": {"type": "array", "items": {"type": "integer"}},
                "outside": {"type": "array", "items": {"type": ["number", "null"]}},
            },
            "required": ["point"],
        },
        "condition_text": {"type": "string", "description": "The same in words."},
    },
    "required": ["point", "type", "name"],
}
_POINTS = {
    "points": {"type": "array", "items": _POINT},
    "html": {
        "type": "string",
        "description": "The same as fields of a form: `point_<number>` and "
        "`remark_<number>`.",
    },
}
_RECEIVED = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": "The name it was given."},
            "sha256": {"type": "string", "description": "The hash of what came in."},
        },
        "required": ["name", "sha256"],
    },
}
_ERRORS = {
    "400": "The body or the idempotency key cannot be read.",
    "401": "The key is missing, wrong, disabled or expired.",
    "403": "This web page may not use the key, or the key does not read.",
    "404": "There is no such report, or it is another's.",
    "409": "Something else was sent with this idempotency key.",
    "413": "More than 50 MB, or than twice the largest file where that is more.",
    "415": "Neither JSON nor a form, not UTF-8, or compressed.",
    "422": "The content is not accepted; `fields` says why.",
    "429": "Too many requests: wait as many seconds as `Retry-After` says.",
    "503": "The server is busy: wait as many seconds as `Retry-After` says.",
}


def _reference(name):
    return {"$ref": f"#/components/schemas/{name}"}


def _answer(description, schema, headers=None):
    answer = {
        "description": description,
        "content": {"application/json": {"schema": _reference(schema)}},
    }
    return {**answer, "headers": headers} if headers else answer


def _errors(*statuses):
    wait = {"Retry-After": {"required": True, "schema": {"type": "integer"}}}
    return {
        status: _answer(_ERRORS[status], "Error", wait if status == "429" else None)
        for status in statuses
    }


def _object(properties, **optional):
    return {
        "type": "object",
        "properties": {**properties, **optional},
        "required": list(properties),
    }


def _list(name, content, **more):
    return _object({name: {"type": "array", "items": _reference(content)}, **more})


def _get_form_schema():
    """Return the schema of a form: the same names, the files beside it."""
    properties = {
        **schema.REPORT["properties"],
        "points": {"type": "string", "description": "As in JSON, as a text."},
        "files": {
            "type": "array",
            "maxItems": schema.REPORT["properties"]["files"]["maxItems"],
            "items": {"type": "string", "format": "binary"},
        },
    }
    photo = {
        "type": "string",
        "format": "binary",
        "description": "The photo that answers this point.",
    }
    return {
        **schema.REPORT,
        "properties": properties,
        "patternProperties": {f"^{schema.PHOTO.pattern}$": photo},
    }


# === PARAMETERS === #


def _in_query(name, description):
    return {
        "name": name,
        "in": "query",
        "description": description,
        "schema": {"type": "string"},
    }


_IDEMPOTENCY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Sent again with the same key, it is the same report; for "
    f"{KEY_DAYS} days.",
    "schema": {
        "type": "string",
        "pattern": f"^{schema.IDEMPOTENCY_KEY.pattern}$",
    },
}
_LANGUAGE = _in_query(
    "lang",
    "The code of a language that is installed, such as sv_SE; else it is the "
    "company's.",
)
_FORM = _in_query(
    "form",
    "Given, with any text: a visitor fills in a form of a web page, and the contact "
    "data that the integration asks for are required.",
)
_EQUIPMENT = _in_query(
    "equipment",
    "The serial number or the token of a service object, as in a report: the points "
    "of its category are asked as well. An object that the key cannot name gives the "
    "same answer as none.",
)
_BY_REFERENCE = {
    "name": "reference",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "minLength": 1},
}


# === OPERATIONS === #


def _operation(name, summary, responses, parameters=(), body=None):
    """Return an operation; its body is given by the schema of each media type."""
    operation = {
        "operationId": name,
        "summary": summary,
        "parameters": list(parameters),
        "responses": responses,
    }
    if body:
        content = {kind: {"schema": _reference(name)} for kind, name in body.items()}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _created(description, schema):
    """Return the answers to what is created once for each idempotency key."""
    replayed = {"Idempotency-Replayed": {"required": True, "schema": {"const": "true"}}}
    again = "It was sent before with this idempotency key."
    return {
        "201": _answer(description, schema),
        "200": _answer(again, schema, replayed),
    }


def _get_paths():
    """Return the operations by path and method."""
    return {
        "/reports": {"post": _file_report(), "get": _list_reports()},
        "/reports/{reference}/comments": {
            "get": _operation(
                "listComments",
                "Read what the customer and staff have written.",
                {
                    "200": _answer("The comments, oldest first.", "Comments"),
                    **_errors("401", "403", "404", "429", "503"),
                },
                [_BY_REFERENCE],
            ),
            "post": _add_comment(),
        },
        "/points": {"get": _read_points()},
        "/reports/{reference}": {
            "get": _operation(
                "readReport",
                "Ask what became of a report of one's own.",
                {
                    "200": _answer("The report.", "State"),
                    **_errors("401", "403", "404", "429", "503"),
                },
                [_BY_REFERENCE],
            )
        },
    }


def _file_report():
    statuses = ("400", "401", "403", "409", "413", "415", "422", "429", "503")
    return _operation(
        "fileReport",
        "File a fault report.",
        {**_created("The report is there.", "Filed"), **_errors(*statuses)},
        [_IDEMPOTENCY, _LANGUAGE, _FORM],
        {"application/json": "Report", "multipart/form-data": "Form"},
    )


def _list_reports():
    parameters = [
        {"name": name, "in": "query", "schema": rule}
        for name, rule in schema.QUERY.items()
    ]
    return _operation(
        "listReports",
        "Read one's own reports, a page at a time.",
        {
            "200": _answer("A page of reports.", "Reports"),
            **_errors("401", "403", "422", "429", "503"),
        },
        parameters,
    )


def _add_comment():
    statuses = ("400", "401", "403", "404", "409", "413", "415", "422", "429", "503")
    return _operation(
        "addComment",
        "Write for the customer.",
        {**_created("The comment is there.", "Comment"), **_errors(*statuses)},
        [_BY_REFERENCE, _IDEMPOTENCY],
        {"application/json": "NewComment"},
    )


def _read_points():
    return _operation(
        "readPoints",
        "Ask for the service points of new reports.",
        {
            "200": _answer("The points.", "Points"),
            **_errors("401", "403", "429", "503"),
        },
        [_LANGUAGE, _EQUIPMENT],
    )


# === THE DOCUMENT === #


def _get_schemas():
    """Return the schemas of bodies and answers by name."""
    cursor = {
        "type": ["string", "null"],
        "description": "The cursor of the next page.",
    }
    return {
        "Report": schema.REPORT,
        "Form": _get_form_schema(),
        "Filed": _object({**_STATE, "files": _RECEIVED}, **_MARK),
        "State": _object(_FOLLOWED, **_MARK),
        "Reports": _list("reports", "State", next=cursor),
        "NewComment": schema.COMMENT,
        "Comment": _object(_COMMENT),
        "Comments": _list("comments", "Comment"),
        "Points": _object(_POINTS),
        "Error": _ERROR,
    }


def get_document(url):
    """Return the OpenAPI 3.1 document of the API at `url`."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Fault Reports", "version": "1"},
        "servers": [{"url": url}],
        "security": [{"key": []}],
        "paths": _get_paths(),
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": _get_schemas(),
        },
    }
