"""bounds.theorem6: against loops; every bound on every list of up to four documents."""

import math
from itertools import permutations, product

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.bounds.errors import DomainError
from rankbound.bounds.theorem6 import (
    discounts,
    inversion_bound,
    largest_discount_step,
    rank_bound,
    surrogate_bound,
    worst_ndcg,
)
from tests import oracles

BOUNDS = (inversion_bound, surrogate_bound, rank_bound)


def every_list(size):
    """Labels in 0, 1, 2 and scores over all weak orders of `size` documents."""
    for labels in product((0, 1, 2), repeat=size):
        if any(labels):
            for levels in product(range(size), repeat=size):
                yield [2.0**label - 1 for label in labels], list(levels)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_bounds_hold_on_every_short_list(size):
    for gains, levels in every_list(size):
        for cutoff in (None, *range(1, size + 1)):
            loss = 1 - oracles.worst_ndcg(gains, levels, cutoff)
            assert_allclose(1 - worst_ndcg(gains, levels, cutoff=cutoff), loss)
            for spread in (0.2, 3.0):
                scores = [spread * level for level in levels]
                values = [bound(gains, scores, cutoff=cutoff) for bound in BOUNDS]
                assert loss <= min(values) + 1e-12
                assert values[0] <= values[1] + 1e-12
                assert 0 <= values[2] <= 1


def test_bounds_hold_on_every_list_of_four():
    """All permutations of distinct scores and all labels; equality is met."""
    closest = {bound.__name__: math.inf for bound in BOUNDS}
    for labels in product((0, 1, 2), repeat=4):
        if not any(labels):
            continue
        gains = [2.0**label - 1 for label in labels]
        for order in permutations(range(4)):
            for cutoff in (None, 2):
                loss = 1 - oracles.worst_ndcg(gains, order, cutoff)
                for bound in BOUNDS:
                    value = bound(gains, [2.0 * x for x in order], cutoff=cutoff)
                    assert loss <= value + 1e-12
                    if loss > 0:
                        gap = (value - loss) / loss
                        closest[bound.__name__] = min(closest[bound.__name__], gap)
    assert closest["inversion_bound"] < 1e-12
    # looseness on record
    assert 2 < closest["surrogate_bound"] < 2.5
    assert closest["rank_bound"] < 0.3


@pytest.mark.parametrize("seed", range(4))
def test_bounds_hold_on_random_lists_of_five_to_twenty(seed):
    rng = np.random.default_rng(seed)
    smaller = set()
    for _ in range(150):
        size = int(rng.integers(5, 21))
        gains = 2.0 ** rng.integers(0, 4, size) - 1
        gains[0] = 1.0
        scores = rng.normal(size=size) * math.exp(rng.uniform(-1, 3)) + gains
        if rng.random() < 0.5:
            scores = np.round(scores)
        cutoff = None if rng.random() < 0.5 else int(rng.integers(1, size + 1))
        loss = 1 - oracles.worst_ndcg(gains, scores, cutoff)
        values = [bound(gains, scores, cutoff=cutoff) for bound in BOUNDS]
        assert loss <= min(values) + 1e-12
        smaller.add(values[1] < values[2])
    assert smaller == {True, False}  # neither (a) nor (b) is always the smaller


@pytest.mark.parametrize("cutoff", [None, 1, 2, 3, 5, 6, 9])
def test_one_swap_at_the_largest_step_is_equality(cutoff):
    """A swap at the top or at the cut-off, whichever costs more."""
    size = 12
    where = 1 if cutoff is None or cutoff >= 6 else cutoff
    if cutoff is not None and cutoff < 6 and cutoff >= 2:
        assert 1 / math.log2(1 + cutoff) > 1 - 1 / math.log2(3)
    gains = [1.0] * where + [0.0] * (size - where)
    scores = [float(size - j) for j in range(size)]
    scores[where - 1], scores[where] = scores[where], scores[where - 1]
    loss = 1 - worst_ndcg(gains, scores, cutoff=cutoff)
    assert_allclose(inversion_bound(gains, scores, cutoff=cutoff), loss, rtol=1e-12)


