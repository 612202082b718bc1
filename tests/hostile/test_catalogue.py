"""A part of the catalogue of hostile files; `make hostile` runs all of it."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.hostile.__main__ import SHOWN
from tests.hostile.cases import catalogue
from tests.hostile.running import CONTROLS, broken

ROOT = Path(__file__).resolve().parents[2]
KINDS = Counter(case.kind for case in catalogue())
COMMANDS = {
    *("inspect", "convert", "measure", "compare", "sample", "cut", "power", "validate"),
    *("study", "figures", "report", "explain", "bound", "certify"),
}
# Those of some names, without results; those that fill the memory take seconds each
PART = (
    "^(lying|prepared pickles)/.*[es]$|^wrongly typed/(lookup|run|table)-.*[st]$|"
    "^names/(out-.*(input|hard-link)|input-(links|loops|turns|is-not).*)$|"
    "^shown/ids|^foreign/.*[st]$|^damaged/.*-(half|head|cut)$"
)


def test_a_part_of_the_catalogue_keeps_every_promise():
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile", PART],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [counts] = re.findall(r"\| all \| (\d+) \|", done.stdout)
    assert int(counts) > 60


def test_the_catalogue_covers_kinds_commands_and_formats():
    cases = catalogue()
    assert len(cases) >= 300
    assert min(KINDS.values()) >= 15
    names = [(case.kind, case.name) for case in cases]
    assert len({*names}) == len(names)
    assert {case.line.split()[0] for case in cases} >= COMMANDS


def test_the_documentation_shows_the_catalogue_as_it_is():
    text = SHOWN.read_text(encoding="utf-8")
    if "| all |" not in text:
        pytest.skip("docs/measured/hostile.md has no run yet: make hostile")
    shown = dict(re.findall(r"^\| ([a-z ]+) \| (\d+) \|", text, re.M))
    assert shown.pop("all") == str(len(catalogue()))
    assert shown == {kind: str(count) for kind, count in KINDS.items()}


@pytest.mark.parametrize(
    ("code", "errors", "after", "said"),
    [
        (2, "rankbound: error: in: no\n", {}, None),
        (1, "Traceback (most recent call last):\n", {}, "shows a traceback"),
        (1, "SystemError: in use\nrankbound: in\n", {}, "shows a traceback"),
        (1, "Exception ignored in: <f>\n", {}, "shows a traceback"),
        (-6, "rankbound: error: in: no\n", {}, "died of signal 6"),
        (0, "", {}, "ended with 0, not 2"),
        (2, "rankbound: error: in: no\n", {"out": ("folder",)}, "left out"),
        (2, "rankbound: error: in: no\nand more\n", {}, "in one line"),
        (2, "rankbound: error: other\n", {}, "does not say"),
        (2, "rankbound: error: in: \x1b[2J\n", {}, "control characters"),
    ],
)
def test_a_broken_promise_is_told(tmp_path, code, errors, after, said):
    case = catalogue()[0]
    faults = broken(case, code, "", errors, ({}, after), tmp_path)
    assert faults == [] if said is None else any(said in fault for fault in faults)
    assert CONTROLS.search("\u202e")
