"""`make test`: pytest with pytest-odoo on fresh copies of template databases.

The tests of the core take the most time, so they are divided. Each part has its own
process, database and port; two run in parallel if the machine has two cores. The checks
without a browser, one at a time, fill the time in which these wait. The main jobs are
tested again beside the addons of others (`neighbours.py`).
"""

import os
import re
import subprocess
import sys
from functools import partial
from typing import NamedTuple

from . import (
    chaos,
    databases,
    guides,
    install_check,
    neighbours,
    parallel,
    shards,
    system,
    update_check,
    wheels,
)
from .console import Failure, say, step
from .paths import IS_ROOT, ROOT, RUN, all_addons

CORE = "fault_report"
# Depends on the channels, and tests their common rules
TOGETHER = "test_fault_report"
NOTHING_MATCHED = 5  # pytest's exit code
NEIGHBOURS = "neighbours"  # in place of an addon: the tests beside those of others
# A line of pytest's short summary, in colour or not
SUMMARY = re.compile(r"(\x1b\[[\d;]*m)*(SUB)?(FAILED|ERROR)\b")
LAST_LINES = 10
MOST = 2  # parallel parts; with more, the browsers of the tours get too slow
# Options of a complete run: the slowest tests are named
COMPLETE = ("--durations", "15", "--durations-min", "3")
# Not beside the addons of others, where few tests open a page
BUNDLES = ("-p", "dev.pytest_assets")
PLUGINS = ("log_gate", "durations", "browser", "clock")
# Seconds of the jobs that are no parts, roughly: the longest ones begin first
NEAR, CHAOS, GUIDES, UPDATE, UNINSTALL, OTHER = 120, 110, 30, 25, 20, 15
# Checked here, because a part prints into a file
COLOR = "yes" if sys.stdout.isatty() else "auto"


class _Part:
    """Tests that run in one process, on a separate database."""

    def __init__(self, name, installed, files, measured, near=()):
        self.name = name
        self.near = near  # the addons of others that are installed as well
        self.selection = neighbours.SELECTION if near else None
        self.installed = installed
        self.files = files
        self.measured = measured
        self.coverage = RUN / f"coverage.{name}"
        self.durations = RUN / f"test_durations.{name}"


class _Work(NamedTuple):
    """A job of the run.

    :ivar seconds: that it takes, roughly
    :ivar function: returns an exit code
    :ivar is_small: whether it runs beside the others: it is no part, and no browser
        is slowed down by more than one
    """

    name: str
    seconds: float
    function: object
    is_small: bool = True


def run(environment):
    """Run the tests of all addons, or of `ADDON=…`, or those that match `K=…`.

    `ADDON=neighbours` runs those beside the addons of others. `COVERAGE=1` also finds
    the lines that no test runs.

    :return: the exit code for the shell
    """
    only = os.environ.get("ADDON") or None  # make passes an empty one
    if only and only not in (*all_addons(), NEIGHBOURS):
        raise Failure(
            f"There is no addon {only}; there are: {', '.join(all_addons())}."
        )
    system.need("chromium", ["chromium"], "Chromium (for the browser tests)")
    system.need("wkhtmltopdf", ["wkhtmltopdf"], "wkhtmltopdf (for PDFs)")
    system.need("fc-list", ["fontconfig"], "fontconfig (for fonts)")
    system.need_font("zh", ["fonts-wqy-microhei"], "A font with Chinese (for PDFs)")
    system.need("cc", ["gcc", "libc6-dev"], "A C compiler (for a clock that is moved)")
    if IS_ROOT:
        # Without it, one example of the documentation would be skipped.
        system.need("php", ["php-cli"], "PHP (for an example)")
    selection = os.environ.get("K")
    if selection:
        near = get_neighbour_parts(environment) if only == NEIGHBOURS else []
        parts = near or get_parts(only, 1)
        return combine([_test(environment, part, selection) for part in parts])
    count = _count_at_once()
    parts = get_parts(only, count) if only != NEIGHBOURS else []
    near = get_neighbour_parts(environment) if only in (None, NEIGHBOURS) else []
    if only in (None, CORE):
        # Before the parallel parts, which would both create it
        _make_templates(environment, [[CORE], get_channels()], count)
    works = _get_works(environment, only, parts, near)
    codes = _run_all(works, count)
    _show_coverage(environment, parts)
    # Not of the parts beside others, which test the same files again
    shards.merge([part.durations for part in parts])
    for line in find_failures(codes, _get_logs(codes)):
        say(line)
    return combine(codes)


