"""The special functions and constants of the theory as SymPy objects.

==================  =======================================  =======================
class               value                                    LaTeX
==================  =======================================  =======================
Softplus(u)         log(1 + exp(u))                          varsigma(u)
Sigmoid(u)          1 / (1 + exp(-u))                        sigma(u)
PairEntropy(a)      h(sigmoid(a))                            varphi(a)
BinaryEntropy(p)    -p log p - (1 - p) log(1 - p)            h(p)
Divergence(p, m)    kl(p || sigmoid(m))                      kl(p || sigma(m))
MarginDivergence    kl(sigmoid(a) || sigmoid(m))             kl(sigma(a) || sigma(m))
==================  =======================================  =======================

Each function has its derivatives in a form without cancellation, its exact special
values and its LaTeX. `doit` rewrites it to exp and log, for proofs. Numbers come from
the stable `bounds.numeric` through the views of a statement, never from the rewritten
form.

The constants are those of the pair entropy phi, as numbers of any precision. phi is
concave near zero and convex farther out. Its convex minorant on [0, oo) starts with the
tangent from (0, ln 2), which touches phi at a_star with slope -lambda_star. At a_bend
phi changes from concave to convex, and its slope is steepest there, -c_phi.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from sympy import (
    Expr,
    Function,
    NumberSymbol,
    Rational,
    S,
    Symbol,
    atanh,
    exp,
    log,
    nsolve,
    tanh,
)
from sympy.core.evalf import prec_to_dps
from sympy.core.function import ArgumentIndexError
from sympy.core.singleton import Singleton


class _Elementary(Function):  # type: ignore[misc]
    """A function that can be rewritten to exp and log, for proofs and digits."""

    latex_name = ""

    def _elementary(self) -> Expr:
        raise NotImplementedError

    def _digits(self) -> Expr:
        """Return a form that loses no digits, for evaluation."""
        return self._elementary()

    def doit(self, **hints: Any) -> Expr:  # SymPy's signature
        """Rewrite to exp and log."""
        if hints.get("deep", True):
            inner = [argument.doit(**hints) for argument in self.args]
            rebuilt = self.func(*inner)
            if not isinstance(rebuilt, _Elementary):
                return rebuilt
            return rebuilt._elementary()
        return self._elementary()

    def _eval_evalf(self, prec: int) -> Expr:
        if not self.is_number:
            return None
        # Unlike `_eval_evalf`, `evalf` raises its precision until nothing cancels
        return self._digits().evalf(prec_to_dps(prec) + 2, maxn=1000)

    def _eval_rewrite_as_exp(self, *_arguments: Expr, **_hints: Any) -> Expr:
        return self._elementary()

    def _eval_is_real(self) -> bool | None:
        return True if all(argument.is_real for argument in self.args) else None

    def _latex_arguments(self, printer: Any) -> str:
        return str(printer._print(self.args[0]))

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        power = "" if exp is None else f"^{{{exp}}}"
        body = self._latex_arguments(printer)
        return rf"{self.latex_name}{power}\left({body}\right)"


class Softplus(_Elementary):
    """Softplus log(1 + exp(u)): the loss of a pair ranked with certainty.

    Examples
    --------
    >>> from sympy.abc import u
    >>> Softplus(u).diff(u), Softplus(u).doit(), Softplus(0)
    (Sigmoid(u), log(exp(u) + 1), log(2))
    """

    nargs = 1
    latex_name = r"\varsigma"

    @classmethod
    def eval(cls, u: Expr) -> Expr | None:
        """Return the exact value at zero and infinity."""
        return {S.Zero: log(2), S.Infinity: S.Infinity, S.NegativeInfinity: S.Zero}.get(
            u
        )

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the derivative, a sigmoid."""
        return _only(self, argindex, Sigmoid(self.args[0]))

    def _elementary(self) -> Expr:
        return log(1 + exp(self.args[0]))

    def _digits(self) -> Expr:
        return _log1p_exp(self.args[0])

    def _eval_is_positive(self) -> bool | None:
        return True if self.args[0].is_real else None


