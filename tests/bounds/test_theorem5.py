"""bounds.theorem5: break-even is an equivalence; vacuous comparisons are flagged."""

import math

import numpy as np
import pytest
import sympy
from numpy.testing import assert_allclose

from rankbound.bounds.errors import DomainError
from rankbound.bounds.registry import statement
from rankbound.bounds.theorem5 import (
    Design,
    bilinear_complexity,
    compare_designs,
    diameter_ratio_to_break_even,
    finite_complexity,
    queries_to_break_even,
)

LARGE = Design(entropy=0.42, divergence=0.0, locality=10.0)
SMALL = Design(entropy=0.47, divergence=0.0, locality=6.0)
C = bilinear_complexity(0.05)


def bound(design, n, complexity):
    """U again, as a plain sum."""
    deviation = complexity * design.locality / math.sqrt(n)
    terms = design.entropy, design.divergence, design.locality * design.shift, deviation
    return sum(terms)


def random_design(rng):
    return Design(
        entropy=rng.uniform(0, math.log(2)),
        divergence=rng.exponential(0.1),
        locality=rng.exponential(3.0),
        shift=rng.choice([0.0, rng.uniform(0, 0.1)]),
    )


def test_break_even_is_an_equivalence_on_random_tuples():
    rng = np.random.default_rng(50)
    seen = {"never": 0, "yes": 0, "no": 0}
    for _ in range(2000):
        before, after = random_design(rng), random_design(rng)
        n, n_after = np.exp(rng.uniform(2, 12, 2))
        complexity = rng.uniform(0.5, 4)
        least = queries_to_break_even(before, after, n_queries=n, complexity=complexity)
        options = {"n_queries": n, "n_after": n_after, "complexity": complexity}
        result = compare_designs(before, after, **options)
        improves = bound(after, n_after, complexity) < bound(before, n, complexity)
        assert result.improves == improves == (n_after > least)
        ratio = diameter_ratio_to_break_even(before, after, **options)
        assert improves == (after.locality / before.locality < ratio)
        assert_allclose(result.before, bound(before, n, complexity))
        assert_allclose(result.after, bound(after, n_after, complexity))
        seen["never" if math.isinf(least) else "yes" if improves else "no"] += 1
        if 0 < least < 1e12:  # on either side of the break-even
            for factor, better in ((1 - 1e-6, False), (1 + 1e-6, True)):
                options["n_after"] = least * factor
                assert compare_designs(before, after, **options).improves == better
    assert min(seen.values()) > 100


def test_bound_is_the_registered_formula():
    view = statement("theorem-4d").numpy()
    for design in (LARGE, SMALL, Design(entropy=0, divergence=2, locality=3, shift=1)):
        h, d, s = design.entropy, design.divergence, design.shift
        value = view(h, d, 2.0, design.locality / 2, s, C, 77)
        assert_allclose(design.bound(77, C), value, rtol=1e-14)
        assert_allclose(bound(design, 77, C), value, rtol=1e-14)


def test_break_even_solves_the_equation():
    gain, width, rate, x = sympy.symbols("G w C x", positive=True)
    solutions = sympy.solve(sympy.Eq(gain, width * rate / sympy.sqrt(x)), x)
    assert solutions == [rate**2 * width**2 / gain**2]


def test_equal_designs_follow_the_square_of_the_diameter():
    view = statement("theorem-5c").numpy()
    for old, new in ((2.0, 1.2), (1.0, 3.0)):
        least = queries_to_break_even(
            Design(entropy=0.4, divergence=0.1, locality=5 * old),
            Design(entropy=0.4, divergence=0.1, locality=5 * new),
            n_queries=700,
            complexity=C,
        )
        assert_allclose(view(700, old, new), least, rtol=1e-9)


def test_example_at_two_sizes_and_its_flag():
    """At 1000 queries 399 'improve', but both bounds are above ln 2; at 5e5 none do."""
    least = queries_to_break_even(LARGE, SMALL, n_queries=1000, complexity=C)
    assert 398 < least <= 399
    options = {"n_queries": 1000, "complexity": C}
    result = compare_designs(LARGE, SMALL, n_after=399, **options)
    assert result.improves
    assert result.vacuous
    assert not compare_designs(LARGE, SMALL, n_after=398, **options).improves
    many = {"n_queries": 500_000, "complexity": C}
    assert queries_to_break_even(LARGE, SMALL, **many) == math.inf
    gain = LARGE.bound(500_000, C) - SMALL.entropy
    assert_allclose(gain, -0.004, atol=5e-4)
    # one bound below ln 2 is enough to say something
    assert not compare_designs(LARGE, SMALL, n_after=10**9, **many).vacuous
    assert not compare_designs(LARGE, SMALL, n_after=1, **many).vacuous


def test_vacuous_starts_at_ln_2():
    constant = Design(entropy=math.log(2), divergence=0.0, locality=0.0)
    options = {"n_queries": 10, "n_after": 10, "complexity": 0.0}
    assert compare_designs(constant, constant, **options).vacuous
    less = Design(entropy=math.log(2) - 1e-9, divergence=0.0, locality=0.0)
    assert not compare_designs(constant, less, **options).vacuous


def test_other_targets_alone_lower_the_bound_iff_they_lower_h_plus_d():
    options = {"n_queries": 50, "complexity": C}
    for entropy, divergence in ((0.3, 0.2), (0.45, 0.04), (0.35, 0.3)):
        new = Design(entropy=entropy, divergence=divergence, locality=10.0)
        result = compare_designs(LARGE, new, n_after=50, **options)
        assert result.improves == (entropy + divergence < 0.42)


def test_complexities():
    assert_allclose(bilinear_complexity(0.05), 2 + math.sqrt(math.log(20) / 2))
    assert_allclose(finite_complexity(0.05, 7), math.sqrt(math.log(140) / 2))
    # trying M changes is K M students
    assert finite_complexity(0.05, 21) > finite_complexity(0.05, 7)


def test_no_complexity_or_no_locality_needs_no_queries():
    point = Design(entropy=0.1, divergence=0.0, locality=0.0)
    assert queries_to_break_even(LARGE, point, n_queries=9, complexity=C) == 0.0
    options = {"n_queries": 9, "n_after": 9, "complexity": 0.0}
    assert diameter_ratio_to_break_even(SMALL, LARGE, **options) == math.inf
    assert diameter_ratio_to_break_even(LARGE, SMALL, **options) == -math.inf


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Design(entropy=0.9, divergence=0, locality=1), "bits"),
        (lambda: Design(entropy=0.1, divergence=-1, locality=1), "`divergence`"),
        (lambda: Design(entropy=0.1, divergence=0, locality=math.inf), "`locality`"),
        (lambda: LARGE.bound(0, 1.0), "number of queries must be positive"),
        (lambda: LARGE.bound(10, -1.0), "complexity at least 0"),
        (lambda: finite_complexity(0.05, 0), "`n_students`"),
        (lambda: bilinear_complexity(1.0), "`delta`"),
        (
            lambda: diameter_ratio_to_break_even(
                Design(entropy=0.1, divergence=0, locality=0),
                SMALL,
                n_queries=9,
                n_after=9,
                complexity=1.0,
            ),
            "`locality` of the old design must be positive",
        ),
    ],
)
def test_impossible_input_is_refused(call, message):
    with pytest.raises(DomainError, match=message):
        call()
