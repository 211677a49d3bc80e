"""Responses of the web API to bad requests: one table, sent over HTTP row by row.

Nothing refused is stored, nothing breaks, and all refusals have the same format.
"""

import io
import json
import zipfile
import zlib
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.fault_report.tests.test_file_rules import make_picture

from .common_api import REPORTS, SITE, ApiCase, LyingAdapter, encode

GOOD = b'{"name": "Fine"}'
JSON = {"Content-Type": "application/json"}
HTML = b"<html><script>alert(1)</script></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
PHP = b"\x00<?php system($_GET['c']); ?>"


def raw(data, **headers):
    headers = {name.replace("_", "-"): text for name, text in headers.items()}
    return {"data": data, "headers": {**JSON, **headers}}


def report(**values):
    return {"json": {"name": "Bad", **values}}


def file(name, content):
    return report(files=[encode(name, content)])


def point(**values):
    return report(points=[values])


def form(*parts, **texts):
    """Return a multipart form; `parts` are names and contents of files."""
    return {
        "data": {"name": "Bad", **texts},
        "files": [("files", part) for part in parts] or [("files", ("a.txt", b"a"))],
    }


def cut_form(content):
    return {
        "data": content,
        "headers": {"Content-Type": "multipart/form-data; boundary=X"},
    }


def part(name, content, more=b""):
    return b'--X\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % (
        name,
        more,
        content,
    )


def by(key="good", **headers):
    headers = {name.replace("_", "-"): text for name, text in headers.items()}
    return {"json": {"name": "Bad"}, "with_key": key, "headers": headers}


def at(path, method="POST", **request):
    return {"json": {"name": "Bad"}, "method": method, "path": path, **request}


def make_archive(names):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, b"\0" * 1_000_000)
    return content.getvalue()


def make_pixel_bomb(side):
    """Return a PNG of a few kilobytes that claims to be `side` pixels wide and high."""

    def chunk(kind, body):
        checksum = zlib.crc32(kind + body)
        return len(body).to_bytes(4) + kind + body + checksum.to_bytes(4)

    head = side.to_bytes(4) * 2 + b"\x08\x02\x00\x00\x00"
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


