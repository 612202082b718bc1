import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.estimators.listwise import list_divergence_nats, list_entropy
from rankbound.reference.formulas import (
    reference_list_divergence_bits,
    reference_list_entropy_bits,
    reference_list_entropy_nats,
    reference_shares,
    why_list_divergence,
    why_list_entropy,
)


def entropy(*scores):
    return reference_list_entropy_bits(np.array(scores))


def divergence(teacher, student):
    return reference_list_divergence_bits(np.array(teacher), np.array(student))


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ((1.0, 2.0, 3.0), 1.459),
        ((101.0, 102.0, 103.0), 1.585),
        ((-5.0, -4.999), 0.0114),
    ],
)
def test_the_origin_of_the_scores_decides(scores, expected):
    assert entropy(*scores) == pytest.approx(expected, abs=5e-4)
    assert abs(entropy(*scores) - float(list_entropy(np.array(scores)))) > 1e-2


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        ((3.0, -1.0, -1.0), "signs are mixed"),
        ((2.0, -1.0, -1.0), "sum to 0"),
        ((5.0, -1.0, -1.0, -1.0, -1.5), "signs are mixed"),
        ((0.0, 1.0, 2.0), "0 log 0"),
    ],
)
def test_mixed_signs_and_zeros_have_no_value(scores, reason):
    assert math.isnan(entropy(*scores))
    assert why_list_entropy(np.array(scores)).endswith(reason)


def test_shares_of_mixed_signs_are_no_law():
    assert reference_shares(np.array([3.0, -1.0, -1.0])).tolist() == [3.0, -1.0, -1.0]


def test_a_list_without_a_positive_score_is_shifted():
    assert entropy(0.0, 0.0, 0.0, 0.0) == pytest.approx(2.0)
    assert why_list_entropy(np.zeros(4)) == ""
    expected = np.array([1e-6, 1 + 1e-6]) / (1 + 2e-6)
    assert reference_shares(np.array([-1.0, 0.0])) == pytest.approx(expected)


def test_depth_passes_for_uncertainty():
    assert round(entropy(*[0.5] * 10), 2) == 3.32
    assert round(entropy(*[0.5] * 1000), 2) == 9.97


@pytest.mark.parametrize(
    ("scores", "expected", "places"),
    [
        ([1.0] * 16, 2.7726, 4),
        ([3.0, -1.0, -1.0], -3.296, 3),
        ([10.0, -4.0, -5.9], -460.5, 1),
        ([0.0] * 4, 0.0, 6),
        ([1.0, math.nan], 0.0, 6),
    ],
)
def test_the_entropy_in_nats_counts_positive_shares_only(scores, expected, places):
    found = reference_list_entropy_nats(np.array(scores))
    assert round(found, places) == expected


def test_an_absent_document_lets_the_epsilon_decide():
    pair = np.array([2.0, 1.0]), np.array([2.0, 99.0])
    found = np.array([True, False])
    assert round(reference_list_divergence_bits(*pair, found=found), 2) == 12.37
    loose = reference_list_divergence_bits(*pair, found=found, epsilon=1e-6)
    assert round(loose, 2) == 5.73


def test_an_absent_document_is_the_best_one_of_negative_scores():
    found = np.array([True, False])
    pair = np.array([-1.0, -2.0]), np.array([-1.0, -2.0])
    assert reference_list_divergence_bits(*pair) == pytest.approx(0, abs=1e-6)
    absent = reference_list_divergence_bits(*pair, found=found)
    assert round(absent, 2) == 19.93


def test_divergences_below_zero_and_without_value():
    assert round(divergence([3.0, -1.0, -1.0], [5.0, -2.0, -2.0]), 3) == -0.211
    assert math.isnan(divergence([3.0, -1.0], [3.0, 1.0]))
    reason = why_list_divergence(np.array([3.0, -1.0]), np.array([3.0, 1.0]))
    assert reason.endswith("opposite signs")
    zero = why_list_divergence(np.array([1.0, -1.0]), np.array([3.0, 1.0]))
    assert zero.endswith("sum to 0")
    assert why_list_divergence(np.array([3.0, 1.0]), np.array([3.0, 1.0])) == ""


def test_a_shifted_copy_of_the_teacher_diverges():
    pair = np.array([3.0, 1.0]), np.array([13.0, 11.0])
    assert divergence(*pair) == pytest.approx(0.1335, abs=1e-4)
    assert float(list_divergence_nats(*pair)) == 0


positive = st.lists(st.floats(0.01, 50), min_size=2, max_size=12)


@given(positive)
def test_positive_scores_by_plain_loops(scores):
    total = math.fsum(scores)
    shares = [score / total for score in scores]
    bits = -math.fsum(p * math.log2(p) for p in shares)
    assert entropy(*scores) == pytest.approx(bits, abs=1e-9)
    nats = reference_list_entropy_nats(np.array(scores))
    assert nats == pytest.approx(bits * math.log(2), abs=1e-9)
    back = [*reversed(shares)]
    terms = [
        p * math.log2((p + 1e-12) / (q + 1e-12))
        for p, q in zip(shares, back, strict=True)
    ]
    found = divergence(scores, scores[::-1])
    assert found == pytest.approx(math.fsum(terms), abs=1e-9)
