"""Proofs about SymPy expressions: identities, enclosures, and branch and bound.

python-flint's `arb` is used where it is installed (`pip install rankbound[verify]`),
and mpmath's `iv` where it is not. Every interval encloses the true number: rounding is
outward, so a proof holds for all real numbers of a box, not only for those tried.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping
from functools import cache
from typing import Any, Final, Protocol

import sympy
from sympy import Expr, Symbol, exp, log

from rankbound.bounds.special import (
    PairEntropy,
    Sigmoid,
    Softplus,
    a_bend,
    a_star,
    c_phi,
    lambda_star,
)

Box = Mapping[Symbol, tuple[float, float]]
_x: Final = sympy.Symbol("x", real=True)


def vanishes(expression: Expr) -> bool:
    """Whether SymPy reduces an expression in real symbols to zero.

    The only rule added to SymPy's is log(1 + exp(-x)) = log(1 + exp(x)) - x.

    Examples
    --------
    >>> from rankbound.bounds.notation import a, m
    >>> from rankbound.bounds.special import PairEntropy, Softplus
    >>> vanishes(Softplus(m) - Softplus(-m) - m)
    True
    >>> vanishes(PairEntropy(a) - Softplus(a))
    False
    """
    plain = expression.doit()
    for symbol in sorted(plain.free_symbols, key=str):
        plain = plain.subs(log(1 + exp(-symbol)), log(1 + exp(symbol)) - symbol)
        plain = plain.subs(exp(-symbol), 1 / exp(symbol))
    return bool(sympy.simplify(sympy.expand(plain)) == 0)


class Arithmetic(Protocol):
    """What a library of intervals has to offer, beside operators of its intervals."""

    name: str

    def interval(self, low: Any, high: Any) -> Any:
        """Return the interval between two numbers."""

    def ends(self, value: Any) -> tuple[float, float]:
        """Return floats that enclose an interval."""

    def apply(self, name: str, value: Any) -> Any:
        """Apply exp, log, sqrt or tanh to an interval."""


class FlintArithmetic:
    """Balls of python-flint with 128 bits."""

    name = "arb"

    def __init__(self) -> None:
        import flint

        self._flint: Any = flint
        flint.ctx.prec = 128

    def interval(self, low: Any, high: Any) -> Any:
        """Return a ball that contains both numbers."""
        return self._flint.arb(low).union(self._flint.arb(high))

    def ends(self, value: Any) -> tuple[float, float]:
        """Return floats that enclose the ball."""
        return _outward(float(value.lower()), float(value.upper()))

    def apply(self, name: str, value: Any) -> Any:
        """Apply a function of this name to a ball."""
        return getattr(value, name)()


class MpmathArithmetic:
    """Intervals of mpmath with 128 bits."""

    name = "mpmath.iv"

    def __init__(self) -> None:
        import mpmath

        self._iv: Any = mpmath.iv
        self._iv.prec = 128

    def interval(self, low: Any, high: Any) -> Any:
        """Return the interval between two numbers."""
        return self._iv.mpf([low, high])

    def ends(self, value: Any) -> tuple[float, float]:
        """Return floats that enclose the interval."""
        return _outward(float(value.a), float(value.b))

    def apply(self, name: str, value: Any) -> Any:
        """Apply a function of this name to an interval."""
        if name == "tanh":
            grown = self._iv.exp(-2 * value)
            return (1 - grown) / (1 + grown)
        return getattr(self._iv, name)(value)


@cache
def arithmetic() -> Arithmetic:
    """Return python-flint's balls if it is installed, else mpmath's intervals."""
    try:
        return FlintArithmetic()
    except ImportError:
        return MpmathArithmetic()


def _outward(low: float, high: float) -> tuple[float, float]:
    if math.isnan(low) or math.isnan(high):  # nothing is known
        return -math.inf, math.inf
    return math.nextafter(low, -math.inf), math.nextafter(high, math.inf)


class Enclosure:
    """Evaluate expressions on boxes with intervals that hold the true values."""

    def __init__(self, library: Arithmetic | None = None) -> None:
        self.library = arithmetic() if library is None else library

    def of(self, expression: Expr, box: Box) -> tuple[float, float]:
        """Return floats that enclose the range of an expression on a box.

        Examples
        --------
        >>> low, high = Enclosure().of(_x * _x - _x, {_x: (0.0, 1.0)})
        >>> low <= -0.25 and high >= 0
        True
        """
        values = {s: self.library.interval(*ends) for s, ends in box.items()}
        return self.library.ends(self._value(expression, values))

    def _value(self, node: Expr, values: Mapping[Symbol, Any]) -> Any:
        if node.is_Symbol:
            return values[node]
        if node.is_Float or node.is_Rational:
            exact = sympy.Rational(node)
            return self._point(exact.p) / self._point(exact.q)
        if node in (a_star, lambda_star, a_bend, c_phi):
            return self._constant(node)
        if isinstance(node, sympy.Piecewise):
            return self._branches(node, values)
        return self._combined(node, [self._value(part, values) for part in node.args])

    def _combined(self, node: Expr, parts: list[Any]) -> Any:
        if node.is_Add or node.is_Mul:
            total = parts[0]
            for part in parts[1:]:
                total = total + part if node.is_Add else total * part
            return total
        if node.is_Pow:
            return self._power(parts[0], node.exp)
        if isinstance(node, (Softplus, Sigmoid, PairEntropy)):
            return self._monotone(node, parts[0])
        if isinstance(node, (sympy.Abs, sympy.Heaviside, sympy.Min)):
            return self._bent(node, [self.library.ends(part) for part in parts])
        return self.library.apply(node.func.__name__, parts[0])

    def _bent(self, node: Expr, ends: list[tuple[float, float]]) -> Any:
        """Evaluate a function with a kink or a jump at the ends of its arguments."""
        low, high = ends[0]
        if isinstance(node, sympy.Abs):
            low, high = (
                0.0 if low <= 0 <= high else min(abs(low), abs(high)),
                max(abs(low), abs(high)),
            )
        elif isinstance(node, sympy.Heaviside):
            low, high = float(low >= 0), float(high > 0)
        else:
            low, high = min(end[0] for end in ends), min(end[1] for end in ends)
        return self.library.interval(low, high)

    def _power(self, base: Any, power: Expr) -> Any:
        if power == sympy.Rational(1, 2):
            return self.library.apply("sqrt", base)
        count = int(power)
        if count % 2 == 0:  # nothing below zero
            low, high = self.library.ends(base)
            inside = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
            ends = (inside, max(abs(low), abs(high)))
            first, last = (self._product(self._point(end), abs(count)) for end in ends)
            result = self.library.interval(
                max(0.0, self.library.ends(first)[0]), self.library.ends(last)[1]
            )
        else:
            result = self._product(base, abs(count))
        return result if count > 0 else self._point(1) / result

    @staticmethod
    def _product(base: Any, count: int) -> Any:
        result = base
        for _ in range(count - 1):
            result = result * base
        return result

    def _monotone(self, node: Expr, inner: Any) -> Any:
        """Evaluate a monotone function at both ends, which loses nothing."""
        low, high = self.library.ends(inner)
        if isinstance(node, PairEntropy):  # even, falling in the magnitude
            nearest = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
            low, high = max(abs(low), abs(high)), nearest
        first, last = (self._elementary(type(node), end) for end in (low, high))
        return self.library.interval(
            self.library.ends(first)[0], self.library.ends(last)[1]
        )

    def _elementary(self, function: Any, point: float) -> Any:
        u, one = self._point(point), self._point(1)
        small = self.library.apply("exp", -abs(u))
        soft = self.library.apply("log", one + small)
        if function is Softplus:
            return soft + (u if point > 0 else self._point(0))
        if function is Sigmoid:
            return (one if point >= 0 else small) / (one + small)
        return soft + abs(u) * small / (one + small)

    def _branches(self, node: Expr, values: Mapping[Symbol, Any]) -> Any:
        found = []
        for branch, condition in node.args:
            holds = self._certain(condition, values)
            if holds is not False:
                found.append(self.library.ends(self._value(branch, values)))
            if holds is True:
                break
        return self.library.interval(min(f[0] for f in found), max(f[1] for f in found))

    def _certain(self, condition: Any, values: Mapping[Symbol, Any]) -> bool | None:
        if condition == sympy.true:
            return True
        gap = self._value(condition.lhs - condition.rhs, values)
        low, high = self.library.ends(gap)
        if not isinstance(condition, (sympy.Le, sympy.Lt)):
            low, high = -high, -low
        return True if high <= 0 else False if low > 0 else None

    def _constant(self, node: Expr) -> Any:
        middle = node.evalf(25)
        ends = (sympy.Rational(str(middle + s * sympy.Float("1e-20"))) for s in (-1, 1))
        low, high = (self._point(e.p) / self._point(e.q) for e in ends)
        return low + (high - low) * self.library.interval(0, 1)

    def _point(self, number: Any) -> Any:
        return self.library.interval(number, number)


def least(
    expression: Expr, box: Box, *, floor: float, boxes: int = 20_000
) -> tuple[bool, int]:
    """Prove by branch and bound that an expression is nowhere below `floor` on a box.

    Parameters
    ----------
    expression : sympy.Expr
        In the symbols of the box.
    box : mapping of symbols to pairs of float
        Both ends are included.
    floor : float
        Must lie slightly below the least value if that is attained.
    boxes : int
        Number of boxes after which to give up.

    Returns
    -------
    tuple of bool and int
        Whether the claim is proved, and the number of boxes examined.

    Notes
    -----
    On each box the natural enclosure is intersected with the mean value form. The box
    with the lowest lower end is halved along the symbol that contributes most to its
    width.

    Examples
    --------
    >>> least(_x * _x - _x, {_x: (0.0, 1.0)}, floor=-0.2501)[0]
    True
    >>> least(_x * _x - _x, {_x: (0.0, 1.0)}, floor=-0.2499)[0]
    False
    """
    enclosure = Enclosure()
    symbols = sorted(box, key=str)
    slopes = [expression.diff(s) for s in symbols]
    queue: list[tuple[float, int, list[tuple[float, float]], int]] = []
    start = [box[s] for s in symbols]
    seen = 0

    def push(ends: list[tuple[float, float]]) -> bool:
        here = dict(zip(symbols, ends, strict=True))
        middle = {s: ((a + b) / 2,) * 2 for s, (a, b) in here.items()}
        at_middle = enclosure.of(expression, middle)
        if at_middle[1] < floor:
            return False
        spread = [
            max(map(abs, enclosure.of(slope, here))) * (b - a) / 2
            for slope, (a, b) in zip(slopes, ends, strict=True)
        ]
        low = max(at_middle[0] - sum(spread), enclosure.of(expression, here)[0])
        if not low >= floor:  # also where nothing is known
            low = -math.inf if math.isnan(low) else low
            heapq.heappush(queue, (low, seen, ends, spread.index(max(spread))))
        return True

    fine = push(start)
    while fine and queue and seen < boxes:
        _, _, ends, axis = heapq.heappop(queue)
        a, b = ends[axis]
        for half in ((a, (a + b) / 2), ((a + b) / 2, b)):
            seen += 1
            fine = fine and push([*ends[:axis], half, *ends[axis + 1 :]])
    return fine and not queue, seen + 1
