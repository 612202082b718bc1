"""Write the expected files anew: `python -m tests.golden [CASE ...]`.

Look at every change that it tells before you commit it.
"""

import sys
import tempfile

from tests.golden.cases import CASES
from tests.golden.comparing import differences
from tests.golden.running import FOLDER, Runner, expected, options, path_of, write
from tests.rankbound.realdata import DATA

MOST = 20


def say(line):
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(names):
    known = [*CASES, "options"]
    strange = [name for name in names if name not in known]
    if strange:
        sys.exit(f"no case {strange[0]!r}; there are {', '.join(known)}")
    with tempfile.TemporaryDirectory() as place:
        runner = Runner(place)
        for name in names or known:
            if name != "options" and CASES[name].real and not DATA.is_dir():
                say(f"{name}: skipped, the real data are not at {DATA}")
                continue
            _renew(name, options() if name == "options" else runner.record(name))
    if not names:
        for path in sorted(FOLDER.glob("*.json")):
            if path.stem not in known:
                path.unlink()
                say(f"{path.stem}: removed, there is no such case")


def _renew(name, record):
    if not path_of(name).is_file():
        say(f"{name}: new")
        write(name, record)
        return
    changes = list(differences(expected(name), record))
    for line in changes[:MOST]:
        say(f"{name}: {line}")
    if len(changes) > MOST:
        say(f"{name}: and {len(changes) - MOST} more")
    if changes:  # else last digits may differ, which nobody wants to review
        write(name, record)


if __name__ == "__main__":
    main(sys.argv[1:])
