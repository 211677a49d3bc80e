"""Ten odd e-mails, as mail programs and machines write them."""

import base64

from .client import make_photo

HEAD = (
    b"From: Bo <bo@customer.example>\r\nTo: faults@company.example\r\n"
    b"Date: Fri, 6 Mar 2026 10:%02d:00 +0100\r\nMIME-Version: 1.0\r\n"
)
MIXED = b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n'
PLAIN = b"Content-Type: text/plain; charset=utf-8\r\n\r\nIt leaks.\r\n"
PHOTO = make_photo("odd mail")
PART = (
    b'--x\r\nContent-Type: image/png; name="%s"\r\nContent-Transfer-Encoding: base64'
    b'\r\nContent-Disposition: attachment; filename="%s"\r\n\r\n%s\r\n'
)


def make_mails(machine=b"odd"):
    """Return the e-mails as bytes.

    :param bytes machine: the sender's machine; e-mails of another one have other ids
    """
    path = b"../../photo.png"
    photo = PART % (path, path, base64.encodebytes(PHOTO))
    cut = PART % (b"cut.png", b"cut.png", base64.encodebytes(PHOTO)[:4001])
    contents = (
        (b"<null\0@%s>" % machine, b"A NUL in its id", PLAIN),
        (
            b"<1@%s>" % machine,
            b"Unknown charset",
            PLAIN.replace(b"utf-8", b"x-klingon"),
        ),
        (
            b"<2@%s>" % machine,
            b"A photo",
            MIXED + b"--x\r\n" + PLAIN + photo + b"--x--\r\n",
        ),
        (b"<3@%s>" % machine, b"Ends in its photo", MIXED + b"--x\r\n" + PLAIN + cut),
        (b"<4@%s>" % machine, b"M\xe4rklig \xff rubrik", PLAIN),
        (b"<5@%s>" % machine, b"", PLAIN),
        (b"<6@%s>" % machine, b"Long " * 2000, PLAIN),
        (b"<7@%s>" % machine, b"Empty", b"\r\n"),
        (b"<8@%s>" % machine, b"=?utf-8?b?////?= =?bad?q?x?=", PLAIN),
        (
            b"<9@%s>" % machine,
            b"Without a type",
            b"Content-Type: nonsense;;\r\n\r\nIt leaks.",
        ),
    )
    return [
        HEAD % minute + b"Message-Id: %s\r\nSubject: %s\r\n%s" % content
        for minute, content in enumerate(contents)
    ]
