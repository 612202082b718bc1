"""Run the catalogue; print what broke a promise, and a table of what ran.

``python -m tests.hostile [PATTERN]`` runs the cases whose kind and name match, or all
of them, and then writes the table that the documentation shows.
"""

import re
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

from tests.hostile import running
from tests.hostile.cases import catalogue

SHOWN = Path(__file__).resolve().parents[2] / "docs" / "measured" / "hostile.md"


def ran(cases, root):
    """Each case and how it ended, one after the other, from one warm parent."""
    results = any(case.on_results for case in cases)
    prepared = running.base(root / "base", results=results)
    running.warm(running.EVERY if results else running.READ)
    for case in cases:
        yield case, running.run(case, root / "work" / "case", prepared)


def table(results):
    """Counts by kind of case, as Markdown."""
    by_kind = defaultdict(list)
    for case, found in results:
        by_kind[case.kind].append(found)
    rows = [[kind, *_row(found)] for kind, found in by_kind.items()]
    rows.append(["all", *_row([found for _, found in results])])
    head = "kind|cases|refused|done|other codes|broken promises|longest, s|peak, MiB"
    lines = [head.split("|"), ["---", *["---:"] * 7], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _row(found):
    codes = Counter(one.code for one in found)
    counts = (len(found), codes[2], codes[0], len(found) - codes[2] - codes[0])
    return (
        *map(str, counts),
        str(sum(bool(one.faults) for one in found)),
        f"{max(one.seconds for one in found):.1f}",
        f"{max(one.peak for one in found):,.0f}",
    )


def main(pattern=""):
    """Run; the exit code is 1 where a promise is broken."""
    say = sys.stdout.write
    cases = [one for one in catalogue() if re.search(pattern, f"{one.kind}/{one.name}")]
    results = []
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
        for case, found in ran(cases, Path(folder)):
            results.append((case, found))
            for fault in found.faults:
                said = f"{case.kind}/{case.name}: {fault}\n"
                say(said.encode("ascii", "backslashreplace").decode())
    counts = table(results)
    say(counts)
    if not pattern:
        SHOWN.parent.mkdir(exist_ok=True)
        SHOWN.write_text(f"Made by `make hostile`:\n\n{counts}", encoding="utf-8")
    return int(any(found.faults for _, found in results))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
