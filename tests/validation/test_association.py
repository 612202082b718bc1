"""The whole of one panel: every number against scipy."""

import numpy as np
import pytest
import scipy.stats
from numpy.testing import assert_allclose

from rankbound.bounds.errors import DomainError
from rankbound.validation.association import (
    Effort,
    Panel,
    Stopping,
    draw,
    settled,
    summary,
)


def panel(n=30, seed=0, c=1):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2))
    y = np.round(x[:, :1] + rng.normal(size=(n, 3)), 1)
    return Panel(x, y, rng.normal(size=(n, c)), np.ones((3, c), dtype=bool))


def made(given, effort=None, seed=0):
    return draw(given, effort or Effort(300, 299), np.random.default_rng(seed))


def test_values_and_p_are_scipys():
    data = panel()
    cells = summary(made(data, Effort(200, 4_999)), delta=0.05)
    for t in range(2):
        for k in range(3):
            x, y, cell = data.terms[:, t], data.targets[:, k], cells[t][k]
            for name, test in (
                ("pearson", scipy.stats.pearsonr),
                ("spearman", scipy.stats.spearmanr),
                ("kendall", scipy.stats.kendalltau),
            ):
                value, p = test(x, y)
                coefficient = getattr(cell, name)
                assert coefficient.value == pytest.approx(value, abs=1e-9)
                assert coefficient.p == pytest.approx(p, abs=0.03)
                assert coefficient.lower < value < coefficient.upper
    assert cells[0][0].kendall_by == "permutation"


def test_many_queries_have_kendalls_normal_p():
    data = panel(n=60)
    cell = summary(made(data), delta=0.05)[0][1]
    wanted = scipy.stats.kendalltau(
        data.terms[:, 0], data.targets[:, 1], method="asymptotic"
    ).pvalue
    assert cell.kendall_by == "normal"
    assert cell.kendall.p == pytest.approx(wanted, rel=1e-6)


def test_more_permutations_for_ranks_are_drawn_and_used():
    found = made(panel(), Effort(200, 99, rank_permutations=250))
    assert found.null["spearman"].shape[0] == 250
    assert found.null["pearson"].shape[0] == 99
    p = summary(found, delta=0.05)[0][0].spearman.p
    assert (p * 251) == pytest.approx(round(p * 251))


def test_rounding_of_one_number_is_no_spread():
    data = panel()
    noise = np.log(2) + np.random.default_rng(0).normal(size=(30, 1)) * 1e-16
    flat = Panel(noise, data.targets, data.given, data.uses)
    cell = summary(made(flat), delta=0.05)[0][0]
    assert cell.spearman.value is None
    assert cell.kendall.p is None
    assert cell.partial.value is None
    assert len(np.unique(settled(noise))) == 1


def test_a_covariate_that_does_not_vary_costs_no_freedom():
    data = panel(c=2)
    data.given[:, 1] = 7.0
    assert made(data).n_given.tolist() == [1, 1, 1]


def test_the_same_seed_gives_the_same_numbers():
    first, second = (summary(made(panel()), delta=0.05) for _ in range(2))
    assert first == second
    assert first != summary(made(panel(), seed=1), delta=0.05)


def test_delta_widens_the_interval():
    drawn = made(panel())
    narrow, wide = (summary(drawn, delta=d)[0][0].spearman for d in (0.2, 0.02))
    assert wide.lower < narrow.lower < narrow.upper < wide.upper


def test_few_queries_are_refused():
    with pytest.raises(DomainError, match="8 queries"):
        made(panel(n=7))


def test_partial_p_is_small_only_beyond_difficulty():
    rng = np.random.default_rng(5)
    hard = rng.normal(size=(80, 1))
    x = hard + 0.3 * rng.normal(size=(80, 1))
    y = hard + 0.3 * rng.normal(size=(80, 1))
    [[cell]] = summary(made(Panel(x, y, hard, np.ones((1, 1), dtype=bool))), delta=0.05)
    assert cell.spearman.p < 0.05 < cell.partial.p
    assert_allclose(cell.n, 80)


def test_permutations_end_where_they_cannot_change_a_decision():
    """Decisions are those of all draws; a null panel takes the fewest."""
    rng = np.random.default_rng(5)
    n, rule = 60, Stopping(delta=0.05, n_tests=20)
    x, side = rng.normal(size=(n, 2)), (np.empty((n, 0)), np.empty((1, 0), bool))
    target = {
        "null": rng.normal(size=(n, 1)),
        "strong": x[:, :1] + 0.2 * rng.normal(size=(n, 1)),
    }
    drawn = {}
    for name, y in target.items():
        panel = Panel(x[:, :1], y, *side)
        whole, cut = (
            draw(panel, Effort(20, 199, 30_000, stop), np.random.default_rng(1))
            for stop in (None, rule)
        )
        assert len(whole.null["spearman"]) == 30_000
        every, found = (summary(d, delta=0.05)[0][0] for d in (whole, cut))
        assert found.permutations == len(cut.null["spearman"])
        drawn[name] = found.permutations
        for limit in (rule.delta, rule.delta / rule.n_tests):
            assert (every.spearman.p <= limit) == (found.spearman.p <= limit)
        # The draws that were made are the first of all
        np.testing.assert_array_equal(
            cut.null["spearman"], whole.null["spearman"][: found.permutations]
        )
    assert drawn == {"null": 199, "strong": 10_199}


def test_what_is_in_between_takes_all_permutations():
    """A p-value between delta / m and delta: Holm may need it."""
    rule = Stopping(delta=0.05, n_tests=100)
    assert not rule.decided(np.array([100]), 10_000).any()  # p of 0.01
    assert rule.decided(np.array([600]), 10_000).all()
    assert not rule.decided(np.array([0]), 10_000).any()  # below 0.00092
    assert rule.decided(np.array([0]), 20_000).all()
