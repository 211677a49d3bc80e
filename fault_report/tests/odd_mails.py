"""Odd e-mails as real mail servers send them, generated reproducibly."""

import base64
import random
import re

ALIAS = "faults@lifts.example"

TEXT = b"Water comes from the second pump."
CHARSETS = (
    "unknown-8bit",
    "utf8mb4",
    "cp-1252",
    "utf-8; foo",
    "x-unknown",
    "",
    "hex",
    "rot13",
    "idna",
    "undefined",
    "utf-7",
    "utf-16",
    "utf-32",
    "punycode",
    "base64",
    "iso-8859-99",
    "ISO-2022-JP",
    "gb18030",
    "big5-hkscs",
    "windows-874",
    "x-mac-roman",
    "unicode_escape",
    '"utf-8',
    "utf-8'",
    "none",
    "default_charset",
    "utf\x008",
    "üñï",
    "a" * 3000,
    "*",
)
TYPES = (
    "model/step",
    "drawing/x-dwg",
    "font/ttf",
    "chemical/x-pdb",
    "unknown/unknown",
    "file/pdf",
    "x-world/x-vrml",
    "*/*",
    "binary/octet-stream",
    "pdf; x",
    "text",
    "/",
    "application",
    "message/rfc822",
    "message/partial; id=1; number=1; total=2",
    "message/external-body; access-type=x",
    "message/delivery-status",
    "message/foo",
    "multipart/mixed",
    "multipart/mixed; boundary=",
    'multipart/related; boundary=""',
    "text/calendar; method=REQUEST",
    "application/ms-tnef",
    "application/pkcs7-mime; smime-type=enveloped-data",
    "image/x-emf",
    "image/svg+xml",
    "audio/amr",
    "video/3gpp",
    "text/html",
    "text/rtf",
    "text/x-vcard",
    "inode/x-empty",
    "hidden/file",
    "\x00/\x00",
    "a b/c d",
    "ä/ö",
    "x" * 3000,
)
ENCODINGS = (
    "base64",
    "quoted-printable",
    "7bit",
    "8bit",
    "binary",
    "x-uuencode",
    "uuencode",
    "BASE-64",
    "gzip",
    "",
    "base64; x=y",
    "\x00",
    "8-bit",
    "x" * 2000,
)
HEADERS = (
    ("From", "Bo <bo@"),
    ("From", "<bo"),
    ("From", "@"),
    ("From", ""),
    ("From", "\x00"),
    ("From", "Bo <bo@example.org>, Eva <eva@"),
    ("From", '"Bo <bo@example.org>'),
    ("From", "=?utf-8?q?Bo=00?= <bo@example.org>"),
    ("From", "=?x?b?!!!?= <b@e.example>"),
    ("From", "undisclosed:;"),
    ("From", "a@b@c@d"),
    ("From", "(" * 200),
    ("From", "'" * 999),
    ("From", "[" * 300),
    ("From", "ö@ü.example"),
    ("From", "x" * 70_000),
    ("To", f"Faults <{ALIAS}"),
    ("To", f"{ALIAS}, Bo <bo@"),
    ("To", f"<{ALIAS}>, \x00"),
    ("To", f"{ALIAS}," * 500),
    ("To", f'"Fa\x00ults" <{ALIAS}>'),
    ("Cc", "x <y@"),
    ("Message-Id", "<32\x00@chaos.x>"),
    ("Message-Id", ""),
    ("Message-Id", "no brackets"),
    ("Message-Id", "<" + "m" * 9000 + "@x>"),
    ("Message-Id", "<@>"),
    ("Message-Id", "<ü@x>"),
    ("Message-Id", "<[@x>"),
    ("Subject", "\x00"),
    ("Subject", "=?utf-8?q?=00=01?="),
    ("Subject", "=?utf-8?b?AAAA?="),
    ("Subject", "=?unknown?q?=ff?="),
    ("Subject", ""),
    ("Subject", "s" * 100_000),
    ("Subject", "=?utf-8?q?" + "=C3" * 300 + "?="),
    ("Date", "yesterday"),
    ("Date", ""),
    ("Date", "\x00"),
    ("Date", "Thu, 99 Foo 99999"),
    ("Date", "Thu, 26 Nov 99999 08:12:00 +9999"),
    ("Date", "1" * 5000),
    ("Date", "Mon, 1 Jan 0001 00:00:00 +2359"),
    ("References", "\x00"),
    ("References", "<a@b>" * 3000),
    ("References", "<" * 3000),
    ("In-Reply-To", "<\x00>"),
    ("In-Reply-To", "<x" * 900),
    ("Reply-To", "x <y@"),
    ("Return-Path", "<>\x00"),
    ("Content-Disposition", "attachment; filename*=x''%00"),
    ("Content-Id", "<\x00>"),
    ("Content-Disposition", 'attachment; filename="a\x00b.txt"'),
    ("Auto-Submitted", "no\x00"),
    ("Content-Disposition", "attachment; filename*0*=utf-8''a; filename*2*=c"),
    ("Content-Type", 'text/plain; charset="x'),
    ("MIME-Version", "x" * 999),
    ("X-Odd", "\x00" * 99),
    ("Resent-To", "<x@"),
    ("Delivered-To", "x@, <"),
)
BODIES = (
    b"",
    b"\0",
    b"\0\x01\x02 pump",
    b"\xff\xfe\xfd",
    "Wasser läuft über".encode("cp1252"),
    b"<html",
    b"<!-- only this -->",
    b"<?xml version='1.0' encoding='utf-16'?><a>x</a>",
    b"<p>\0</p>",
    b"<" * 5000,
    b"<div>" * 3000 + b"deep",
    b"&#0;&#1114112;&#xd800;",
    b"<style>p{color:red}</style>",
    b"<img src='data:image/bmp;base64,Qk1GAAAA'>x",
    b'<img src="data:image/png;base64,!!!!">x',
    b"x" * 300_000,
    b"\r\n" * 2000,
)


