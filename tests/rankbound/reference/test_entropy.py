import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.estimators.pairwise import pairwise_entropy
from rankbound.reference import formulas
from rankbound.reference.formulas import (
    reference_pair_entropy_bits,
    reference_pairwise_entropy_bits,
)


def naive(scores):
    """The same with plain loops over positions."""
    total, pairs = 0.0, list(combinations(scores, 2))
    for left, right in pairs:
        p = 1 / (1 + math.exp(right - left))
        total -= p * math.log2(p + 1e-12) + (1 - p) * math.log2(1 - p + 1e-12)
    return total / len(pairs)


@pytest.mark.parametrize(
    ("margin", "expected", "digits"),
    [
        (50.0, -1.443e-12, 4),
        (35.0, -1.4e-12, 2),
        (30.0, 2.41e-12, 3),
        (20.0, 6.2443e-8, 5),
    ],
)
def test_confident_pairs_lose_their_digits(margin, expected, digits):
    found = reference_pairwise_entropy_bits(np.array([0.0, margin]))
    assert float(f"{found:.{digits - 1}e}") == expected


def test_the_corrected_values_of_the_same_pairs():
    for margin, expected in ((20.0, 6.2446e-8), (30.0, 4.185e-12), (35.0, 3.27e-14)):
        found = float(pairwise_entropy(np.array([0.0, margin])))
        assert found == pytest.approx(expected, rel=2e-4 if margin < 35 else 2e-3)


def test_single_precision_loses_more():
    found = reference_pairwise_entropy_bits(np.array([0, 18], dtype=np.float32))
    assert found == pytest.approx(3.955e-7, rel=1e-4)
    assert float(pairwise_entropy(np.array([0.0, 18.0]))) == pytest.approx(
        4.175e-7, rel=1e-4
    )


def test_missing_scores_as_zero_change_the_value():
    scores = np.linspace(-8, -4, 16)
    gaps = np.where(np.arange(16) < 8, scores, 0.0)
    assert round(reference_pairwise_entropy_bits(gaps), 3) == 0.443
    assert round(reference_pairwise_entropy_bits(scores), 3) == 0.680


def test_pooled_lines_pair_documents_with_themselves():
    """.2024 once, .2281 twice, .2475 ten times, .2517 a hundred times."""
    shape = np.linspace(0, 1, 16)
    low, high = 1.0, 100.0
    while high - low > 1e-9:  # the scale at which 16 such scores have .2024 bits
        middle = (low + high) / 2
        value = reference_pairwise_entropy_bits(shape * middle)
        low, high = (middle, high) if value > 0.2024 else (low, middle)
    scores = shape * low
    pooled = [reference_pairwise_entropy_bits(np.tile(scores, n)) for n in (2, 10, 100)]
    assert np.abs(np.array(pooled) - [0.2281, 0.2475, 0.2517]).max() < 1.5e-4


@given(
    st.lists(st.sampled_from([-3.0, -1.0, 0.0, 0.5, 2.0, 7.0, 25.0]), min_size=2),
    st.integers(1, 40),
)
def test_counts_of_equal_scores_are_the_pairs_one_by_one(scores, at_once):
    whole = formulas.NUMBERS_AT_ONCE
    formulas.NUMBERS_AT_ONCE = at_once
    try:
        found = reference_pairwise_entropy_bits(np.array(scores))
    finally:
        formulas.NUMBERS_AT_ONCE = whole
    assert found == pytest.approx(naive(scores), abs=1e-13, rel=1e-12)


@given(st.lists(st.floats(-8, 8), min_size=2, max_size=20, unique=True))
def test_ordinary_scores_agree_with_the_corrected_entropy(scores):
    array = np.array(scores)
    assert reference_pairwise_entropy_bits(array) == pytest.approx(
        float(pairwise_entropy(array)), abs=1e-10
    )


def test_no_pair_and_no_number_have_no_value():
    for scores in (np.array([1.0]), np.array([1.0, np.inf]), np.array([])):
        assert math.isnan(reference_pairwise_entropy_bits(scores))


def test_a_tie_is_one_bit_up_to_the_epsilon():
    assert reference_pair_entropy_bits(np.zeros(3)) == pytest.approx(1, abs=1e-11)


def test_one_minus_p_cancels():
    p = 1 / (1 + math.exp(-36))
    expected = -p * math.log2(p + 1e-12) - (1 - p) * math.log2(1 - p + 1e-12)
    found = float(reference_pair_entropy_bits(np.array(36.0)))
    assert found == pytest.approx(expected, abs=1e-17)
