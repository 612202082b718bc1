"""estimators.kinds: guesses by table, refusals with reasons, logits."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from rankbound.bounds.errors import DomainError
from rankbound.data.scores import Kind, Scores
from rankbound.estimators.kinds import (
    NEEDS_TEMPERATURE,
    infer_kind,
    is_rank_only,
    to_logits,
)

LENGTHS = (20, 7, 13, 20, 2)


def run(rows):
    """Scores of queries given as lists of values."""
    return Scores.from_dict(
        {
            f"q{number}": {f"d{number}_{place}": v for place, v in enumerate(values)}
            for number, values in enumerate(rows)
        },
        name="run",
    )


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        ([[4.2, -3.0, 0.4]], Kind.LOGIT),
        ([[10.5, -11.2]], Kind.LOGIT),
        ([[60.0, -10.0]], Kind.UNKNOWN),  # odds of e**70 in one query
        ([[35.0, -1.0], [1.0, -40.0]], Kind.LOGIT),  # 75 apart, but in two queries
        ([[0.99, 0.3, 0.01]], Kind.PROBABILITY),
        ([[1.0, 0.0, 0.5]], Kind.PROBABILITY),
        ([[0.71, 0.35]], Kind.PROBABILITY_OR_COSINE),
        ([[0.94, 0.01]], Kind.PROBABILITY_OR_COSINE),  # does not reach both ends
        ([[0.99, 0.3]], Kind.PROBABILITY_OR_COSINE),
        ([[0.8, -0.2]], Kind.COSINE),
        ([[1.0, -1.0]], Kind.COSINE),
        ([[0.03, 0.01]], Kind.UNKNOWN),
        ([[23.4, 17.1]], Kind.DOT),
        ([[1.5, 0.0]], Kind.DOT),
        ([[-5.0, -4.999]], Kind.UNKNOWN),
        ([[-120.0, -1.0]], Kind.UNKNOWN),
    ],
)
def test_infer_kind_matches_the_table(rows, kind):
    guess = infer_kind(run(rows))
    assert guess.kind is kind
    assert guess.evidence
    if kind is not Kind.RANK_ONLY:
        assert f"{max(map(max, rows)):.4g}" in guess.evidence


def test_guessed_kinds_that_depend_on_scale_ask_for_a_temperature():
    assert Kind.COSINE in NEEDS_TEMPERATURE
    assert Kind.UNKNOWN in NEEDS_TEMPERATURE
    assert Kind.LOGIT not in NEEDS_TEMPERATURE
    assert Kind.PROBABILITY not in NEEDS_TEMPERATURE


PATTERNS = {
    "length minus rank": lambda rank, length: float(length - rank),
    "1000 minus rank": lambda rank, _length: 1000.0 - rank,
    "reciprocal rank": lambda rank, _length: 1 / (rank + 1),
    "reciprocal rank of fusion": lambda rank, _length: 1 / (61 + rank),
    "halving": lambda rank, _length: 2.0 ** (-rank / 10),
    "minus rank": lambda rank, _length: -1.0 - rank,
}


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS)
@pytest.mark.parametrize("digits", [17, 12])
def test_is_rank_only_holds_for_functions_of_the_rank(pattern, digits):
    rng = np.random.default_rng(0)
    rows = [
        [float(f"{pattern(rank, length):.{digits}g}") for rank in range(length)]
        for length in LENGTHS
    ]
    shuffled = run([rng.permutation(row).tolist() for row in rows])
    assert is_rank_only(shuffled)
    guess = infer_kind(shuffled)
    assert guess.kind is Kind.RANK_ONLY
    assert "same function of the rank" in guess.evidence


def real_looking():
    rng = np.random.default_rng(1)
    return [np.round(rng.normal(size=n) * 3, 4).tolist() for n in LENGTHS]


@pytest.mark.parametrize(
    "rows",
    [
        [[0.7] * 5] * 3,  # constant
        [[1.0, 0.0], [3.0, 2.0]],  # two tiny queries that coincide
        [[3.0, 2.0, 1.0, 0.0]],  # one query: nothing to compare with
        real_looking(),
        [[30.0 - rank for rank in range(20)], [9.0, 8.0, 7.0, 6.0, 5.5]],
        [[30.0 - rank for rank in range(20)], [9.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0]],
    ],
)
def test_is_rank_only_rejects_other_scores(rows):
    assert not is_rank_only(run(rows))


def test_one_score_off_the_pattern_is_enough():
    rows = [[100.0 - rank for rank in range(n)] for n in LENGTHS]
    assert is_rank_only(run(rows))
    for query, rank in ((0, 19), (1, 3), (4, 1)):
        rows[query][rank] -= 1e-4
        assert not is_rank_only(run(rows))
        rows[query][rank] += 1e-4


@given(values=st.lists(st.floats(1e-300, 1 - 1e-12), min_size=1, max_size=9))
def test_to_logits_matches_a_loop(values):
    scores = run([values]).with_kind(Kind.PROBABILITY)
    logits = to_logits(scores)
    assert logits.kind is Kind.LOGIT
    expected = [math.log(p) - math.log1p(-p) for p in values]
    assert_allclose(logits.values, expected, rtol=1e-13, atol=1e-15)


def test_to_logits_leaves_other_kinds_alone():
    for kind in (Kind.LOGIT, Kind.COSINE, Kind.DOT, Kind.BM25, Kind.UNKNOWN):
        scores = run([[0.2, 0.9]]).with_kind(kind)
        assert to_logits(scores) is scores


@pytest.mark.parametrize("bad", [0.0, 1.0, -0.2, 1.5])
def test_to_logits_rejects_probabilities_without_a_logit(bad):
    scores = run([[0.5, 0.6], [0.5, bad, 0.7]]).with_kind(Kind.PROBABILITY)
    with pytest.raises(DomainError, match=r"run: 1 prob.* query 'q1', document 'd1_1'"):
        to_logits(scores)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [(Kind.RANK_ONLY, "function of the rank alone"), (Kind.MARGIN_ONLY, "every doc")],
)
def test_to_logits_rejects_kinds_without_an_entropy(kind, reason):
    with pytest.raises(DomainError, match=reason):
        to_logits(run([[3.0, 2.0]]).with_kind(kind))


@pytest.mark.parametrize("value", [3.0, 0.5, -2.0])
def test_constant_scores_are_of_no_kind(value):
    guess = infer_kind(run([[value, value], [value] * 3]))
    assert guess.kind is Kind.UNKNOWN
    assert guess.evidence == f"all scores are {value:.4g}"
