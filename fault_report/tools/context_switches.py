"""Switches in the context that only code of the server can set.

A client chooses the context of its call, and `sudo()` and `with_user()` keep it.
Switches are therefore set and read only here, as objects: JSON and XML carry plain
values, never a `Switch`.
"""

from dataclasses import dataclass

# Companies, time zone and language; all other keys of a client are dropped
PLAIN_KEYS = frozenset({"lang", "tz", "uid", "allowed_company_ids"})
# Odoo's keys that switch off the log of a report
LOG_SWITCHES = frozenset({"tracking_disable", "mail_notrack", "mail_create_nolog"})
# Odoo's keys that change what the server finds: archived records, other working time
SEARCH_SWITCHES = frozenset({"active_test", "employee_timezone"})

# Names of the switches
ANSWERS_NOTE = "fault_report_answers_note"
EMAILS = "fault_report_emails"
FILES_COUNTED = "fault_report_files_counted"
FOLLOWS_NOTE = "fault_report_follows_note"
FOLLOWS_ORDER = "fault_report_follows_order"
HAS_CUSTOMERS = "fault_report_has_customers"
HAS_FILES = "fault_report_has_files"
KEEPS_MAIL = "fault_report_keeps_mail"
LOGS = "fault_report_logs"
MESSAGES = "fault_report_messages"
POINTS_LANGUAGE = "fault_report_points_language"
QUEUES_MAIL = "fault_report_queues_mail"
RECEIPT = "fault_report_receipt"
REFERENCES = "fault_report_references"
SILENT_IMPORT = "fault_report_silent_import"
SUBSCRIBE_NOBODY = "fault_report_subscribe_nobody"
TO_USERS = "fault_report_to_users"
UPLOAD = "fault_report_upload"
WITHOUT_POINTS = "fault_report_without_points"


@dataclass(frozen=True, slots=True)
class Switch:
    """A value in the context that no client can send."""

    # Compared by value: Odoo creates an environment for each different context
    value: object = True


class Collection(list):
    """The value of a switch that collects what is done later, in one step."""

    # Each is that of one environment, whatever it contains.
    __eq__ = object.__eq__
    __hash__ = object.__hash__


def switch_on(records, **values):
    """Return the records with these switches in their context."""
    return records.with_context(
        **{name: Switch(value) for name, value in values.items()}
    )


def get_switch(env, name):
    """Return the value of a switch, or None if it is not set by the server."""
    switch = env.context.get(name)
    return switch.value if type(switch) is Switch else None


def without_search_switches(records):
    """Return the records without the client's keys that change what is found.

    For what acts on all records: recipients, numbers, service levels. Other keys, such
    as those of Odoo's messages, stay.
    """
    context = records.env.context
    if SEARCH_SWITCHES.isdisjoint(context):
        return records
    kept = {key: context[key] for key in context if key not in SEARCH_SWITCHES}
    return records.with_env(records.env(context=kept))


def with_own_context(records, *kept):
    """Return the records without context keys set by a client.

    :param kept: further keys to keep, which the calling code has set
    """
    context = {
        name: value
        for name, value in records.env.context.items()
        if name in PLAIN_KEYS or name in kept or type(value) is Switch
    }
    return records.with_env(records.env(context=context))
