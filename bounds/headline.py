"""The headline bound, Theorem 2', by its additive parts."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np
from sympy import Expr, expand, factor_terms

from rankbound.bounds.notation import D_hat, H_hat, L, n, w
from rankbound.bounds.numeric import Array
from rankbound.bounds.ranges import cut_ratio_all_pairs, query_range
from rankbound.bounds.registry import statement

HEADLINE: Final = "theorem-2-prime"
# A summand of the statement belongs to the first part whose symbol it holds
PART_SYMBOLS: Final = {
    "entropy": H_hat,
    "divergence": D_hat,
    "deviation": w,
    "locality x complexity": n,
    "locality x shift": L,
}
PARTS: Final = (
    "entropy",
    "divergence",
    "locality x shift",
    "locality x complexity",
    "deviation",
)


@cache
def part_expressions() -> dict[str, Expr]:
    r"""The parts of the bound as expressions, cut out of the statement's own.

    Examples
    --------
    >>> part_expressions()["locality x shift"]
    L*\Delta*(1 - 1/\kappa**2)
    """
    summands = expand(statement(HEADLINE).expression).args
    found: dict[str, Expr] = {}
    for name, symbol in PART_SYMBOLS.items():
        mine = [s for s in summands if symbol in s.free_symbols]
        summands = tuple(s for s in summands if s not in mine)
        found[name] = factor_terms(sum(mine))
    return {name: found[name] for name in PARTS}


def headline_width(locality: float, *, group_size: int) -> float:
    """Width in nats of one query's risk at B = L times diameter, by Lemma 2c.

    Examples
    --------
    >>> round(headline_width(7.0, group_size=16), 3)
    4.034
    """
    low, high = query_range(locality, cut_ratio=cut_ratio_all_pairs(group_size))
    return high - low


def headline_parts(  # noqa: PLR0913  one argument for each symbol
    *,
    entropy: Array,
    divergence: Array,
    locality: Array,
    n: Array,
    delta: float,
    kappa: Array,
    width: Array,
) -> dict[str, Any]:
    """The parts of the bound in nats; they sum to the statement's value.

    Parameters
    ----------
    entropy, divergence : float or array
        Means over the sampled queries, in nats.
    locality : float or array
        L times the essential diameter.
    n : float or array
        Independent queries.
    delta : float
        Failure probability.
    kappa : float or array
        Largest density ratio, at least 1.
    width : float or array
        Of the range of one query's risk, in nats; see `headline_width`.

    Examples
    --------
    >>> parts = headline_parts(entropy=0.4, divergence=0.1, locality=7.0, n=10**6,
    ...     delta=0.05, kappa=1.0, width=headline_width(7.0, group_size=16))
    >>> [round(float(part), 4) for part in parts.values()]
    [0.4, 0.1, 0.0, 0.014, 0.0049]
    """
    return {
        "entropy": entropy,
        "divergence": divergence,
        "locality x shift": locality * (1 - np.asarray(kappa, dtype=float) ** -2),
        "locality x complexity": 2 * locality / np.sqrt(n),
        "deviation": width * np.sqrt(-np.log(delta) / (2 * np.asarray(n))),
    }
