"""What holds after each fault: nothing is lost, nothing is there twice."""

import hashlib
from collections import defaultdict


def find_problems(lab):
    """Return what was lost or doubled so far, as texts."""
    wait_for_messages(lab)
    return [
        *find_lost_or_doubled_reports(lab),
        *find_doubled_orders(lab),
        *find_doubled_mails(lab),
        *find_doubled_sms(lab),
        *find_doubled_events(lab),
    ]


def wait_for_messages(lab):
    """Wait until each report has its e-mail or SMS, and its event.

    Of very many a tenth after the other, so that long queues are no fault.
    """
    waiting = _find_unannounced(lab, lab.reports)
    while waiting:
        waiting = _wait_for_some(lab, waiting)


def _wait_for_some(lab, waiting):
    """Wait until a tenth of the messages is sent; return the reports of the others."""
    limit = len(waiting) * 9 // 10
    lab.wait(
        f"all but {limit} messages and events are sent",
        lambda: len(_find_unannounced(lab, waiting)) <= limit,
        lab.pass_time,
    )
    return _find_unannounced(lab, waiting)


def _find_unannounced(lab, reports):
    told = {(m["report"]["reference"], m["event"]) for m in lab.receiver.messages}
    texts = [mail.subject for mail in lab.mail_server.get_mails()]
    texts = "\n".join(texts + [sms.text for sms in lab.sms.messages])
    return [
        report
        for report in reports
        if (report.reference, "created") not in told or report.reference not in texts
    ]


def find_lost_or_doubled_reports(lab):
    rows = lab.sql(
        "SELECT r.name, r.reference, coalesce(a.store_fname, '') FROM fault_report r"
        " LEFT JOIN ir_attachment a ON a.res_model = 'fault.report'"
        " AND a.res_id = r.id AND a.res_field IS NULL WHERE r.channel = 'api'"
    )
    stored = defaultdict(list)
    for name, reference, file in rows:
        stored[name].append((reference, _get_sha256(lab, file)))
    wanted = {report.name: report for report in lab.reports}
    problems = [f"lost: {name}" for name in wanted.keys() - stored.keys()]
    for name, found in stored.items():
        report = wanted.get(name)
        if not report:
            problems.append(f"never answered: {name}")
        elif len(found) > 1:
            problems.append(f"doubled: {name}")
        elif found != [(report.reference, report.sha256)]:
            problems.append(f"lost: the photo of {name}")
    return problems


def _get_sha256(lab, file):
    content = lab.store.get_content(file) if file else None
    return content is not None and hashlib.sha256(content).hexdigest()


def find_doubled_orders(lab):
    orders = lab.count("maintenance_request")
    converted = lab.count("fault_report", "work_order_id <> 0")
    drawn = int(lab.sql("SELECT last_value FROM maintenance_request_id_seq")[0][0])
    problems = []
    if orders != converted:
        problems.append(f"doubled: {orders} orders of {converted} reports")
    if converted and drawn > converted:
        problems.append(f"doubled work: {drawn} orders begun for {converted} reports")
    return problems


def find_doubled_mails(lab):
    """Two messages of one kind about one report, or too many copies of one message."""
    mails = lab.mail_server.get_mails()
    sent = [((mail.to, mail.subject), mail.id) for mail in mails]
    excuses = lab.crashes + sum(mail.is_lost for mail in mails)
    return find_doubled("e-mails", sent, excuses)


def find_doubled_sms(lab):
    """Two SMS with one text, or too many copies of one."""
    sent = [((sms.number, sms.text), sms.id) for sms in lab.sms.messages]
    return find_doubled("SMS", sent, lab.crashes + lab.sms.late)


def find_doubled_events(lab):
    """Two events of one kind about one report; copies of one have the same id."""
    sent = [
        ((message["report"]["reference"], message["event"]), message["id"])
        for message in lab.receiver.messages
    ]
    return find_doubled("events", sent, len(sent))


def find_doubled(kind, sent, excuses):
    """Return what was sent twice: as two messages, or as copies beyond the excuses.

    :param sent: pairs of what a message is about, and its id
    :param int excuses: how many copies of a message with the same id are no fault
    """
    ids = defaultdict(set)
    for about, number in sent:
        ids[about].add(number)
    problems = [f"doubled: {about}" for about, found in ids.items() if len(found) > 1]
    copies = len(sent) - len(set(sent))
    if copies > excuses:
        problems.append(f"doubled: {copies} copies of {kind}, {excuses} excused")
    return problems
