"""Exceptions for refusals, with data for programs besides the message."""

import errno
import logging

from psycopg2 import DatabaseError, InterfaceError, OperationalError
from psycopg2.pool import PoolError

from odoo.exceptions import AccessError, UserError, ValidationError

_logger = logging.getLogger(__name__)

RETRY_AFTER = 5  # seconds, while the database or the disk is not available
# Out of space or of handles, or temporarily read-only
_PASSING_ERRNO = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EMFILE,
    errno.ENFILE,
}


def is_passing(exception):
    """Return whether the error is a temporary failure of database or disk.

    Includes exceptions caused by one, but no refusals.
    """
    seen = set()
    while exception is not None and id(exception) not in seen:
        if isinstance(exception, UserError):
            return False
        if isinstance(exception, (OperationalError, InterfaceError, PoolError)):
            return True
        # psycopg2 has no other class for some lost connections.
        if type(exception) is DatabaseError:
            return True
        if isinstance(exception, OSError) and exception.errno in _PASSING_ERRNO:
            return True
        seen.add(id(exception))
        exception = exception.__cause__ or exception.__context__
    return False


class PublicMessage:
    """A refusal whose message may be shown to people outside the company.

    The message contains no name of a customer, facility, object or user. It may quote
    the sender's texts, file names and the service points of the form.
    """


def get_public_message(env, error):
    """Return the message of a refusal for people outside the company.

    Other messages may contain names of records: they are only logged.
    """
    if isinstance(error, PublicMessage):
        return str(error)
    _logger.info("Refused, without saying why: %s", error)
    return env._(
        "This cannot be accepted as it is. Please call us, and we take it from there."
    )


class ForbiddenError(PublicMessage, AccessError):
    """The sender lacks the right to do this."""


class FieldError(PublicMessage, ValidationError):
    """One field of a request is not valid.

    :ivar str field: its name in the request (`name`, `files`, `points` …)
    :ivar list parts: the names of the parts of it that are not valid (`points[2]` …)
    :ivar text_problem: problem and limit, for `text_rules.get_message`, if the message
        names the field: a form calls it by another label
    """

    def __init__(self, message, field, parts=(), text_problem=None):
        super().__init__(message)
        self.field = field
        self.parts = parts
        self.text_problem = text_problem


class RequestTooLargeError(FieldError):
    """The request is larger than the limit."""

    http_status = 413


class ContentError(PublicMessage, ValidationError):
    """Several fields of a request are not valid.

    :ivar dict fields: a code for programs (`too_long` …) by name in the request
    """

    def __init__(self, message, fields):
        super().__init__(message)
        self.fields = fields


class RefusedRequestError(PublicMessage, UserError):
    """A refusal with an HTTP status of its own.

    :ivar str code: the error code
    :ivar dict contact: contact data of the company, or None
    """

    def __init__(self, message, http_status, code, contact=None):
        super().__init__(message)
        self.http_status = http_status
        self.code = code
        self.contact = contact


class TooManyRequestsError(PublicMessage, UserError):
    """The rate limit is exceeded.

    :ivar int retry_after: the seconds until the next attempt may succeed
    """

    http_status = 429

    def __init__(self, message, retry_after):
        super().__init__(message)
        self.retry_after = retry_after


class SubmissionConflictError(PublicMessage, UserError):
    """A submission was repeated with other content.

    :ivar report: the report of the first submission, if it still exists
    """

    http_status = 409

    def __init__(self, message, report=None):
        super().__init__(message)
        self.report = report