class Sigmoid(_Elementary):
    """Logistic function 1 / (1 + exp(-u)): the preference with log-odds u.

    Examples
    --------
    >>> from sympy.abc import u
    >>> Sigmoid(u).diff(u), Sigmoid(0)
    (Sigmoid(-u)*Sigmoid(u), 1/2)
    """

    nargs = 1
    latex_name = r"\sigma"

    @classmethod
    def eval(cls, u: Expr) -> Expr | None:
        """Return the exact value at zero and infinity."""
        return {
            S.Zero: Rational(1, 2),
            S.Infinity: S.One,
            S.NegativeInfinity: S.Zero,
        }.get(u)

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the derivative; sigma(-u) is not written 1 - sigma(u)."""
        u = self.args[0]
        return _only(self, argindex, Sigmoid(u) * Sigmoid(-u))

    def _elementary(self) -> Expr:
        return 1 / (1 + exp(-self.args[0]))

    def _eval_is_positive(self) -> bool | None:
        return True if self.args[0].is_real else None


class PairEntropy(_Elementary):
    """Entropy h(sigmoid(a)) of a pair with teacher margin a, an even function.

    Examples
    --------
    >>> from sympy.abc import a
    >>> PairEntropy(-a), PairEntropy(a).diff(a), PairEntropy(0)
    (PairEntropy(a), -a*Sigmoid(-a)*Sigmoid(a), log(2))
    """

    nargs = 1
    latex_name = r"\varphi"

    @classmethod
    def eval(cls, a: Expr) -> Expr | None:
        """Return exact values, and the form without a leading minus sign."""
        if a.is_zero:
            return log(2)
        if a.is_infinite and a.is_extended_real:
            return S.Zero
        return cls(-a) if a.could_extract_minus_sign() else None

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the derivative -a sigma(a) sigma(-a)."""
        a = self.args[0]
        return _only(self, argindex, -a * Sigmoid(a) * Sigmoid(-a))

    def _elementary(self) -> Expr:
        a = self.args[0]
        return log(1 + exp(-a)) + a * exp(-a) / (1 + exp(-a))

    def _digits(self) -> Expr:
        size = abs(self.args[0])
        return _log1p_exp(-size) + size * exp(-size) / (1 + exp(-size))


class BinaryEntropy(_Elementary):
    """Entropy -p log p - (1 - p) log(1 - p) of a preference p.

    Examples
    --------
    >>> from sympy.abc import p
    >>> BinaryEntropy(p).diff(p), BinaryEntropy(0)
    (-log(p) + log(1 - p), 0)
    """

    nargs = 1
    latex_name = "h"

    @classmethod
    def eval(cls, p: Expr) -> Expr | None:
        """Return the exact value at the preferences 0, 1/2 and 1."""
        return {S.Zero: S.Zero, S.One: S.Zero, S.Half: log(2)}.get(p)

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the derivative, minus the log-odds."""
        p = self.args[0]
        return _only(self, argindex, log(1 - p) - log(p))

    def _elementary(self) -> Expr:
        p = self.args[0]
        return -p * log(p) - (1 - p) * log(1 - p)


class Divergence(_Elementary):
    """Relative entropy kl(p || sigmoid(m)) of preference p and student margin m.

    Examples
    --------
    >>> from sympy.abc import m, p
    >>> Divergence(p, m).diff(m), Divergence(0, m), Divergence(1, m)
    (-p + Sigmoid(m), Softplus(m), Softplus(-m))
    """

    nargs = 2
    latex_name = r"\mathrm{kl}"

    @classmethod
    def eval(cls, p: Expr, m: Expr) -> Expr | None:
        """Return the exact value at the preferences 0 and 1."""
        return {S.Zero: Softplus(m), S.One: Softplus(-m)}.get(p)

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the derivative in p or in m."""
        p, m = self.args
        if argindex == 1:
            return log(p) - log(1 - p) - m
        return _second(self, argindex, Sigmoid(m) - p)

    def _elementary(self) -> Expr:
        p, m = self.args
        return p * log(p) + (1 - p) * log(1 - p) + log(1 + exp(m)) - p * m

    def _digits(self) -> Expr:
        p, m = self.args
        return p * log(p) + (1 - p) * log(1 - p) + _log1p_exp(m) - p * m

    def _latex_arguments(self, printer: Any) -> str:
        p, m = self.args
        return rf"{printer._print(p)} \,\|\, {printer._print(Sigmoid(m))}"


