"""Relative entropy of two coins, and its inverse: the largest bias within a budget."""

from __future__ import annotations

import math

from rankbound.bounds.errors import DomainError


def binary_kl(x: float, y: float) -> float:
    """Bernoulli relative entropy kl(x || y) in nats, with 0 log 0 = 0.

    Examples
    --------
    >>> round(binary_kl(0.5, 0.25), 6)
    0.143841
    """
    first = 0.0 if x <= 0 else (math.inf if y <= 0 else x * math.log(x / y))
    second = 0.0 if x >= 1 else math.inf
    if x < 1 and y < 1:
        second = (1 - x) * (math.log1p(-x) - math.log1p(-y))
    return first + second


def kl_inverse(x: float, budget: float) -> float:
    """Largest y <= 1 with kl(x || y) <= budget (in nats), rounded up.

    Examples
    --------
    >>> round(kl_inverse(0.0, -math.log(0.05) / 10), 6)
    0.258866
    """
    if not 0 <= x <= 1 or budget < 0:
        raise DomainError(
            f"`kl_inverse` needs 0 <= x <= 1 and a budget >= 0, got {x}, {budget}"
        )
    if x == 1 or budget == 0:
        return x
    top = 1 - 2.0**-53
    if binary_kl(x, top) <= budget:
        return 1.0
    from scipy.optimize import brentq  # takes 40 MB, so not before use

    root = float(brentq(lambda y: binary_kl(x, y) - budget, x, top, xtol=1e-15))
    return min(1.0, root + 4e-15)  # brentq may stop a tolerance short of the root
