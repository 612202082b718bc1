r"""The entropy term of any Bregman criterion: what a teacher leaves undecided.

For a convex generator :math:`\Phi` the divergence of a prediction s from a random
target Y splits as E D(Y, s) = I + D(E Y, s). The first term, the Bregman information of
the target, does not know the student. The criteria are cases of it:

================================  ==========================  ===================
criterion                         information                 divergence
================================  ==========================  ===================
RankNet, Y a label                entropy h(p)                kl(p || sigmoid(m))
listwise, Y a one-hot label       entropy of P_g              KL(P_g || P_f)
marginMSE, one sure teacher       0                           (a - m)^2
marginMSE, Y a member's margin    variance over the members   (mean a - m)^2
================================  ==========================  ===================

So an ensemble teacher has an entropy term under every criterion, and it can be computed
from the score files of its members.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sympy import Symbol

from rankbound.bounds.errors import DomainError
from rankbound.bounds.notation import (
    D_Phi,
    H_member,
    I_Phi,
    J_member,
    m,
    mean_member,
    v_member,
)
from rankbound.bounds.numeric import margin_divergence, pair_entropy, softplus
from rankbound.bounds.statements import Statement

SOURCE: Final = "Banerjee, Merugu, Dhillon and Ghosh (2005); proved in the appendix"

STATEMENTS: Final = (
    Statement(
        key="bregman",
        title="Information plus divergence",
        words="The expected Bregman divergence of a student from a random target is "
        "the target's Bregman information, which does not depend on the student, plus "
        "the divergence of the student from the mean target.",
        kind="identity",
        status="proved",
        provenance="literature",
        source=SOURCE,
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
        source=SOURCE,
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
        source="Lin (1991), Jensen-Shannon divergence; " + SOURCE,
        left=Symbol(r"h(\overline{p})", nonnegative=True),
        expression=H_member + J_member,
        arguments=(H_member, J_member),
    ),
)


class EnsembleEntropy(NamedTuple):
    """Entropy of the label that an ensemble gives to a pair, in its two parts, in nats.

    Attributes
    ----------
    total : ndarray
        Entropy of the mean preference, in [0, ln 2].
    members : ndarray
        Mean entropy of the members.
    disagreement : ndarray
        Mean divergence of the members from the mean preference; `total - members`.
    """

    total: NDArray[Any]
    members: NDArray[Any]
    disagreement: NDArray[Any]


def margin_information(margins: ArrayLike) -> NDArray[Any]:
    """Entropy term of marginMSE: variance of the margin of a random member.

    Parameters
    ----------
    margins : array_like, shape (J, ...)
        Margins of the same pairs by each of J >= 1 members, divided by temperature.

    Returns
    -------
    ndarray, shape (...)
        Squared margins, >= 0, and 0 for a single teacher. A member is drawn uniformly,
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
    # both tails are summed as logarithms, so that the log-odds of the mean preference
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
        Squared margins, >= 0; their sum is the mean squared error over the members.

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
        raise DomainError("margins must be finite; drop pairs that a member left out")
    return array
