"""The study of certificates: its draws, what it calls a failure, and a tiny run."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.studies.certificates import (
    Case,
    Outcome,
    certified,
    drawn,
    main,
    population,
    table,
)
from rankbound.data.groups import top_documents
from rankbound.data.scores import Scores
from tests.rankbound.realdata import DATA, needs_data

GOOD = Outcome(
    Case("c", "random", 54), 200, risk=0.55, below=0.95, missed=0.05, share_missed=0.0,
    median=0.6, share=0.8, score_range=2.0, before=0.0,
)  # fmt: skip


def test_a_query_that_is_drawn_twice_is_two_queries_with_the_same_groups():
    scores = {q: {f"{q}{i}": float(i) for i in range(3)} for q in "abc"}
    groups = top_documents(Scores.from_dict(scores), depth=3)
    made, rows = drawn(groups, np.array([2, 0, 2]))
    assert made.group_qids().tolist() == ["draw 0", "draw 1", "draw 2"]
    assert (
        made.docnos[made.codes].tolist()
        == groups.docnos[groups.codes[rows]].tolist()
        == ["c2", "c1", "c0", "a2", "a1", "a0", "c2", "c1", "c0"]
    )
    assert made.sizes.tolist() == [3, 3, 3]


@pytest.mark.parametrize(
    ("changes", "failure"),
    [
        ({}, ""),
        ({"missed": 0.082}, "MISSES"),
        ({"share_missed": 0.09}, "MISSES"),
        ({"below": 0.89}, "VACUOUS"),
        ({"below": 0.89, "risk": 0.61}, ""),
        ({"below": 0.0, "case": Case("c", "random", 43)}, ""),
    ],
)
def test_what_a_failure_is(changes, failure):
    one = replace(GOOD, **changes)
    assert one.failure == failure
    assert failure in [*table([one])][-1]


@needs_data
def test_a_tiny_run_prints_its_tables(capsys):
    assert main(["--draws", "1", "--sizes", "24", "--jobs", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith(("| vaswani", "| cranfield")) for line in lines) == 8
    assert sum(line.startswith("| tasb") for line in lines) == 2


@needs_data
def test_a_certificate_is_that_of_measure_on_the_draw():
    whole = population(DATA / "vaswani", "random")
    made = certified(whole, np.arange(54), seed=0)
    assert made.certificate.n_queries == 43
    assert made.student.choices.n_pilot == 11
    low, high = made.certificate.range.low, made.certificate.range.high
    risks = whole.risks(made)
    assert low <= risks.min() <= risks.max() <= high
    # queries 0 to 53 are themselves: their risks are those of the population
    aside = made.calibration.qids.tolist()
    own = dict(zip(made.terms.qids, made.terms.risk_nats, strict=True))
    expected = [risks[i] for i in range(54) if f"draw {i}" not in aside]
    found = [own[f"draw {i}"] for i in range(54) if f"draw {i}" not in aside]
    assert found == pytest.approx(expected, rel=1e-12)


def test_without_data_it_says_so(tmp_path, capsys):
    assert main(["--data", str(tmp_path / "none")]) == 0
    assert "skipped" in capsys.readouterr().out
