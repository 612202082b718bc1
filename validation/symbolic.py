"""Identities by computer algebra: does an expression vanish for every argument."""

from __future__ import annotations

import sympy
from sympy import Expr, exp, log


def vanishes(expression: Expr) -> bool:
    """Whether SymPy reduces an expression in real symbols to zero.

    The one rule that it is given is log(1 + exp(-x)) = log(1 + exp(x)) - x.

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
