"""validation.checks.limits: true statements pass, broken ones do not."""

from sympy import sqrt

from rankbound.bounds.notation import K, delta
from rankbound.validation.checks.limits import CHECKS
from tests.validation.mutation import assert_caught, verdict, with_expression


def test_statements_pass_and_scaled_ones_fail():
    assert_caught(CHECKS)


def test_constants_inside_of_the_logarithm_are_seen():
    for key in ("theorem-1a", "theorem-1c", "theorem-1h"):
        assert verdict(with_expression(key, lambda e: e.subs(K, sqrt(K)))) == "FAILS"
        halved = with_expression(key, lambda e: e.subs(delta, delta / 2))
        assert verdict(halved) == "FAILS"
