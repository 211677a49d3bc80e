"""Generated hostile JSON, put into every place of a request."""

import json
import time

from odoo import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..tools import schema
from .common_api import ApiCase

MOST_CPU = 1.0  # seconds per request with any content
# For a request without files that is refused by its size
MOST_CPU_REFUSED = 0.25
MANY = 400_000
MEGABYTE = 2**20


def repeat(piece, count, between=b","):
    return between.join([piece] * count)


def get_values():
    """Return JSON (bytes) of values that no report accepts."""
    return {
        "nothing": b"null",
        "yes": b"true",
        "no number": b"NaN",
        "infinity": b"-Infinity",
        "too large for a float": b"1e999",
        "401 digits": b"1" * 401,
        "400 digits": b"1" * 400,
        "5,000 digits": b"-" + b"9" * 5000,
        "a million digits": b"7" * MEGABYTE,
        "a long fraction": b"0." + b"1" * 5000,
        "a huge exponent": b"1e" + b"9" * 300,
        "minus zero": b"-0.0",
        "half a character": b'"\\ud800"',
        "the other half": b'"a\\udfff\\u0000"',
        "control characters": b'"\\u0001\\u0085\\u009f"',
        "NUL": b'"\\u0000"',
        "an empty text": b'""',
        "25 MB of text": b'"' + b"a" * (25 * MEGABYTE) + b'"',
        "25 MB of escapes": b'"' + b"\\u0041" * (4 * MEGABYTE) + b'"',
        "a text without end": b'"' + b"\\\\" * MEGABYTE,
        "400,000 points": b"[" + repeat(b'{"point":1}', MANY) + b"]",
        "a million small texts": b"[" + repeat(b'"a"', 1_000_000) + b"]",
        "400,000 lists": b"[" + repeat(b"[]", MANY) + b"]",
        "400,000 objects": b"[" + repeat(b"{}", MANY) + b"]",
        "400,000 numbers": b"[" + repeat(b"1", MANY) + b"]",
        "a wide object": b"{"
        + b",".join(b'"%d":1' % number for number in range(MANY))
        + b"}",
        "one name again and again": b"{" + repeat(b'"a":1', MANY) + b"}",
        "9,000 names": b"{"
        + b",".join(b'"n%d":1' % number for number in range(9000))
        + b"}",
        "9,000 texts": b"[" + repeat(b'"a"', 9000) + b"]",
        "deep lists": b"[" * MANY,
        "deep objects": b'{"a":' * MANY,
        "deep and whole": b"[" * 5000 + b"]" * 5000,
        "both in turn": b'[{"a":' * 50_000,
        "20 lists": b"[" * 20 + b"]" * 20,
        "a name of 5 MB": b'{"' + b"k" * (5 * MEGABYTE) + b'":1}',
        "commas": b"," * (5 * MEGABYTE),
        "spaces": b" " * (10 * MEGABYTE) + b"1",
        "a bracket that closes": b"]" * 1000,
        "an empty object": b"{}",
        "an empty list": b"[]",
        "prototypes": b'{"__proto__":{"a":1},"constructor":[]}',
    }


