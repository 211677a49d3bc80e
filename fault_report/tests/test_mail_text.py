"""The comment taken from an e-mail: the new text only, without quotes."""

from lxml import html as lxml_html

from odoo.tests import tagged
from odoo.tools import html_sanitize

from ..tools import mail_text
from .test_mail import CARL, MailGatewayCase

WRITTEN = "The pump leaks again.\n\nPlease come soon."

# How e-mail programs introduce quotes: a few lines for each
HISTORIES = {
    "gmail": "On Thu, Nov 26, 2026 at 9:00 AM Lifts <office@lifts.example> wrote:",
    "gmail, two lines": "On Thu, Nov 26, 2026 at 9:00 AM Lifts Customer Service\n"
    "<office@lifts.example> wrote:",
    "apple, german": "Am 26.11.2026 um 09:00 schrieb Lifts <office@lifts.example>:",
    "gmail, swedish": "Den tors 26 nov. 2026 kl 09:00 skrev Lifts <o@lifts.example>:",
    "gmail, french": "Le jeu. 26 nov. 2026 à 09:00, Lifts <o@lifts.example> a écrit :",
    "gmail, spanish": "El jue, 26 nov 2026 a las 9:00, Lifts (<o@l.ex>) escribió:",
    "gmail, italian": "Il giorno gio 26 nov 2026 alle ore 09:00 Lifts ha scritto:",
    "gmail, dutch": "Op do 26 nov 2026 om 09:00 schreef Lifts <o@lifts.example>:",
    "gmail, danish": "Den tor. 26. nov. 2026 kl. 09.00 skrev Lifts <o@l.ex>:",
    "gmail, polish": "czw., 26 lis 2026 o 09:00 Lifts <o@l.ex> napisał(a):",
    "gmail, finnish": "to 26. marrask. 2026 klo 9.00 Lifts (o@l.ex) kirjoitti:",
    "gmail, old": "2026-11-26 9:00 GMT+01:00 Lifts <office@lifts.example>:",
    "outlook": "-----Original Message-----\nFrom: Lifts\nSent: Thursday",
    "outlook, german": "-----Ursprüngliche Nachricht-----\nVon: Lifts",
    "outlook, swedish": "-----Ursprungligt meddelande-----\nFrån: Lifts",
    "outlook, head": "From: Lifts\nSent: Thursday, November 26\nTo: Bo\nSubject: x",
    "outlook, german head": "Von: Lifts\nGesendet: Donnerstag, 26\nAn: Bo\nBetreff: x",
    "outlook, swedish head": "Från: Lifts\nSkickat: den 26\nTill: Bo\nÄmne: x",
    "outlook, bold": "*From:* Lifts\n*Sent:* Thursday\n*To:* Bo\n*Subject:* x",
    "outlook, line": "_________________________\nFrom: L\nSent: T\nTo: B\nSubject: x",
    "outlook, french head": "De : Lifts\nEnvoyé : jeudi\nÀ : Bo\nObjet : x",
    "apple, spanish head": "De: Lifts\nFecha: 26 de nov\nPara: Bo\nAsunto: x",
    "signature": "-- \nBo Ek\nHotel",
    "phone": "Sent from my iPhone",
    "phone, german": "Von meinem iPhone gesendet",
    "phone, swedish": "Skickat från min iPhone",
}
QUOTED = "It has the number 12.\nTo add something, answer this e-mail."

HTML = {
    "gmail": '<div dir="ltr">{}</div><br><div class="gmail_quote"><div class="attr">'
    "On Thu, Nov 26, 2026 at 9:00 Lifts &lt;o@l.ex&gt; wrote:<br></div>"
    "<blockquote>QUOTED</blockquote></div>",
    "outlook": "<html><head><style>p{{color:red}}</style></head><body>{}"
    '<div style="border-top:solid #E1E1E1 1.0pt"><p><b>Von:</b> Lifts<br>'
    "<b>Gesendet:</b> Donnerstag<br><b>An:</b> Bo<br><b>Betreff:</b> x</p></div>"
    "<p>QUOTED</p></body></html>",
    "outlook on the web": '{}<hr><div id="divRplyFwdMsg"><b>From:</b> Lifts</div>'
    "<div>QUOTED</div>",
    "apple": '{}<br><blockquote type="cite">On 26 Nov 2026, at 09:00, L wrote:<br>QUO'
    "</blockquote>",
    "yahoo": '{}<div class="yahoo_quoted">QUOTED</div>',
    "style": "<style>.a{{QUOTED}}</style>{}",
    "style in the text": "<div>{}<style>@media print{{.QUOTED{{}}}}</style></div>",
    "pixel": '{}<img src="https://t.example/QUOTED.gif" width="1" height="1">',
    "logo": '{}<img src="cid:QUOTED" alt="">',
    "packed": '{}<img src="data:image/png;base64,QUOTED">',
    "comment": "<!-- QUOTED -->{}<!--[if mso]><p>QUOTED</p><![endif]-->",
    "script": "{}<script>QUOTED</script>",
    "hidden": '<div style="display:none">QUOTED</div>{}',
    "title": "<html><head><title>QUOTED</title></head><body>{}</body></html>",
}

