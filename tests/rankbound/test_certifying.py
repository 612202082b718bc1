"""rankbound.certifying: the lines and the JSON of results."""

import json
import math

import pytest

from rankbound.certifying import SCHEMA, as_json, line, selected, summary
from rankbound.errors import UsageError
from validation.findings import Finding
from validation.suite import Row, names

GOOD = Row("lemma-1", "holds", Finding("SymPy", "all reals", True), 0.5)
BAD = Row(
    "theorem-1a", "FAILS", Finding("coverage", "laws", False, math.inf, "7 misses"), 1.0
)


def test_lines_say_how_and_what_went_wrong():
    assert line(GOOD).split() == ["lemma-1", "holds", "SymPy", "-", "all", "reals"]
    assert line(BAD).endswith("inf  laws; 7 misses")
    assert summary([GOOD, BAD]) == "1 of 2 checks passed in 1.5 s; failed: theorem-1a"


def test_json_has_a_schema_and_no_infinity():
    document = json.loads(as_json([GOOD, BAD], deep=True, command="rankbound certify"))
    assert document["schema"] == SCHEMA == "rankbound.certify/1"
    assert document["passed"] is False
    assert [row["passed"] for row in document["rows"]] == [True, False]
    assert document["rows"][1]["looseness"] is None


def test_selection_offers_what_is_close():
    assert selected(None) == names()
    with pytest.raises(UsageError, match="did you mean theorem-1d"):
        selected("theorem-1dd")
