from odoo.http import Stream

from ...tools import file_rules

# Types that browsers display without executing content
_SHOWN = ("image/", "video/", "audio/", "application/pdf")
_NOT_SHOWN = ("image/svg",)


class ReportFileStream(Stream):
    """Stream of a report's file, served with its own type, not with the requested one.

    :ivar str true_mimetype: the type detected by content
    """

    true_mimetype = None

    @classmethod
    def make(cls, stream, mimetype):
        """Return the stream for a file of this type."""
        if stream.type == "url":
            return stream
        kind = cls
        if type(stream) is not Stream:
            # Of another addon, which reads and sends it in its own way
            kind = type(cls.__name__, (cls, type(stream)), {})
        return kind(
            **vars(stream), true_mimetype=mimetype or "application/octet-stream"
        )

    @property
    def is_shown(self):
        """Whether a browser may display the file instead of saving it."""
        kind = self.true_mimetype
        return kind.startswith(_SHOWN) and not kind.startswith(_NOT_SHOWN)

    def get_response(self, as_attachment=None, *args, **kwargs):
        self.mimetype = self.true_mimetype
        name = file_rules.clean_name(self.download_name)
        if self.mimetype in file_rules.EXTENSIONS:
            name = file_rules.complete_name(name, self.mimetype)
        self.download_name = name
        if not self.is_shown:
            as_attachment = True
        return super().get_response(as_attachment, *args, **kwargs)
