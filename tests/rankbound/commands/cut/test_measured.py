import math

import numpy as np
import pytest
from scipy import stats

from rankbound.bounds.limits import two_sided
from rankbound.commands.cut.run import change, loaded_groups, measure_queries
from rankbound.commands.measure.inputs import Rule, match_groups, read_sources
from rankbound.data.columns import strings
from rankbound.data.per_query import PerQuery
from tests.rankbound.commands.cut.world import N, entropy

QIDS = strings([f"q{i}" for i in range(20)])
COLUMN = PerQuery("entropy", "nats", QIDS, np.linspace(0.1, 0.6, 20))
KEPT = {f"q{i}" for i in range(10, 20)}


def test_intervals_of_their_own_at_half_the_delta():
    made = change(COLUMN, KEPT, band="inner", pairs="all", bounds=(0.0, 0.7), delta=0.1)
    assert (made.before.n, made.after.n, made.method) == (20, 10, "betting")
    assert made.difference == pytest.approx(
        np.mean(COLUMN.values[10:]) - np.mean(COLUMN.values)
    )
    before = two_sided(COLUMN.values, low=0.0, high=0.7, delta=0.05)
    after = two_sided(COLUMN.values[10:], low=0.0, high=0.7, delta=0.05)
    assert (made.before.lower, made.before.upper) == before
    assert (made.lower, made.upper) == (after[0] - before[1], after[1] - before[0])
    assert made.lower < made.difference < made.upper


def test_without_a_known_range_student_t():
    made = change(COLUMN, KEPT, band="inner", pairs="all", bounds=None, delta=0.1)
    expected = stats.ttest_1samp(COLUMN.values, 0).confidence_interval(0.95)
    assert (made.before.lower, made.before.upper) == pytest.approx(tuple(expected))
    assert made.method == "t"
    assert made.before.sd == pytest.approx(COLUMN.values.std(ddof=1))


def test_one_query_has_no_t_interval_and_none_no_mean():
    made = change(COLUMN, {"q3"}, band="inner", pairs="all", bounds=None, delta=0.1)
    assert (made.after.n, made.after.sd, made.after.lower) == (1, None, None)
    assert (made.lower, made.upper) == (None, None)
    assert (
        change(COLUMN, {"x"}, band="inner", pairs="all", bounds=None, delta=0.1) is None
    )


def test_all_queries_are_measured(folder, options):
    assert folder
    made = options(pairs="pos-neg")
    sources = read_sources(made, differences=True)
    groups = sources.groups_of(made.groups)
    inputs = match_groups(groups, sources, Rule("all", None))
    loaded = loaded_groups(inputs, fits=False, seed=0, temperature=1.0)
    queries = measure_queries(
        loaded,
        (),
        pairs="pos-neg",
        metric="euclidean",
        score_range=10.0,
        missing=None,
    )
    assert queries.temperature == 1.0
    assert set(queries.measured) == {
        (name, pairs)
        for name in ("entropy", "margin", "ties")
        for pairs in ("all", "pos-neg")
    }
    found = queries.measured["entropy", "all"]
    assert found.values == pytest.approx([entropy(i) for i in range(N)])
    assert queries.ranges["entropy", "all"] == (0.0, math.log(2))
    assert queries.ranges["margin", "all"] is None
