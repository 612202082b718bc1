"""Machine checks: the lines, the result, and measured queries as populations."""

import json
import math

import numpy as np
import pytest

from rankbound.bounds.registry import statement
from rankbound.cli import main
from rankbound.commands.certify.result import Certification
from rankbound.commands.certify.run import (
    certified,
    checked,
    groups_for,
    measured_terms,
    selected,
)
from rankbound.errors import FormatError, UsageError
from rankbound.terminal.theory import line, summary
from rankbound.validation.findings import Case, Finding, cover_means
from rankbound.validation.suite import Row, certify, names
from tests.rankbound.commands.measure.world import make_world
from tests.rankbound.files import without_manifest
from tests.rankbound.ledgers import ledger, student

GOOD = Row("lemma-1", "holds", Finding("SymPy", "all reals", True), 0.5)
BAD = Row(
    "theorem-1a", "FAILS", Finding("coverage", "laws", False, math.inf, "7 misses"), 1.0
)


def test_lines_say_how_and_what_went_wrong():
    assert line(GOOD).split() == ["lemma-1", "holds", "SymPy", "-", "all", "reals"]
    assert line(BAD).endswith("inf  laws; 7 misses")
    rows = [checked(GOOD), checked(BAD)]
    assert summary(rows) == "1 of 2 checks passed in 1.5 s; failed: theorem-1a"


def made(*rows):
    return Certification(
        version="0",
        command="rankbound certify",
        deep=True,
        passed=False,
        rows=tuple(map(checked, rows)),
    )


def test_the_file_has_a_schema_and_no_infinity(tmp_path):
    found = made(GOOD, BAD)
    document = json.loads(found.save(tmp_path).read_text())
    assert document["schema"] == "rankbound.certify/1"
    assert document["passed"] is False
    assert [row["passed"] for row in document["rows"]] == [True, False]
    assert document["rows"][1]["looseness"] is None
    assert Certification.load(tmp_path) == found
    assert list(found.to_frame()["key"]) == ["lemma-1", "theorem-1a"]


def test_what_failed_comes_first_in_short():
    shown = repr(made(GOOD, BAD)).splitlines()
    assert shown[0].startswith("1 of 2 checks passed")
    assert shown[1].strip() == "theorem-1a: FAILS, coverage"


def test_checks_are_a_result_and_each_is_told_as_it_ends():
    told = []
    found = certified("constant-a_0", deep=False, measured=None, each=told.append)
    assert [row.key for row in found.rows] == [row.key for row in told]
    assert (found.passed, found.deep) == (True, False)


def test_selection_offers_what_is_close():
    assert selected(None) == names()
    with pytest.raises(UsageError, match="did you mean theorem-1d"):
        selected("theorem-1dd")


def test_measured_queries_are_resampled_and_covered(tmp_path):
    """Real queries are a population whose mean is known; a limit too low is caught."""
    world = make_world(tmp_path)
    words = world.arguments(*world.with_groups(), "--student-kind", "logit")
    assert main(words) == 0
    found = measured_terms(tmp_path / "out")
    assert found.keys() == {"strong", "gappy"}
    ledger = json.loads((tmp_path / "out" / "ledger.json").read_text())
    for name, terms in found.items():
        stated = ledger["students"][name]
        assert terms.risk.mean() == pytest.approx(stated["risk"])
        assert terms.entropy.mean() == pytest.approx(stated["entropy"])
        assert 0 <= terms.rescaled.min() <= terms.rescaled.max() <= 1
    rows = list(certify(["theorem-1a", "theorem-1h"], measured=found))
    assert all(row.passed for row in rows)
    assert rows[0].finding.over.startswith("measured strong, measured gappy, two-point")
    assert "measured students" in rows[1].finding.over
    case = Case(statement("theorem-1a"), np.random.default_rng(0), measured=found)
    tally, _ = cover_means(case, lambda x: x.mean(axis=1), sizes=(200, 5), delta=0.05)
    assert not tally.finding("a limit without a margin", "").holds


def test_groups_are_made_only_for_statements_about_samples(monkeypatch):
    def none(*_):
        raise ValueError("the demo needs at least 16 documents")

    monkeypatch.setattr("rankbound.commands.certify.run.docstring_groups", none)
    said = []
    assert groups_for(["lemma-1", "constant-a_0", "theorem-2b"], said.append) is None
    assert said == []
    assert groups_for(["lemma-1", "theorem-1d"], said.append) is None
    assert said == ["no real groups: the demo needs at least 16 documents"]


TABLE = "qid\tstudent\tentropy_nats\tdivergence_nats\n"


def folder_with(folder, students, rows=""):
    ledger(students).save(folder)
    (without_manifest(folder) / "per_query.tsv").write_text(TABLE + rows)
    return folder


def test_folders_without_a_measurement_are_rejected(tmp_path):
    with pytest.raises(
        UsageError, match=r"must hold the per_query\.tsv and ledger\.json"
    ):
        measured_terms(tmp_path)
    with pytest.raises(UsageError, match="without a student"):
        measured_terms(folder_with(tmp_path, {}))


def test_a_damaged_ledger_is_named_with_the_place(tmp_path):
    folder = folder_with(tmp_path, {"a": student()})
    path = folder / "ledger.json"
    path.write_text(path.read_text().replace('"low": 0.0', '"low": "0"'))
    with pytest.raises(
        FormatError, match=r"\$.students\['a'\].range.low: expected a number"
    ):
        measured_terms(folder)


def test_students_without_a_common_query_are_rejected(tmp_path):
    rows = "q1\ta\t0\t0\nq2\tb\t0\t0\nq2\ta\t0\t\n"
    folder = folder_with(tmp_path, {"a": student(), "b": student()}, rows)
    with pytest.raises(UsageError, match="no query was measured with every student"):
        measured_terms(folder)
