"""The service points that a web site gets, and how it answers them."""

import base64
import json

from odoo import Command
from odoo.tests import tagged

from odoo.addons.fault_report.tests.test_file_rules import make_picture

from ..models.fault_report_integration import PAGE_VIEWS
from .common_api import REPORTS, SITE, ApiCase
from .test_embed import EMBED, PAGE, VISIT_START, serve

POINTS = "/fault_report/v1/points"
# The visitor's actions
VISIT = (
    VISIT_START
    + """
    const numbers = JSON.parse(document.body.dataset.points);
    const {doors, gap, look, secret} = numbers;
    check("section", form.textContent.includes("First of all"));
    check("internal", !form.elements[`point_${secret}`]);
    form.elements.name.value = "Porte";
    form.elements.contact_name.value = "Zoé";
    form.elements.phone.value = "+33 1";
    form.requestSubmit();
    const answers = form.elements[`point_${doors}`];
    await wait(() => answers[0].getAttribute("aria-invalid") === "true");
    answers[1].click();
    form.elements[`remark_${doors}`].value = "left one";
    form.elements[`point_${gap}`].value = "12,5";
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 400;
    canvas.getContext("2d").fillRect(0, 0, 200, 400);
    const photo = await new Promise((done) => canvas.toBlob(done, "image/jpeg"));
    const chosen = new DataTransfer();
    chosen.items.add(new File([photo], "door.jpg", {type: "image/jpeg"}));
    const input = form.elements[`point_${look}`];
    input.files = chosen.files;
    input.dispatchEvent(new Event("change"));
    await wait(() => root.querySelector(".o_fr_previews li"));
    form.requestSubmit();
    await wait(() => root.querySelector(".o_fr_done"));
    console.log("test successful");
})().catch((error) => console.error(String(error)));
"""
)