@tagged("post_install", "-at_install")
class TestHostileJson(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        types = ("check", "text", "number", "choice", "date", "photo")
        template = cls.env["fault.report.template"].create(
            {
                "name": "All",
                "point_ids": [
                    Command.create(
                        {
                            "name": name,
                            "type": name,
                            "option_ids": [Command.create({"name": "One"})]
                            if name == "choice"
                            else [],
                        }
                    )
                    for name in types
                ],
            }
        )
        cls.company.fault_report_template_id = template
        cls.points = template.point_ids

    def get_bodies(self, value):
        """Return bodies with `value` as the whole and in every place."""
        yield "the body", value
        yield "an unknown field", b'{"name":"x","colour":%s}' % value
        for field in schema.REPORT["properties"]:
            rest = b"" if field == "name" else b'"name":"x",'
            yield field, b'{%s"%s":%s}' % (rest, field.encode(), value)
        for name in schema.POINT["properties"]:
            yield (
                f"{name} of a point",
                (b'{"name":"x","points":[{"%s":%s}]}' % (name.encode(), value)),
            )
        for point in self.points:
            yield (
                f"the answer to {point.type}",
                (
                    b'{"name":"x","points":[{"point":%d,"value":%s}]}'
                    % (point.id, value)
                ),
            )
        yield "a file", b'{"name":"x","files":[%s]}' % value
        yield (
            "the name of a file",
            (b'{"name":"x","files":[{"name":%s,"content":"YQ=="}]}' % value),
        )
        yield (
            "the content of a file",
            (b'{"name":"x","files":[{"name":"a.txt","content":%s}]}' % value),
        )

    def post(self, body):
        """Return the response, and the CPU seconds of the server."""
        begin = time.process_time() - time.thread_time()
        answer = self.send(data=body, headers={"Content-Type": "application/json"})
        return answer, time.process_time() - time.thread_time() - begin

    def test_r89_json_made_to_be_slow_or_to_break_something_does_neither(self):
        count = 0
        for name, value in get_values().items():
            for place, body in self.get_bodies(value):
                # Large values only as the whole body and in the field meant for them
                if len(value) > MEGABYTE and place not in ("the body", "points"):
                    continue
                with self.subTest(value=name, place=place), mute_logger("odoo.http"):
                    answer, seconds = self.post(body)
                    count += 1
                    self.assertLess(answer.status_code, 500, answer.text)
                    self.assertLess(seconds, MOST_CPU)
                    self.assertLess(len(answer.content), 10_000)
                    if answer.status_code >= 400:
                        self.assertEqual(
                            json.loads(answer.text)["error"].keys(),
                            {"code", "message", "fields", "request_id"},
                        )
        self.assertGreater(count, 700)

    def test_r89_sizes_are_checked_before_anything_else_costs_time(self):
        for name in ("400,000 points", "a million small texts", "deep lists"):
            body = b'{"name":"x","points":%s}' % get_values()[name]
            with self.subTest(name):
                answer, seconds = self.post(body)
                self.assertIn(answer.status_code, (400, 413, 422))
                self.assertLess(seconds, MOST_CPU_REFUSED)

    def test_r89_the_same_holds_for_the_points_of_a_form(self):
        for name in ("400,000 points", "a million small texts", "deep lists"):
            points = get_values()[name].decode()
            with self.subTest(name):
                begin = time.process_time()
                answer = self.send(
                    data={"name": "x", "points": points},
                    files={"files": ("a.txt", b"a")},
                )
                self.assertIn(answer.status_code, (400, 413, 422))
                # CPU of both ends of the connection
                self.assertLess(time.process_time() - begin, MOST_CPU)

    def test_the_largest_report_that_may_be_is_not_excessive(self):
        report = {
            "name": "n" * 200,
            "comment": '[{,"\\' * 2000,
            "points": [
                {"point": number + 1, "value": '{"[,', "remark": "[{" * 100}
                for number in range(schema.MAX_POINTS)
            ],
            "files": [{"name": "a", "content": "YQ==" * 1000}] * 20,
        }
        content = json.dumps(report).encode()
        self.assertIsNone(schema.find_excess(content))
        self.assertFalse(schema.find_problems(report))


@tagged("post_install", "-at_install")
class TestAddresses(ApiCase):
    GOOD = (
        "ann@example.com",
        "Ann.O'Neil+lift@mail.example.co.uk",
        "å@räksmörgås.se",
        "Ann Lind <ann@example.com>",
        " ann@example.com ",
        "a_b@xn--rksmrgs-5wao1o.se",
        "1@2.example",
        "ann@localhost",
        '"Lind, Ann" <ann@example.com>',
    )
    # Characters that make an address invalid, in every position
    BROKEN = (*' ,;:<>()[]\\"@', "..", "\u200b", "\u2028", "<b>")

    def get_bad(self):
        yield from ("ann", "@", "ann@", "@example.com", "ann@.", "ann@-a.se", "a@a_.se")
        yield from ("ann@example..com", ".ann@example.com", "ann.@example.com")
        yield from ("<>", "Ann <>", "Ann <ann>", "ann@example.com ann@example.com")
        yield f"{'a' * 250}@example.com"
        for piece in self.BROKEN:
            yield f"an{piece}n@example.com"
            yield f"ann@exam{piece}ple.com"
            yield f"ann{piece}@example.com"

    def test_an_e_mail_address_that_cannot_be_one_is_refused_by_name(self):
        for email in self.get_bad():
            with self.subTest(email):
                answer = self.send(json={"name": "Fine", "email": email})
                self.assertEqual(answer.status_code, 422, answer.text)
                self.assertEqual(list(answer.json()["error"]["fields"]), ["email"])
        for email in (*self.GOOD, ""):
            with self.subTest(email):
                answer = self.send(json={"name": "Fine", "email": email})
                self.assertEqual(answer.status_code, 201, answer.text)