# ruff: noqa: E501
# The request, and the response: the status, the error code, and for an error of one
# field its name and code.
# fmt: off
TABLE = {
    # --- not readable -----------------------------------------------------------------
    "nothing":                      (raw(b""), 400, "unreadable"),
    "a space":                      (raw(b" "), 400, "unreadable"),
    "half of it":                   (raw(GOOD[:-1]), 400, "unreadable"),
    "two of it":                    (raw(GOOD * 2), 400, "unreadable"),
    "single quotes":                (raw(b"{'name': 'x'}"), 400, "unreadable"),
    "a trailing comma":             (raw(b'{"name": "x",}'), 400, "unreadable"),
    "a comment":                    (raw(b'{"name": "x"} // y'), 400, "unreadable"),
    "Latin-1":                      (raw('{"name": "Tür"}'.encode("latin-1")), 400, "unreadable"),
    "UTF-16":                       (raw(GOOD.decode().encode("utf-16")), 400, "unreadable"),
    "overlong UTF-8":               (raw(b'{"name": "\xc0\xaf"}'), 400, "unreadable"),
    "a byte order mark":            (raw(b"\xef\xbb\xbf" + GOOD), 400, "unreadable"),
    "a NUL byte":                   (raw(b'{"name": "a\0b"}'), 400, "unreadable"),
    "a line break in a string":     (raw(b'{"name": "a\nb"}'), 400, "unreadable"),
    "NaN":                          (raw(b'{"name": NaN}'), 400, "unreadable"),
    "Infinity":                     (raw(b'{"points": [{"point": Infinity}]}'), 400, "unreadable"),
    "100,000 nested arrays":        (raw(b"[" * 100_000), 400, "unreadable"),
    "nested objects":               (raw(b'{"name":' * 50_000), 400, "unreadable"),
    "a number of 5,000 digits":     (raw(b'{"name": 1%s}' % (b"0" * 5000)), 400, "unreadable"),
    "a pickle":                     (raw(b"\x80\x04\x95\x10."), 400, "unreadable"),
    "XML":                          (raw(b"<report/>"), 400, "unreadable"),
    "a form that is empty":         (cut_form(b""), 400, "unreadable"),
    "a form cut off":               (cut_form(part(b"name", b"Bad")), 400, "unreadable"),
    "a form with a file cut off":   (cut_form(part(b"name", b"Bad") + part(b"files", b"a", b'; filename="a.txt"')[:-9]), 400, "unreadable"),
    "a form of another boundary":   (cut_form(b"--Y\r\n\r\n--Y--"), 400, "unreadable"),
    "a form in Latin-1":            (cut_form(part(b"name", b"T\xfcr") + b"--X--"), 400, "unreadable"),
    "points of a form, unreadable": (form(points="[{"), 422, "content", "points", "wrong_type"),
    # --- another type -----------------------------------------------------------------
    "no content type":              (raw(GOOD, Content_Type=None), 415, "content_type"),
    "text":                         (raw(GOOD, Content_Type="text/plain"), 415, "content_type"),
    "a web form":                   ({"data": {"name": "Bad"}}, 415, "content_type"),
    "XML by type":                  (raw(b"<a/>", Content_Type="application/xml"), 415, "content_type"),
    "JSON-RPC":                     (raw(GOOD, Content_Type="application/json-rpc"), 415, "content_type"),
    "a charset":                    (raw(GOOD, Content_Type="application/json; charset=latin-1"), 415, "content_type"),
    "compressed":                   (raw(zlib.compress(GOOD), Content_Encoding="deflate"), 415, "content_type"),
    "a compressed bomb":            (raw(zlib.compress(b"0" * 10**7), Content_Encoding="gzip"), 415, "content_type"),
    "a form by type":               (raw(GOOD, Content_Type="multipart/mixed; boundary=X"), 415, "content_type"),
    # --- not a report -----------------------------------------------------------------
    "an array":                     ({"json": [{"name": "x"}]}, 422, "content", "", "wrong_type"),
    "null":                         ({"json": None}, 422, "content", "", "wrong_type"),
    "a text":                       ({"json": "name"}, 422, "content", "", "wrong_type"),
    "a number":                     ({"json": 1}, 422, "content", "", "wrong_type"),
    "no name":                      ({"json": {}}, 422, "content", "name", "required"),
    "a form without a name":        (cut_form(part(b"comment", b"x") + b"--X--"), 422, "content", "name", "required"),
    "the name twice":               (raw(b'{"name": "a", "name": "b"}'), 422, "content", "name", "duplicate"),
    "the name twice in a form":     (cut_form(part(b"name", b"a") + part(b"name", b"b") + b"--X--"), 422, "content", "name", "duplicate"),
    "a key of a point twice":       (raw(b'{"name": "a", "points": [{"point": 1, "point": 2}]}'), 422, "content", "point", "duplicate"),
    # --- names ------------------------------------------------------------------------
    "an unknown field":             (report(colour="red"), 422, "content", "colour", "unknown"),
    "an unknown field of a form":   (form(colour="red"), 422, "content", "colour", "unknown"),
    "a file under another name":    ({"data": {"name": "Bad"}, "files": [("photo", ("a.txt", b"a"))]}, 422, "content", "photo", "unknown"),
    "the state":                    (report(state="solved"), 422, "content", "state", "unknown"),
    "the company":                  (report(company_id=1), 422, "content", "company_id", "unknown"),
    "the customer's id":            (report(partner_id=1), 422, "content", "partner_id", "unknown"),
    "the object's id":              (report(equipment_id=1), 422, "content", "equipment_id", "unknown"),
    "the technician":               (report(technician_id=2), 422, "content", "technician_id", "unknown"),
    "the reference":                (report(reference="FR-1"), 422, "content", "reference", "unknown"),
    "the channel":                  (report(channel="form"), 422, "content", "channel", "unknown"),
    "the token":                    (report(access_token="x"), 422, "content", "access_token", "unknown"),
    "an order":                     (report(sale_order_id=1), 422, "content", "sale_order_id", "unknown"),
    "the context":                  (report(context={"default_state": "solved"}), 422, "content", "context", "unknown"),
    "a default":                    (report(default_state="solved"), 422, "content", "default_state", "unknown"),
    "a Python attribute":           (report(__class__="x"), 422, "content", "__class__", "unknown"),
    "a JavaScript prototype":       (report(__proto__={"a": 1}), 422, "content", "__proto__", "unknown"),
    "a name with a dot":            (raw(b'{"name": "x", "partner_id.name": "x"}'), 422, "content", "partner_id.name", "unknown"),
    "an empty name":                (raw(b'{"name": "x", "": "x"}'), 422, "content", "", "unknown"),
    # --- types ------------------------------------------------------------------------
    "a number as the name":         (report(name=1), 422, "content", "name", "wrong_type"),
    "true as the name":             (report(name=True), 422, "content", "name", "wrong_type"),
    "null as the name":             (report(name=None), 422, "content", "name", "wrong_type"),
    "an array as the name":         (report(name=["x"]), 422, "content", "name", "wrong_type"),
    "an object as the name":        (report(name={"en_US": "x"}), 422, "content", "name", "wrong_type"),
    "a domain as the e-mail":       (report(email=["|", ["id", ">", 0]]), 422, "content", "email", "wrong_type"),
    "a number as the priority":     (report(priority=1), 422, "content", "priority", "wrong_type"),
    "a priority that is not there": (report(priority="3"), 422, "content", "priority", "not_offered"),
    "a priority of a form":         (form(priority="high"), 422, "content", "priority", "not_offered"),
    "an object as files":           (report(files={"0": {}}), 422, "content", "files", "wrong_type"),
    "a text as files":              (report(files="a.txt"), 422, "content", "files", "wrong_type"),
    "commands as files":            (report(files=[[0, 0, {"name": "x"}]]), 422, "content", "files", "wrong_type"),
    "a text as points":             (report(points="1"), 422, "content", "points", "wrong_type"),
    "files as a text of a form":    (form(files="a.txt"), 422, "content", "files", "wrong_type"),
    # --- texts ------------------------------------------------------------------------
    "an empty description":         (report(name=""), 422, "content", "name", "required"),
    "spaces":                       (report(name="   "), 422, "content", "name", "not_accepted"),
    "zero-width characters":        (report(name="\u200b\u2060\ufeff"), 422, "content", "name", "not_accepted"),
    "letters without a shape":      (report(name="\u3164\u2800"), 422, "content", "name", "not_accepted"),
    "201 characters":               (report(name="x" * 201), 422, "content", "name", "too_long"),
    "256 characters of an e-mail":  (report(email="x" * 256), 422, "content", "email", "too_long"),
    "10,001 characters":            (report(comment="x" * 10_001), 422, "content", "comment", "too_long"),
    "a million characters":         (report(phone="1" * 1_000_000), 422, "content", "phone", "too_long"),
    "an escaped NUL":               (raw(b'{"name": "a\\u0000b"}'), 422, "content", "name", "characters"),
    "a NUL in a form":              (form(comment="a\0b"), 422, "content", "comment", "characters"),
    "half a surrogate pair":        (raw(b'{"name": "\\ud800"}'), 422, "content", "name", "characters"),
    "an escape":                    (report(comment="\x1b[2J"), 422, "content", "comment", "characters"),
    "two lines as a description":   (report(name="a\nBcc: x@y.example"), 422, "content", "name", "characters"),
    "two lines as an e-mail":       (report(email="a@b.example\r\nBcc: c@d.example"), 422, "content", "email", "characters"),
    "a NUL as a serial number":     (raw(b'{"name": "x", "equipment": "\\u0000"}'), 422, "content", "equipment", "characters"),
    # --- service points ---------------------------------------------------------------
    "a point that is not there":    (point(point=999_999, value="ok"), 422, "content", "points", "not_accepted"),
    "a point of a section":         (point(point="section", value="x"), 422, "content", "points", "not_accepted"),
    "an internal point":            (point(point="internal", value="x"), 422, "content", "points", "not_accepted"),
    "a point of another template":  (point(point="foreign", value="ok"), 422, "content", "points", "not_accepted"),
    "a point without its number":   (point(value="ok"), 422, "content", "points", "required"),
    "a point zero":                 (point(point=0), 422, "content", "points", "not_offered"),
    "a point below zero":           (point(point=-1), 422, "content", "points", "not_offered"),
    "a point beyond all numbers":   (point(point=2**63), 422, "content", "points", "not_offered"),
    "a point as a text":            (raw(b'{"name": "x", "points": [{"point": "1"}]}'), 422, "content", "points", "wrong_type"),
    "a point with a half":          (point(point=1.5), 422, "content", "points", "wrong_type"),
    "an unknown part of a point":   (point(point=1, is_deviation=True), 422, "content", "points", "unknown"),
    "the same point twice":         (report(points=[{"point": "check"}] * 2), 422, "content", "points", "not_accepted"),
    "501 points":                   (report(points=[{"point": 1}] * 501), 422, "content", "points", "too_many"),
    "maybe":                        (point(point="check", value="maybe"), 422, "content", "points", "not_accepted"),
    "true as an answer":            (point(point="check", value=True), 422, "content", "points", "wrong_type"),
    "a word as a number":           (point(point="number", value="wide"), 422, "content", "points", "not_accepted"),
    "more than a number can be":    (point(point="number", value="1e999"), 422, "content", "points", "not_accepted"),
    "a number without an end":      (raw(b'{"name": "x", "points": [{"point": 1, "value": 1e999}]}'), 422, "content", "points", "not_accepted"),
    "the option of another point":  (point(point="choice", value="foreign option"), 422, "content", "points", "not_accepted"),
    "an option that is not there":  (point(point="choice", value=999_999), 422, "content", "points", "not_accepted"),
    "an option without an end":     (point(point="choice", value=10**30), 422, "content", "points", "not_accepted"),
    "the 31st of February":         (point(point="date", value="2026-02-31"), 422, "content", "points", "not_accepted"),
    "an unreadable photo":          (point(point="photo", value="%%%"), 422, "content", "points", "not_accepted"),
    "a photo that is none":         (point(point="photo", value="PGh0bWw+"), 422, "content", "points", "not_accepted"),
    "a remark of 256 characters":   (point(point="check", value="ok", remark="x" * 256), 422, "content", "points", "too_long"),
    # --- files ------------------------------------------------------------------------
    "21 files":                     (report(files=[encode("a.txt", b"a")] * 21), 422, "content", "files", "too_many"),
    "21 files of a form":           (form(*[("a.txt", b"a")] * 21), 422, "content", "files", "not_accepted"),
    "an empty file":                (form(("a.txt", b"")), 422, "content", "files", "not_accepted"),
    "a file without content":       (report(files=[{"name": "a.txt", "content": ""}]), 422, "content", "files", "required"),
    "a file without a name":        (report(files=[{"content": "YQ=="}]), 422, "content", "files", "required"),
    "base64 that is none":          (report(files=[{"name": "a", "content": "%%%"}]), 422, "content", "files", "not_accepted"),
    "base64 cut off":               (report(files=[{"name": "a", "content": "YWJ"}]), 422, "content", "files", "not_accepted"),
    "base64 for addresses":         (report(files=[{"name": "a", "content": "_-8="}]), 422, "content", "files", "not_accepted"),
    "base64 with umlauts":          (report(files=[{"name": "a", "content": "Ä==="}]), 422, "content", "files", "not_accepted"),
    "the address of a file":        (report(files=[{"name": "a", "url": "file:///etc/passwd"}]), 422, "content", "files", "required"),
    "a public file":                (report(files=[{**encode("a", b"a"), "public": True}]), 422, "content", "files", "unknown"),
    "a file elsewhere":             (report(files=[{**encode("a", b"a"), "res_model": "res.users"}]), 422, "content", "files", "unknown"),
    "a web page":                   (file("a.html", HTML), 422, "content", "files", "not_accepted"),
    "a web page named as a photo":  (file("a.jpg", HTML), 422, "content", "files", "not_accepted"),
    "a web page behind a BOM":      (file("a.txt", b"\xef\xbb\xbf" + HTML), 422, "content", "files", "not_accepted"),
    "a web page in UTF-16":         (file("a.txt", HTML.decode().encode("utf-16")), 422, "content", "files", "not_accepted"),
    "SVG":                          (file("a.svg", SVG), 422, "content", "files", "not_accepted"),
    "XML with an entity":           (file("a.xml", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'), 422, "content", "files", "not_accepted"),
    "a program":                    (file("a.pdf", b"MZ\x90\x00\x03\x00"), 422, "content", "files", "not_accepted"),
    "a program of Linux":           (file("a.jpg", b"\x7fELF\x02\x01\x01\x00"), 422, "content", "files", "not_accepted"),
    "PHP behind a NUL":             (file("a.php", PHP), 422, "content", "files", "not_accepted"),
    "an archive":                   (file("a.zip", make_archive(["a.exe"])), 422, "content", "files", "not_accepted"),
    "an archive bomb":              (file("a.docx", make_archive(["0", "1", "2"])), 422, "content", "files", "not_accepted"),
    "an archive with a way out":    (file("a.odt", make_archive(["../../etc/cron.d/x"])), 422, "content", "files", "not_accepted"),
    "a pixel bomb":                 (file("a.png", make_pixel_bomb(30_000)), 422, "content", "files", "not_accepted"),
    "a pixel bomb of a form":       (form(("a.png", make_pixel_bomb(8_000))), 422, "content", "files", "not_accepted"),
    "the head of a photo":          (file("a.jpg", b"\xff\xd8\xff\xe0"), 422, "content", "files", "not_accepted"),
    "half a photo's head":          (file("a.png", make_picture("PNG")[:20]), 422, "content", "files", "not_accepted"),
    "TIFF":                         (file("a.tiff", b"II*\0" + b"\0" * 20), 422, "content", "files", "not_accepted"),
    "a good file and a bad one":    (report(files=[encode("a.txt", b"a"), encode("b.html", HTML)]), 422, "content", "files", "not_accepted"),
    "26 MB":                        (form(("a.txt", b"a" * (26 * 2**20))), 422, "content", "files", "not_accepted"),
    # --- sizes ------------------------------------------------------------------------
    "a body said to be 51 MB":      (raw(GOOD, X_Content_Length=str(51 * 2**20)), 413, "too_large"),
    "a body of a terabyte":         (raw(GOOD, X_Content_Length=str(2**40)), 413, "too_large"),
    "a form of 1,001 parts":        (cut_form(part(b"x", b"") * 1001 + b"--X--"), 413, "too_large"),
    "a text of 11 MB in a form":    (form(comment="x" * (11 * 2**20)), 413, "too_large"),
    # --- keys -------------------------------------------------------------------------
    "no key":                       (by(Authorization=None), 401, "key"),
    "an empty key":                 (by(Authorization="Bearer "), 401, "key"),
    "the word only":                (by(Authorization="Bearer"), 401, "key"),
    "a wrong key":                  (by("wrong"), 401, "key"),
    "a key cut off":                (by("cut"), 401, "key"),
    "the beginning of the key":     (by("prefix"), 401, "key"),
    "the hash of the key":          (by("hash"), 401, "key"),
    "a disabled key":               (by("disabled"), 401, "key"),
    "a rotated key":                (by("rotated"), 401, "key"),
    "an expired key":               (by("expired"), 401, "key"),
    "a revoked key":                (by("revoked"), 401, "key"),
    "a key with a wildcard":        (by("%"), 401, "key"),
    "a key with SQL":               (by("' OR 1=1 --"), 401, "key"),
    "a key of 10,000 characters":   (by("x" * 10_000), 401, "key"),
    "another kind of key":          (by(Authorization="Basic YTpi"), 401, "key"),
    "the key in the address":       (at(REPORTS + "?key={key}", headers={"Authorization": None}), 401, "key"),
    "the key in a cookie":          ({**by(Authorization=None), "cookies": {"key": "{key}"}}, 401, "key"),
    "a key of Odoo's own":          (by("rpc"), 401, "key"),
    "no key, and a bad body":       (raw(b"{", Authorization=None), 401, "key"),
    # --- origins ----------------------------------------------------------------------
    "a foreign page":               (by(Origin="https://evil.example"), 403, "origin"),
    "a page without an origin":     (by(Origin="null"), 403, "origin"),
    "a page that begins alike":     (by(Origin=SITE + ".evil.example"), 403, "origin"),
    "a page of another port":       (by(Origin=SITE + ":8443"), 403, "origin"),
    "a page not encrypted":         (by(Origin="http://www.example.com"), 403, "origin"),
    "two origins":                  (by(Origin=f"{SITE}, https://evil.example"), 403, "origin"),
    "a page's key without a page":  (by("page"), 403, "origin"),
    "a page's key elsewhere":       (by("page", Origin="https://evil.example"), 403, "origin"),
    "a page's key that reads":      (at(REPORTS + "/x", "GET", with_key="page", headers={"Origin": SITE}), 403, "scope"),
    "a robot in the trap":          (report(website="http://spam.example"), 422, "content", "website", "not_offered"),
    # --- sent again -------------------------------------------------------------------
    "another body, the same key":   (by(Idempotency_Key="used"), 409, "conflict"),
    "another file, the same key":   ({**file("a.txt", b"b"), "headers": {"Idempotency-Key": "used"}}, 409, "conflict"),
    "an empty idempotency key":     (by(Idempotency_Key=""), 400, "idempotency_key"),
    "an idempotency key of spaces": (by(Idempotency_Key="a b"), 400, "idempotency_key"),
    "an idempotency key too long":  (by(Idempotency_Key="x" * 256), 400, "idempotency_key"),
    "an idempotency key in UTF-8":  (by(Idempotency_Key="ü".encode()), 400, "idempotency_key"),
    # --- addresses and methods --------------------------------------------------------
    "an address that is not there": (at("/fault_report/v1/nothing"), 404, "not_found"),
    "the root":                     (at("/fault_report/v1", "GET"), 404, "not_found"),
    "a way out":                    (at("/fault_report/v1/%2e%2e/%2e%2e/web", "GET"), 404, "not_found"),
    "a report that is not there":   (at(REPORTS + "/FR-0", "GET"), 404, "not_found"),
    "a report of the office":       (at(REPORTS + "/{office}", "GET"), 404, "not_found"),
    "a report of another site":     (at(REPORTS + "/{foreign}", "GET"), 404, "not_found"),
    "a report by its id":           (at(REPORTS + "/1", "GET"), 404, "not_found"),
    "a NUL as a reference":         (at(REPORTS + "/%00", "GET"), 404, "not_found"),
    "a line break as a reference":  (at(REPORTS + "/%C2%A3%1E%0A", "GET"), 404, "not_found"),
    "two slashes":                  (at("/fault_report/v1//reports", "GET"), 404, "not_found"),
    "a line break in the address":  (at("/fault_report/v1/%0A/x", "GET"), 404, "not_found"),
    "SQL as a reference":           (at(REPORTS + "/x' OR '1'='1", "GET"), 404, "not_found"),
    "a wildcard as a reference":    (at(REPORTS + "/%25", "GET"), 404, "not_found"),
    "no UTF-8 as a reference":      (at(REPORTS + "/%ff%fe", "GET"), 404, "not_found"),
    "5,000 characters":             (at(REPORTS + "/" + "x" * 5000, "GET"), 404, "not_found"),
    "a reference without a key":    (at(REPORTS + "/FR-0", "GET", headers={"Authorization": None}), 401, "key"),
    "POST of the points":           (at("/fault_report/v1/points", "POST"), 405, "method"),
    "PUT":                          (at(REPORTS, "PUT"), 405, "method"),
    "PATCH":                        (at(REPORTS, "PATCH"), 405, "method"),
    "DELETE":                       (at(REPORTS, "DELETE"), 405, "method"),
    "TRACE":                        (at(REPORTS, "TRACE"), 405, "method"),
    "a method of one's own":        (at(REPORTS, "STEAL"), 405, "method"),
    "DELETE of a report":           (at(REPORTS + "/{foreign}", "DELETE"), 405, "method"),
    "PUT of a report":              (at(REPORTS + "/{foreign}", "PUT"), 405, "method"),
}

# Ugly but harmless: stored unchanged, and shown as text
KEPT = {
    "HTML":         "<img src=x onerror=alert(1)>",
    "SQL":          "'; DROP TABLE fault_report; --",
    "a template":   "{{ 7*7 }} ${7*7} <t t-out='env'/> #{7*7}",
    "a format":     "%s %(name)s {0} {name}",
    "a formula":    "=HYPERLINK(\"http://evil.example\")",
    "a traversal":  "../../../../etc/passwd",
    "emojis":       "🔥 the lift 🛗 is ‮on fire",
    "a long word":  "x" * 200,
}
# fmt: on


@tagged("post_install", "-at_install")
class TestBadRequests(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_points()
        cls.make_keys()
        foreign = cls.other.sudo()._file_report({"name": "Theirs"})[0]["reference"]
        office = cls.make_report().reference
        cls.places = {"{foreign}": foreign, "{office}": office, "{key}": cls.key}

    @classmethod
    def make_report(cls):
        return cls.env["fault.report"].create(
            {"name": "By hand", "equipment_id": cls.lift.id}
        )

    @classmethod
    def make_points(cls):
        kinds = ("section", "check", "number", "date", "photo", "text")
        template, other = cls.env["fault.report.template"].create(
            [
                {
                    "name": "Lift",
                    "point_ids": [
                        *((0, 0, {"name": kind, "type": kind}) for kind in kinds),
                        (0, 0, {"name": "internal", "type": "text", "internal": True}),
                        (0, 0, cls.make_choice("choice")),
                    ],
                },
                {"name": "Other", "point_ids": [(0, 0, cls.make_choice("foreign"))]},
            ]
        )
        cls.company.fault_report_template_id = template
        foreign = other.point_ids
        cls.points = {point.name: point.id for point in template.point_ids + foreign}
        cls.points["foreign option"] = foreign.option_ids[0].id

    @classmethod
    def make_choice(cls, name):
        options = [(0, 0, {"name": option}) for option in ("one", "two")]
        return {"name": name, "type": "choice", "option_ids": options}

    @classmethod
    def make_keys(cls):
        names = ("disabled", "rotated", "expired", "revoked", "page")
        sites = {name: cls.make_integration(name=name) for name in names}
        sites["expired"].grace_hours = 1
        sites["page"].write({"allowed_origins": SITE, "in_page": True})
        cls.keys = {name: cls.make_key(site) for name, site in sites.items()}
        sites["disabled"].active = False
        sites["rotated"].action_new_key()
        sites["expired"].action_new_key()
        past = fields.Datetime.now() - timedelta(seconds=1)
        sites["expired"].sudo().former_key_until = past
        sites["revoked"].action_revoke_key()
        cls.keys["cut"] = cls.key[:-1]
        cls.keys["prefix"] = cls.integration.key_prefix
        cls.keys["hash"] = cls.integration.sudo().key_hash
        cls.keys["good"] = cls.key
        cls.keys["rpc"] = cls.env["res.users.apikeys"]._generate(
            None, "RPC", fields.Datetime.now() + timedelta(days=1)
        )
        cls.other = cls.make_integration(name="Other")

    def send_row(self, request):
        request = self.fill_in(request)
        key = request.pop("with_key", "good")
        return self.send(
            request.pop("method", "POST"),
            request.pop("path", REPORTS),
            key=self.keys.get(key, key),
            **request,
        )

    def fill_in(self, value):
        """Return a row with the placeholders of points, reports and keys filled in."""
        if isinstance(value, dict):
            filled = {name: self.fill_in(one) for name, one in value.items()}
            for name in ("point", "value"):
                if isinstance(filled.get(name), str):
                    filled[name] = self.points.get(filled[name], filled[name])
            return filled
        if isinstance(value, list):
            return [self.fill_in(one) for one in value]
        if isinstance(value, str) and len(value) < 1000:
            for place, text in self.places.items():
                value = value.replace(place, text)
        return value

    def snapshot(self):
        tables = ("fault_report", "fault_report_point", "fault_report_submission")
        tables += ("ir_attachment", "mail_message", "mail_mail")
        self.env.flush_all()
        counts = []
        for table in tables:
            # Fixed names, see above
            self.env.cr.execute(  # pylint: disable=sql-injection
                f"SELECT count(*), max(id) FROM {table}"
            )
            counts.append((table, self.env.cr.fetchone()))
        return counts

    def forget_attempts(self):
        """Reset the rate limits, which are tested elsewhere."""
        self.env["fault.report.attempt"].search([]).unlink()

    @mute_logger("odoo.sql_db")
    def test_r89_a_bad_request_is_refused_and_nothing_is_kept(self):
        self.opener.mount("http://", LyingAdapter())
        self.send(json={"name": "Used"}, headers={"Idempotency-Key": "used"})
        self.assertGreater(len(TABLE), 100)
        for what, (request, status, code, *blame) in TABLE.items():
            with self.subTest(what):
                self.forget_attempts()
                before = self.snapshot()
                answer = self.send_row(request)
                self.assert_refusal(answer, status, code, blame)
                self.assertEqual(self.snapshot(), before)

    def assert_refusal(self, answer, status, code, blame):
        self.assertEqual(answer.status_code, status, answer.text[:500])
        self.assertEqual(
            answer.headers["Content-Type"], "application/json; charset=utf-8"
        )
        self.assertNotIn("Set-Cookie", answer.headers)
        content = answer.json()
        self.assertEqual(list(content), ["error"])
        error = content["error"]
        self.assertEqual(set(error), {"code", "message", "fields", "request_id"})
        self.assertEqual(error["code"], code)
        self.assertTrue(error["message"] and error["request_id"])
        if blame:
            field, problem = blame
            self.assertEqual(error["fields"].get(field), problem, error)
        for secret in ("Traceback", "psycopg2", "odoo.", ".py", "/var/", "SELECT"):
            self.assertNotIn(secret, answer.text)
        self.assertLess(len(answer.text), 3000)

    def test_r89_ugly_texts_and_names_are_kept_as_they_are(self):
        for what, text in KEPT.items():
            with self.subTest(what):
                content = {"name": text, "comment": text, "files": [encode(text, b"a")]}
                answer = self.send(data=json.dumps(content), headers=JSON)
                self.assertEqual(answer.status_code, 201, answer.text)
                report = self.find(answer)
                self.assertEqual((report.name, report.comment), (text, text))
                self.assertNotIn("/", answer.json()["files"][0]["name"])