def test_largest_step_to_all_digits_stated():
    found = [largest_discount_step(cutoff=k) for k in range(1, 7)]
    assert_allclose(found, [1, 0.6309, 0.5, 0.4307, 0.3869, 0.3691], atol=5e-5)
    for cutoff in (None, 6, 7, 1000):
        assert_allclose(largest_discount_step(cutoff=cutoff), 0.369070, atol=5e-7)
    for cutoff in range(1, 40):
        drops = -np.diff(discounts(60, cutoff=cutoff))
        assert_allclose(largest_discount_step(cutoff=cutoff), drops.max())


def test_constant_is_smaller_than_that_of_chen_et_al():
    """Largest gain times the first discount, per pair in the wrong order."""
    rng = np.random.default_rng(67)
    for _ in range(50):
        gains, scores = rng.integers(0, 2, 12).astype(float), rng.normal(size=12)
        gains[0] = 1.0
        wrong = sum(
            gains[i] > gains[j] and scores[i] <= scores[j]
            for i in range(12)
            for j in range(12)
        )
        ideal = np.sort(gains)[::-1] @ discounts(12)
        assert inversion_bound(gains, scores) <= wrong / ideal / 2.7


def test_lists_within_the_cutoff_have_the_small_constant():
    gains, scores = [1.0, 0.0, 0.0], [0.0, 1.0, 2.0]
    short = inversion_bound(gains, scores, cutoff=3)
    assert short == inversion_bound(gains, scores) < 2 * 0.4
    assert inversion_bound(gains, scores, cutoff=2) > short


def test_equal_pair_weights_bound_nothing():
    """A trap: one document of high gain far down, all others in order."""
    gains = [0.0] * 19 + [1023.0]
    scores = [0.0] * 19 + [-1e-9]
    pairs = [(i, j) for i in range(20) for j in range(20) if gains[i] > gains[j]]
    wrong = sum(scores[i] <= scores[j] for i, j in pairs)
    loss = 1 - worst_ndcg(gains, scores)
    mean_over_all = oracles.softplus(1e-9) / math.log(2) * wrong / (20 * 19 / 2)
    assert loss > 4 * mean_over_all


def test_ties_are_broken_against_the_student():
    assert worst_ndcg([1.0, 0.0], [3.0, 3.0]) == worst_ndcg([1.0, 0.0], [2.0, 3.0])
    assert worst_ndcg([1.0, 0.0], [4.0, 3.0]) == 1.0
    assert worst_ndcg([1.0, 1.0], [3.0, 3.0]) == 1.0
    assert inversion_bound([1.0, 1.0], [3.0, 3.0]) == 0.0


def test_rank_bound_is_not_zero_for_a_perfect_list():
    perfect = [1.0, 1.0, 0.0], [100.0, 50.0, 0.0]
    assert worst_ndcg(*perfect) == 1.0
    assert rank_bound(*perfect) > 0.25
    assert surrogate_bound(*perfect) < 1e-20


def test_rank_bound_counts_exact_ties_at_the_cutoff():
    """One tie: the rank may be 2, and ln 2 / ln 2 must not round it inside K = 1."""
    for scores in ([0.1, 0.1], [1e8, 1e8], [-3.3, -3.3]):
        assert rank_bound([1.0, 0.0], scores, cutoff=1) == 1.0
        assert worst_ndcg([1.0, 0.0], scores, cutoff=1) == 0.0


@pytest.mark.parametrize(
    ("gains", "scores", "cutoff", "message"),
    [
        ([0.0, 0.0], [1.0, 2.0], None, "not defined; leave the query out"),
        ([-1.0, 1.0], [1.0, 2.0], None, "at least 0"),
        ([1.0], [1.0, 2.0], None, "one gain and one score"),
        ([1.0], [math.nan], None, "must be finite"),
        ([math.inf], [1.0], None, "must be finite"),
        ([], [], None, "not defined"),
        ([1.0], [1.0], 0, "`cutoff` must be at least 1, got 0"),
    ],
)
def test_impossible_input_is_refused(gains, scores, cutoff, message):
    for function in (worst_ndcg, *BOUNDS):
        with pytest.raises(DomainError, match=message):
            function(gains, scores, cutoff=cutoff)
