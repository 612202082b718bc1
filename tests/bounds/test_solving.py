"""bounds.solving: what is solved for comes back, and impossible values are refused."""

import math

import numpy as np
import pytest
import sympy
from numpy.testing import assert_allclose
from sympy import Piecewise, Symbol

from rankbound.bounds.errors import DomainError
from rankbound.bounds.notation import A, B, D, K, N, R_hat, delta, k, m, n, p, term, w
from rankbound.bounds.registry import REGISTRY, statement
from rankbound.bounds.solving import solved
from rankbound.bounds.special import Sigmoid, Softplus
from rankbound.bounds.views import numpy_view

CLOSED = [entry for entry in REGISTRY.values() if entry.expression is not None]


def solution(expression, symbols, symbol):
    return solved(expression, symbols, symbol, numpy_view(expression, symbols))


def interior(symbol, rng):
    domain = term(symbol).domain
    low = float(domain.inf) if domain.inf.is_finite else -4.0
    high = float(domain.sup) if domain.sup.is_finite else low + 8.0
    return low + (high - low) * rng.uniform(0.1, 0.9)


def attempt(solver, value, others):
    """The solution, or None if several are refused; missing one is an error."""
    try:
        return solver(value, **others)
    except DomainError as error:
        if "or more solutions" in str(error):
            return None
        raise


@pytest.mark.parametrize("entry", CLOSED, ids=lambda entry: entry.key)
def test_every_argument_comes_back_or_is_refused_with_a_reason(entry):
    rng, view = np.random.default_rng(131), entry.numpy()
    point = {symbol: interior(symbol, rng) for symbol in entry.arguments}
    value = view(*point.values())
    for symbol in entry.arguments:
        others = {term(s).code: x for s, x in point.items() if s != symbol}
        solver = entry.solve_for(symbol)
        found = attempt(solver, value, others)
        if found is None:
            continue
        again = view(**others, **{term(symbol).code: found})
        assert_allclose(again, value, rtol=2e-9, atol=1e-12)


def test_most_arguments_are_solved_uniquely():
    """The refusals above are a minority, such as signs that a square hides."""
    rng, unique, total = np.random.default_rng(132), 0, 0
    for entry in CLOSED[::3]:
        point = {symbol: interior(symbol, rng) for symbol in entry.arguments}
        value = entry.numpy()(*point.values())
        for symbol in entry.arguments:
            total += 1
            others = {term(s).code: x for s, x in point.items() if s != symbol}
            found = attempt(entry.solve_for(symbol), value, others)
            unique += found is not None and math.isclose(
                found, point[symbol], rel_tol=1e-6
            )
    assert unique > 0.75 * total


def test_queries_for_a_gap_are_those_of_the_table():
    queries = statement("theorem-1a").solve_for(n)
    assert len(queries.expressions) == 1
    for gap, width, expected in ((0.2, 10.0, 3745), (0.1, 5.652, 4785 * 4 - 1)):
        found = queries(gap, empirical_risk=0.0, width=width, n_students=1, delta=0.05)
        if width == 10.0:
            assert math.ceil(found) == expected
        assert_allclose(found, width**2 * math.log(20) / (2 * gap**2), rtol=1e-12)


def test_symbolic_solutions_agree_with_sympy():
    entry = statement("theorem-1a")
    for symbol in (R_hat, w, n, K):
        ours = entry.solve_for(symbol)
        theirs = sympy.solve(entry.expression - ours.value, symbol)
        assert any(sympy.simplify(ours.expressions[0] - x) == 0 for x in theirs)


def test_softplus_and_sigmoid_are_inverted_with_their_digits():
    size = solution(Softplus(m), (m,), m)
    assert size.expressions
    for x in (-300.0, -40.0, 0.0, 3.0, 1e4):
        assert_allclose(size(float(np.logaddexp(x, 0))), x, rtol=1e-13, atol=1e-15)
    odds = solution(Sigmoid(m), (m,), m)
    for x in (-300.0, -40.0, 0.0, 3.0):
        assert_allclose(odds(1 / (1 + math.exp(-x))), x, rtol=1e-12, atol=1e-15)


