"""Refusals that say more than a sentence: to programs that read the answer."""

from odoo.exceptions import UserError, ValidationError


class FieldError(ValidationError):
    """What is wrong with one field of what was sent.

    :ivar str field: the name it has at the door (`name`, `files`, `points` …)
    """

    def __init__(self, message, field):
        super().__init__(message)
        self.field = field


class RequestTooLargeError(FieldError):
    """More was sent at once than is taken."""

    http_status = 413


class ContentError(ValidationError):
    """What is wrong with several fields of what was sent.

    :ivar dict fields: for each name at the door, a word for programs (`too_long` …)
    """

    def __init__(self, message, fields):
        super().__init__(message)
        self.fields = fields


class RefusedRequestError(UserError):
    """What the API answers with a status of its own.

    :ivar str code: the word for programs
    :ivar dict contact: how people reach the company instead, or None
    """

    def __init__(self, message, http_status, code, contact=None):
        super().__init__(message)
        self.http_status = http_status
        self.code = code
        self.contact = contact


class TooManyRequestsError(UserError):
    """Somebody asks too often.

    :ivar int retry_after: the seconds until the next attempt may succeed
    """

    http_status = 429

    def __init__(self, message, retry_after):
        super().__init__(message)
        self.retry_after = retry_after


class SubmissionConflictError(UserError):
    """The same submission came again with another content.

    :ivar report: what was filed the first time, if it is still there
    """

    http_status = 409

    def __init__(self, message, report=None):
        super().__init__(message)
        self.report = report