class MarginDivergence(_Elementary):
    """Relative entropy kl(sigmoid(a) || sigmoid(m)) of two margins.

    Examples
    --------
    >>> from sympy.abc import a, m
    >>> MarginDivergence(a, m).diff(m), MarginDivergence(a, a)
    (-Sigmoid(a) + Sigmoid(m), 0)
    """

    nargs = 2
    latex_name = r"\mathrm{kl}"

    @classmethod
    def eval(cls, a: Expr, m: Expr) -> Expr | None:
        """Return zero for equal margins."""
        return S.Zero if a == m else None

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the derivative in a or in m."""
        a, m = self.args
        if argindex == 1:
            return Sigmoid(a) * Sigmoid(-a) * (a - m)
        return _second(self, argindex, Sigmoid(m) - Sigmoid(a))

    def _elementary(self) -> Expr:
        a, m = self.args
        return log(1 + exp(m)) - log(1 + exp(a)) - (m - a) / (1 + exp(-a))

    def _digits(self) -> Expr:
        a, m = self.args
        return _log1p_exp(m) - _log1p_exp(a) - (m - a) / (1 + exp(-a))

    def _latex_arguments(self, printer: Any) -> str:
        a, m = (printer._print(Sigmoid(argument)) for argument in self.args)
        return rf"{a} \,\|\, {m}"


def _log1p_exp(u: Expr) -> Expr:
    # 1 + exp(u) rounds to 1 far below zero at any precision, but log(1 + e) equals
    # 2 atanh(e / (2 + e))
    small = exp(-abs(u))
    return (u + abs(u)) / 2 + 2 * atanh(small / (2 + small))


def _only(function: Function, argindex: int, derivative: Expr) -> Expr:
    if argindex != 1:
        raise ArgumentIndexError(function, argindex)
    return derivative


def _second(function: Function, argindex: int, derivative: Expr) -> Expr:
    if argindex != 2:
        raise ArgumentIndexError(function, argindex)
    return derivative


_x: Final = Symbol("x", positive=True)
_slope: Final = (_x * Sigmoid(_x) * Sigmoid(-_x)).doit()
_tangent: Final = (PairEntropy(_x) - log(2) + _x**2 * Sigmoid(_x) * Sigmoid(-_x)).doit()


class _Constant(NumberSymbol, metaclass=Singleton):  # type: ignore[misc, metaclass]
    """A positive irrational number defined by an equation, with digits on demand."""

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


@cache  # comparing two constants needs the same digits many times
def _root(equation: Expr, start: float, digits: int) -> Expr:
    return nsolve(equation, _x, start, prec=digits + 5)


a_star: Final = _AStar()
lambda_star: Final = _LambdaStar()
a_bend: Final = _ABend()
c_phi: Final = _CPhi()


@cache
def entropy_floor_constants() -> tuple[float, float]:
    """The constants a_star (a margin) and lambda_star (in nats) as plain numbers.

    If the mean absolute teacher margin of a query is at most a_star, its entropy is at
    least ``ln 2 - lambda_star * mean``; otherwise it is at least the entropy at the
    mean. Source: Theorem 4 (a).

    Examples
    --------
    >>> [round(constant, 6) for constant in entropy_floor_constants()]
    [2.567554, 0.169917]
    """
    return float(a_star), float(lambda_star)
