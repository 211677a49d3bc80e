from odoo.http import Stream

from ...tools import file_rules

# What a browser shows without running anything that is in it
_SHOWN = ("image/", "video/", "audio/", "application/pdf")
_NOT_SHOWN = ("image/svg",)


class ReportFileStream(Stream):
    """A file of a report on its way to a browser: as what it is, whatever is asked for.

    :ivar str true_mimetype: the type that the content was found to have
    """

    true_mimetype = None

    @classmethod
    def make(cls, stream, mimetype):
        """Return `stream` as one of a file of this type."""
        if stream.type == "url":
            return stream
        return cls(**vars(stream), true_mimetype=mimetype or "application/octet-stream")

    @property
    def is_shown(self):
        """Whether a browser may show the file instead of saving it."""
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