def test_symbolic_inverses_are_right_without_the_search():
    for expression in (Softplus(m), Sigmoid(m), 3 * Softplus(2 * m - 1) ** 3):
        ours = solution(expression, (m,), m)
        value = expression.subs(m, 0.7).evalf(30)
        [back] = [x.subs(ours.value, value).evalf(20) for x in ours.expressions]
        assert_allclose(float(back), 0.7, rtol=1e-12)


def test_search_takes_over_where_nothing_inverts():
    entry = statement("theorem-1c")
    solver = entry.solve_for(n)
    assert solver.expressions == ()
    found = solver(0.7, 0.4, 0.01, 5.0, 1, 0.05)
    assert_allclose(entry.numpy()(0.4, 0.01, 5.0, found, 1, 0.05), 0.7, rtol=1e-13)
    wide = statement("lemma-2c-width").solve_for(B)
    assert_allclose(wide(5.652, cut_ratio=8 / 15), 10.0, rtol=1e-4)
    far = statement("lemma-2c-upper").solve_for(B)(1e6, cut_ratio=0.5)
    assert_allclose(statement("lemma-2c-upper").numpy()(far, 0.5), 1e6, rtol=1e-14)


def test_roots_of_a_quadratic_keep_those_of_the_domain():
    square = solution((A + B) ** 2, (A, B), B)
    assert len(square.expressions) == 2
    assert_allclose(square(25.0, 2.0), 3.0, rtol=1e-14)
    both = solution(p * (1 - p) * m**2, (p, m), p)
    with pytest.raises(DomainError, match="2 or more solutions"):
        both(0.75, 2.0)
    assert_allclose(both(1.0, 2.0), 0.5, rtol=1e-7)  # the double root


def test_no_solution_is_refused_with_what_is_possible():
    with pytest.raises(DomainError, match=r"no `n_queries` in .* value 0\.3"):
        statement("theorem-1a").solve_for(n)(0.3, 0.4, 5.0, 1, 0.05)
    with pytest.raises(DomainError, match=r"the statement lies in \[0, 1\]"):
        solution(p, (p,), p)(1.5)
    # a jump over the value is no solution
    step = Piecewise((B, B < 1), (B + 5, True))
    with pytest.raises(DomainError, match="no `score_range`"):
        solution(step, (B,), B)(3.0)
    with pytest.raises(DomainError, match="no `group_size`"):
        statement("lemma-2c-cut-ratio").solve_for(k)(0.3)


def test_plateaus_and_folds_are_refused():
    with pytest.raises(DomainError, match="or more solutions"):
        solution(Piecewise((1, B < 2), (B, True)), (B,), B)(1.0)
    with pytest.raises(DomainError, match="4 or more solutions"):
        solution(m * Sigmoid(-m) * Sigmoid(m) * m, (m,), m)(0.1)


def test_ends_of_a_domain_are_solutions_if_they_belong():
    assert solution(2 * p, (p,), p)(0.0) == 0.0
    assert solution(2 * p, (p,), p)(2.0) == 1.0
    with pytest.raises(DomainError):
        solution(2 * delta, (delta,), delta)(2.0)
    assert solution(Softplus(B) + Softplus(2 * B), (B,), B)(2 * math.log(2)) == 0.0


def test_arguments_are_checked():
    solver = statement("theorem-1h").solve_for(n)
    with pytest.raises(DomainError, match="`delta`"):
        solver(0.1, 5.0, 1, 1.5)
    for bad in (math.nan, math.inf):
        with pytest.raises(DomainError, match="`value` must be finite"):
            solver(bad, 5.0, 1, 0.05)
    with pytest.raises(TypeError):
        solver(0.1, 5.0)
    with pytest.raises(TypeError):
        solver(0.1, 5.0, 1, 0.05, radius=3.0)
    for stranger in (D, N, Symbol("n")):
        with pytest.raises(DomainError, match="does not depend"):
            statement("theorem-1h").solve_for(stranger)
