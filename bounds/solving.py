"""Solving a statement for one argument: by inversion where possible, else by bisection.

If the argument occurs once, the operations around it are undone one after the other. If
it enters as a polynomial of degree one or two, the roots are taken. Everything else is
solved by a search for sign changes on a grid over the domain, followed by bisection.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from inspect import Parameter, Signature
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sympy import Add, Expr, Mul, Poly, PolynomialError, Pow, Symbol, exp, log, roots

from rankbound.bounds.errors import DomainError
from rankbound.bounds.notation import Term, term
from rankbound.bounds.special import Sigmoid, Softplus
from rankbound.bounds.views import View, domain_ends, within

# Relative error of the value at a solution; that of the views is about 1e-12.
CLOSE: Final = 1e-9
# The grid approaches each end of a domain in this many powers of two.
STEPS: Final = 50


@dataclass(frozen=True, slots=True)
class Solution:
    """The solution for one argument, a function of the value and the other arguments.

    Attributes
    ----------
    symbol : sympy.Symbol
        The argument solved for.
    value : sympy.Symbol
        Stands for the value of the statement in `expressions`.
    expressions : tuple of sympy.Expr
        Symbolic solutions, of which only those in the domain count; may be empty.
    """

    symbol: Symbol
    value: Symbol
    expressions: tuple[Expr, ...]
    _others: tuple[Symbol, ...]
    _forward: View

    # The keywords are known only at run time; `bind` refuses all others.
    def __call__(self, *values: float, **named: float) -> float:
        """Return the argument at which the statement has the value.

        Parameters
        ----------
        *values, **named : float
            The value, named `value`, then the other arguments in order or by their
            code names. Numbers, not arrays.

        Returns
        -------
        float
            Counts are solved for as real numbers: round them to the safe side.

        Raises
        ------
        DomainError
            If the domain has no solution or several, or an argument is outside its
            domain.
        """
        kind = Parameter.POSITIONAL_OR_KEYWORD
        codes = ["value", *(term(symbol).code for symbol in self._others)]
        bound = Signature([Parameter(code, kind) for code in codes]).bind(
            *values, **named
        )
        target, *others = (float(number) for number in bound.args)
        if not np.isfinite(target):
            raise DomainError(f"`value` must be finite, got {target!r}")
        known = dict(zip(codes[1:], others, strict=True))
        found = self._by_inversion(target, known)
        if not found:
            found = self._by_bisection(target, known)
        if len(found) != 1:
            raise DomainError(self._complaint(target, known, found))
        return found[0]

    def _at(self, points: NDArray[Any], known: dict[str, float]) -> NDArray[Any]:
        with np.errstate(all="ignore"):
            values = self._forward(**{term(self.symbol).code: points}, **known)
        return np.asarray(values, dtype=np.float64)

    def _fits(self, target: float, point: float, known: dict[str, float]) -> bool:
        if not (np.isfinite(point) and within(term(self.symbol), np.asarray(point))):
            return False
        gap = abs(float(self._at(np.asarray(point), known)) - target)
        return gap <= CLOSE * max(abs(target), 1e-3)

    def _by_inversion(self, target: float, known: dict[str, float]) -> list[float]:
        numbers: dict[Symbol, float] = {self.value: target}
        numbers |= {symbol: known[term(symbol).code] for symbol in self._others}
        found: set[float] = set()
        for expression in self.expressions:
            result = expression.subs(numbers).evalf(25)
            if result.is_Float or result.is_Integer:
                found.add(float(result))
        return sorted(x for x in found if self._fits(target, x, known))

    def _by_bisection(self, target: float, known: dict[str, float]) -> list[float]:
        points = _grid(term(self.symbol))
        gaps = self._at(points, known) - target
        keep = ~np.isnan(gaps)
        points, signs = points[keep], np.sign(gaps[keep])
        found = [float(x) for x in points[signs == 0]]
        for i in np.flatnonzero(signs[:-1] * signs[1:] < 0):
            low, high = float(points[i]), float(points[i + 1])
            found.append(self._bisect(target, (low, high), known))
        return sorted(x for x in found if self._fits(target, x, known))

    def _bisect(
        self, target: float, ends: tuple[float, float], known: dict[str, float]
    ) -> float:
        low, high = ends
        above = float(self._at(np.asarray(low), known)) > target
        while low < (middle := low + (high - low) / 2) < high:
            if (float(self._at(np.asarray(middle), known)) > target) == above:
                low = middle
            else:
                high = middle
        return low

    def _complaint(
        self, target: float, known: dict[str, float], found: list[float]
    ) -> str:
        code = term(self.symbol).code
        if found:
            return (
                f"`{code}` has {len(found)} or more solutions at the value {target}, "
                f"such as {found[0]} and {found[-1]}; choose one of `expressions` or "
                "compare values of the view"
            )
        values = self._at(_grid(term(self.symbol)), known)
        values = values[~np.isnan(values)]
        reach = "is not defined"
        if values.size:
            reach = f"lies in [{values.min():.6g}, {values.max():.6g}]"
        return (
            f"no `{code}` in {term(self.symbol).domain} gives the value {target}; "
            f"at these values of the other arguments the statement {reach}"
        )


def solved(
    expression: Expr, arguments: tuple[Symbol, ...], symbol: Symbol, forward: View
) -> Solution:
    """Solve ``expression = value`` for one of its symbols.

    Parameters
    ----------
    expression : sympy.Expr
        Over the symbols of `bounds.notation`.
    arguments : tuple of sympy.Symbol
        Its symbols in positional order.
    symbol : sympy.Symbol
        One of them.
    forward : callable
        The NumPy view of the expression.

    Examples
    --------
    >>> from rankbound.bounds.notation import A, B
    >>> from rankbound.bounds.views import numpy_view
    >>> solution = solved(A * B, (A, B), B, numpy_view(A * B, (A, B)))
    >>> solution.expressions, solution(6.0, teacher_range=2.0)
    ((v/A,), 3.0)
    """
    value = Symbol("v", real=True)
    others = tuple(other for other in arguments if other != symbol)
    found = tuple(dict.fromkeys(_inverted(expression, symbol, value)))
    return Solution(symbol, value, found, others, forward)


def _inverted(expression: Expr, symbol: Symbol, value: Expr) -> Iterator[Expr]:
    """Solutions of ``expression = value``; none if it cannot be inverted."""
    if expression == symbol:
        yield value
        return
    holding = [part for part in expression.args if part.has(symbol)]
    if len(holding) != 1 or isinstance(expression, Pow):
        yield from _undo_power(expression, symbol, value)
        return
    inner = holding[0]
    for back in _undo(expression, inner, value):
        yield from _inverted(inner, symbol, back)


def _undo(expression: Expr, inner: Expr, value: Expr) -> Iterator[Expr]:
    rest = [part for part in expression.args if part is not inner]
    if isinstance(expression, Add):
        yield value - Add(*rest)
    elif isinstance(expression, Mul):
        yield value / Mul(*rest)
    elif isinstance(expression, log):
        yield exp(value)
    elif isinstance(expression, exp):
        yield log(value)
    elif isinstance(expression, Softplus):
        yield value + log(1 - exp(-value))
    elif isinstance(expression, Sigmoid):
        yield log(value) - log(1 - value)


def _undo_power(expression: Expr, symbol: Symbol, value: Expr) -> Iterator[Expr]:
    if isinstance(expression, Pow) and not expression.exp.has(symbol):
        bases = [value ** (1 / expression.exp)]
        if int(getattr(expression.exp, "p", 1)) % 2 == 0:  # of 2 or of 2 / 3
            bases.append(-bases[0])
        for base in bases:
            yield from _inverted(expression.base, symbol, base)
        return
    try:
        polynomial = Poly(expression - value, symbol)
    except PolynomialError:
        return
    free = all(not number.has(symbol) for number in polynomial.coeffs())
    if free and polynomial.degree() in (1, 2):
        yield from roots(polynomial, symbol)


def _grid(entry: Term) -> NDArray[Any]:
    """Sorted points of a domain, dense toward its ends, including closed ends."""
    low, high, *_ = domain_ends(entry)
    powers = 2.0 ** np.arange(-STEPS, STEPS + 1, 0.25)
    if high < np.inf:
        inner = 2.0 ** np.arange(-STEPS, -0.9, 0.25)
        share = np.concatenate([[0.0], inner, 1 - inner[::-1], [1.0]])
        points = low + (high - low) * share
    elif low > -np.inf:
        points = low + np.concatenate([[0.0], powers])
    else:
        points = np.concatenate([-powers[::-1], [0.0], powers])
    return np.unique(points[within(entry, points)])
