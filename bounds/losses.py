r"""Other losses of distillation: their ranges and their entropy terms.

The listwise soft cross-entropy of a query is an entropy plus a divergence, like the
loss of a pair. LCE is the special case of a one-hot teacher, whose entropy is zero.
marginMSE has no entropy term if there is one deterministic teacher. Every limit of
Theorem 1 holds for each of these losses with the range given here in place of that of
Lemma 2c.

The entropy term exists for every Bregman criterion. For a convex generator
:math:`\Phi` the expected divergence of a prediction s from a random target Y is
E D(Y, s) = I + D(E Y, s). The first term, the Bregman information of the target, does
not depend on the student:

================================  ==========================  ===================
criterion                         information                 divergence
================================  ==========================  ===================
RankNet, Y a label                entropy h(p)                kl(p || sigmoid(m))
listwise, Y a one-hot label       entropy of P_g              KL(P_g || P_f)
marginMSE, one sure teacher       0                           (a - m)^2
marginMSE, Y a member's margin    variance over the members   (mean a - m)^2
================================  ==========================  ===================

An ensemble teacher therefore has an entropy term under every criterion, which can be
computed from the score files of its members.
"""

from __future__ import annotations

import math
from typing import Any, Final, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_softmax
from sympy import Symbol, log

from rankbound.bounds.errors import DomainError
from rankbound.bounds.lemmas import cut_ratio_all_pairs
from rankbound.bounds.notation import (
    A,
    B,
    D_list,
    D_Phi,
    H_list,
    H_member,
    I_Phi,
    J_member,
    c_E,
    k,
    m,
    mean_member,
    s_neg,
    v_member,
)
from rankbound.bounds.numeric import margin_divergence, pair_entropy, softplus
from rankbound.bounds.special import Softplus
from rankbound.bounds.statements import OURS, Statement

Loss = Literal["listwise", "lce", "margin_mse"]

_listwise: Final = Symbol(r"\ell_{\mathrm{list}}", nonnegative=True)
_lce: Final = Symbol(r"\ell_{\mathrm{LCE}}", nonnegative=True)
_mse: Final = Symbol("(m - a)^{2}", nonnegative=True)
_mse_query: Final = Symbol(r"\overline{(m - a)^{2}}", nonnegative=True)

LISTWISE: Final = (
    Statement(
        key="loss-listwise",
        title="Listwise loss in two parts",
        words="The soft cross-entropy of a query over its documents is the entropy of "
        "the teacher's distribution plus the divergence of the student's from it.",
        kind="identity",
        status="proved",
        source=OURS,
        left=_listwise,
        expression=H_list + D_list,
        arguments=(H_list, D_list),
    ),
    Statement(
        key="loss-listwise-lower",
        title="Smallest listwise loss",
        words="No query of k documents costs less under the listwise loss.",
        kind="tight",
        status="proved",
        assumptions=("A1'",),
        source=OURS,
        relation=">=",
        left=_listwise,
        expression=Softplus(log(k - 1) - B),
        arguments=(k, B),
        attained_by="a one-hot teacher whose document scores B above all others",
    ),
    Statement(
        key="loss-listwise-upper",
        title="Largest listwise loss",
        words="No query of k documents costs more under the listwise loss. The "
        "divergence of a query is never more either.",
        kind="tight",
        status="proved",
        assumptions=("A1'",),
        source=OURS,
        relation="<=",
        left=_listwise,
        expression=Softplus(log(k - 1) + B),
        arguments=(k, B),
        attained_by="a one-hot teacher whose document scores B below all others",
    ),
    Statement(
        key="loss-listwise-entropy",
        title="Largest listwise entropy",
        words="The entropy of the teacher's distribution over k documents is never "
        "more.",
        kind="tight",
        status="proved",
        source=OURS,
        relation="<=",
        left=H_list,
        expression=log(k),
        arguments=(k,),
        attained_by="a teacher that scores all documents alike",
    ),
)

LCE: Final = (
    Statement(
        key="loss-lce",
        title="LCE is all divergence",
        words="The localised contrastive loss is the listwise loss of a one-hot "
        "teacher: its entropy term is zero and its range that of the listwise loss.",
        kind="identity",
        status="proved",
        source="loss of Gao, Dai and Callan (2021); " + OURS,
        left=_lce,
        expression=Softplus(s_neg),
        arguments=(s_neg,),
    ),
)

