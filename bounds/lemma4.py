"""Lemma 4: the Rademacher complexity of bilinear students over frozen embeddings.

A bilinear student scores a document x of a query q by the form q' W x, where the
Frobenius norm of W is at most a constant fixed in advance. Each query enters once, as
the mean loss of its pairs, so the complexity falls with the number of queries.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sympy import Symbol, sqrt

from rankbound.bounds.errors import DomainError
from rankbound.bounds.notation import (
    Delta,
    L,
    Lambda,
    c_ell,
    d_rms,
    n,
    rademacher,
    rademacher_hat,
)
from rankbound.bounds.statements import OURS, Statement


def mean_squared_distance(vectors: ArrayLike) -> float:
    """Mean squared Euclidean distance over all pairs of the documents of one query.

    Parameters
    ----------
    vectors : array_like, shape (k, dim)
        The embeddings of k >= 2 documents, finite.

    Returns
    -------
    float
        In squared units of distance. Takes k * dim steps instead of k**2 * dim.

    Raises
    ------
    DomainError
        On fewer than two documents, any other shape, or a value that is not finite.

    Notes
    -----
    ``2 / (k - 1) * sum_i |x_i - mean|**2``. Source: Lemma 4.

    Examples
    --------
    >>> mean_squared_distance([[0.0, 0.0], [3.0, 4.0]])
    25.0
    """
    array = np.asarray(vectors, dtype=np.float64)
    if array.ndim != 2 or len(array) < 2 or not np.isfinite(array).all():
        raise DomainError(
            "a mean distance needs finite vectors of at least two documents, one per "
            f"row, got shape {array.shape}; leave out queries with a single document"
        )
    centred = array - array.mean(axis=0)
    return 2.0 * float((centred * centred).sum()) / (len(array) - 1)


def rademacher_bilinear(
    query_norms: ArrayLike,
    mean_squared_distances: ArrayLike,
    *,
    norm: float,
    loss_slope: float = 1.0,
) -> float:
    """Upper bound of the empirical Rademacher complexity of bilinear risks, in nats.

    Parameters
    ----------
    query_norms : array_like, shape (n,)
        Euclidean norms of the embedded queries.
    mean_squared_distances : array_like, shape (n,)
        Mean squared Euclidean distance over the pairs of each query that enter its
        risk; for all pairs of a group, `mean_squared_distance`.
    norm : float
        Largest Frobenius norm of W, fixed in advance; for a trained norm see
        `bounds.theorem1.norm_step`.
    loss_slope : float
        c_ell in [0, 1], the largest slope of the loss on the box of margins of the
        class (Lemma 3); 1 always holds.

    Returns
    -------
    float
        ``loss_slope * norm / n * sqrt(sum_q query_norm**2 * mean squared distance)``.

    Raises
    ------
    DomainError
        On empty or unequal arrays, or a number that is negative or not finite.

    Notes
    -----
    Source: Lemma 4, for `theorem-1e-empirical`.

    Examples
    --------
    >>> rademacher_bilinear([1.0] * 4, [0.25] * 4, norm=10.0)
    2.5
    """
    norms = _nonnegative(query_norms, "query_norms")
    squares = _nonnegative(mean_squared_distances, "mean_squared_distances")
    if norms.shape != squares.shape:
        raise DomainError(
            f"both arrays must have one entry per query, got {norms.size} norms and "
            f"{squares.size} mean squared distances"
        )
    if not 0 <= norm < np.inf:
        raise DomainError(f"`norm` must be finite and not negative, got {norm}")
    if not 0 <= loss_slope <= 1:
        raise DomainError(f"`loss_slope` must lie in [0, 1], got {loss_slope}; try 1")
    # The norm of the roots, since squares of large norms may overflow
    length = float(np.linalg.norm(norms * np.sqrt(squares)))
    return loss_slope * norm * length / norms.size


def _nonnegative(values: ArrayLike, name: str) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or array.size == 0:
        raise DomainError(
            f"`{name}` must be a flat array with one entry per query, got shape "
            f"{array.shape}"
        )
    bad = ~((array >= 0) & np.isfinite(array))
    if bad.any():
        first = int(np.argmax(bad))
        raise DomainError(
            f"`{name}` must be finite and not negative, got {array[first]} at "
            f"position {first}; leave that query out before looking at its risk"
        )
    return array


CLASS: Final = ("A0", "A1'", "A2", "BIL")
SOURCE: Final = (
    "contraction: Ledoux and Talagrand (1991), Meir and Zhang (2003); proved in the "
    "appendix"
)
_mean_square: Final = Symbol(r"\overline{d^2}", nonnegative=True)

STATEMENTS: Final = (
    Statement(
        key="lemma-4-scatter",
        title="Mean squared distance of all pairs",
        words="The mean squared distance over all pairs of a query is twice the "
        "scatter of its documents around their mean, divided by their number less "
        "one.",
        kind="identity",
        status="proved",
        source=OURS,
        left=_mean_square,
        procedure=mean_squared_distance,
    ),
    Statement(
        key="lemma-4-empirical",
        title="Complexity of bilinear students on a sample",
        words="On the sampled queries the Rademacher complexity of the risks of "
        "bilinear students is at most this: the root of the summed squares of query "
        "norm times distance, with the mean over the pairs of a query taken inside.",
        kind="upper",
        status="proved",
        assumptions=("A1'", "A2", "BIL"),
        source=SOURCE,
        relation="<=",
        left=rademacher_hat,
        procedure=rademacher_bilinear,
    ),
    Statement(
        key="lemma-4",
        title="Complexity of bilinear students",
        words="The Rademacher complexity of the risks of bilinear students is at most "
        "this. The distance that counts is a root mean square, not a supremum.",
        kind="upper",
        status="proved",
        assumptions=CLASS,
        source=SOURCE,
        relation="<=",
        left=rademacher,
        expression=c_ell * Lambda * d_rms / sqrt(n),
        arguments=(c_ell, Lambda, d_rms, n),
    ),
    Statement(
        key="lemma-4-diameter",
        title="Complexity of bilinear students by the diameter",
        words="With the Lipschitz constant of the whole class, the bound of the norm "
        "times the largest query norm, the complexity is at most this; the slope of "
        "the loss is at most one.",
        kind="upper",
        status="proved",
        assumptions=CLASS,
        source=SOURCE,
        relation="<=",
        left=rademacher,
        expression=c_ell * L * Delta / sqrt(n),
        arguments=(c_ell, L, Delta, n),
    ),
)
