"""The headline bound, Theorem 2', by its additive parts."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from bounds.numeric import Array
from bounds.ranges import cut_ratio_all_pairs, query_range

HEADLINE: Final = "theorem-2-prime"


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