MARGIN_MSE: Final = (
    Statement(
        key="loss-mse",
        title="Largest squared error of a margin",
        words="No pair costs more under marginMSE; the least is zero. Against one "
        "deterministic teacher there is no entropy term.",
        kind="tight",
        status="proved",
        assumptions=("A1'", "A2"),
        source="loss of Hofstätter et al. (2020); " + OURS,
        relation="<=",
        left=_mse,
        expression=(A + B) ** 2,
        arguments=(A, B),
        attained_by="teacher margin A and student margin -B",
    ),
    Statement(
        key="loss-mse-query",
        title="Largest squared error of one query",
        words="The mean squared error of the pairs of one query is never more: not "
        "all pairs can err most at once.",
        kind="tight",
        status="proved",
        assumptions=("A1'", "A2"),
        source=OURS,
        relation="<=",
        left=_mse_query,
        expression=c_E * (A + B) ** 2,
        arguments=(c_E, A, B),
        attained_by="two clusters of documents, at teacher margin A and in reverse "
        "order at student margin B",
    ),
)

BREGMAN_SOURCE: Final = (
    "Banerjee, Merugu, Dhillon and Ghosh (2005); proved in the appendix"
)

BREGMAN: Final = (
    Statement(
        key="bregman",
        title="Information plus divergence",
        words="The expected Bregman divergence of a student from a random target is "
        "the target's Bregman information, which does not depend on the student, plus "
        "the divergence of the student from the mean target.",
        kind="identity",
        status="proved",
        provenance="literature",
        source=BREGMAN_SOURCE,
        left=Symbol(r"\mathbb{E}\,D_{\Phi}(Y, s)", nonnegative=True),
        expression=I_Phi + D_Phi,
        arguments=(I_Phi, D_Phi),
    ),
    Statement(
        key="bregman-ensemble",
        title="marginMSE against an ensemble",
        words="Against a member of the ensemble drawn at random the squared error of "
        "a margin is the variance over the members, which no student can lower, plus "
        "the squared error against their mean.",
        kind="identity",
        status="proved",
        provenance="literature",
        source=BREGMAN_SOURCE,
        left=Symbol(r"\mathbb{E}\,(a_J - m)^{2}", nonnegative=True),
        expression=v_member + (mean_member - m) ** 2,
        arguments=(v_member, mean_member, m),
    ),
    Statement(
        key="bregman-label",
        title="RankNet against an ensemble",
        words="The entropy of the mean preference of an ensemble is the mean entropy "
        "of its members plus their disagreement, the mean divergence of a member from "
        "the mean preference.",
        kind="identity",
        status="proved",
        provenance="literature",
        source="Lin (1991), Jensen-Shannon divergence; " + BREGMAN_SOURCE,
        left=Symbol(r"h(\overline{p})", nonnegative=True),
        expression=H_member + J_member,
        arguments=(H_member, J_member),
    ),
)

STATEMENTS: Final = (*LISTWISE, *LCE, *MARGIN_MSE, *BREGMAN)
_BY_KEY: Final = {entry.key: entry for entry in STATEMENTS}


def loss_range(
    loss: Loss, *, score_range: float, group_size: int, teacher_range: float = 0.0
) -> tuple[float, float]:
    """Smallest and largest loss of one query, for the limits of Theorem 1.

    Parameters
    ----------
    loss : {"listwise", "lce", "margin_mse"}
        The criterion; "margin_mse" is the mean over all pairs of the query.
    score_range : float
        B >= 0, the largest absolute student margin of a pair.
    group_size : int
        Number k >= 2 of documents of a query. If it varies, take the smallest for
        "margin_mse"; for the others, the lower end of the smallest group and the upper
        end of the largest.
    teacher_range : float
        A >= 0, finite, the largest absolute teacher margin. Only "margin_mse" uses it.

    Returns
    -------
    tuple of float
        (low, high) in nats, for "margin_mse" in squared margins.

    Raises
    ------
    DomainError
        If the loss is not one of the three, or a number is outside its domain.

    Notes
    -----
    Source: `loss-listwise-lower`, `loss-listwise-upper`, `loss-mse-query`.

    Examples
    --------
    >>> [round(end, 4) for end in loss_range("lce", score_range=10.0, group_size=16)]
    [0.0007, 12.7081]
    >>> loss_range("margin_mse", score_range=2.0, group_size=4, teacher_range=1.0)
    (0.0, 6.0)
    """
    if loss not in get_args(Loss):
        raise DomainError(
            f"`loss` must be one of {', '.join(get_args(Loss))}, got {loss!r}"
        )
    if loss == "margin_mse":
        return 0.0, _largest_error(score_range, group_size, teacher_range)
    low = _BY_KEY["loss-listwise-lower"].numpy()(group_size, score_range)
    return float(low), float(
        _BY_KEY["loss-listwise-upper"].numpy()(group_size, score_range)
    )


