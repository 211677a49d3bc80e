"""URLs of fault reports, and secrets in them.

Anyone with the URL of a QR page or tracking page can use it. Therefore it is masked in
Odoo's logs, and excluded from referrers, frames of other sites and caches.
"""

import logging
import re

# With the language of the website before it
_OWN = re.compile(
    r"(?:/[a-z]{2,3}(?:[_@]\w+)*)?/+(?:my/+fault_reports|fault_report)(?:/.*)?", re.S
)

# In an address within another one, these are encoded
_SLASH = r"(?:/|%(?:25)*2f)+"
_EQUALS = r"(?:=|%(?:25)*3d)"
_WORD = r"(?:(?!%(?:25)*(?:26|23|2f|3f|20|22))[^\s/&#?\"'<>\\])+"
_QUERY = rf"access(?:_|%(?:25)*5f)token{_EQUALS}"
MASK = "***"
# Paths whose rest is a secret, each as its parts: added by `add_secret_path`
_paths = set()
_secrets = None


def add_secret_path(*parts):
    """Treat the rest of a path after these parts as a secret.

    Called once by each addon that has such pages.
    """
    _paths.add(parts)
    _compile()


def _compile():
    global _secrets
    starts = "|".join(_SLASH.join(map(re.escape, parts)) for parts in sorted(_paths))
    rest = rf"{_WORD}(?:{_SLASH}{_WORD})*"
    path = rf"(?P<path>(?:{starts}){_SLASH}){rest}|" if _paths else ""
    _secrets = re.compile(rf"{path}(?P<query>{_QUERY}){_WORD}", re.I)


_compile()


def is_own(path):
    """Return whether this is the path of one of our pages."""
    return bool(_OWN.fullmatch(path))


def has_secret(address):
    """Return whether this path and query contain a secret."""
    return bool(_secrets.search(address))


def mask(text):
    """Return the text with masked secrets of all URLs."""
    return _secrets.sub(lambda found: found[found.lastgroup] + MASK, text)


class SecretFilter(logging.Filter):
    """Mask secrets in log records and tracebacks."""

    _formatter = logging.Formatter()

    def filter(self, record):
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):
            return True  # It cannot be written either; `logging` says so itself
        masked = mask(message)
        if masked != message:
            record.msg, record.args = masked, None
        if record.exc_info and not record.exc_text:
            record.exc_text = self._formatter.formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = mask(record.exc_text)
        return True


_FILTER = SecretFilter()


def keep_secrets_out_of_logs():
    """Install the filter at the loggers of requests and at all handlers.

    Filters of a logger are not applied to records of its children, those of handlers
    are. Both are used, to cover handlers that are added later.
    """
    for logger in map(logging.getLogger, ("werkzeug", "odoo.http")):
        logger.addFilter(_FILTER)
    for handler in logging.getLogger().handlers:
        handler.addFilter(_FILTER)
