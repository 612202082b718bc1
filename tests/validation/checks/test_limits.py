"""validation.checks.limits: true statements pass, broken ones do not."""

import numpy as np
import pytest
from sympy import sqrt

from rankbound.bounds import limits
from rankbound.bounds.notation import K, delta
from rankbound.bounds.registry import statement
from rankbound.validation.checks.limits import CHECKS
from tests.validation.mutation import assert_caught, planted, verdict, with_expression


def test_statements_pass_and_scaled_ones_fail():
    assert_caught(CHECKS)


def test_constants_inside_of_the_logarithm_are_seen():
    for key in ("theorem-1a", "theorem-1c", "theorem-1h"):
        assert verdict(with_expression(key, lambda e: e.subs(K, sqrt(K)))) == "FAILS"
        halved = with_expression(key, lambda e: e.subs(delta, delta / 2))
        assert verdict(halved) == "FAILS"


WRONG_BERNSTEIN = {
    "7 *": "6.5 *",
    "(3 *": "(3.3 *",
    "2 * n_students": "n_students",
    "2 * float": "1.9 * float",
    "ddof=1": "ddof=0",
    "log_term / sample.n)": "log_term / (sample.n + 1))",
    "(sample.n - 1)": "sample.n",
    "return high": "return low",
}


@pytest.mark.parametrize("right", WRONG_BERNSTEIN)
def test_wrong_constants_of_the_bernstein_function_are_seen(right, monkeypatch):
    """The function repeats the closed form, which the check used to look at alone."""
    wrong = planted(limits.empirical_bernstein, right, WRONG_BERNSTEIN[right])
    monkeypatch.setattr(limits, "empirical_bernstein", wrong)
    assert verdict(statement("theorem-1c")) == "FAILS"


def test_wrong_constants_of_hoeffding_are_seen(monkeypatch):
    wrong = planted(limits.hoeffding, "(2 * sample.n)", "(2.1 * sample.n)")
    monkeypatch.setattr(limits, "hoeffding", wrong)
    assert verdict(statement("theorem-1a")) == "FAILS"


@pytest.mark.parametrize("n", [2, 10, 30, 51])
def test_bernstein_is_worse_than_hoeffding_on_few_queries(n):
    """Even without any variance, as the registry says."""
    options = {"low": 0.0, "high": 1000.0, "delta": 0.05}
    for values in ([1.0] * n, np.resize([0.0, 1.0], n)):
        bernstein = limits.empirical_bernstein(values, **options)
        assert bernstein > limits.hoeffding(values, **options)


def test_bernstein_can_be_better_with_52_queries():
    options = {"low": 0.0, "high": 1000.0, "delta": 0.05}
    one = limits.empirical_bernstein([1.0] * 52, **options)
    assert one < limits.hoeffding([1.0] * 52, **options)