FORWARDED = (
    "---------- Forwarded message ---------\nFrom: Eva\nDate: today\nSubject: x\n"
    "To: Bo\n\nThe lift stands.",
    "Begin forwarded message:\n\n> From: Eva\n> The lift stands.",
    "-----Ursprüngliche Nachricht-----\nVon: Eva\nGesendet: heute\nAn: Bo\n\n"
    "The lift stands.",
    "Von: Eva\nGesendet: heute\nAn: Bo\nBetreff: x\n\nThe lift stands.",
    "-------- Weitergeleitete Nachricht --------\nBetreff: x\n\nThe lift stands.",
    "> The lift stands.",
)

NOTICES = (
    {"Auto_Submitted": "auto-replied"},
    {"Auto_Submitted": "Auto-Replied (vacation)"},
    {"Auto_Submitted": "auto-generated", "X_Auto_Response_Suppress": "All"},
    {"Auto_Submitted": "auto-generated", "X_Auto_Response_Suppress": "DR, OOF"},
    {"X_Autoreply": "yes"},
    {"X_Auto_Reply": "1"},
    {"X_Autorespond": "x"},
    {"X_Mail_Autoreply": "x"},
    {"X_Autoresponder": "x"},
    {"X_AutoReply_From": "x@y.example"},
    {"Precedence": "auto_reply"},
    {"X_Precedence": "auto_reply"},
    {"Subject": "Automatic reply: Lift", "In_Reply_To": "<unknown@x.example>"},
    {"Subject": "Abwesenheitsnotiz: Lift", "In_Reply_To": "<unknown@x.example>"},
    {"Subject": "Automatische Antwort: Lift", "References": "<unknown@x.example>"},
    {"Subject": "Autosvar: Lift", "In_Reply_To": "<unknown@x.example>"},
    {"Subject": "Automatiskt svar: Lift", "In_Reply_To": "<unknown@x.example>"},
    {"Subject": "Frånvaro: Lift", "In_Reply_To": "<unknown@x.example>"},
    {"Subject": "Out of Office: Lift", "X_Auto_Response_Suppress": "OOF"},
    {"Subject": "Out of the office", "Precedence": "bulk"},
    {"Subject": "Réponse automatique : Lift", "In_Reply_To": "<unknown@x.example>"},
    {"Subject": "Respuesta automática: Lift", "In_Reply_To": "<unknown@x.example>"},
    {"Subject": "Automatisch antwoord: Lift", "In_Reply_To": "<unknown@x.example>"},
    {"Subject": "Autoreply", "Return_Path": "<>"},
)
MACHINES = (
    {"Auto_Submitted": "auto-generated"},
    {"Auto_Submitted": "auto-generated", "Precedence": "bulk", "Subject": "Alarm 42"},
    {"Precedence": "bulk"},
    {"List_Id": "<alarms.example>"},
    {"Subject": "Automatic door does not open"},
    {"Subject": "Out of order: lift", "In_Reply_To": "<unknown@x.example>"},
    {"X_Auto_Response_Suppress": "All", "Subject": "Alarm 43"},
    {"Subject": "Automatic gate: stuck", "In_Reply_To": "<unknown@x.example>"},
    {"X_Autoreply": "no"},
)
# Beginnings of out-of-office notices in some languages, and of fault reports
FAULTS = (
    "Ausencia de agua caliente",
    "Ausência de energia no bloco",
    "I am out of hot water",
    "I am away from the lift key",
    "Semesterhuset saknar varmvatten",
    "Poissa käytöstä on hissi",
    "Out of the office window fell glass",
    "Auto: gate does not open",
    "Automatic response unit is broken",
    "Autosvar finns inte i porttelefonen",
    "Abwesenheitsschaltung defekt",
    "Frånvarolarmet ringer",
    "Fuori sede la guarnizione",
    "Afwezigheidsmelder piept",
)
# Headers of automatic replies; each also occurs in e-mails of people
HINTS = (
    {"In_Reply_To": "<unknown@x.example>"},
    {"References": "<unknown@x.example>"},
    {"Precedence": "list"},
    {"Precedence": "bulk"},
    {"Auto_Submitted": "auto-generated"},
    {"X_Auto_Response_Suppress": "OOF"},
    {"Return_Path": "<>"},
)


