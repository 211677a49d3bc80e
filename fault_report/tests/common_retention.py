"""A reporter with unmistakable data, who reports through the channels."""

from email.message import EmailMessage

from odoo import fields

from .common_database import find_files, find_texts

NAME = "Zebulon Quixmark"
ADDRESS = "zq.marker@quixmark-home.example"
PHONE = "+46 70 987 65 43"
# The number as it is written elsewhere
MARKERS = (NAME, ADDRESS, PHONE, "9876543", "Quixmark")
TEXT = f"The door is open. Regards {NAME}, {PHONE}, {ADDRESS}"
REPORTER = {"contact_name": NAME, "email_from": ADDRESS, "phone": PHONE}


def make_mail(to, subject="The door", **headers):
    """Return an e-mail of the reporter, with a photo and a letter."""
    mail = EmailMessage()
    mail["From"] = f"{NAME} <{ADDRESS}>"
    mail["To"] = to
    mail["Subject"] = subject
    mail["Message-Id"] = f"<{subject.replace(' ', '')}@quixmark-home.example>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(TEXT)
    mail.add_attachment(
        TEXT.encode(), maintype="text", subtype="plain", filename=f"{NAME}.txt"
    )
    return mail.as_string()


class RetentionData:
    def assert_nothing_left(self, allowed=()):
        """Fail if a table or a file of the database has the reporter's data."""
        self.env.flush_all()
        for marker in MARKERS:
            with self.subTest(marker):
                found = find_texts(self.env.cr, marker)
                self.assertEqual(found - set(allowed), set())
                self.assertFalse(find_files(self.env.cr, marker))

    def count_places(self):
        """Return the number of columns with the reporter's data."""
        self.env.flush_all()
        return len(
            set().union(*(find_texts(self.env.cr, marker) for marker in MARKERS))
        )

    def remove_unused_files(self):
        """Remove files from the disk as Odoo does daily."""
        self.env.flush_all()
        self.env["ir.attachment"]._gc_file_store_unsafe()

    @classmethod
    def age(cls, reports, months=13):
        """Let the reports be handled some months ago."""
        cls.env.flush_all()
        cls.env.cr.execute(
            "UPDATE fault_report SET date_handled = date_handled - %s * interval"
            " '31 days' WHERE id IN %s",
            (months, tuple(reports.ids)),
        )
        reports.invalidate_recordset()
        assert all(r.date_handled < fields.Datetime.now() for r in reports)
