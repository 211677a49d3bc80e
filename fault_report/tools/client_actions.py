"""Actions of Odoo's web client that buttons return."""


def make_reload():
    """Return the action that shows what is open anew."""
    return {"type": "ir.actions.client", "tag": "soft_reload"}


def make_notice(message, kind, **params):
    """Return the action that shows a notice, and then what is open anew.

    :param str kind: `success`, `warning` or `danger`
    :param params: of Odoo's notification, such as `title`, `sticky` and `next`
    """
    return {
        "type": "ir.actions.client",
        "tag": "display_notification",
        "params": {"message": message, "type": kind, "next": make_reload(), **params},
    }
