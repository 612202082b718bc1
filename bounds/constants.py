"""The constants of the pair entropy phi, as SymPy numbers of any precision.

phi is concave near zero and convex further out. Its convex minorant on [0, oo) starts
with the tangent from (0, ln 2), which touches phi at a_star with slope -lambda_star;
phi bends at a_bend, where its slope is steepest, -c_phi.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from sympy import Expr, NumberSymbol, Rational, Symbol, log, nsolve, tanh
from sympy.core.evalf import prec_to_dps
from sympy.core.singleton import Singleton

from rankbound.bounds.special import PairEntropy, Sigmoid

_x: Final = Symbol("x", positive=True)
_slope: Final = (_x * Sigmoid(_x) * Sigmoid(-_x)).doit()
_tangent: Final = (PairEntropy(_x) - log(2) + _x**2 * Sigmoid(_x) * Sigmoid(-_x)).doit()


class _Constant(NumberSymbol, metaclass=Singleton):  # type: ignore[misc, metaclass]
    """A positive irrational number known by an equation, with digits on demand."""

    __slots__ = ()
    is_real = True
    is_positive = True
    is_negative = False
    is_number = True
    latex_name = ""
    plain_name = ""

    def _digits(self, digits: int) -> Expr:
        raise NotImplementedError

    def _as_mpf_val(self, prec: int) -> Any:
        return self._digits(prec_to_dps(prec) + 5)._as_mpf_val(prec)

    def approximation_interval(self, number_cls: type) -> tuple[Expr, Expr] | None:
        """Return two rational numbers that enclose the constant."""
        if not issubclass(number_cls, Rational):
            return None
        middle, width = Rational(str(self._digits(20))), Rational(1, 10**15)
        return middle - width, middle + width

    def _latex(self, _printer: Any) -> str:
        return self.latex_name

    def _sympystr(self, _printer: Any) -> str:
        return self.plain_name


class _AStar(_Constant):
    latex_name, plain_name = r"a_\star", "a_star"

    def _digits(self, digits: int) -> Expr:
        return _root(_tangent, 2.57, digits)


class _LambdaStar(_Constant):
    latex_name, plain_name = r"\lambda_\star", "lambda_star"

    def _digits(self, digits: int) -> Expr:
        return _slope.subs(_x, _root(_tangent, 2.57, digits)).evalf(digits)


class _ABend(_Constant):
    latex_name, plain_name = "a_0", "a_bend"

    def _digits(self, digits: int) -> Expr:
        return _root(_x * tanh(_x / 2) - 1, 1.54, digits)


class _CPhi(_Constant):
    latex_name, plain_name = r"c_\varphi", "c_phi"

    def _digits(self, digits: int) -> Expr:
        return _slope.subs(_x, _root(_x * tanh(_x / 2) - 1, 1.54, digits)).evalf(digits)


@cache  # comparing two constants asks for the same digits again and again
def _root(equation: Expr, start: float, digits: int) -> Expr:
    return nsolve(equation, _x, start, prec=digits + 5)


a_star: Final = _AStar()
lambda_star: Final = _LambdaStar()
a_bend: Final = _ABend()
c_phi: Final = _CPhi()