@tagged("post_install", "-at_install")
class TestApiPoints(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = cls.env["fault.report.template"].create(
            {
                "name": "Lift",
                "point_ids": [
                    Command.create({"name": "First of all", "type": "section"}),
                    Command.create(
                        {"name": "Doors", "type": "check", "required": True}
                    ),
                    Command.create(
                        {
                            "name": "Gap",
                            "type": "number",
                            "unit": "mm",
                            "minimum": 0.0,
                            "help": "Use the gauge.",
                        }
                    ),
                    Command.create(
                        {
                            "name": "Floor",
                            "type": "choice",
                            "option_ids": [Command.create({"name": "Cellar"})],
                        }
                    ),
                    Command.create({"name": "Look", "type": "photo"}),
                    Command.create({"name": "Secret", "internal": True}),
                ],
            }
        )
        cls.company.fault_report_template_id = cls.template
        points = cls.template.point_ids
        cls.section, cls.doors, cls.gap, cls.floor, cls.look, cls.secret = points

    def get(self, key=None, query="", origin=None):
        return self.send("GET", POINTS + query, key=key, headers={"Origin": origin})

    def test_r90_a_web_site_reads_what_it_has_to_ask(self):
        answer = self.get()
        self.assertEqual(answer.status_code, 200, answer.text)
        section, doors, gap, floor, look = answer.json()["points"]
        self.assertEqual(
            section,
            {"point": self.section.id, "type": "section", "name": "First of all"},
        )
        self.assertEqual(
            [doors["required"], [option["option"] for option in doors["options"]]],
            [True, ["ok", "not_ok", "na"]],
        )
        self.assertEqual(
            gap,
            {
                "point": self.gap.id,
                "type": "number",
                "name": "Gap",
                "required": False,
                "help": "Use the gauge.",
                "unit": "mm",
                "minimum": 0.0,
                "maximum": None,
            },
        )
        option = self.floor.option_ids
        self.assertEqual(floor["options"], [{"option": option.id, "name": "Cellar"}])
        self.assertEqual((look["point"], look["type"]), (self.look.id, "photo"))

    def test_r109_points_of_an_object_reveal_nothing_about_foreign_ones(self):
        category = self.env["maintenance.equipment.category"].create({"name": "Lifts"})
        foreign = self.lift.copy({"serial_no": "F-1"})
        foreign.company_id = self.env["res.company"].create({"name": "Other"})
        (self.lift | foreign).category_id = category
        self.lift.serial_no = "L-1"
        self.gap.write(
            {
                "category_ids": [Command.set(category.ids)],
                "condition_point_id": self.doors.id,
                "condition_check": "not_ok",
            }
        )
        none = self.get()
        self.assertNotIn("Gap", none.text)
        gap = self.get(query="?equipment=L-1").json()["points"][2]
        self.assertEqual(
            [gap["name"], gap["condition"], gap["condition_text"]],
            [
                "Gap",
                {"point": self.doors.id, "check": "not_ok"},
                "Only if “Doors” is: Not OK.",
            ],
        )
        for number in ("F-1", "unknown", "", "%00", "x" * 300):
            answer = self.get(query=f"?equipment={number}")
            self.assertEqual(answer.content, none.content, number)

    def test_r36_internal_points_are_not_among_them(self):
        self.assertNotIn("Secret", self.get().text)

    def test_r90_answers_are_named_in_the_language_it_asks_for(self):
        self.env["res.lang"]._activate_lang("sv_SE")
        self.env["ir.module.module"]._load_module_terms(["fault_report"], ["sv_SE"])
        for query, name, optional in (
            ("?lang=sv_SE", "Ej OK", "(valfritt)"),
            ("", "Not OK", "(optional)"),
            ("?lang=xx", "Not OK", "(optional)"),
            ("?lang=%00", "Not OK", "(optional)"),
            ("?lang=sv_SE&lang=x&other=1", "Ej OK", "(valfritt)"),
        ):
            with self.subTest(query):
                content = self.get(query=query).json()
                options = content["points"][1]["options"]
                self.assertEqual(options[1], {"option": "not_ok", "name": name})
                self.assertIn(optional, content["html"])

    def test_r80_a_report_keeps_the_points_in_the_language_of_its_form(self):
        self.env["res.lang"]._activate_lang("sv_SE")
        self.doors.with_context(lang="sv_SE").name = "Dörrar"
        body = {"name": "Stuck", "points": [{"point": self.doors.id, "value": "ok"}]}
        for company_lang, query, name in (
            ("en_US", "?lang=sv_SE", "Dörrar"),
            ("en_US", "", self.doors.name),
            ("sv_SE", "", "Dörrar"),
            ("sv_SE", "?lang=en_US", self.doors.name),
            ("sv_SE", "?lang=xx&lang=%00", "Dörrar"),
        ):
            with self.subTest(f"{company_lang} {query}"):
                self.company.partner_id.lang = company_lang
                asked = self.get(query=query).json()["points"][1]["name"]
                answer = self.send(path=REPORTS + query, json=body)
                self.assertEqual(answer.status_code, 201, answer.text)
                report = self.find(answer)
                kept = report.point_ids.filtered("is_answered").name
                self.assertEqual([asked, kept], [name, name])

    def test_r90_each_company_has_its_own(self):
        other = self.env["res.company"].create({"name": "Other company"})
        key = self.make_key(self.make_integration(name="O", company_id=other.id))
        self.assertEqual(self.get(key).json(), {"points": [], "html": ""})

    def test_r90_a_browser_keeps_them_for_this_page_and_this_key_alone(self):
        answer = self.get(origin=SITE)
        self.assertIn("private", answer.headers["Cache-Control"])
        self.assertEqual(answer.headers["Vary"], "Origin, Authorization")

    def test_r89_without_a_key_or_from_elsewhere_nothing_is_answered(self):
        page = self.make_integration(name="Page", allowed_origins=SITE, in_page=True)
        key = self.make_key(page)
        self.assertEqual(self.get("fr_wrong").status_code, 401)
        self.assertEqual(self.get(key).status_code, 403)
        self.assertEqual(self.get(key, origin="https://evil.example").status_code, 403)
        self.assertEqual(self.get(key, origin=SITE).status_code, 200)

    def test_r89_who_looks_at_a_page_takes_no_room_from_who_reports(self):
        page = self.make_integration(
            name="Page", allowed_origins=SITE, in_page=True, rate_limit=1
        )
        key = self.make_key(page)
        seen = [self.get(key, origin=SITE).status_code for _time in range(PAGE_VIEWS)]
        self.assertEqual(set(seen), {200})
        self.assertEqual(self.get(key, origin=SITE).status_code, 429)
        filed = self.send(key=key, json={"name": "Fault"}, headers={"Origin": SITE})
        self.assertEqual(filed.status_code, 201, filed.text)

    def test_r47_a_photo_in_a_part_of_its_own_answers_a_point(self):
        answer = self.send(
            data={
                "name": "Türe",
                "points": json.dumps([{"point": self.look.id, "remark": "dark"}]),
            },
            files=[(f"point_{self.look.id}", ("a.jpg", make_picture("JPEG")))],
        )
        self.assertEqual(answer.status_code, 201, answer.text)
        point = self.find(answer).point_ids.filtered("value_photo")
        self.assertEqual((point.name, point.remark), ("Look", "dark"))
        self.assertTrue(base64.b64decode(point.value_photo).startswith(b"\xff\xd8"))

    def test_r47_a_photo_that_does_not_fit_is_refused_with_all_else(self):
        photo = make_picture("JPEG")
        look = f"point_{self.look.id}"
        twice = json.dumps([{"point": self.look.id, "value": "eA=="}])
        before = self.env["fault.report"].search_count([])
        for points, parts in (
            ("[]", [(f"point_{self.doors.id}", photo)]),
            ("[]", [(f"point_{self.secret.id}", photo)]),
            ("[]", [("point_999999999", photo)]),
            ("[]", [("point_0", photo)]),
            ("[]", [(look, photo), (look, photo)]),
            ("[]", [(look, b"<svg/>")]),
            ('{"a": 1}', [(look, photo)]),
            ("[[1], null, 7]", [(look, photo)]),
            (twice, [(look, photo)]),
        ):
            with self.subTest(points=points, parts=[name for name, _content in parts]):
                answer = self.send(
                    data={"name": "T", "points": points},
                    files=[(name, ("a.jpg", content)) for name, content in parts],
                )
                self.assertEqual(answer.status_code, 422, answer.text)
        self.assertEqual(self.env["fault.report"].search_count([]), before)

    def test_r47_a_photo_without_a_file_name_is_refused_as_such(self):
        body = (
            b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nT\r\n'
            b'--b\r\nContent-Disposition: form-data; name="point_1"\r\n\r\n\xff\xd8\r\n'
            b"--b--\r\n"
        )
        answer = self.send(
            data=body, headers={"Content-Type": "multipart/form-data; boundary=b"}
        )
        self.assertEqual(answer.status_code, 422, answer.text)
        self.assertEqual(answer.json()["error"]["fields"], {"point_1": "wrong_type"})

    def test_r47_r89_the_form_in_a_foreign_page_asks_for_them(self):
        names = ("doors", "gap", "look", "secret")
        numbers = {name: getattr(self, name).id for name in names}
        with serve(lambda: content) as origin:
            integration = self.make_integration(
                name="Page", allowed_origins=origin, in_page=True
            )
            content = PAGE.format(
                url=self.base_url() + EMBED, key=self.make_key(integration)
            ).replace("<body>", f"<body data-points='{json.dumps(numbers)}'>")
            # A page of another site does not send the test's cookie
            self.http_request_allow_all = True
            self.browser_js(f"{origin}/", VISIT, timeout=30)
        points = integration.report_ids.point_ids
        by_name = {point.template_point_id: point for point in points}
        doors = by_name[self.doors]
        self.assertEqual((doors.value_check, doors.remark), ("not_ok", "left one"))
        self.assertEqual(by_name[self.gap].value_number, 12.5)
        self.assertTrue(by_name[self.look].value_photo)