class OddMails:
    """Generator of odd e-mails; each has a label that names what is odd."""

    def __init__(self, references=()):
        """:param references: ids of the messages that each e-mail answers"""
        self.number = 0
        self.references = references

    def make(self, body=TEXT, mimetype="text/plain; charset=utf-8", **headers):
        """Return an e-mail as bytes; the given headers replace the default ones."""
        self.number += 1
        values = {
            "From": "Bo <bo@example.org>",
            "To": ALIAS,
            "Subject": f"Pump {self.number}",
            "Message-Id": f"<{self.number}.{id(self)}@chaos.example>",
            "MIME-Version": "1.0",
            "Content-Type": mimetype,
        }
        if self.references:
            values["In-Reply-To"] = self.references[-1]
            values["References"] = " ".join(self.references)
        values |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [
            f"{name}: {value}".encode("utf-8", "surrogateescape")
            for name, value in values.items()
            if value is not None
        ]
        return b"\r\n".join([*lines, b"", body])

    def make_parts(self, *parts, boundary="BB", **headers):
        """Return a multipart e-mail of the given parts (bytes)."""
        lines = [b"--" + boundary.encode() + b"\r\n" + part for part in parts]
        body = b"\r\n".join([*lines, b"--" + boundary.encode() + b"--", b""])
        return self.make(body, f"multipart/mixed; boundary={boundary}", **headers)

    def make_part(self, mimetype, content, *lines):
        head = [f"Content-Type: {mimetype}".encode("utf-8", "surrogateescape"), *lines]
        return b"\r\n".join([*head, b"", content])

    # === KINDS === #

    def make_all(self):
        """Yield pairs of a label and an e-mail."""
        yield from self._make_charsets()
        yield from self._make_types()
        yield from self._make_encodings()
        yield from self._make_headers()
        yield from self._make_bodies()
        yield from self._make_structures()
        yield from self._make_mutations()

    def _make_charsets(self):
        plain = self.make_part("text/plain; charset=utf-8", TEXT)
        for charset in CHARSETS:
            yield (
                f"charset {charset[:20]}",
                self.make(TEXT, f"text/plain; charset={charset}"),
            )
            yield (
                f"charset of html {charset[:20]}",
                self.make(b"<p>\xc3\xa4" + TEXT, f'text/html; charset="{charset}"'),
            )
            odd = f'text/csv; charset="{charset}"; name="a.csv"'
            part = self.make_part(odd, b"a;\xe4", b"Content-Disposition: attachment")
            yield f"charset of a file {charset[:20]}", self.make_parts(plain, part)

    def _make_types(self):
        content = base64.encodebytes(b"solid cube\0\1" * 30)
        for mimetype in TYPES:
            yield f"type {mimetype[:20]!r}", self.make(TEXT, mimetype)
            part = self.make_part(
                f'{mimetype}; name="part.stl"',
                content,
                b"Content-Transfer-Encoding: base64",
                b'Content-Disposition: attachment; filename="part.stl"',
            )
            plain = self.make_part("text/plain", TEXT)
            yield f"type of a file {mimetype[:20]!r}", self.make_parts(plain, part)
            bare = self.make_part(mimetype, TEXT)
            yield f"type of a part {mimetype[:20]!r}", self.make_parts(plain, bare)

    def _make_encodings(self):
        for encoding in ENCODINGS:
            label = f"encoding {encoding[:20]!r}"
            yield label, self.make(TEXT, Content_Transfer_Encoding=encoding)
            odd = b"begin 644 x\n!!!" if "uu" in encoding else b"=ZZ=\xff===A"
            yield f"{label}, wrong", self.make(odd, Content_Transfer_Encoding=encoding)

    def _make_headers(self):
        for name, value in HEADERS:
            given = {name: value}
            if name == "From":
                given["To"] = ALIAS
            yield f"{name}: {value[:30]!r}", self.make(**given)
            if name != "Message-Id":
                yield f"{name}: {value[:30]!r}, no text", self.make(b"", **given)
        for name in (
            "From",
            "Subject",
            "Message-Id",
            "Date",
            "Content-Type",
            "MIME-Version",
        ):
            yield f"without {name}", self.make(**{name: None})

    def _make_bodies(self):
        for body in BODIES:
            for mimetype in ("text/plain", "text/html", "text/html; charset=utf-8"):
                yield f"{mimetype} {body[:20]!r}", self.make(body, mimetype)
            plain = self.make_part("text/plain; charset=utf-8", TEXT)
            html = self.make_part("text/html; charset=utf-8", body)
            yield f"alternative {body[:20]!r}", self.make_parts(plain, html)

    def _make_structures(self):
        plain = self.make_part("text/plain", TEXT)
        for label, old, new in (
            ("no boundary", b"; boundary=BB", b""),
            ("another boundary", b"boundary=BB", b"boundary=CC"),
            ("not closed", b"--BB--", b""),
            ("only one line feed", b"\r\n", b"\n"),
            ("only carriage returns", b"\r\n", b"\r"),
            ("a line between", b"MIME-Version", b"no header\r\nMIME-Version"),
        ):
            yield label, self.make_parts(plain, plain).replace(old, new)
        for label, first in (
            ("blank lines first", b"\r\n\r\n"),
            ("a line that is no header", b"this is no header\r\n"),
            ("mbox", b"From bo@example.org Thu Nov 26 08:12:00 2026\r\n"),
        ):
            yield label, first + self.make_parts(plain, plain)
        yield "no parts", self.make(b"", "multipart/mixed; boundary=BB")
        yield "thousand parts", self.make_parts(*[plain] * 1000)
        inner = plain
        for depth in range(200):
            boundary = f"D{depth}".encode()
            inner = (
                b"Content-Type: multipart/mixed; boundary="
                + boundary
                + b"\r\n\r\n--"
                + boundary
                + b"\r\n"
                + inner
                + b"\r\n--"
                + boundary
                + b"--"
            )
            if depth in (20, 199):
                yield f"{depth} deep", self.make_parts(plain, inner)
        message = self.make_part("message/rfc822", self.make(b"In it", "x/y"))
        yield "a message in it", self.make_parts(plain, message)
        yield (
            "a packed message",
            self.make_parts(
                plain,
                self.make_part(
                    "message/rfc822",
                    base64.encodebytes(self.make()),
                    b"Content-Transfer-Encoding: base64",
                ),
            ),
        )
        icons = b"".join(
            b'<img src="data:image/bmp;base64,' + base64.b64encode(b"BM%d" % n) + b'">'
            for n in range(40)
        )
        yield "forty icons", self.make(icons, "text/html")
        for name in (b"a" * 3000, b"\xff.txt", b"../../x", b"a\0b.pdf", b""):
            line = b'Content-Disposition: attachment; filename="' + name + b'"'
            part = self.make_part("application/pdf", b"%PDF-1.4 x", line)
            yield f"file {name[:20]!r}", self.make_parts(plain, part)

    def _make_mutations(self):
        """Yield an ordinary e-mail with a few bytes changed after its addresses."""
        chance = random.Random(25)  # noqa: S311  the same ones each time
        image = self.make_part(
            'image/png; name="p.png"',
            base64.encodebytes(b"\x89PNG\r\n\x1a\n" + bytes(60)),
            b"Content-Transfer-Encoding: base64",
            b"Content-Id: <p@x>",
        )
        text = self.make_part("text/plain; charset=utf-8", TEXT)
        html = self.make_part(
            "text/html; charset=utf-8", b'<p>Hi<img src="cid:p@x"></p>'
        )
        for number in range(200):
            mail = bytearray(self.make_parts(text, html, image))
            start = re.search(rb"MIME-Version", mail).start()
            for _time in range(chance.randint(1, 8)):
                place = chance.randrange(start, len(mail))
                action = chance.randrange(4)
                if action == 0:
                    mail[place] = chance.randrange(256)
                elif action == 1:
                    del mail[place : place + chance.randint(1, 30)]
                elif action == 2:
                    mail[place:place] = (
                        bytes([chance.choice(b'\0"<>;:=@-\r\n\xff')]) * 3
                    )
                else:
                    mail[place:place] = mail[place : place + 40]
            yield f"changed {number}", bytes(mail)


def make_bounces(reference):
    """Yield odd bounce messages."""
    mails = OddMails([reference])
    report = "multipart/report; report-type=delivery-status; boundary=B"
    status = "message/delivery-status"
    packed = b"Content-Transfer-Encoding: base64"
    headers = "text/rfc822-headers; charset=x"
    for label, part in (
        ("status packed", mails.make_part(status, b"QQ==", packed)),
        ("status empty", mails.make_part(status, b"")),
        ("status odd", mails.make_part(status, b"A: b\r\n\r\nFinal-Recipient: \0;<")),
        ("message empty", mails.make_part("message/rfc822", b"")),
        ("head odd", mails.make_part(headers, b"Message-Id: \0")),
        ("nothing", b""),
        ("not ended", b"\r\n--B--\r\n--B"),
    ):
        body = b"--B\r\n" + part + b"\r\n--B--"
        yield label, mails.make(body, report)
        yield f"{label}, no boundary", mails.make(body, "multipart/report")
        daemon = mails.make(body, report, From="MAILER-DAEMON@mx.example")
        yield f"{label}, daemon", daemon
    yield "no text", mails.make(b"", report)
    yield "no parts", mails.make(b"--B--", report)
