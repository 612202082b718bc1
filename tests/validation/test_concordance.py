"""Sums over pairs of queries against loops over all pairs, and what they cost."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.validation import concordance
from rankbound.validation.association import Effort, Panel, draw
from rankbound.validation.concordance import (
    counts_below,
    fewer,
    row_sums,
    sums_below,
    weighted_agreement,
)
from rankbound.validation.distances import moved_products

COLUMN = st.integers(-3, 3).map(float) | st.floats(-1e6, 1e6)
ROWS = st.lists(st.tuples(COLUMN, COLUMN), min_size=1, max_size=20)


def sign(number):
    return (number > 0) - (number < 0)


@given(ROWS)
def test_row_sums_are_those_of_a_loop_over_pairs(rows):
    x, y = (np.array(side)[:, None] for side in zip(*rows, strict=True))
    found = row_sums(x, y)
    for i, (a, b) in enumerate(rows):
        signs = [(sign(a - c), sign(b - d)) for c, d in rows]
        assert found.of_x[0, i] == sum(abs(s) for s, _ in signs)
        assert found.of_y[0, i] == sum(abs(t) for _, t in signs)
        assert found.of_both[0, 0, i] == sum(s * t for s, t in signs)


@given(ROWS, st.integers(0, 99))
def test_weighted_samples_agree_as_a_loop_over_pairs_says(rows, seed):
    x, y = (np.array(side) for side in zip(*rows, strict=True))
    weights = np.random.default_rng(seed).integers(0, 4, (3, len(rows))).astype(float)
    signs = [[sign(a - c) * sign(b - d) for c, d in rows] for a, b in rows]
    for sample, found in zip(weights, weighted_agreement(x, y, weights), strict=True):
        one = zip(sample, signs, strict=True)
        assert found == sum(w * np.dot(sample, of_pairs) for w, of_pairs in one)
    flat = np.array(signs).ravel()
    agreed, opposed = int(np.sum(flat > 0)), int(np.sum(flat < 0))
    assert fewer(x, y, agreed - opposed) == min(agreed, opposed)


def test_each_pair_of_columns_has_its_sums():
    rng = np.random.default_rng(0)
    x, y = rng.integers(4, size=(2, 30, 3)).astype(float)
    whole = row_sums(x, y[:, :2]).of_both
    for t in range(3):
        for k in range(2):
            alone = row_sums(x[:, [t]], y[:, [k]]).of_both[0, 0]
            np.testing.assert_array_equal(whole[t, k], alone)


@given(st.integers(1, 19).flatmap(lambda n: st.permutations(range(n))))
def test_sums_of_what_comes_before_and_lies_below_are_loops(order):
    places, values = np.array([order]), np.array([v**2 for v in range(len(order))])
    counts, sums = counts_below(places)[0], sums_below(places, values * 1.0)[0]
    for row, place in enumerate(order):
        below = [other for other in order[:row] if other < place]
        assert counts[place] == len(below)
        assert sums[place] == pytest.approx(sum(place**2 - b**2 for b in below))


def test_permutations_side_by_side_do_not_touch_each_other():
    rng = np.random.default_rng(1)
    places = rng.permuted(np.tile(np.arange(100), (7, 1)), axis=1)
    values = np.sort(rng.standard_cauchy(100))
    for one, counts, sums in zip(
        places, counts_below(places), sums_below(places, values), strict=True
    ):
        np.testing.assert_array_equal(counts, counts_below(one[None])[0])
        np.testing.assert_array_equal(sums, sums_below(one[None], values)[0])


def split_by(work, monkeypatch):
    """How many places of rows a piece of work splits."""
    halved, found = concordance._halved, []

    def counted(places):
        for part in halved(places):
            found.append(part.lower.size + part.higher.size)
            yield part

    with monkeypatch.context() as patch:
        patch.setattr(concordance, "_halved", counted)
        work()
    return sum(found)


def test_work_grows_as_n_log_n(monkeypatch):
    """In 16 times the rows, bits of places are 12 instead of 8."""
    rng = np.random.default_rng(2)
    work = []
    for n in (256, 4096):
        x, y = rng.normal(size=(2, n))
        orders = rng.permuted(np.tile(np.arange(n), (3, 1)), axis=1)
        made = (
            split_by(lambda x=x, y=y: row_sums(x[:, None], y[:, None]), monkeypatch),
            split_by(
                lambda x=x, y=y, o=orders: moved_products(x=x, y=y, orders=o),
                monkeypatch,
            ),
        )
        work.append(made)
    assert work[0] == (256 * 8, 3 * 256 * 8)
    assert work[1] == (4096 * 12, 3 * 4096 * 12)


def test_twenty_thousand_queries_need_no_table_of_their_pairs():
    """Which would take 3 GB; a column of all queries has 160 kB."""
    rng = np.random.default_rng(3)
    n = 20_000
    x, y, given = (rng.normal(size=(n, columns)) for columns in (2, 1, 1))
    x[:, 1] = x[:, 1] > 3.2  # nearly all tied
    panel = Panel(x, y, given, np.ones((1, 1), dtype=bool))
    orders = rng.permuted(np.tile(np.arange(n), (3, 1)), axis=1)
    tracemalloc.start()
    try:
        draw(panel, Effort(resamples=8, permutations=9), rng)
        moved_products(x=x[:, 0], y=y[:, 0], orders=orders)
        held = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert held < 60 * 2**20
