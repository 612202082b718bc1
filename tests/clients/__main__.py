"""`python -m tests.clients`: what real libraries write, as rankbound reads it.

Every module of a library runs by itself in an environment that has the library. The
table of outcomes is printed; the exit code is 1 if one is a difference. `--write` keeps
the small files as golden ones, which `tests/clients/test_golden.py` reads, and the
table in `tests/clients/README.md`.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.clients.client import EXPECTED, GOLDEN, Client, Outcome

ROOT = Path(__file__).resolve().parents[2]
TABLE = Path(__file__).parent / "README.md"
ENVIRONMENTS = {
    "main": (
        *("sentence-transformers", "datasets", "torch", "faiss-cpu", "bm25s"),
        *("ir_measures", "python-terrier", "pyterrier", "beir", "mteb"),
        *("lightning-ir", "rank-llm"),
        *("scikit-dimension", "statsmodels"),
    ),
    "ranx": ("ranx",),  # it does not work with pandas 3
}
BUILD = ROOT / "build" / "clients"
INTRODUCTION = """\
# Libraries whose files and objects rankbound was tried on

`make clients` builds environments with these libraries, has each write its own
artefacts from generated text, gives them to `rb.read_*` and the commands, and compares
numbers. "Same" means that all values are those that the library's own objects hold, or
that both compute the same; an artefact that was not tried here has its reason.

| library | version | artefact | outcome |
| --- | --- | --- | --- |
"""


def module_of(library: str) -> str:
    """The module about a library."""
    return f"tests.clients.{library.replace('-', '_')}"


def run_here(library: str, folder: Path, *, keep: bool) -> None:
    """Run one library in this interpreter."""
    shutil.rmtree(folder, ignore_errors=True)
    if keep:
        shutil.rmtree(GOLDEN / library, ignore_errors=True)
    (folder / "files").mkdir(parents=True)
    client = Client(library, folder / "files", keep)
    try:
        import_module(module_of(library)).run(client)
    except Exception as error:  # what was tried before is told all the same
        with client.trying("what follows"):
            raise error
    client.written(folder / "outcomes.json")


def run_in(environment: Path, library: str, *, keep: bool) -> list[Outcome]:
    """Run one library in its environment; a crash is an outcome, too."""
    python = environment / "bin" / "python"
    command = [str(python), "-m", "tests.clients", "--library", library]
    settings = {
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(BUILD / "huggingface"),
        "OMP_NUM_THREADS": "1",  # threads that wait for each other on a busy machine
        "TOKENIZERS_PARALLELISM": "false",
    }
    done = subprocess.run(
        [*command, *(["--write"] if keep else [])],
        cwd=ROOT,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        last = (done.stderr.strip() or "no message").splitlines()[-1]
        return [Outcome(library, "?", "all", f"crashed: {last}")]
    return [Outcome(**row) for row in _left_by(library)["outcomes"]]


def _left_by(library: str) -> dict[str, Any]:
    """What the last run of a library left."""
    path = BUILD / library / "outcomes.json"
    empty = {"outcomes": [], "kept": {}}
    return json.loads(path.read_text()) if path.is_file() else empty


def write_down() -> None:
    """Write the table, and what golden files hold, by the last run of each library."""
    last = [_left_by(one) for libraries in ENVIRONMENTS.values() for one in libraries]
    path = GOLDEN / EXPECTED
    before = json.loads(path.read_text()) if path.is_file() else {}
    # A run that kept nothing leaves the files of an earlier one
    kept = {name: held for name, held in before.items() if (GOLDEN / name).exists()}
    kept |= {name: held for one in last for name, held in one["kept"].items()}
    rows = [Outcome(**row) for one in last for row in one["outcomes"]]
    lines = (f"{json.dumps(name)}: {json.dumps(kept[name])}" for name in sorted(kept))
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    TABLE.write_text(INTRODUCTION + "".join(map(_line, rows)))


def main() -> int:
    """Run all libraries, or one; print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environments", type=Path, default=ROOT / ".clients")
    parser.add_argument("--library", help="run one library in this interpreter")
    parser.add_argument("--only", help="run one library in its environment")
    parser.add_argument("--write", action="store_true", help="keep golden files")
    asked = parser.parse_args()
    if asked.library:
        run_here(asked.library, BUILD / asked.library, keep=asked.write)
        return 0
    chosen = [
        (name, library)
        for name, libraries in ENVIRONMENTS.items()
        for library in libraries
        if asked.only in (None, library)
    ]
    rows: list[Outcome] = []
    for name, library in chosen:
        found = run_in(asked.environments / name, library, keep=asked.write)
        sys.stdout.write("".join(map(_line, found)))
        sys.stdout.flush()
        rows += found
    if asked.write:
        write_down()
    wrong = sum(row.is_failure for row in rows)
    sys.stdout.write(f"{len(rows)} artefacts, {wrong} of them differ\n")
    return 1 if wrong else 0


def _line(row: Outcome) -> str:
    cells = (row.library, row.version, row.artefact, row.outcome)
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |\n"


if __name__ == "__main__":
    sys.exit(main())
