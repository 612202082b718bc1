r"""Earlier bounds for ranking and distillation, each with what it needs.

=========================================  ===========================================
bound                                      needs
=========================================  ===========================================
Agarwal et al. (2005), AUC                 scores and judgements of one query
Clémençon, Lugosi and Vayatis (2008)       scores and labels of one pool; uniformly
                                           over a class also its complexity
margin, as Usunier et al. (2005)           embeddings and the norm of a bilinear head
pairwise analogue of Hsu et al. (2021)     scores; judgements for the teacher's part
Menon et al. (2021), variance              scores; its bias is in Theorem 3 (e)
=========================================  ===========================================

Two relatives are left out. The stability bound of Agarwal and Niyogi (2009) needs a
regularised learner with its norm, which score files do not contain. The two-layer bound
of Chen, Liu and Ma (2010) adds a term for the documents of a query, which is not needed
here since the mean loss of a query is unbiased. The functions compute what the bounds
need from arrays.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sympy import Symbol, log, sqrt

from rankbound.bounds.errors import DomainError
from rankbound.bounds.notation import (
    K,
    Lambda,
    auc_hat,
    d_rms,
    delta,
    disjoint,
    err,
    err_gamma,
    err_hat,
    gamma,
    m,
    n,
    n_minus,
    n_plus,
    p,
    rademacher_half,
    t_err,
    t_gap,
)
from rankbound.bounds.numeric import sigmoid
from rankbound.bounds.statements import Statement


def auc_of_query(scores: ArrayLike, relevant: ArrayLike) -> tuple[float, int, int]:
    """AUC of one query and the counts that its bound needs.

    Parameters
    ----------
    scores : array_like, shape (k,)
        Finite scores of the documents.
    relevant : array_like of bool, shape (k,)
        Whether each is relevant; both kinds must occur.

    Returns
    -------
    tuple
        AUC in [0, 1], with ties counted as one half; number of relevant and of
        irrelevant documents. These are the first arguments of `comparator-auc`.

    Raises
    ------
    DomainError
        If the shapes differ, a score is not finite, or either kind of document is
        missing.

    Notes
    -----
    Source: Agarwal et al. (2005). O(k log k).

    Examples
    --------
    >>> auc_of_query([3.0, 2.0, 2.0], [True, True, False])
    (0.75, 2, 1)
    """
    values = np.asarray(scores, dtype=np.float64)
    labels = np.asarray(relevant, dtype=bool)
    if values.shape != labels.shape or values.ndim != 1:
        raise DomainError(
            "AUC needs one score and one label per document, got shapes "
            f"{values.shape} and {labels.shape}"
        )
    if not np.isfinite(values).all():
        raise DomainError("scores must be finite; drop documents without a score")
    good, bad = values[labels], np.sort(values[~labels])
    if good.size == 0 or bad.size == 0:
        raise DomainError(
            "AUC needs relevant and irrelevant documents, got "
            f"{good.size} and {bad.size}; drop the query"
        )
    below = np.searchsorted(bad, good, side="left")
    not_above = np.searchsorted(bad, good, side="right")
    wins = int((below + not_above).sum()) / 2
    return wins / (good.size * bad.size), int(good.size), int(bad.size)


def ramp_errors(margins: ArrayLike, *, gamma: float) -> NDArray[Any]:
    """Whether the margin of each correctly oriented pair falls short of gamma.

    Parameters
    ----------
    margins : array_like
        Student margins of the better document of each pair over the worse one.
    gamma : float
        Required margin, > 0.

    Returns
    -------
    ndarray
        0 or 1, of the shape of `margins`. Averaged over the pairs of a query and then
        over queries they are the empirical part of `comparator-margin`.

    Raises
    ------
    DomainError
        If gamma is not positive or a margin is NaN.

    Examples
    --------
    >>> ramp_errors([2.0, 0.5, -1.0], gamma=1.0).tolist()
    [0.0, 1.0, 1.0]
    """
    values = np.asarray(margins, dtype=np.float64)
    if not 0 < gamma < np.inf:
        raise DomainError(f"`gamma` must be positive and finite, got {gamma!r}; try 1")
    if np.isnan(values).any():
        raise DomainError("margins must not be NaN; drop pairs that were not scored")
    return np.asarray(values < gamma, dtype=np.float64)


def teacher_terms(
    teacher: ArrayLike, student: ArrayLike
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The two observations of the pairwise analogue of Hsu et al., for each pair.

    Parameters
    ----------
    teacher, student : array_like
        Margins of the better document of each pair over the worse one; equal shapes.

    Returns
    -------
    tuple of ndarray
        The teacher's preference for the worse document, and the absolute difference of
        the two preferences, both in [0, 1]. The error is at most twice the sum of their
        means. Theorem 1 limits each mean on [0, 1], at half the failure probability.

    Raises
    ------
    DomainError
        If the shapes differ or a margin is NaN.

    Examples
    --------
    >>> [part.tolist() for part in teacher_terms([0.0, 0.0], [0.0, -1e6])]
    [[0.5, 0.5], [0.0, 0.5]]
    """
    ours, theirs = _same_shape(student, teacher)
    return np.asarray(sigmoid(-theirs)), np.abs(sigmoid(ours) - sigmoid(theirs))


