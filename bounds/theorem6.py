"""Theorem 6: upper bounds on 1 - nDCG of one list, from inversions or pair losses.

The risk of distillation enters only through a calibrated teacher, and with pairs
weighted by the differences of their gains: equal weights do not bound nDCG.

Gains are >= 0, such as ``2**rel - 1``. The discount of rank j is 1 / log2(1 + j), and
zero beyond the cut-off. Ties of scores are broken against the student. The bounds sum
over all pairs of a list, so they suit lists of tens of documents.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sympy import Symbol, log

from rankbound.bounds import numeric
from rankbound.bounds.errors import DomainError
from rankbound.bounds.notation import inversions, rho
from rankbound.bounds.statements import OURS, Statement

Floats = NDArray[np.float64]


def discounts(size: int, *, cutoff: int | None = None) -> Floats:
    """Discounts of the ranks 1 to `size`; zero beyond the cut-off.

    Examples
    --------
    >>> discounts(4, cutoff=3).round(4).tolist()
    [1.0, 0.6309, 0.5, 0.0]
    """
    ranks = np.arange(1, size + 1)
    values = 1 / np.log2(1 + ranks)
    return np.asarray(np.where(ranks <= _checked_cutoff(cutoff), values, 0.0))


def largest_discount_step(*, cutoff: int | None = None) -> float:
    """Largest decrease delta_K of the discount from one rank to the next.

    For lists that are not longer than the cut-off, pass none: 0.36907. Source: Theorem
    6.

    Examples
    --------
    >>> [round(largest_discount_step(cutoff=k), 4) for k in (1, 2, 3, 4, 5, 6)]
    [1.0, 0.6309, 0.5, 0.4307, 0.3869, 0.3691]
    >>> round(largest_discount_step(), 6)
    0.36907
    """
    limit = _checked_cutoff(cutoff)
    first = 1 - 1 / math.log2(3) if limit >= 2 else 0.0
    last = 0.0 if math.isinf(limit) else 1 / math.log2(1 + limit)
    return max(first, last)


def worst_ndcg(
    gains: ArrayLike, scores: ArrayLike, *, cutoff: int | None = None
) -> float:
    """Compute nDCG with ties of scores broken against the student.

    Parameters
    ----------
    gains : array_like, shape (k,)
        Gains >= 0, not all zero.
    scores : array_like, shape (k,)
        Finite student scores.
    cutoff : int, optional
        K >= 1; no cut-off by default.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    DomainError
        If the shapes differ, a gain is negative, all gains are zero, or a score is not
        finite.

    Examples
    --------
    >>> round(worst_ndcg([0.0, 1.0], [2.0, 2.0]), 4)
    0.6309
    """
    gain, score = _checked_list(gains, scores)
    order = np.lexsort((gain, -score))
    return float(gain[order] @ discounts(gain.size, cutoff=cutoff)) / _ideal(
        gain, cutoff
    )


def inversion_bound(
    gains: ArrayLike, scores: ArrayLike, *, cutoff: int | None = None
) -> float:
    """Upper bound of 1 - nDCG from the pairs in the wrong order.

    Parameters and errors are those of `worst_ndcg`. The bound may exceed 1.

    Notes
    -----
    ``delta_K / DCG*`` times the sum of the differences of gains over the pairs whose
    better document does not have the higher score. Source: Theorem 6 (a).

    Examples
    --------
    >>> round(inversion_bound([0.0, 1.0], [2.0, 1.0]), 4)  # equality
    0.3691
    """
    gain, score = _checked_list(gains, scores)
    rises = _rises(gain)
    wrong = score[:, None] <= score[None, :]
    step = _step(gain.size, cutoff)
    return step * float((rises * wrong).sum()) / _ideal(gain, cutoff)


def surrogate_bound(
    gains: ArrayLike, scores: ArrayLike, *, cutoff: int | None = None
) -> float:
    """Upper bound of 1 - nDCG from the log-losses of the pairs, weighted by gains.

    Parameters and errors are those of `worst_ndcg`. Never below `inversion_bound`.

    Notes
    -----
    ``delta_K / (DCG* ln 2)`` times the sum of differences of gains times
    ``softplus(-margin)``. Pair weights other than the differences of gains do not
    bound nDCG. Source: Theorem 6 (a).

    Examples
    --------
    >>> round(surrogate_bound([0.0, 1.0], [2.0, 1.0]), 4)
    0.6993
    """
    gain, score = _checked_list(gains, scores)
    losses = numeric.softplus(score[None, :] - score[:, None])
    step = _step(gain.size, cutoff)
    total = float((_rises(gain) * losses).sum())
    return step * total / (_ideal(gain, cutoff) * math.log(2))


def rank_bound(
    gains: ArrayLike, scores: ArrayLike, *, cutoff: int | None = None
) -> float:
    """Upper bound of 1 - nDCG from a bound on the rank of every relevant document.

    Parameters and errors are those of `worst_ndcg`. At most 1, and not 0 for a perfect
    list with several relevant documents. The smaller of this and `surrogate_bound` is a
    bound, too.

    Notes
    -----
    The rank of u is at most ``1 + I_u``, the sum of ``softplus(f_v - f_u) / ln 2`` over
    the other documents v, plus one. Source: Theorem 6 (b).

    Examples
    --------
    >>> round(rank_bound([0.0, 1.0], [2.0, 1.0]), 4)
    0.4902
    """
    gain, score = _checked_list(gains, scores)
    losses = numeric.softplus(score[None, :] - score[:, None])
    np.fill_diagonal(losses, 0.0)
    behind = losses.sum(axis=1) / math.log(2)
    # The rank is an integer of at most 1 + behind, so it can exceed K only if the bound
    # is at least K + 1
    inside = behind + 1e-9 < _checked_cutoff(cutoff)
    reached = np.where(inside, 1 / np.log2(2 + behind), 0.0)
    return max(0.0, 1 - float(gain @ reached) / _ideal(gain, cutoff))


def _rises(gain: Floats) -> Floats:
    return np.asarray(np.maximum(gain[:, None] - gain[None, :], 0.0))


def _step(size: int, cutoff: int | None) -> float:
    beyond = cutoff is not None and size > cutoff
    return largest_discount_step(cutoff=cutoff if beyond else None)


def _ideal(gain: Floats, cutoff: int | None) -> float:
    return float(np.sort(gain)[::-1] @ discounts(gain.size, cutoff=cutoff))


def _checked_cutoff(cutoff: int | None) -> float:
    if cutoff is None:
        return math.inf
    if cutoff < 1:
        raise DomainError(f"`cutoff` must be at least 1, got {cutoff}")
    return float(cutoff)


def _checked_list(gains: ArrayLike, scores: ArrayLike) -> tuple[Floats, Floats]:
    gain, score = np.asarray(gains, np.float64), np.asarray(scores, np.float64)
    if gain.ndim != 1 or gain.shape != score.shape:
        raise DomainError(
            "nDCG needs one gain and one score per document, got shapes "
            f"{gain.shape} and {score.shape}"
        )
    if not (np.isfinite(score).all() and np.isfinite(gain).all()):
        raise DomainError("gains and scores must be finite")
    if not ((gain >= 0).all() and (gain > 0).any()):
        raise DomainError(
            "gains must be at least 0 and one of them positive, since nDCG of a list "
            "without relevant documents is not defined; leave the query out"
        )
    return gain, score


TIES: Final = " Ties of scores are broken against the student."

_loss: Final = Symbol(r"1 - \mathrm{nDCG}", nonnegative=True)
_difference: Final = Symbol(
    r"\mathrm{DCG}^\star - \mathrm{DCG}", real=True, nonnegative=True
)

STATEMENTS: Final = (
    Statement(
        key="theorem-6a",
        title="nDCG from inversions",
        words="One minus nDCG is at most the differences of gains of the pairs in the "
        "wrong order, times the largest step of the discount over the ideal DCG."
        + TIES,
        kind="tight",
        status="proved",
        source="smaller constant than Chen et al. (2009); " + OURS,
        relation="<=",
        left=_loss,
        procedure=inversion_bound,
        attained_by="one swap of neighbours where the discount has its largest step",
    ),
    Statement(
        key="theorem-6a-surrogate",
        title="nDCG from pair losses",
        words="The same with the log-loss in bits in place of the indicator of a wrong "
        "order, pairs weighted by the differences of gains." + TIES,
        kind="upper",
        status="proved",
        source="the log-loss in bits is above the zero-one loss; " + OURS,
        relation="<=",
        left=_loss,
        procedure=surrogate_bound,
    ),
    Statement(
        key="theorem-6b",
        title="nDCG from bounds of ranks",
        words="The pair losses of a relevant document with all others bound its rank. "
        "Never above one, but not zero for a perfect list with several relevant "
        "documents; the smaller of this and part (a) holds." + TIES,
        kind="upper",
        status="proved",
        source=OURS,
        relation="<=",
        left=_loss,
        procedure=rank_bound,
    ),
    Statement(
        key="theorem-6c",
        title="DCG from inversions, for binary relevance",
        words="With gains of 0 and 1 and no cut-off, this many inversions reduce DCG "
        "by at most this. Concave in the inversions, so that their mean over queries "
        "with equally many relevant documents may be inserted." + TIES,
        kind="tight",
        status="proved",
        source=OURS,
        relation="<=",
        left=_difference,
        expression=rho * (1 - log(2) / log(2 + inversions / rho)),
        arguments=(rho, inversions),
        attained_by="one relevant document",
    ),
)
