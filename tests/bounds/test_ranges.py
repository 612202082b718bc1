"""bounds.lemmas, ranges: plain numbers that agree with loops."""

import math

import pytest
from numpy.testing import assert_allclose

from rankbound.bounds.errors import DomainError
from rankbound.bounds.lemmas import cut_ratio_all_pairs, query_range
from rankbound.bounds.special import entropy_floor_constants
from tests import oracles


@pytest.mark.parametrize("score_range", [0, 0.3, 10, 1e6])
@pytest.mark.parametrize("cut_ratio", [0.5, 8 / 15, 1.0])
def test_query_range_matches_loops(score_range, cut_ratio):
    low, high = query_range(score_range, cut_ratio=cut_ratio)
    assert type(low) is type(high) is float
    expected = math.log(2) + cut_ratio * (oracles.softplus(score_range) - math.log(2))
    assert_allclose(high, expected, rtol=1e-15)
    assert_allclose(low, oracles.softplus(-cut_ratio * score_range), rtol=1e-14)
    assert 0 <= low <= math.log(2) <= high


def test_query_range_is_a_point_for_equal_scores():
    assert query_range(0.0, cut_ratio=1.0) == (math.log(2), math.log(2))


def test_query_range_grows_with_both_arguments():
    inner = query_range(5.0, cut_ratio=0.6)
    for outer in (query_range(6.0, cut_ratio=0.6), query_range(5.0, cut_ratio=0.7)):
        assert outer[0] < inner[0] < inner[1] < outer[1]


@pytest.mark.parametrize("k", range(2, 40))
def test_cut_ratio_is_exact(k):
    assert cut_ratio_all_pairs(k) == (k * k // 4) / math.comb(k, 2)


def test_cut_ratio_matches_every_split():
    assert_allclose(cut_ratio_all_pairs(7), oracles.max_cut_share(7), rtol=1e-15)


def test_entropy_floor_constants_touch_the_entropy():
    a_star, slope = entropy_floor_constants()
    entropy = oracles.entropy_of(oracles.sigmoid(a_star))
    assert_allclose(math.log(2) - slope * a_star, entropy, rtol=1e-14)
    assert_allclose(entropy, 0.256875842, atol=1e-9)


@pytest.mark.parametrize(
    ("score_range", "cut_ratio"),
    [(-1.0, 0.5), (math.inf, 0.5), (math.nan, 0.5), (1.0, 0.0), (1.0, 1.01)],
)
def test_query_range_rejects_values_outside(score_range, cut_ratio):
    with pytest.raises(DomainError, match="must lie in"):
        query_range(score_range, cut_ratio=cut_ratio)


@pytest.mark.parametrize("k", [1, 0, -3])
def test_cut_ratio_rejects_groups_without_pairs(k):
    with pytest.raises(DomainError, match="group_size"):
        cut_ratio_all_pairs(k)
