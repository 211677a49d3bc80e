"""E-mails that are expensive to parse, one per technique."""

MEGABYTE = 2**20
TAIL = b"The lift stands."
PLAIN = b"Content-Type: text/plain; charset=utf-8\n"
HTML = b"Content-Type: text/html; charset=utf-8\n"
MIXED = b'Content-Type: multipart/mixed; boundary="b"\n'


def make_hostile_mails(megabytes=1):
    """Yield a label and an e-mail of each kind, of about the given size."""
    for number, (label, (head, body)) in enumerate(_make_kinds(megabytes)):
        yield (
            label,
            b"From: bo%d@hostile.example\nTo: faults@lifts.example\n"
            b"Subject: Hostile\nMessage-Id: <%d.%d@hostile.example>\n"
            b"MIME-Version: 1.0\n%b\n%b" % (number, megabytes, number, head, body),
        )


def _fill(piece, megabytes):
    return piece * (megabytes * MEGABYTE // len(piece))


def _make_kinds(megabytes):
    yield from _make_heads(megabytes)
    yield from _make_texts(megabytes)
    yield from _make_parts(megabytes)


def _make_heads(megabytes):
    for label, name, piece in (
        ("folded", b"X-A", b"\n a"),
        ("words", b"X-A", b"a" * 1999 + b" "),
        ("encoded", b"X-A", b"=?utf-8?q?a?= "),
        ("commas", b"Cc", b","),
        ("groups", b"Cc", b"a:b;"),
        ("addresses", b"Cc", b"a@b.example, "),
        ("atoms", b"Reply-To", b"a "),
        ("semicolons", b"Content-Type", b";"),
        ("parameters", b"Content-Disposition", b"; a*0*=utf-8''%41"),
        ("brackets", b"Content-Transfer-Encoding", b"<"),
        ("references", b"References", b"<a@b.example> "),
    ):
        for length in (45_000, megabytes * MEGABYTE):
            value = piece * (length // len(piece))
            yield f"head, {label}, {length}", (name + b": x" + value + b"\n", TAIL)
        yield f"head, {label}, again", (_fill(name + b": x" + piece + b"\n", 1), TAIL)


def _make_texts(megabytes):
    for piece in (b"> x\n", b"x\n", b"-- \n", b"From: x\n", b"x", b"\n", b"A" * 76):
        yield f"plain, {piece[:9]}", (PLAIN, TAIL + b"\n" + _fill(piece, megabytes))
    for piece in (
        b"<img>x", b"<!--a-->x", b"<foo>y</foo>z", b"<br>", b"<p>&gt; x</p>", b"<div>",
        b"<blockquote>", b"<a href='http://x/'>y</a>", b"<p data-o-mail-quote=1>x</p>y",
        b"<table><tr><td>x", b"&lt;", b"<p style='display:none'>a</p>b",
    ):  # fmt: skip
        text = TAIL + _fill(piece, megabytes)
        yield f"html, {piece[:12]}", (HTML, text)
        yield (
            f"named html, {piece[:12]}",
            (
                HTML + b'Content-Disposition: inline; filename="a.html"\n',
                text,
            ),
        )
    for count in (9_000, 15_000, 200_000):
        text = TAIL + b"<p title='" + b"<img " * count + b"'>x</p>"
        yield f"html, {count} in a title", (HTML, text)
    text = TAIL + _fill(b"+ADw-foo+AD4-z", megabytes)
    yield "html, utf-7", (b"Content-Type: text/html; charset=utf-7\n", text)


def _make_parts(megabytes):
    for label, part in (
        ("tiny", b"--b\n\nx\n"),
        ("files", b"--b\nContent-Disposition: attachment; filename=a.txt\n\nx\n"),
        ("many html", b"--b\nContent-Type: text/html\n\n" + b"<i>x</i>" * 50 + b"\n"),
        ("semicolons", b"--b\nContent-Type: text/plain" + b";" * 9_000 + b"\n\nx\n"),
        ("long heads", b"--b\nContent-Type: text/plain" + b";" * 45_000 + b"\n\nx\n"),
    ):
        first = b"--b\n\n" + TAIL + b"\n"
        for count in (90, 490, megabytes * MEGABYTE // len(part)):
            yield f"{label}, {count}", (MIXED, first + part * count + b"--b--\n")
    for depth in (40, 200):
        inner = b"".join(
            b'--b%d\nContent-Type: multipart/mixed; boundary="b%d"\n\n' % (n, n + 1)
            for n in range(depth)
        )
        outer = MIXED.replace(b'"b"', b'"b0"')
        yield f"depth {depth}", (outer, inner + _fill(b"\n", megabytes))
