"""estimators.distances.TailQuantile: the same quantile as with all values at hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.bounds.errors import DomainError
from rankbound.estimators.distances import TailQuantile
from tests import oracles


def fed(values, weights, *, quantile, n_blocks=1):
    tail = TailQuantile(quantile)
    for block in np.array_split(np.arange(len(values)), n_blocks):
        tail.feed(values[block], weights[block])
    return tail


@given(
    numbers=st.lists(st.integers(0, 12), min_size=1, max_size=40),
    # sixteenths, so that weights add up without rounding
    parts=st.lists(st.integers(0, 5), min_size=40, max_size=40),
    quantile=st.sampled_from([1 / 16, 0.25, 0.5, 0.75, 15 / 16, 0.9, 0.99]),
    n_blocks=st.integers(1, 7),
)
def test_value_matches_a_loop_whatever_the_blocks(numbers, parts, quantile, n_blocks):
    values = np.array(numbers, dtype=np.float64)
    weights = np.array(parts[: len(values)]) / 16
    weights[0] += 1  # the total is at least 1
    weights /= 2.0 ** np.ceil(np.log2(weights.sum()))
    weights[0] += 1 - weights.sum()
    found = fed(values, weights, quantile=quantile, n_blocks=n_blocks).value()
    assert found == oracles.weighted_quantile(numbers, weights.tolist(), 1 - quantile)


@pytest.mark.parametrize("n", [1, 2, 50, 100, 101, 120])
@pytest.mark.parametrize("quantile", [0.01, 0.07, 0.5, 0.95, 0.99])
def test_value_matches_numpy_for_equal_weights(n, quantile):
    values = np.random.default_rng(n).normal(size=n)
    found = fed(values, np.full(n, 1 / n), quantile=quantile, n_blocks=min(n, 3))
    hundredths = round(100 * quantile)
    assert found.value() == oracles.inverted_cdf(values.tolist(), hundredths)
    if (n * hundredths) % 100:  # no whole rank, which NumPy may round up
        expected = np.quantile(values, quantile, method="inverted_cdf")
        assert found.value() == expected


def test_order_of_the_blocks_changes_nothing_and_memory_stays_small():
    rng = np.random.default_rng(1)
    values, weights = rng.random(20_000), rng.random(20_000)
    weights /= weights.sum()
    order = rng.permutation(20_000)
    first = fed(values, weights, quantile=0.99, n_blocks=40)
    second = fed(values[order], weights[order], quantile=0.99, n_blocks=7)
    assert first.value() == second.value()
    assert len(first._values) < 400


def test_infinite_sample_of_ties_is_the_tie():
    tail = fed(np.full(64, 3.0), np.full(64, 1 / 64), quantile=0.5, n_blocks=4)
    assert tail.value() == 3.0


@pytest.mark.parametrize("quantile", [0, 1, -0.5, 2, np.nan])
def test_tail_quantile_rejects_levels(quantile):
    with pytest.raises(DomainError, match=r"\(0, 1\)"):
        TailQuantile(quantile)


def test_value_rejects_an_empty_sample():
    with pytest.raises(DomainError, match="at least one value"):
        TailQuantile(0.9).value()
