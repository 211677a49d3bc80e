"""E-mails as trees of parts, generated reproducibly, with a mark in each part.

What can be read of such an e-mail has all its marks.
"""

import base64
import quopri
import random

from .odd_mails import ALIAS
from .test_file_rules import make_picture

SUBTYPES = ("mixed", "mixed", "alternative", "related", "signed", "digest", "x-other")
# Spellings of a boundary, and the boundary: Python's parsers read some differently
BOUNDARIES = (
    ('"%s"', "%s"),
    ("%s", "%s"),
    ("'%s'", "%s"),
    ('"%s "', "%s"),
    ("(a)%s", "(a)%s"),
    ('"(a)%s"', "(a)%s"),
    ("=_%s", "=_%s"),
)
ENCODERS = {
    "base64": base64.encodebytes,
    "quoted-printable": quopri.encodestring,
    # Written by programs that end too early
    "base64 ": lambda content: base64.b64encode(content + b"    ")[:-3],
}
DEEPEST = 4


class MailTrees:
    """Generator of e-mails; `marks` are those of the last one that must be kept."""

    def __init__(self, seed):
        self.chance = random.Random(seed)  # noqa: S311  the same ones each time
        self.number = 0
        self.marks = []

    def make(self):
        """Return the next e-mail as bytes."""
        self.marks = []
        body = self._make_part(0, self.marks)
        return self._make_head(ALIAS) + body

    def _make_head(self, recipient):
        self.number += 1
        head = (
            "From: Bo <bo@example.org>\r\nTo: %s\r\nSubject: Tree %d\r\n"
            "Message-Id: <%d.tree@example.org>\r\nMIME-Version: 1.0\r\n"
        )
        return (head % (recipient, self.number, self.number)).encode()

    def _make_mark(self, marks):
        self.number += 1
        marks.append(f"mark{self.number}x")
        return marks[-1]

    def _make_part(self, depth, marks):
        kinds = [self._make_text, self._make_file]
        if depth < DEEPEST:
            kinds += [self._make_parts, self._make_parts, self._make_message]
        return self.chance.choice(kinds)(depth, marks)

    def _make_text(self, _depth, marks, kind=None):
        kind = kind or self.chance.choice(("plain", "plain", "html"))
        text = f"The pump läuft {self._make_mark(marks)}."
        text = f"<div>{text}</div>" if kind == "html" else text
        return self._encode(f"text/{kind}; charset=utf-8", text.encode())

    def _make_file(self, _depth, marks):
        mark = self._make_mark(marks)
        kind, content = self.chance.choice(
            (
                ("image/jpeg", make_picture("JPEG", comment=mark.encode())),
                ("text/plain", make_picture("JPEG", comment=mark.encode())),
                ("application/pdf", b"%PDF-1.4 " + mark.encode()),
                ("application/x-other", b"MZ\x90\0" + mark.encode()),
                ("text/csv", mark.encode()),
            )
        )
        name = f'\r\nContent-Disposition: attachment; filename="{mark}"'
        return self._encode(kind + name, content)

    def _encode(self, kind, content):
        encoding = self.chance.choice(list(ENCODERS))
        head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
        return head.encode() + ENCODERS[encoding](content) + b"\r\n"

    def _make_message(self, depth, marks):
        inner = self._make_head("elsewhere@example.org")
        inner += self._make_part(depth + 1, marks)
        kind = self.chance.choice(("message/rfc822", "message/global"))
        if self.chance.random() < 0.5:
            return f"Content-Type: {kind}\r\n\r\n".encode() + inner
        return self._encode(kind, inner)

    def _make_parts(self, depth, marks):
        subtype = self.chance.choice(SUBTYPES)
        self.number += 1
        spelled, boundary = (
            form % self.number for form in self.chance.choice(BOUNDARIES)
        )
        parts = self._make_inner(subtype, depth, marks)
        lines = [b"--%b\r\n%b\r\n" % (boundary.encode(), part) for part in parts]
        head = f"Content-Type: multipart/{subtype}; boundary={spelled}\r\n\r\n"
        return b"".join((head.encode(), *lines, b"--%b--\r\n" % boundary.encode()))

    def _make_inner(self, subtype, depth, marks):
        count = self.chance.randint(0, 2)
        if subtype == "alternative":
            # Replaced by the last one
            parts = [self._make_text(depth, [], "plain") for _number in range(count)]
        else:
            parts = [self._make_part(depth + 1, marks) for _number in range(count)]
        return [*parts, self._make_part(depth + 1, marks)]
