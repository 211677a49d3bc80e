"""Division of test files into shares of about the same duration.

Not with pytest-split, which divides single tests: their classes would be set up in each
share.
"""

import re

from .paths import ROOT, RUN

# `make test` measures the durations; copy its output over the stored file
KEPT = ROOT / "dev" / "test_durations.txt"
MEASURED = RUN / "test_durations.txt"
TEST = re.compile(r"^ *def test_", re.MULTILINE)
UNKNOWN = 1.2  # seconds of each test in a file that is new, and of its set-up


def find(folder):
    """Return all test files in the folder, as pytest finds them."""
    return sorted({*folder.rglob("test_*.py"), *folder.rglob("*_test.py")})


def divide(files, count):
    """Return `count` lists of the files."""
    shares = [[0, []] for _number in range(count)]
    seconds = estimate(files)
    for file in sorted(files, key=lambda file: (-seconds[file], file)):
        share = min(shares, key=lambda share: share[0])
        share[0] += seconds[file]
        share[1].append(file)
    return [sorted(share) for _seconds, share in shares]


def estimate(files):
    """Return the seconds by file: measured ones, or those of its number of tests."""
    durations = read(KEPT)
    return {
        file: durations.get(str(file.relative_to(ROOT))) or _guess(file)
        for file in files
    }


def _guess(file):
    tests = len(TEST.findall(file.read_text())) if file.exists() else 0
    return (tests + 1) * UNKNOWN


def read(path):
    """Return the seconds by file name."""
    if not path.exists():
        return {}
    pairs = (line.split() for line in path.read_text().splitlines())
    return {name: float(seconds) for seconds, name in pairs}


def write(path, durations):
    lines = (f"{durations[name]:6.1f} {name}\n" for name in sorted(durations))
    path.write_text("".join(lines))


def merge(paths):
    """Write the durations of a complete run."""
    found = {}
    for path in paths:
        found.update(read(path))
    write(MEASURED, found)
