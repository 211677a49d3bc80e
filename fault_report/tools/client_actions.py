"""Actions of Odoo's web client that buttons return."""


def make_reload():
    """Return the action that shows what is open anew."""
    return {"type": "ir.actions.client", "tag": "soft_reload"}


def make_notice(message, kind, **params):
    """Return the action that shows a notice, and what is open anew.

    :param str kind: `success`, `warning` or `danger`
    :param params: of Odoo's notification, such as `title` and `sticky`
    """
    return {
        "type": "ir.actions.client",
        "tag": "display_notification",
        "params": {"message": message, "type": kind, **params, "next": make_reload()},
    }