def _make_templates(environment, sets, count):
    """Make the databases with these addons, `count` at once."""

    def make(names):
        databases.addons_template(environment, names)
        return 0

    functions = [partial(make, names) for names in sets]
    jobs = list(map(parallel.Job, functions, _get_logs(sets)))
    if any(parallel.run(jobs, count)):
        raise Failure("Without their databases, no tests can be run.")


def _get_works(environment, only, parts, near):
    """Return the jobs, the longest one first: short ones fill the end of the run."""
    works = [
        _Work(
            part.name,
            sum(shards.estimate(part.files).values()),
            partial(_test_all, environment, part),
            is_small=False,
        )
        for part in parts
    ]
    works += [
        _Work(part.name, NEAR, partial(_test_near, environment, part), is_small=False)
        for part in near
    ]
    if only in (None, CORE):
        check = partial(_check_uninstall, environment, "channels", get_channels())
        works.append(_Work("uninstalling", UNINSTALL, check))
    if only is None:
        works += get_package_checks(environment)
        works.append(_Work("guides", GUIDES, partial(guides.check, environment)))
    return sorted(works, key=lambda work: -work.seconds)


def find_failures(codes, logs):
    """Return the lines of what failed: at the end of a long run they are seen.

    Of a run of pytest, its short summary; of another job, its last lines.

    :param codes: the exit codes of the jobs
    :param logs: the path of each job's output; a path may be missing
    """
    found = []
    for code, log in zip(codes, logs, strict=True):
        if code not in (0, NOTHING_MATCHED) and log.exists():
            lines = log.read_text(errors="replace").splitlines()
            summary = [line for line in lines if SUMMARY.match(line)]
            found += summary or [line for line in lines if line.strip()][-LAST_LINES:]
    return ["", "What failed:", *found] if found else []


def get_package_checks(environment):
    """Return the jobs that install, update and package the addons."""
    at_once = databases.addons_template(environment, get_channels())
    dumps = update_check.find_dumps()
    # The second update of the others would find the same
    ends = (dumps[0], dumps[-1])
    updates = [
        _Work(
            path.name,
            UPDATE,
            partial(update_check.check, environment, path, twice=path in ends),
        )
        for path in dumps
    ]
    return [
        _Work("faults", CHAOS, partial(chaos.check, environment, at_once)),
        *updates,
        _Work("wheels", OTHER, partial(wheels.check, environment)),
        _Work("installing", OTHER, partial(install_check.run, environment, at_once)),
    ]


def combine(codes):
    """Return the total exit code: 0 only if every part was run and passed.

    A killed part has a negative code.
    """
    if set(codes) == {NOTHING_MATCHED}:
        return NOTHING_MATCHED
    return int(any(code not in (0, NOTHING_MATCHED) for code in codes))


def _count_at_once():
    text = os.environ.get("JOBS") or str(min(MOST, os.cpu_count() or 1))
    if not text.isdigit() or int(text) < 1:
        raise Failure(f"JOBS={text} is no number of jobs: choose 1 or more.")
    return int(text)


def get_parts(only, count):
    """Return the parts, each in a database with other addons.

    The core alone, as many companies install it; with its channels, without a website;
    and with all addons.

    :param only: the only addon to test, or None
    :param count: number of parts of the core's tests
    """
    if only not in (None, CORE):
        return [_Part(only, [only], _find_tests([only]), [only])]
    channels = get_channels()
    rest = [name for name in all_addons() if name not in (CORE, *channels)]
    others = (
        []
        if only
        else [
            _Part("channels", channels, _find_tests(channels), channels),
            _Part("all", all_addons(), _find_tests(rest), rest),
        ]
    )
    own = _find_tests([CORE] if only else [CORE, "dev"])
    parts = [
        _Part(f"core_{number}", [CORE], files, [CORE])
        for number, files in enumerate(shards.divide(own, count), 1)
        if files
    ]
    return parts + others


def get_neighbour_parts(environment):
    """Return the parts that test the main jobs beside the addons of others."""
    return [
        _Part(f"near_{name}", all_addons(), neighbours.TESTS, [], near)
        for name, near in neighbours.get_databases(environment).items()
    ]


def get_channels():
    """Return the addons of the channels, and the addon that tests them together."""
    return [name for name in databases.with_ours([TOGETHER]) if name != CORE]


def _find_tests(names):
    return [file for name in names for file in shards.find(ROOT / name / "tests")]