def _largest_error(score_range: float, group_size: int, teacher_range: float) -> float:
    if not math.isfinite(teacher_range):
        raise DomainError(
            "the range of marginMSE needs a range of the teacher's margins: "
            f"`teacher_range` must be finite, got {teacher_range!r}; clip the teacher"
        )
    ratio = cut_ratio_all_pairs(group_size)
    view = _BY_KEY["loss-mse-query"].numpy()
    return float(view(ratio, teacher_range, score_range))


def listwise_parts(
    teacher_scores: ArrayLike, student_scores: ArrayLike
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Entropy and divergence of the listwise loss, one number per query.

    Parameters
    ----------
    teacher_scores : array_like, shape (..., k)
        Scores already divided by the temperature. Minus infinity gives a document no
        mass, so LCE's one-hot teacher is 0 for the positive and minus infinity for the
        others.
    student_scores : array_like, shape (..., k)
        Finite scores of the student; a constant added to those of a query is ignored.

    Returns
    -------
    tuple of ndarray, shape (...)
        Entropy in [0, ln k] and divergence >= 0, in nats; their sum is the loss.

    Raises
    ------
    DomainError
        If the shapes differ, there are fewer than two documents, a score is NaN, a
        student score is infinite, or the teacher gives no document any mass.

    Notes
    -----
    `rankbound.estimators.listwise` has the same two quantities for finite scores of
    groups of any size. Source: `loss-listwise`.

    Examples
    --------
    >>> entropy, divergence = listwise_parts([[0.0, -np.inf]], [[1.0, 1.0]])
    >>> entropy.tolist(), divergence.round(6).tolist()
    ([0.0], [0.693147])
    """
    teacher = np.asarray(teacher_scores, dtype=np.float64)
    student = np.asarray(student_scores, dtype=np.float64)
    _check_lists(teacher, student)
    log_p, log_s = log_softmax(teacher, axis=-1), log_softmax(student, axis=-1)
    preferences = np.exp(log_p)
    finite = np.where(preferences > 0, log_p, 0.0)
    entropy = -(preferences * finite).sum(axis=-1)
    # The terms p log(p / s) + s - p have the same sum, and none of them is negative
    gap = np.where(preferences > 0, log_s - finite, 0.0)
    near = preferences * (np.expm1(np.clip(gap, -1, 1)) - gap)
    far = np.exp(log_s) - preferences - preferences * gap
    terms = np.where((preferences > 0) & (np.abs(gap) < 1), near, far)
    return np.maximum(entropy, 0.0), terms.sum(axis=-1)


def _check_lists(teacher: NDArray[Any], student: NDArray[Any]) -> None:
    if teacher.shape != student.shape or teacher.ndim == 0 or teacher.shape[-1] < 2:
        raise DomainError(
            "teacher and student must score the same two or more documents of each "
            f"query, got shapes {teacher.shape} and {student.shape}"
        )
    if not np.isfinite(student).all():
        raise DomainError("student scores must be finite; drop unscored documents")
    if np.isnan(teacher).any() or not np.isfinite(teacher.max(axis=-1)).all():
        raise DomainError(
            "teacher scores must not be NaN or plus infinity, and at least one score "
            "of each query must be finite; drop queries that the teacher did not score"
        )


class EnsembleEntropy(NamedTuple):
    """Entropy of an ensemble's label of a pair, with its two parts, in nats.

    Attributes
    ----------
    total : ndarray
        Entropy of the mean preference, in [0, ln 2].
    members : ndarray
        Mean entropy of the members.
    disagreement : ndarray
        Mean divergence of the members from the mean preference, `total - members`.
    """

    total: NDArray[Any]
    members: NDArray[Any]
    disagreement: NDArray[Any]


def margin_information(margins: ArrayLike) -> NDArray[Any]:
    """Entropy term of marginMSE: the variance of the margin of a random member.

    Parameters
    ----------
    margins : array_like, shape (J, ...)
        Margins of the same pairs by each of J >= 1 members, divided by temperature.

    Returns
    -------
    ndarray, shape (...)
        In squared margins, >= 0; 0 for a single teacher. A member is drawn uniformly,
        so the sum of squares is divided by J, not by J - 1.

    Raises
    ------
    DomainError
        If there is no member or a margin is not finite.

    Notes
    -----
    Source: `bregman-ensemble`.

    Examples
    --------
    >>> margin_information([[1.0, 2.0], [3.0, 2.0]]).tolist()
    [1.0, 0.0]
    """
    array = _checked_members(margins)
    return np.asarray(array.var(axis=0))


def label_information(margins: ArrayLike) -> EnsembleEntropy:
    """Entropy term of RankNet against the mean preference of an ensemble.

    Parameters
    ----------
    margins : array_like, shape (J, ...)
        Margins of the same pairs by each of J >= 1 members, divided by temperature.

    Returns
    -------
    EnsembleEntropy
        Three arrays of shape (...), in nats, each in [0, ln 2].

    Raises
    ------
    DomainError
        If there is no member or a margin is not finite.

    Notes
    -----
    The disagreement is summed as divergences, not formed as a difference of entropies.
    Source: `bregman-label`.

    Examples
    --------
    >>> [round(float(part), 6) for part in label_information([40.0, -40.0])]
    [0.693147, 0.0, 0.693147]
    """
    array = _checked_members(margins)
    # Both tails are summed as logarithms, so that the log-odds of the mean preference
    # keep their digits where every member is certain
    agree = np.logaddexp.reduce(-softplus(-array), axis=0)
    mean_odds = agree - np.logaddexp.reduce(-softplus(array), axis=0)
    return EnsembleEntropy(
        total=np.asarray(pair_entropy(np.asarray(mean_odds))),
        members=_mean(pair_entropy(array)),
        disagreement=_mean(margin_divergence(array, mean_odds + np.zeros_like(array))),
    )


def ensemble_parts(
    margins: ArrayLike, student: ArrayLike
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Information and divergence of marginMSE of a student and an ensemble teacher.

    Parameters
    ----------
    margins : array_like, shape (J, ...)
        Margins of the same pairs by each of J >= 1 members.
    student : array_like, shape (...)
        Margins of the student.

    Returns
    -------
    tuple of ndarray, shape (...)
        In squared margins, >= 0; their sum is the mean squared error over the members.

    Raises
    ------
    DomainError
        If the shapes do not fit, there is no member or a margin is not finite.

    Notes
    -----
    Source: `bregman-ensemble`.

    Examples
    --------
    >>> [part.tolist() for part in ensemble_parts([[1.0], [3.0]], [0.0])]
    [[1.0], [4.0]]
    """
    array = _checked_members(margins)
    ours = np.asarray(student, dtype=np.float64)
    if ours.shape != array.shape[1:] or not np.isfinite(ours).all():
        raise DomainError(
            "the student needs one finite margin for each pair of the members, shape "
            f"{array.shape[1:]}, got shape {ours.shape}"
        )
    return np.asarray(array.var(axis=0)), np.asarray((array.mean(axis=0) - ours) ** 2)


def _mean(array: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(array.mean(axis=0))


def _checked_members(margins: ArrayLike) -> NDArray[Any]:
    array = np.asarray(margins, dtype=np.float64)
    if array.ndim == 0 or array.shape[0] == 0:
        raise DomainError(
            "an ensemble needs margins of at least one member along the first axis, "
            f"got shape {array.shape}"
        )
    if not np.isfinite(array).all():
        raise DomainError(
            "margins must be finite; drop pairs that a member did not score"
        )
    return array
