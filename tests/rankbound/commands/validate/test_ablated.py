"""Cells of an ablation as configurations: halves of queries, and what is refused."""

import numpy as np
import pytest

from rankbound.commands.ablate.result import LIMIT
from rankbound.commands.validate.ablated import validate_ablation
from rankbound.errors import FormatError
from rankbound.rows import Rows
from tests.rankbound.ablations import by_hand

EFFORT = {"resamples": 50, "permutations": 99}


@pytest.fixture(scope="module")
def ablation():
    return by_hand("alpha", {("bi", "kl"): 0.2, ("cross", "lce"): 0.1}, seed=1, n=8)


def values_of(ablation, folder, **changed):
    """The configurations of an ablation with some tables or columns in their place."""
    ablation.with_beside(**{**ablation.beside, **changed}).save(folder)
    return validate_ablation(folder, **EFFORT).configuration_values


def columns_of(rows, **changed):
    return Rows({name: [*rows.column(name)] for name in rows.names} | changed)


def test_the_bound_does_not_look_at_the_half_that_it_predicts(ablation, tmp_path):
    before = values_of(ablation, tmp_path / "before")
    queries = ablation.beside["queries"]
    risks, qids = queries.column("risk"), np.array([*queries.column("qid")])
    moved = set()
    for qid in sorted({*qids}):
        raised = [
            "0.9" if one == qid else r for r, one in zip(risks, qids, strict=True)
        ]
        after = values_of(
            ablation, tmp_path / qid, queries=columns_of(queries, risk=raised)
        )
        for old, new in zip(before, after, strict=True):
            bound = new.bound != old.bound
            outcome = new.outcomes["held-out risk"] != old.outcomes["held-out risk"]
            assert bound != outcome
            moved.add(bound)
    assert moved == {True, False}


def test_a_table_without_ranges_is_refused(ablation, tmp_path):
    students = ablation.beside["students"]
    old = Rows({n: [*students.column(n)] for n in students.names if n not in LIMIT})
    with pytest.raises(FormatError, match="lacks range_low, range_high, stake"):
        values_of(ablation, tmp_path, students=old)


def test_few_queries_with_risks_are_shared_by_both_halves(ablation, tmp_path):
    queries = ablation.beside["queries"]
    qids = sorted({*queries.column("qid")})
    for place in range(len(qids) - 3):
        kept = qids[place : place + 4]
        risks = [
            risk if qid in kept else ""
            for risk, qid in zip(
                queries.column("risk"), queries.column("qid"), strict=True
            )
        ]
        made = values_of(
            ablation, tmp_path / str(place), queries=columns_of(queries, risk=risks)
        )
        assert {(one.n_terms, one.n_held_out) for one in made} == {(4, 4)}


def test_a_half_without_risks_is_refused(ablation, tmp_path):
    queries = ablation.beside["queries"]
    blank = [""] * len(queries.column("risk"))
    blank[0], blank[1] = "0.5", "0.6"
    with pytest.raises(FormatError, match="both halves of the test queries need 2"):
        values_of(ablation, tmp_path, queries=columns_of(queries, risk=blank))