def _run_all(works, count):
    """Run the functions, `count` in parallel; return their exit codes."""
    if count == 1:
        return [work.function() for work in works]
    say("")
    logs = _get_logs(works)
    for log in logs:
        log.unlink(missing_ok=True)
    jobs = [
        parallel.Job(work.function, log, work.is_small)
        for work, log in zip(works, logs, strict=True)
    ]
    codes = parallel.run(jobs, count)
    say(make_costs([work.name for work in works], [job.read_cost() for job in jobs]))
    return codes


def make_costs(names, costs):
    """Return a table: of each job the seconds, and those of CPU time."""
    rows = [(*cost, name) for name, cost in zip(names, costs, strict=True) if cost]
    rows.append((sum(row[0] for row in rows), sum(row[1] for row in rows), "all"))
    lines = ["\nJob: its seconds, and those of CPU time without PostgreSQL's"]
    lines += [f"{seconds:7.0f} {cpu:7.0f}  {name}" for seconds, cpu, name in rows]
    return "\n".join(lines)


def _get_logs(jobs):
    return [RUN / f"test-{number}.log" for number in range(1, len(jobs) + 1)]


def _test_all(environment, part):
    """Run the tests of the part; an incomplete or empty run has failed."""
    part.coverage.unlink(missing_ok=True)
    part.durations.unlink(missing_ok=True)
    code = _test(environment, part)
    if part.durations.exists():
        return code
    say(f"The tests of {part.name} did not come to their end.")
    return 1


def _test(environment, part, selection=None):
    """Run the tests on a fresh copy of the template; return pytest's exit code."""
    database = databases.own(f"test_{part.name}")
    template = databases.addons_template(environment, part.installed, part.near)
    with step("copying the test database"):
        databases.copy(template, database)
    name = f"test_{part.name}"
    command = [
        environment.bin / "python",
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "--color",
        COLOR,
        "--odoo-config",
        environment.configuration(name, part.near, db_name=database),
        "--odoo-database",
        database,
        "--odoo-http",
        "--odoo-log-level",
        "warn",
        *(f"-pdev.pytest_{name}" for name in PLUGINS),
        *_select(selection or part.selection),
        *([] if selection else [*COMPLETE, *_coverage(part.measured)]),
        *([] if selection or part.near else BUNDLES),
        *part.files,
    ]
    variables = environment.variables()
    variables["PYTHONPATH"] += os.pathsep + str(ROOT)
    variables["COVERAGE_FILE"] = str(part.coverage)
    variables["TEST_DURATIONS"] = str(part.durations)
    variables["TEST_TEMPLATE"] = template
    say("")
    code = subprocess.run(command, env=variables, cwd=ROOT, check=False).returncode
    if code < 0:
        say(f"The tests of {part.name} were killed by signal {-code}.")
    databases.drop(database)
    return code


def _test_near(environment, part):
    """Run the tests beside the addons of others, then uninstall ours."""
    code = _test_all(environment, part)
    return code or _check_uninstall(environment, part.name, part.installed, part.near)


def _check_uninstall(environment, name, installed, near=()):
    """Fail unless the addons are uninstalled without remains and the others work."""
    database = databases.own(f"test_uninstall_{name}")
    databases.copy(databases.addons_template(environment, installed, near), database)
    configuration = environment.configuration(
        f"test_uninstall_{name}", near, db_name=database
    )
    script = ROOT / "dev" / "uninstall_check.py"
    text = f"uninstalling the channels and {CORE} ({name})"
    with step(text), script.open() as source:
        log = environment.run(
            "shell", "--no-http", configuration=configuration, stdin=source
        )
        databases.check_log(log)
    databases.drop(database)
    return 0


def _select(words):
    return ["-k", words] if words else []


def _coverage(measured):
    """Return the options to measure it: only if wanted, it costs a quarter more."""
    if not os.environ.get("COVERAGE"):
        return []
    return [*(f"--cov={ROOT / name}" for name in measured), "--cov-report="]


def _show_coverage(environment, parts):
    """Print the total coverage of the parts, if it was measured."""
    files = [part.coverage for part in parts if part.coverage.exists()]
    variables = {**environment.variables(), "COVERAGE_FILE": str(RUN / "coverage")}
    coverage = [environment.bin / "python", "-m", "coverage"]
    for command in (["combine", *files], ["report", "--skip-covered"]):
        if files:
            subprocess.run([*coverage, *command], env=variables, cwd=ROOT, check=False)
