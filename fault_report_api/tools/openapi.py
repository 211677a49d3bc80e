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
        "description": "The page where anybody who knows it follows the report.",
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
    "422": "The content is not accepted; `fields` tells why.",
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


def get_document(url):
    """Return the OpenAPI 3.1 document of the API at `url`."""
    answered = {**_STATE, "files": _RECEIVED}
    idempotency = {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Sent again with the same key, it is the same report; for "
        f"{KEY_DAYS} days.",
        "schema": {
            "type": "string",
            "pattern": f"^{schema.IDEMPOTENCY_KEY.pattern}$",
        },
    }
    language = {
        "name": "lang",
        "in": "query",
        "description": "The code of a language that is installed, such as sv_SE; "
        "else it is the company's.",
        "schema": {"type": "string"},
    }
    form = {
        "name": "form",
        "in": "query",
        "description": "A visitor fills in a form of a web page: the contact data that "
        "the integration asks for are required.",
        "schema": {"const": "1"},
    }
    equipment = {
        "name": "equipment",
        "in": "query",
        "description": "The serial number or the token of a service object, as in a "
        "report: the points of its category are asked as well. An object that the key "
        "cannot name gives the same answer as none.",
        "schema": {"type": "string"},
    }
    replayed = {"Idempotency-Replayed": {"required": True, "schema": {"const": "true"}}}
    by_reference = {
        "name": "reference",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "minLength": 1},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Fault Reports", "version": "1"},
        "servers": [{"url": url}],
        "security": [{"key": []}],
        "paths": {
            "/reports": {
                "post": {
                    "operationId": "fileReport",
                    "summary": "File a fault report.",
                    "parameters": [idempotency, language, form],
                    "requestBody": {
                        "required": True,
                        "content": {
                            "application/json": {"schema": _reference("Report")},
                            "multipart/form-data": {"schema": _reference("Form")},
                        },
                    },
                    "responses": {
                        "201": _answer("The report is there.", "Filed"),
                        "200": _answer(
                            "It was sent before with this idempotency key.",
                            "Filed",
                            replayed,
                        ),
                        **_errors(*"400 401 403 409 413 415 422 429 503".split()),
                    },
                },
                "get": {
                    "operationId": "listReports",
                    "summary": "Read one's own reports, a page at a time.",
                    "parameters": [
                        {"name": name, "in": "query", "schema": rule}
                        for name, rule in schema.QUERY.items()
                    ],
                    "responses": {
                        "200": _answer("A page of reports.", "Reports"),
                        **_errors(*"401 403 422 429 503".split()),
                    },
                },
            },
            "/reports/{reference}/comments": {
                "get": {
                    "operationId": "listComments",
                    "summary": "Read what the customer and staff have written.",
                    "parameters": [by_reference],
                    "responses": {
                        "200": _answer("The comments, oldest first.", "Comments"),
                        **_errors(*"401 403 404 429 503".split()),
                    },
                },
                "post": {
                    "operationId": "addComment",
                    "summary": "Write for the customer.",
                    "parameters": [by_reference, idempotency],
                    "requestBody": {
                        "required": True,
                        "content": {
                            "application/json": {"schema": _reference("NewComment")}
                        },
                    },
                    "responses": {
                        "201": _answer("The comment is there.", "Comment"),
                        "200": _answer(
                            "It was sent before with this idempotency key.",
                            "Comment",
                            replayed,
                        ),
                        **_errors(*"400 401 403 404 409 413 415 422 429 503".split()),
                    },
                },
            },
            "/points": {
                "get": {
                    "operationId": "readPoints",
                    "summary": "Ask for the service points of new reports.",
                    "parameters": [language, equipment],
                    "responses": {
                        "200": _answer("The points.", "Points"),
                        **_errors(*"401 403 429 503".split()),
                    },
                }
            },
            "/reports/{reference}": {
                "get": {
                    "operationId": "readReport",
                    "summary": "Ask what became of a report of one's own.",
                    "parameters": [by_reference],
                    "responses": {
                        "200": _answer("The report.", "State"),
                        **_errors(*"401 403 404 429 503".split()),
                    },
                }
            },
        },
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Report": schema.REPORT,
                "Form": _get_form_schema(),
                "Filed": _object(answered, **_MARK),
                "State": _object(_FOLLOWED, **_MARK),
                "Reports": _list(
                    "reports",
                    "State",
                    next={
                        "type": ["string", "null"],
                        "description": "The cursor of the next page.",
                    },
                ),
                "NewComment": schema.COMMENT,
                "Comment": _object(_COMMENT),
                "Comments": _list("comments", "Comment"),
                "Points": {
                    "type": "object",
                    "properties": _POINTS,
                    "required": list(_POINTS),
                },
                "Error": _ERROR,
            },
        },
    }
