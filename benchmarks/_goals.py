"""The goals for daily work, and what was measured of them."""

from typing import NamedTuple

OURS = "fault_report"
LIST = "list: what waits"


class Goal(NamedTuple):
    """A goal: at most, or at least, `limit`.

    :ivar figure: what was measured, or None
    """

    name: str
    figure: float | None
    unit: str
    limit: float
    at_least: bool = False

    def make_line(self):
        if self.figure is None:
            return f"| {self.name} | – | | |"
        sign = "≥" if self.at_least else "≤"
        is_met = (
            self.figure >= self.limit if self.at_least else self.figure <= self.limit
        )
        return (
            f"| {self.name} | {self.figure:.3g} {self.unit}"
            f" | {sign} {self.limit:g} {self.unit} | {'yes' if is_met else 'no'} |"
        )


# Milliseconds of ours, at most so many times those of another
RATIOS = [
    ("create 1", "floor", 1.2),
    ("create 1,000", "floor", 0.75),
    ("create 1,000", "helpdesk_mgmt", 0.3),
    ("create and assign 1", "helpdesk_mgmt", 0.5),
    ("create and assign 100", "helpdesk_mgmt", 0.4),
    ("list of 80", "helpdesk_mgmt", 1),
]
QUERIES = [("create 1", 16), ("assign, with notice", 20)]
# The space of a record, at most so many times that of another
SPACE = "space of a record"
SPACES = [("helpdesk_mgmt", 1.3)]
# Queries beside those of the bare order
CONVERSIONS = [
    (f"convert to {model}", 6)
    for model in ("maintenance.request", "project.task", "repair.order", "sale.order")
]
# The end of the name of other modules' work, and the longest time of an upload beside
# a database without this addon
OTHERS = "not of a fault"
UPLOAD = f"upload of 0.5 MB, {OTHERS}"
UPLOAD_LIMIT = 1.05
# Pieces of work a second, at least so many times those of another
RATES = [
    ("API, text, 4 clients", "floor", 0.7),
    ("API, photo of 0.5 MB, 4 clients", "floor", 0.7),
    ("portal, photo of 200 KB, 1 client", "helpdesk_mgmt", 1.2),
    ("portal, photo of 200 KB, 4 clients", "helpdesk_mgmt", 1.2),
]
# Milliseconds with a million reports
MILLION = [
    ("board: all", 200),
    ("board: all, by state", 200),
    ("board: what waits, 100,000", 60),
    ("form: assigned", 15),
    ("form: converted", 15),
    ("form: solved", 15),
    ("description, one in 2", 50),
    ("middle of a word, one in 10", 50),
    ("every customer", 50),
    ("every object", 50),
    ("two letters, many", 50),
    ("two letters, none", 50),
    ("portal, description, one in 2", 50),
]


def make_goals(result, few, million):
    """Return a table of Markdown.

    :param dict result: the figures by work and peer
    :param dict few: what `search.py` has written with few reports, or None
    :param dict million: the same with a million
    """
    lines = ["| Goal | Measured | Wanted | Met |", "|---|---:|---:|---|"]
    goals = [*find_goals(result), *find_goals_of_million(few, million)]
    lines += [goal.make_line() for goal in goals]
    if million:
        records, machine = f"{million['records']:,}", million["machine"]
        lines += ["", f"With {records} reports: shortest of seven runs; {machine}."]
    return "\n".join(lines)


def find_goals(result):
    def get(work, label, name):
        return result.get((work, label), {}).get(name)

    def divide(work, other, name):
        figures = get(work, OURS, name), get(work, other, name)
        return figures[0] / figures[1] if all(figures) else None

    for work, other, limit in RATIOS:
        yield Goal(work, divide(work, other, "ms"), f"× {other}", limit)
    for work, limit in QUERIES:
        yield Goal(work, get(work, OURS, "queries"), "queries", limit)
    for work, limit in CONVERSIONS:
        both = [get(work, label, "queries") for label in (OURS, "floor")]
        more = both[0] - both[1] if all(both) else None
        yield Goal(work, more, "queries more than its target", limit)
    for other, limit in SPACES:
        figure = divide(SPACE, other, "bytes")
        yield Goal(SPACE, figure, f"× {other}", limit)
    for work, label in result:
        if work.endswith(OTHERS) and label == OURS:
            more = get(work, OURS, "queries") - get(work, "floor", "queries")
            yield Goal(work, more, "queries more than without this addon", 0)
    slower = divide(UPLOAD, "floor", "ms")
    yield Goal(UPLOAD, slower, "× without this addon", UPLOAD_LIMIT)
    for work, other, limit in RATES:
        figure = divide(work, other, "per_second")
        yield Goal(work, figure, f"× {other} a second", limit, at_least=True)


def find_goals_of_million(few, million):
    if not million:
        return
    rows, records = million["rows"], f"{million['records']:,}"
    for name, limit in MILLION:
        figure = rows.get(name, {}).get("ms")
        yield Goal(f"{name} ({records} reports)", figure, "ms", limit)
    if few:
        grown = rows[LIST]["ms"] / few["rows"][LIST]["ms"]
        unit = f"× of {few['records']:,}"
        yield Goal(f"list of 80, {records} reports", grown, unit, 1.1)
