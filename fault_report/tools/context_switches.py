"""What a context may say: the switches of our own code, and what is kept of a client's.

A client chooses the context of its call, and `sudo()` and `with_user()` hand it on.
Switches are therefore set and read here alone: JSON and XML carry plain values, never
a `Switch`, so that no client can set one.
"""

from dataclasses import dataclass

# Where, when and in which language; all else of a client's context is dropped
PLAIN_KEYS = frozenset({"lang", "tz", "uid", "allowed_company_ids"})
# Keys of Odoo that leave out what the log of a report says
LOG_SWITCHES = frozenset({"tracking_disable", "mail_notrack", "mail_create_nolog"})

# Names of the switches
ANSWERS_NOTE = "fault_report_answers_note"
FOLLOWS_NOTE = "fault_report_follows_note"
KEEPS_MAIL = "fault_report_keeps_mail"
RECEIPT = "fault_report_receipt"
SILENT_IMPORT = "fault_report_silent_import"
SUBSCRIBE_NOBODY = "fault_report_subscribe_nobody"
TO_USERS = "fault_report_to_users"
UPLOAD = "fault_report_upload"
WITHOUT_POINTS = "fault_report_without_points"


@dataclass(frozen=True, slots=True)
class Switch:
    """A value that only code of the server puts into a context."""

    # Compared by it: Odoo makes an environment for each context that differs
    value: object = True


def switch_on(records, **values):
    """Return the records with these switches in their context."""
    return records.with_context(
        **{name: Switch(value) for name, value in values.items()}
    )


def get_switch(env, name):
    """Return the value of a switch; None if only a client has set it."""
    switch = env.context.get(name)
    return switch.value if type(switch) is Switch else None


def with_own_context(records, *kept):
    """Return the records without what a client may have put into their context.

    :param kept: names of further keys, which the calling code has set itself
    """
    context = {
        name: value
        for name, value in records.env.context.items()
        if name in PLAIN_KEYS or name in kept or type(value) is Switch
    }
    return records.with_env(records.env(context=context))