@tagged("post_install", "-at_install")
class TestMailText(MailGatewayCase):
    def comment_of(self, mail):
        report = self.deliver(mail)
        return report.comment or ""

    def test_only_what_was_written_now_is_the_comment(self):
        for label, history in HISTORIES.items():
            quotes = {"bare": QUOTED, "marked": "> " + QUOTED.replace("\n", "\n> ")}
            for mark, quoted in quotes.items():
                text = f"{WRITTEN}\n\n{history}"
                if not label.startswith(("phone", "signature")):
                    text = f"{text}\n\n{quoted}"
                with self.subTest(label, mark=mark):
                    self.assertEqual(mail_text.cut_history(text), WRITTEN)

    def test_quoted_history_is_folded_and_what_was_written_is_not(self):
        for name in ("gmail", "outlook", "outlook on the web", "apple", "yahoo"):
            with self.subTest(name):
                body = HTML[name].format(f"<p>{WRITTEN}</p>").replace("QUO", "Cited")
                folded = mail_text.fold_history(html_sanitize(body), "Earlier")
                tree = lxml_html.fromstring(f"<div>{folded}</div>")
                self.assertIn("Cited", tree.text_content())
                for details in tree.xpath("//details"):
                    self.assertEqual(details.findtext("summary"), "Earlier")
                    self.assertNotIn("pump", details.text_content())
                    details.drop_tree()
                self.assertIn(WRITTEN.split("\n")[0], tree.text_content())
                self.assertNotIn("Cited", tree.text_content())

    def test_an_e_mail_with_nothing_but_history_is_not_folded_to_nothing(self):
        for name in ("gmail", "outlook", "apple", "yahoo"):
            for written in ("", "<p><br></p>"):
                with self.subTest(name, written=written):
                    body = html_sanitize(HTML[name].format(written))
                    folded = mail_text.fold_history(body, "Earlier")
                    self.assertNotIn("<details", folded)
                    self.assertIn("QUO", folded)

    def test_hostile_html_is_folded_without_an_error_and_stays_harmless(self):
        for body in (
            "",
            "   ",
            "<",
            "<!-- -->",
            "text only",
            "<p data-o-mail-quote='1'>x</p>y<img src=x onerror=alert(1)>",
            "<div>" * 400 + "x" + "</div>" * 400,
            "<svg><style><img src=x onerror=alert(1)></style></svg>Hi"
            "<blockquote>y</blockquote>",
            "Hi<blockquote><table><tr><td>y" * 50,
        ):
            with self.subTest(body[:30]):
                clean = html_sanitize(body)
                folded = mail_text.fold_history(clean, "<b>")
                self.assertNotIn("<b>", folded)
                self.assertNotIn("<script", folded)
                tree = lxml_html.fromstring(f"<div>{folded}</div>")
                self.assertFalse(tree.xpath("//@*[starts-with(name(), 'on')]"))

    def test_an_answer_below_what_it_quotes_is_kept(self):
        for label in ("gmail", "gmail, two lines", "apple, german", "gmail, swedish"):
            text = f"{HISTORIES[label]}\n> {QUOTED}\n> more\n\n{WRITTEN}"
            with self.subTest(label):
                text = text.replace(QUOTED, QUOTED.replace("\n", "\n> "))
                self.assertEqual(mail_text.cut_history(text), WRITTEN)

    def test_an_ordinary_text_is_kept_whole(self):
        for text in (
            "From: the second floor\nTo: the third\nIt stands.",
            "Building: 4\nDate: today\nTo: be repaired\nFrom: Monday on",
            "Bo wrote: it stands",
            "----- Pump room -----\nWater",
            "Floor 1 - ok\n--- Floor 2 ---\nnot ok",
            "5 > 3\nEnd",
            "De 4 lampor är trasiga",
        ):
            with self.subTest(text):
                self.assertEqual(mail_text.cut_history(text), text)

    def test_what_is_passed_on_with_nothing_added_is_kept(self):
        for text in FORWARDED:
            with self.subTest(text):
                self.assertIn("The lift stands.", mail_text.cut_history(text))
                mail = self.write_mail(text, Subject="WG: Lift")
                self.assertIn("The lift stands.", self.comment_of(mail))
        html = (
            '<div class="gmail_quote"><blockquote>The lift stands.</blockquote></div>'
        )
        self.assertEqual(mail_text.html_to_written(html), "The lift stands.")

    def test_html_gives_the_words_alone(self):
        words = "<p>The pump leaks again.</p><p>Please come soon.</p>"
        for label, content in HTML.items():
            mail = self.write_mail(None)
            mail.set_content(content.format(words), subtype="html")
            with self.subTest(label):
                comment = self.comment_of(mail)
                self.assertEqual(comment.split(), WRITTEN.split())

    def test_the_plain_part_counts_when_the_html_is_empty(self):
        for content in (
            "<p></p>",
            "<html><head><style>p{}</style></head><body>&nbsp;</body></html>",
            '<img src="cid:x">',
            "<!-- nothing -->",
        ):
            mail = self.write_mail("The lift stands.")
            mail.add_alternative(content, subtype="html")
            with self.subTest(content):
                self.assertEqual(self.comment_of(mail), "The lift stands.")

    def test_the_chatter_keeps_the_original(self):
        report = self.deliver(self.write_mail(f"{WRITTEN}\n\n{HISTORIES['outlook']}"))
        mail = report.message_ids.filtered(lambda m: m.message_type == "email")
        self.assertIn("Original Message", mail.body)
        self.assertEqual(report.comment, WRITTEN)

    # === AUTOMATIC E-MAILS === #

    def test_no_holiday_notice_is_a_report_or_a_message(self):
        report = self.deliver(self.write_mail(From=CARL, Message_Id="<m@h.ex>"))
        messages = report.message_ids
        for headers in NOTICES:
            for reference in (None, "<m@h.ex>"):
                answer = {"In_Reply_To": reference} if reference else {}
                with self.subTest(headers, reference=reference):
                    mail = self.write_mail("I am away.", **{**headers, **answer})
                    self.assertFalse(self.deliver(mail))
        self.assertEqual(report.message_ids, messages)

    def test_a_machine_that_reports_a_fault_is_heard(self):
        for headers in MACHINES:
            with self.subTest(headers):
                self.assertTrue(self.deliver(self.write_mail(**headers)))

    def test_a_fault_whose_subject_begins_like_a_notice_is_heard(self):
        for subject in FAULTS:
            for number, hint in enumerate(HINTS):
                # From many senders, a few e-mails each
                sender = f"{number}@elsewhere.example"
                mail = self.write_mail(From=sender, Subject=subject, **hint)
                with self.subTest(subject, **hint):
                    self.assertTrue(self.deliver(mail))

    # === THE NUMBER ALONE === #

    def test_the_number_in_the_subject_finds_the_report_of_those_it_belongs_to(self):
        report = self.deliver(self.write_mail(From="Ann <ann@elsewhere.example>"))
        report.write(
            {
                "partner_id": self.hotel.id,
                "facility_id": self.wing.id,
                "contact_id": self.carl.id,
            }
        )
        follower, colleague = self.env["res.partner"].create(
            [
                {"name": "Follower", "email": "follower@else.example"},
                {
                    "name": "Colleague",
                    "parent_id": self.hotel.id,
                    "email": "c@hotel.ex",
                },
            ]
        )
        report.message_subscribe(follower.ids)
        self.technician.email = "tech@lifts.example"
        subject = f"Re: Received: fault report {report.reference}!"
        for sender, is_public in (
            # An unknown sender stays a follower until a message would be sent to them.
            (follower.email, False),
            ("ann@elsewhere.example", True),
            (CARL, True),
            (colleague.email, True),
            (self.technician.email, False),
        ):
            with self.subTest(sender):
                mail = self.write_mail(f"From {sender}", From=sender, Subject=subject)
                self.assertFalse(self.deliver(mail))
                message = report.message_ids[0]
                self.assertIn("From ", message.body)
                self.assertEqual(not message.subtype_id.internal, is_public)

    def test_the_number_of_another_s_report_makes_a_new_one(self):
        report = self.deliver(self.write_mail(From=CARL))
        messages = report.message_ids
        stranger = "mallory@evil.example"
        forged = {"Authentication_Results": "mx.lifts.example; dmarc=fail"}
        for headers in ({"From": stranger}, {"From": CARL, **forged}):
            mail = self.write_mail(Subject=f"Re: {report.reference}", **headers)
            with self.subTest(headers):
                self.assertTrue(self.deliver(mail))
        self.assertEqual(report.message_ids, messages)
