"""The constants of the pair entropy, enclosed to 12 digits by interval arithmetic."""

from __future__ import annotations

from typing import Final

import sympy
from sympy import Expr, Rational, Symbol

from rankbound.bounds.special import (
    PairEntropy,
    Sigmoid,
    a_bend,
    a_star,
    c_phi,
    lambda_star,
)
from rankbound.validation.findings import Finding
from rankbound.validation.intervals import Enclosure, least

CONSTANTS: Final[dict[str, Expr]] = {
    "constant-a_0": a_bend,
    "constant-a_star": a_star,
    "constant-lambda_star": lambda_star,
    "constant-c_phi": c_phi,
}
_x: Final = Symbol("x", positive=True)
_SLOPE: Final = _x * Sigmoid(_x) * Sigmoid(-_x)
# the equation of a constant, a bracket on which it increases, and its function
_EQUATIONS: Final = {
    "constant-a_0": (_x * sympy.tanh(_x / 2) - 1, (1.0, 2.0), _x),
    "constant-c_phi": (_x * sympy.tanh(_x / 2) - 1, (1.0, 2.0), _SLOPE),
    "constant-a_star": (_tangent := PairEntropy(_x) - sympy.log(2) + _x * _SLOPE,
                        (2.0, 3.0), _x),
    "constant-lambda_star": (_tangent, (2.0, 3.0), _SLOPE),
}  # fmt: skip
_DIGITS: Final = Rational(1, 10**13)


def enclose(name: str, claimed: Expr | None = None) -> Finding:
    """Enclose a constant to 12 digits and compare with the number that is used.

    A change of sign of its equation between two numbers 2e-13 apart brackets a root,
    and a slope of one sign on the whole unit bracket says that it is the only one.

    Examples
    --------
    >>> enclose("constant-a_0").holds
    True
    >>> enclose("constant-a_0", sympy.Float("1.54340463842")).holds
    False
    """
    equation, bracket, function = _EQUATIONS[name]
    value = CONSTANTS[name] if claimed is None else claimed
    root = _root(equation, bracket)
    enclosure = Enclosure()
    near = [root - _DIGITS, root + _DIGITS]
    signs = [enclosure.of(equation.subs(_x, end), {}) for end in near]
    # falling or rising: the tangent's equation falls on its bracket
    rising = signs[0][1] < 0 < signs[1][0]
    falling = signs[0][0] > 0 > signs[1][1]
    slope = equation.diff(_x)
    alone, boxes = least(slope if rising else -slope, {_x: bracket}, floor=0.0)
    span = {_x: (float(near[0]), float(near[1]))}
    low, high = enclosure.of(function, span)
    inside = low <= float(value.evalf(20)) <= high and high - low < 1e-12
    wrong = ""
    if not (rising or falling):
        wrong = "its equation does not change sign"
    elif not alone:
        wrong = "its equation may have other roots in the bracket"
    elif not inside:
        wrong = f"{value.evalf(16)} is not in [{low!r}, {high!r}]"
    over = f"[{low:.15f}, {high:.15f}], {boxes} boxes"
    return Finding(f"intervals, {enclosure.library.name}", over, not wrong, None, wrong)


def _root(equation: Expr, bracket: tuple[float, float]) -> Rational:
    """Root by bisection in rational numbers; only the signs around it are a proof."""
    low, high = (Rational(end) for end in bracket)
    first = equation.subs(_x, low).evalf(30)
    while high - low > _DIGITS / 100:
        middle = (low + high) / 2
        if (equation.subs(_x, middle).evalf(30) > 0) == (first > 0):
            low = middle
        else:
            high = middle
    return low