def label_variance(preferences: ArrayLike, margins: ArrayLike) -> tuple[float, float]:
    """Variance of the soft loss over pairs, and what true labels would add to it.

    Parameters
    ----------
    preferences : array_like, shape (N,)
        Calibrated preferences in [0, 1], one pair each.
    margins : array_like, shape (N,)
        Student margins of the same pairs.

    Returns
    -------
    tuple of float
        Variance of ``softplus(m) - p m`` over the pairs, and the mean of
        ``p (1 - p) m ** 2``, in nats squared. Their sum is the variance under labels.

    Raises
    ------
    DomainError
        If the shapes differ, a value is NaN or a preference lies outside [0, 1].

    Notes
    -----
    Source: `comparator-variance`; law of total variance.

    Examples
    --------
    >>> label_variance([0.5, 0.5], [2.0, 2.0])
    (0.0, 1.0)
    """
    p_array, m_array = _same_shape(preferences, margins)
    if p_array.size == 0 or p_array.min() < 0 or p_array.max() > 1:
        raise DomainError(
            "preferences must be probabilities of at least one pair; "
            "turn margins into preferences by the sigmoid"
        )
    soft = np.logaddexp(0.0, m_array) - p_array * m_array
    return float(soft.var()), float((p_array * (1 - p_array) * m_array**2).mean())


def _same_shape(first: ArrayLike, second: ArrayLike) -> tuple[NDArray[Any], ...]:
    one = np.asarray(first, dtype=np.float64)
    two = np.asarray(second, dtype=np.float64)
    if one.shape != two.shape:
        raise DomainError(
            f"both arrays need one number per pair, got shapes {one.shape} and "
            f"{two.shape}"
        )
    if np.isnan(one).any() or np.isnan(two).any():
        raise DomainError("numbers must not be NaN; drop pairs that were not scored")
    return one, two


RANKING: Final = (
    Statement(
        key="comparator-auc",
        title="AUC of one query",
        words="The expected AUC of a fixed scorer on one query is at least this, over "
        "independent draws of its relevant and irrelevant documents.",
        kind="lower",
        status="proved",
        provenance="literature",
        assumptions=("IID-DOCS",),
        source="Agarwal, Graepel, Herbrich, Har-Peled and Roth (2005); McDiarmid "
        "(1989); proved in the appendix",
        relation=">=",
        left=Symbol(r"\mathrm{AUC}", nonnegative=True),
        expression=auc_hat - sqrt(log(1 / delta) / 2 * (1 / n_plus + 1 / n_minus)),
        arguments=(auc_hat, n_plus, n_minus, delta),
    ),
    Statement(
        key="comparator-pool",
        title="Pair errors of one pool, fixed scorers",
        words="The share of pairs of a pool of N independent documents that K fixed "
        "scorers order wrongly exceeds the sample's by at most this. Only half of N "
        "counts, since the pairs of a pool overlap.",
        kind="upper",
        status="proved",
        provenance="literature",
        assumptions=("IID-DOCS",),
        source="Hoeffding (1963), Section 5; Clémençon, Lugosi and Vayatis (2008); "
        "proved in the appendix",
        relation="<=",
        left=err,
        expression=err_hat + sqrt(log(K / delta) / (2 * disjoint)),
        arguments=(err_hat, K, delta, disjoint),
    ),
    Statement(
        key="comparator-pool-uniform",
        title="Pair errors of one pool, a class",
        words="The same for all scorers of a class at once, with the Rademacher "
        "complexity of its errors on half as many disjoint pairs.",
        kind="upper",
        status="proved",
        provenance="literature",
        assumptions=("IID-DOCS",),
        source="Hoeffding (1963), Section 5; Clémençon, Lugosi and Vayatis (2008); "
        "proved in the appendix",
        relation="<=",
        left=err,
        expression=err_hat
        + 2 * rademacher_half
        + sqrt(log(1 / delta) / (2 * disjoint)),
        arguments=(err_hat, rademacher_half, delta, disjoint),
    ),
    Statement(
        key="comparator-margin",
        title="Margin bound of a bilinear class",
        words="The pair error of every bilinear student is at most the share of pairs "
        "whose margin falls short of gamma, plus a complexity term, for one gamma "
        "fixed in advance; for a grid of gammas divide delta by their number.",
        kind="upper",
        status="proved",
        assumptions=("A0", "BIL"),
        source="Usunier, Amini and Gallinari (2005) in spirit; Koltchinskii and "
        "Panchenko (2002); proved in the appendix",
        relation="<=",
        left=err,
        expression=err_gamma
        + 2 * Lambda * d_rms / (gamma * sqrt(n))
        + sqrt(log(1 / delta) / (2 * n)),
        arguments=(err_gamma, Lambda, d_rms, gamma, n, delta),
    ),
)

DISTILLING: Final = (
    Statement(
        key="comparator-teacher",
        title="Error by way of the teacher",
        words="The student orders no more pairs wrongly than twice the teacher's mean "
        "preference for the worse document plus twice the mean difference of their "
        "preferences. The first needs judgements, the second only scores.",
        kind="upper",
        status="proved",
        source="pairwise analogue of Hsu, Ji, Telgarsky and Wang (2021); proved in "
        "the appendix",
        relation="<=",
        left=err,
        expression=2 * t_err + 2 * t_gap,
        arguments=(t_err, t_gap),
    ),
    Statement(
        key="comparator-variance",
        title="Variance that soft labels save",
        words="With a true label in place of the teacher's preference the loss of a "
        "pair has this much variance more; calibrated soft labels have the same mean.",
        kind="identity",
        status="proved",
        provenance="literature",
        assumptions=("A4i",),
        source="Menon, Rawat, Reddi, Kim and Kumar (2021); proved in the appendix",
        left=Symbol(
            r"\operatorname{Var}\left(\varsigma(-Y m) \mid q, x, x'\right)",
            nonnegative=True,
        ),
        expression=p * (1 - p) * m**2,
        arguments=(p, m),
    ),
)

STATEMENTS: Final = (*RANKING, *DISTILLING)
