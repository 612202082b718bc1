"""The split of a change adds up, and each part is zero when its cause is absent."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from rankbound.bounds.errors import DomainError
from rankbound.estimators.pairwise import PairMass, entropy_change

LN2 = math.log(2)
unit = st.floats(0, 1)


def side(share, tied, untied):
    """Both pair sets from the share of the first, ties and entropies of the untied."""
    shares = (share, 1 - share)
    return {
        name: PairMass(
            np.array([s]),
            np.array([s * (t * LN2 + (1 - t) * u)]),
            np.array([s * t]),
        )
        for name, s, t, u in zip(
            ("pos-neg", "neg-neg"), shares, tied, untied, strict=True
        )
    }


def mean(masses):
    return sum(float(m.entropy[0]) for m in masses.values())


sides = st.builds(
    side, unit, st.tuples(unit, unit), st.tuples(st.floats(0, LN2), st.floats(0, LN2))
)


@given(sides, sides)
def test_parts_add_up(before, after):
    change = entropy_change(before, after)
    assert_allclose(change.total, mean(after) - mean(before), atol=1e-12)


@given(sides, sides)
def test_the_way_back_is_the_same_with_the_other_sign(before, after):
    one, two = entropy_change(before, after), entropy_change(after, before)
    assert_allclose(one.composition, -two.composition, atol=1e-12)
    for name in ("pos-neg", "neg-neg"):
        assert_allclose(one.ties[name], -two.ties[name], atol=1e-12)
        assert_allclose(one.spread[name], -two.spread[name], atol=1e-12)


inner = st.floats(0.05, 0.95)


@given(inner, inner, st.tuples(inner, inner), st.tuples(inner, inner))
def test_other_shares_alone_are_composition(first, second, tied, untied):
    change = entropy_change(side(first, tied, untied), side(second, tied, untied))
    assert_allclose([*change.ties.values(), *change.spread.values()], 0, atol=1e-12)


@given(inner, st.tuples(inner, inner), st.tuples(inner, inner), st.tuples(unit, unit))
def test_other_ties_alone_are_ties(share, tied, more, untied):
    untied = tuple(u * LN2 for u in untied)
    change = entropy_change(side(share, tied, untied), side(share, more, untied))
    assert_allclose([change.composition, *change.spread.values()], 0, atol=1e-12)
    expected = share * (more[0] - tied[0]) * (LN2 - untied[0])
    assert_allclose(change.ties["pos-neg"], expected, atol=1e-12)


def test_spread_by_hand():
    change = entropy_change(
        side(0.25, (0.0, 0.5), (0.1, 0.2)), side(0.25, (0.0, 0.5), (0.3, 0.1))
    )
    assert_allclose(change.spread["pos-neg"], 0.25 * 0.2)
    assert_allclose(change.spread["neg-neg"], 0.75 * 0.5 * -0.1)


def test_a_set_that_one_side_lacks_changes_by_its_share_only():
    change = entropy_change(side(0.0, (0, 0), (0, 0.4)), side(0.5, (0, 0), (0.1, 0.4)))
    assert_allclose(change.composition, 0.5 * (0.1 - 0.4))
    assert_allclose(change.spread["pos-neg"], 0)


def test_other_pair_sets_are_refused():
    one = side(0.5, (0, 0), (0, 0))
    with pytest.raises(DomainError, match="the same pair sets"):
        entropy_change(one, {"all": one["pos-neg"]})
