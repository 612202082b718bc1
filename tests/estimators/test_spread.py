"""estimators.spread: range, mean margin, the entropy floor, clipping."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from rankbound.bounds.errors import DomainError
from rankbound.bounds.special import entropy_floor_constants
from rankbound.catalogue import PAIR_SETS
from rankbound.estimators.pairwise import pairwise_entropy_nats
from rankbound.estimators.spread import (
    clip_below_best,
    entropy_floor,
    mean_margin,
    score_range,
)
from tests import oracles, strategies

floats = st.floats(-1e6, 1e6, allow_subnormal=False)


@given(scores=strategies.score_lists(least=1))
def test_score_range_matches_a_loop(scores):
    assert score_range(np.array(scores)) == max(scores) - min(scores)


@pytest.mark.parametrize("pairs", PAIR_SETS)
@given(scores=strategies.score_lists(least=4))
def test_mean_margin_matches_a_loop(pairs, scores):
    kind = {
        "temperature": 0.25,
        "positive": [True, True] + [False] * (len(scores) - 2),
        "pairs": pairs,
    }
    expected = oracles.mean_margin(scores, **kind)
    kind["positive"] = np.array(kind["positive"])
    assert_allclose(mean_margin(np.array(scores), **kind), expected, rtol=1e-14)


@pytest.mark.parametrize("padding", [np.nan, np.inf, -1e30])
def test_spread_ignores_padding_in_every_library(library, padding):
    scores = np.array([[3.0, -1.0, 0.5], [2.0, 7.0, padding]])
    mask = np.array([[True] * 3, [True, True, False]])
    scores, mask = library.arrays(scores, mask)
    for found, expected in (
        (score_range(scores, mask=mask), [4.0, 5.0]),
        (mean_margin(scores, mask=mask), [8 / 3, 5.0]),
        (clip_below_best(scores, score_range=2, mask=mask)[1, :2], [5.0, 7.0]),
    ):
        assert isinstance(found, library.kind)
        assert_allclose(np.asarray(found), expected, rtol=library.rtol)


@given(scores=strategies.score_lists(), temperature=st.sampled_from([0.1, 1, 20]))
def test_entropy_is_at_least_its_floor(scores, temperature):
    options = {"temperature": temperature}
    floor = entropy_floor(mean_margin(np.array(scores), **options))
    entropy = pairwise_entropy_nats(np.array(scores), **options)
    assert entropy >= floor * (1 - 1e-14)


def test_entropy_floor_is_attained_by_equal_margins_and_by_mixtures():
    tangent, slope = entropy_floor_constants()
    for margin in (tangent, 4.0, 9.0):
        entropy = oracles.pairwise_entropy([margin, 0.0])
        assert_allclose(entropy_floor(margin), entropy, rtol=1e-12)
    # below the tangent point: a share of pairs tied, the others at that point
    entropy = oracles.pairwise_entropy([tangent, 0.0])
    mixed = (math.log(2) + entropy) / 2
    assert_allclose(entropy_floor(tangent / 2), mixed, rtol=1e-9)
    assert_allclose(entropy_floor(0.0), math.log(2), rtol=1e-15)
    beside = entropy_floor(np.array([tangent * (1 - 1e-9), tangent * (1 + 1e-9)]))
    assert_allclose(beside[0] - beside[1], 2e-9 * tangent * slope, rtol=1e-5)


def test_entropy_floor_is_monotone_and_convex():
    floor = entropy_floor(np.linspace(0, 30, 3001))
    assert np.all(np.diff(floor) < 0)
    assert np.all(np.diff(floor, 2) > -1e-14)
    assert floor[-1] > 0


@pytest.mark.parametrize("bad", [-1e-9, np.nan, np.inf])
def test_entropy_floor_rejects_what_is_not_a_size(library, bad):
    with pytest.raises(DomainError, match="mean_margins"):
        entropy_floor(library.make(np.array([1.0, bad])))


@given(scores=st.lists(floats, min_size=1, max_size=8), limit=st.floats(1e-3, 1e4))
def test_clip_keeps_range_order_and_near_scores(scores, limit):
    before = np.array(scores)
    after = clip_below_best(before, score_range=limit)
    assert score_range(after) <= limit
    assert np.all(after >= before)
    near = before >= before.max() - limit * (1 - 1e-12)
    assert_array_equal(after[near], before[near])
    order = np.argsort(before, kind="stable")
    assert np.all(np.diff(after[order]) >= 0)
    assert_array_equal(clip_below_best(after, score_range=limit), after)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int64])
def test_clip_never_leaves_a_range_above_the_limit(library, dtype):
    """Differences of the results are taken in float64, as the estimators do."""
    rng = np.random.default_rng(0)
    scores = (rng.normal(size=(500, 6)) * 300).astype(dtype)
    clipped = clip_below_best(library.make(scores), score_range=10.3)
    assert isinstance(clipped, library.kind)
    spread = np.ptp(np.asarray(clipped).astype(np.float64), axis=-1)
    # jax without float64 cannot see a difference below its own rounding
    assert spread.max() <= 10.3 * (1 + (1e-7 if library.rtol > 1e-12 else 0))
    assert spread.min() > 10.29


def test_clip_accepts_integers_and_masks_in_every_library(library):
    scores, mask = np.array([30, 0, 99]), np.array([True, True, False])
    found = clip_below_best(
        library.make(scores), score_range=10, mask=library.make(mask)
    )
    assert found.tolist()[:2] == [30, 20]


def test_clip_passes_slopes_of_near_scores():
    scores = torch.tensor([5.0, 1.0, -9.0], dtype=torch.float64, requires_grad=True)
    clip_below_best(scores, score_range=10)[1:].sum().backward()
    assert_allclose(scores.grad.numpy(), [1, 1, 0], rtol=1e-12)


@pytest.mark.parametrize("bad", [0, -1, np.nan, np.inf])
def test_clip_rejects_limits(bad):
    with pytest.raises(DomainError, match=r"`score_range` \(B\)"):
        clip_below_best(np.zeros(3), score_range=bad)


@pytest.mark.parametrize(
    "call",
    [score_range, mean_margin, lambda scores: clip_below_best(scores, score_range=1)],
)
def test_spread_rejects_scores_that_are_not_finite(call):
    with pytest.raises(DomainError, match=r"`scores` must be finite.*\(0, 1\)"):
        call(np.array([[0.0, np.nan]]))
