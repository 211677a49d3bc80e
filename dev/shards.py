"""Division of test files into shares of about the same duration.

Not with pytest-split, which divides single tests: their classes would be set up in each
share, and it does not know that the other addons are tested after one of them.
"""

from .paths import ROOT, RUN

# `make test` measures the durations; copy its output over the stored file
KEPT = ROOT / "dev" / "test_durations.txt"
MEASURED = RUN / "test_durations.txt"
UNKNOWN = 10  # seconds; for a file that is new


def find(folder):
    """Return all test files in the folder, as pytest finds them."""
    return sorted({*folder.rglob("test_*.py"), *folder.rglob("*_test.py")})


def divide(files, count, following=()):
    """Return `count` lists of the files.

    :param following: files tested after the last share, by the same process
    """
    durations = read(KEPT)

    def get_seconds(file):
        return durations.get(str(file.relative_to(ROOT)), UNKNOWN)

    shares = [[0, []] for _number in range(count)]
    shares[-1][0] = sum(map(get_seconds, following))
    for seconds, file in sorted(((get_seconds(f), f) for f in files), reverse=True):
        share = min(shares, key=lambda share: share[0])
        share[0] += seconds
        share[1].append(file)
    return [sorted(share) for _seconds, share in shares]


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
