"""A part of `make faults`: every call of one command fails once."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile.faults import broken

ROOT = Path(__file__).resolve().parents[2]

OLD, NEW = {"out/a": ["file", 1, "x"]}, {"out/a": ["file", 1, "y"]}
HALF = {"out/a": ["file", 1, "z"]}


def found(**changed):
    ended = {"call": "write", "error": 28, "code": 2, "left": OLD, "settled": OLD}
    return {**ended, "errors": "rankbound: error: out: no\n", **changed}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, None),
        ({"code": 0, "left": NEW, "settled": NEW, "errors": ""}, None),
        ({"code": 0, "errors": ""}, "the new results are not there"),
        ({"code": 1, "errors": "Traceback"}, "ended with 1"),
        ({"settled": HALF}, "mixes old and new: out/a is other"),
        ({"left": {**OLD, "out/.writing-x": ["folder"]}}, "leaves out/.writing-x"),
        ({"errors": "two\nlines\n"}, "says"),
        ({"code": -9, "errors": "", "left": HALF, "settled": NEW}, None),
    ],
)
def test_a_broken_promise_is_told(changed, said):
    faults = [*broken(found(**changed), OLD, NEW)]
    assert faults == [] if said is None else any(said in fault for fault in faults)


def test_every_call_of_a_conversion_may_fail_once():
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile.faults", "--quick", "convert-vectors"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| convert-vectors |" in done.stdout
