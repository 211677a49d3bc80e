"""Employees write in their own name; messages to customers require Edit."""

from itertools import product

from odoo.exceptions import AccessError
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged

from .common import FaultReportCommon

BOSS = "boss@lifts.example"


@tagged("post_install", "-at_install")
class TestOwnName(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.boss = new_test_user(
            cls.env, "fault_boss", groups="base.group_user", email=BOSS
        )
        for name in ("view", "create", "edit"):
            cls.users[name].email = f"{name}@lifts.example"
            # Sharing a link requires access to contacts
            cls.users[name].group_ids += cls.env.ref("base.group_partner_manager")
        cls.hotel.write({"email": "hotel@lifts.example", "phone": "+46701234567"})
        cls.report = cls.make_report()
        cls.template = cls.env["mail.template"].create(
            {
                "name": "x",
                "model_id": cls.env["ir.model"]._get_id("fault.report"),
                "subject": "x",
                "body_html": "<p>x</p>",
                "partner_to": str(cls.hotel.id),
            }
        )

    def count(self):
        self.env.flush_all()
        return [
            self.env[model].sudo().search_count([])
            for model in ("mail.mail", "mail.message", "sms.sms", "mail.notification")
        ]

    def call(self, user, model, method, args, kwargs):
        return call_kw(self.env[model].with_user(user), method, args, kwargs)

    def get_ways(self, report):
        """Return the ways to send a message about the report: model, method, …"""
        text = {"body": "x", "partner_ids": self.hotel.ids}
        notify = {**text, "model": "fault.report", "res_id": report.id}
        return {
            "post": ("fault.report", "message_post", [report.ids], text),
            "notify": ("fault.report", "message_notify", [report.ids], text),
            "notify of another model": ("mail.thread", "message_notify", [[]], notify),
            "notify of a partner": ("res.partner", "message_notify", [[]], notify),
        }

    def send_in_other_ways(self, user, report):
        """Yield ways that need several calls."""
        own = self.env(user=user.id)
        values = {"model": "fault.report", "res_ids": str(report.ids), "body": "x"}
        values |= {"subject": "x", "partner_ids": self.hotel.ids}
        for mode in ("mass_mail", "comment"):
            composer = own["mail.compose.message"].create(
                {**values, "composition_mode": mode}
            )
            yield composer.action_send_mail
        template = self.template.with_user(user)
        yield lambda: template.send_mail(report.id)
        mine = report.with_user(user)
        yield lambda: mine.message_mail_with_source(template)
        yield lambda: mine.message_post_with_source(template)
        yield lambda: mine.activity_send_mail(template.id)
        sms = {"res_model": "fault.report", "body": "x", "numbers": "+4670123456"}
        for mode in ("mass", "numbers", "comment"):
            values = {"composition_mode": mode, "res_ids": str(report.ids)}
            composer = own["sms.composer"].create({**sms, **values})
            yield composer.action_send_sms

    def share(self, user, report):
        values = {"res_model": "fault.report", "res_id": report.id}
        wizard = self.env["portal.share"].with_user(user)
        wizard = wizard.create({**values, "partner_ids": self.hotel.ids})
        return wizard.share_link and wizard.action_send_mail()

    def test_who_may_only_view_sends_nothing_outside(self):
        viewer = self.users["view"]
        before = self.count()
        for label, way in self.get_ways(self.report).items():
            with self.subTest(label), self.assertRaises(AccessError):
                self.call(viewer, *way)
        for number, send in enumerate(self.send_in_other_ways(viewer, self.report)):
            with (
                self.subTest(number),
                self.assertRaises(AccessError),
                self.env.cr.savepoint(),
            ):
                send()
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            self.share(viewer, self.report)
        self.assertEqual(self.count(), before)

    def test_who_may_edit_sends_in_every_way(self):
        editor = self.users["edit"]
        for label, way in self.get_ways(self.report).items():
            with self.subTest(label):
                self.assertTrue(self.call(editor, *way))
        for number, send in enumerate(self.send_in_other_ways(editor, self.report)):
            with self.subTest(number):
                send()

    def test_only_administrators_write_in_the_name_of_others(self):
        names = (
            {"author_id": self.boss.partner_id.id},
            {"author_id": self.hotel.id},
            {"email_from": BOSS},
            {"email_from": '"edit@lifts.example" <boss@lifts.example>'},
            {"email_from": f"{BOSS}, edit@lifts.example"},
            {"email_from": "The Boss"},
        )
        colleague = {"partner_ids": self.boss.partner_id.ids}
        before = self.count()
        for name, user in product(names, ("view", "edit")):
            for label, way in self.get_ways(self.report).items():
                model, method, args, kwargs = way
                with (
                    self.subTest(label, user=user, **name),
                    self.assertRaises(AccessError),
                ):
                    way = (model, method, args, {**kwargs, **colleague, **name})
                    self.call(self.users[user], *way)
        self.assertEqual(self.count(), before)

    def test_the_name_before_an_own_address_is_the_own_one_too(self):
        editor = self.users["edit"]
        report = self.report.with_user(editor)
        for own in (editor.email, editor.email_formatted, editor.email.upper()):
            self.assertTrue(report.message_post(body="x", email_from=own))
        with self.assertRaises(AccessError):
            report.message_post(body="x", email_from=f"The Boss <{editor.email}>")

    def test_a_composer_and_a_template_have_the_name_of_the_sending_user(self):
        editor = self.users["edit"]
        for mode, name in product(
            ("mass_mail", "comment"),
            ({"author_id": self.boss.partner_id.id}, {"email_from": BOSS}),
        ):
            composer = self.env["mail.compose.message"].with_user(editor)
            composer = composer.create(
                {
                    "model": "fault.report",
                    "res_ids": str(self.report.ids),
                    "composition_mode": mode,
                    "body": "x",
                    "subject": "x",
                    **name,
                }
            )
            with self.subTest(mode, **name), self.assertRaises(AccessError):
                composer.action_send_mail()
        template = self.template.with_user(editor)
        with self.assertRaises(AccessError):
            template.send_mail(self.report.id, email_values={"email_from": BOSS})
        with self.assertRaises(AccessError):
            template.send_mail(self.report.id, False, False, {"email_from": BOSS})

    def test_no_template_of_another_model_takes_a_file_of_a_report_along(self):
        """Odoo links the files that a client names, whatever the client may read."""
        self.template.model_id = self.env["ir.model"]._get_id("res.partner")
        file = self.env["ir.attachment"].create(
            {
                "name": "secret.txt",
                "raw": b"secret",
                "res_model": "fault.report",
                "res_id": self.report.id,
            }
        )
        ids = (file.id, float(file.id), str(file.id))
        links = [[[4, id_]] for id_ in ids] + [[id_] for id_ in ids]
        sets = [[[6, 0, [id_]]] for id_ in ids] + [[[6, 0, {file.id: 1}]]]
        longer = [[[6, 0, file.ids, 0]], [[4, file.id, 0, 0]]]
        mails = self.env["mail.mail"].search_count([])
        for user, files in product(
            (self.stranger, self.users["view"]), (*links, *sets, *longer)
        ):
            with self.subTest(user.login, files=files), self.assertRaises(AccessError):
                self.call(
                    user,
                    "mail.template",
                    "send_mail",
                    [self.template.ids, user.partner_id.id],
                    {"email_values": {"attachment_ids": files}},
                )
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)

    def test_a_template_is_sent_in_the_name_of_the_user_whatever_its_sender(self):
        editor = self.users["edit"]
        self.template.email_from = BOSS
        template = self.template.with_user(editor)
        mails = self.env["mail.mail"].search([])
        template.send_mail(self.report.id)
        report = self.report.with_user(editor)
        report.message_mail_with_source(template)
        message = report.message_post_with_source(template)
        self.assertEqual(message.sudo().email_from, editor.email_formatted)
        sent = self.env["mail.mail"].search([]) - mails
        self.assertGreaterEqual(len(sent), 2)
        self.assertEqual(set(sent.mapped("email_from")), {editor.email_formatted})

    def test_who_may_view_still_notifies_a_colleague_in_their_own_name(self):
        viewer = self.users["view"]
        message = self.report.with_user(viewer).message_notify(
            body="Look", partner_ids=self.boss.partner_id.ids
        )
        self.assertEqual(message.sudo().author_id, viewer.partner_id)

    def test_who_filed_a_report_writes_notes_about_it_but_not_to_the_customer(self):
        creator = self.users["create"]
        report = (
            self.env["fault.report"]
            .with_user(creator)
            .create({"name": "x", "partner_id": self.hotel.id})
        )
        self.assertTrue(report.message_post(body="Seen"))
        # Like Odoo's route, after its check that they may post
        for records in (report, report.sudo()):
            with self.assertRaises(AccessError):
                records.message_post(body="x", partner_ids=self.hotel.ids)
            with self.assertRaises(AccessError):
                records.message_post(body="x", outgoing_email_to="a@b.example")
        report.sudo().message_subscribe(self.hotel.ids)
        with self.assertRaises(AccessError):
            report.message_post(body="x", subtype_xmlid="mail.mt_comment")

    def test_no_header_names_another_sender_or_more_recipients(self):
        report = self.report.with_user(self.users["edit"])
        headers = {"Sender": BOSS, "Bcc": BOSS, "X-Forge-To": BOSS, "From": BOSS}
        before = self.env["mail.mail"].search([])
        for write in (report.message_post, report.message_notify):
            write(
                body="x",
                partner_ids=self.hotel.ids,
                subtype_xmlid="mail.mt_comment",
                mail_headers=headers,
            )
        mails = self.env["mail.mail"].search([]) - before
        self.assertEqual(len(mails), 2)
        for mail in mails:
            self.assertNotIn(BOSS, mail.headers or "")

    def test_users_who_lost_access_are_not_notified_through_another_model(self):
        former = new_test_user(
            self.env, "fault_former", groups="base.group_portal", email="f@x.example"
        )
        values = {"body": "Secret", "partner_ids": former.partner_id.ids}
        about = {"model": "fault.report", "res_id": self.report.id}
        before = self.count()
        for model in ("mail.thread", "res.partner"):
            records = self.env[model].with_user(self.users["edit"])
            records.message_notify(**values, **about)
        # The message is stored for staff; no e-mail or notification is created.
        mails, messages, *rest = self.count()
        self.assertEqual([mails, messages - 2, *rest], before)
