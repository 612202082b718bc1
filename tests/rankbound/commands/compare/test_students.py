"""Students on samplings: loops get the same divergences, one temperature for all."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.cli import main
from tests import oracles

STRONG = ("--student-kind", "logit", "--score-range", "6")


def student(world, name):
    return ["--student", f"{name}={world.path(name + '.run')}"]


def expected(world, sampling, name, pairs, column):
    rows = oracles.measured_rows(
        world.triples(sampling), world.teacher, world.students[name], None,
        pairs=pairs, score_range=6.0,
    )  # fmt: skip
    return {qid: row[column] for qid, row in rows.items()}


@pytest.mark.parametrize("name", ["strong", "gappy"])
@pytest.mark.parametrize("quantity", ["divergence", "risk"])
def test_rows_match_loops(samplings, name, quantity):
    account = samplings.account(
        *student(samplings, name), *STRONG, "--quantity", quantity
    )
    assert len(account["rows"]) == 6
    for row in account["rows"]:
        assert row["quantity"] == quantity
        mine, theirs = (
            expected(samplings, s, name, row["pairs"], f"{quantity}_nats")
            for s in (row["sampling"], "near")
        )
        shared = mine.keys() & theirs.keys()
        assert row["n"] == len(shared)
        assert_allclose(
            row["mean"], np.mean([mine[q] for q in shared]), rtol=1e-9, atol=1e-12
        )
        difference = np.mean([mine[q] - theirs[q] for q in shared])
        assert_allclose(row["difference"], difference, rtol=1e-7, atol=1e-12)
        assert row["margin"] == 0.02
        assert row["method"] == "betting"


def test_several_students_are_named_and_share_the_family(samplings):
    account = samplings.account(
        *student(samplings, "strong"), *student(samplings, "gappy"), *STRONG,
        "--quantity", "divergence", "--pairs", "all",
    )  # fmt: skip
    assert {row["quantity"] for row in account["rows"]} == {
        "divergence:strong",
        "divergence:gappy",
    }
    assert account["family"]["size"] == 4
    assert any("gappy's divergence" in line for line in account["sentences"])


def test_missing_documents_are_counted_and_warned_of(samplings, capsys):
    account = samplings.account(
        *student(samplings, "gappy"), *STRONG, "--quantity", "risk", "--details"
    )
    missing = sum(
        doc not in samplings.students["gappy"][qid]
        for qid, docs in samplings.groups["near"]
        for doc in docs
    )
    dropped = account["samplings"][0]["dropped"]
    assert dropped["gappy: documents_without_student_score"] == missing
    assert any("'gappy' has no score for" in line for line in account["warnings"])
    assert "warning: student 'gappy'" in capsys.readouterr().out
    words = samplings.words(*student(samplings, "gappy"), *STRONG, "--missing", "error")
    assert main(words) == 2


def test_a_fitted_student_has_one_temperature_from_queries_set_aside(samplings):
    account = samplings.account(
        *student(samplings, "strong"), "--student-temperature", "fit",
        "--quantity", "divergence",
    )  # fmt: skip
    assert account["teacher"]["n_calibration"] == 3
    found = account["teacher"]["students"]["strong"]["temperature"]
    assert 0.3 < found < 3
    assert all(row["n"] <= 11 for row in account["rows"])
