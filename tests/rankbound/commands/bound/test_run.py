"""The headline bound from numbers: parts, roots, tables, break-even."""

import math
from dataclasses import replace

import pytest
from numpy.testing import assert_allclose

from rankbound.bounds.certificate import LN2
from rankbound.commands.bound.given import Given
from rankbound.commands.bound.run import UNKNOWNS, augmented, evaluated, solved
from tests import oracles

BASE = Given(diameter=1.4, lipschitz=5.0, entropy=0.42, divergence=0.06, n=500_000)


@pytest.mark.parametrize("kappa", [1.0, 1.01, 2.0])
@pytest.mark.parametrize("n", [43, 500_000])
def test_evaluated_matches_the_formula_by_hand(kappa, n):
    found = evaluated(replace(BASE, kappa=kappa, n=n))
    b = 7.0
    c = oracles.max_cut_share(16)
    low = oracles.softplus(-c * b)
    high = oracles.softplus(0) + c * (oracles.softplus(b) - oracles.softplus(0))
    wanted = 0.48 + b * (1 - kappa**-2) + 2 * b / math.sqrt(n)
    wanted += (high - low) * math.sqrt(math.log(20) / (2 * n))
    assert_allclose(found["bound"], wanted, rtol=1e-12)
    assert_allclose(sum(found["parts"].values()), found["bound"], rtol=1e-12)
    assert found["vacuous"] == (wanted >= LN2)
    assert found["parts"][found["dominating"]] == max(found["parts"].values())


def test_relatives_are_ordered():
    found = evaluated(BASE)
    fixed = found["relatives"]["theorem-1a (one fixed student, no shift)"]
    assert fixed < found["bound"] < found["relatives"]["theorem-2-prime-coarse"]
    assert found["paper_form"]["status"] == "reconstructed"
    assert found["paper_form"]["limit"] > LN2


@pytest.mark.parametrize("unknown", UNKNOWNS)
def test_solved_is_where_the_bound_is_ln_two(unknown):
    value = solved(BASE, unknown)
    at_root = evaluated(replace(BASE, **{unknown: value}))["bound"]
    assert_allclose(at_root, LN2, atol=1e-4 if unknown == "n" else 1e-9)
    assert unknown != "n" or at_root <= LN2
    worse = value - 1 if unknown == "n" else value * 1.001
    assert evaluated(replace(BASE, **{unknown: worse}))["bound"] > LN2


@pytest.mark.parametrize(
    ("given", "unknown"),
    [
        (replace(BASE, kappa=2.0), "n"),
        (replace(BASE, entropy=0.65, divergence=0.1), "diameter"),
        (replace(BASE, n=10), "entropy"),
    ],
)
def test_solved_is_none_where_no_value_helps(given, unknown):
    assert solved(given, unknown) is None


def test_augmented_matches_the_worked_example():
    before = Given(diameter=2.0, lipschitz=5.0, entropy=0.42, divergence=0.0, n=1000)
    after = replace(before, diameter=1.2, entropy=0.47)
    found = augmented(before, after)
    assert (found["improves"], found["break_even_n"], found["vacuous"]) == (
        True,
        399,
        True,
    )
    none = augmented(replace(before, n=500_000), replace(after, n=500_000))
    assert none["break_even_n"] is None
    assert not none["improves"]
    assert not none["vacuous"]


def test_break_even_is_where_the_comparison_turns():
    before = Given(diameter=2.0, lipschitz=5.0, entropy=0.42, divergence=0.0, n=1000)
    after = replace(before, diameter=1.2, entropy=0.47)
    found = augmented(before, after)
    for n, lower in ((found["break_even_n"], True), (found["break_even_n"] - 1, False)):
        assert augmented(before, replace(after, n=n))["improves"] is lower
    edge = found["break_even_diameter"]
    assert augmented(before, replace(after, diameter=edge * 0.999))["improves"]
    assert not augmented(before, replace(after, diameter=edge * 1.001))["improves"]
