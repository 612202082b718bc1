"""The bound with a pseudo-dimension, and the sample size at which it is not vacuous.

A uniform bound over a class of networks pays for the size of the class. The pseudo-
dimension of a piecewise-linear network with W weights in L layers is of the order of
W L ln W (Bartlett, Harvey, Liaw and Mehrabian, 2019), so for a transformer the bound is
vacuous at every realistic sample size. A held-out sample only pays for the K students.
"""

from __future__ import annotations

import math
from typing import Final

from sympy import Min, log, sqrt

from rankbound.bounds.errors import DomainError
from rankbound.bounds.notation import R, R_hat, delta, n, pdim, w
from rankbound.bounds.samples import checked_delta
from rankbound.bounds.statements import Statement

_share: Final = Min(pdim / n, 1)

STATEMENTS: Final = (
    Statement(
        key="paper-form",
        title="Uniform bound by the pseudo-dimension",
        words="All students of a class whose losses have this pseudo-dimension keep "
        "within this limit at once, for n at least the pseudo-dimension. For smaller "
        "n the term is the square root of 2 times the range, which is vacuous.",
        kind="upper",
        status="proved",
        provenance="reconstructed",
        assumptions=("A0", "A1'", "PDIM"),
        source="form of Mohri, Rostamizadeh and Talwalkar, Foundations of Machine "
        "Learning, whose text was not verified; proved with these constants in the "
        "appendix; the paper's own is not known",
        relation="<=",
        left=R,
        expression=R_hat
        + w * sqrt(2 * _share * (1 - log(_share)))
        + w * sqrt(log(1 / delta) / (2 * n)),
        arguments=(R_hat, w, pdim, n, delta),
    ),
)


def pseudo_dimension_order(n_weights: float, n_layers: float) -> float:
    """Order of magnitude of the pseudo-dimension of a piecewise-linear network.

    Parameters
    ----------
    n_weights : float
        W, the number of trained weights and biases.
    n_layers : float
        L >= 1 layers, with W > L.

    Returns
    -------
    float
        ``W L ln(W / L)``, a count. It is a scale, not a bound: some networks have at
        least this order, and none has more than the order of ``W L ln W``, both up to
        constants that are not reproduced here.

    Raises
    ------
    DomainError
        Unless W > L >= 1.

    Notes
    -----
    Source: Bartlett, Harvey, Liaw and Mehrabian (2019), the orders in the abstract;
    explicit constants were not verified. Attention and smooth activations are not
    piecewise linear, so the number is only an analogy for a transformer.

    Examples
    --------
    >>> f"{pseudo_dimension_order(1.1e8, 12):.1e}"
    '2.1e+10'
    """
    if not (math.isfinite(n_weights) and 1 <= n_layers < n_weights):
        raise DomainError(
            "a network has at least one layer and more weights than layers, got "
            f"{n_weights!r} weights in {n_layers!r} layers"
        )
    return n_weights * n_layers * math.log(n_weights / n_layers)


def queries_for_budget(
    pseudo_dimension: float, *, width: float, budget: float, delta: float = 0.05
) -> int:
    """Smallest number of queries at which the terms above the sample risk fit a budget.

    Parameters
    ----------
    pseudo_dimension : float
        d >= 1; `pseudo_dimension_order` gives its scale.
    width : float
        w > 0, the width of the range of one query's risk, in nats.
    budget : float
        Largest allowed sum of the two terms, in nats. For a bound below the risk of a
        constant student it is ln 2 minus the sample risk.
    delta : float
        Failure probability in (0, 1).

    Returns
    -------
    int
        At least d, unless the budget exceeds the square root of 2 times the width.

    Raises
    ------
    DomainError
        If an argument is outside its domain.

    Notes
    -----
    Found by bisection, since both terms fall with n. Source: `paper-form`.

    Examples
    --------
    >>> queries_for_budget(1, width=1.0, budget=0.5)
    82
    >>> f"{queries_for_budget(2.1e10, width=5.652, budget=0.2):.0e}"
    '4e+14'
    """
    checked_delta(delta)
    if not (1 <= pseudo_dimension < math.inf):
        raise DomainError(
            f"`pseudo_dimension` must be finite and at least 1, got {pseudo_dimension}"
        )
    if not (0 < width < math.inf and 0 < budget < math.inf):
        raise DomainError(
            f"`width` and `budget` must be positive and finite, got {width} and "
            f"{budget}; no number of queries is enough at a sample risk of ln 2 or more"
        )
    limit = STATEMENTS[0].numpy()

    def enough(count: int) -> bool:
        return bool(limit(0.0, width, pseudo_dimension, count, delta) <= budget)

    high = 1
    while not enough(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
