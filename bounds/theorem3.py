"""Theorem 3: what risk, divergence and entropy say about true relevance.

The preferences of a calibrated teacher are probabilities of being wrong. The teacher
has to be calibrated given the pair (A4i), or given p and the sign of m (A4ii).
Calibration given the value p alone is not enough for any part: see `calibration_shift`.

All functions take pairs as arrays that broadcast, with p the teacher's preference and m
the student's margin, and average over pairs with `weights`. To count queries equally,
weight each pair by one over the number of pairs of its query.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sympy import Symbol, log, sqrt

from rankbound.bounds import numeric
from rankbound.bounds.errors import DomainError
from rankbound.bounds.notation import B, D, H, R, cal_gap, err
from rankbound.bounds.statements import OURS, Statement

Floats = NDArray[np.float64]

LN2: Final = math.log(2)
# exp(-750) is below the smallest float, so no preference needs a larger margin
WIDEST: Final = 750.0


def psi(theta: ArrayLike) -> Floats:
    """Smallest divergence that misranks a pair of certainty theta = |2p - 1|, in nats.

    ``ln 2 - h((1 + theta) / 2)``, elementwise, for theta in [0, 1]. It is at least
    ``theta**2 / 2``, and computed as a divergence of margins, in which nothing cancels.

    Examples
    --------
    >>> psi([0.0, 1e-6, 1.0]).tolist()
    [0.0, 5.000000000000833e-13, 0.6931471805599453]
    """
    size = checked_inside(theta, "theta", 0.0, 1.0)
    margin = np.minimum(2 * np.arctanh(np.minimum(size, 1 - 2.0**-53)), WIDEST)
    value = numeric.margin_divergence(margin, np.zeros_like(margin))
    return np.asarray(np.where(size < 1, value, LN2))


def psi_inverse(divergence: ArrayLike) -> Floats:
    """Largest certainty in [0, 1] that a divergence in nats can misrank, rounded up.

    Elementwise; at most ``sqrt(2 * divergence)``, and 1 for divergences of ln 2 or
    more.

    Examples
    --------
    >>> psi_inverse([0.0, 0.005, 1.0]).round(6).tolist()
    [0.0, 0.099917, 1.0]
    """
    target = checked_inside(divergence, "divergence", 0.0, math.inf)
    # psi is convex and at least theta**2 / 2, so Newton steps approach the root from
    # above
    theta = np.minimum(np.sqrt(2 * target), 1 - 2.0**-53)
    for _ in range(60):
        slope = np.maximum(np.arctanh(theta), 1e-300)
        step = np.maximum(psi(theta) - target, 0.0) / slope
        theta = np.maximum(theta - step, 0.0)
        if not np.any(step > 1e-16 * theta):
            break
    return np.asarray(np.where(target < LN2, theta, 1.0))


def entropy_margin(entropy: ArrayLike) -> Floats:
    """Margin a >= 0 of a pair with a given entropy in nats: the inverse of phi.

    Elementwise for entropies in [0, ln 2], rounded up; 750 stands for infinity.

    Examples
    --------
    >>> entropy_margin([0.0, 0.256875842, np.log(2)]).round(6).tolist()
    [750.0, 2.567554, 0.0]
    """
    target = checked_inside(entropy, "entropy", 0.0, LN2)
    low, high = np.zeros_like(target), np.full_like(target, WIDEST)
    for _ in range(64):
        middle = (low + high) / 2
        above = numeric.pair_entropy(middle) > target
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    high = np.where(target > 0, high, WIDEST)
    return np.asarray(np.where(target < LN2, high, 0.0))


def h_inverse(entropy: ArrayLike) -> Floats:
    """Preference in [0, 1/2] with a given entropy in nats, elementwise, rounded down.

    Examples
    --------
    >>> h_inverse([0.0, 0.5, np.log(2)]).round(6).tolist()
    [0.0, 0.19971, 0.5]
    """
    target = checked_inside(entropy, "entropy", 0.0, LN2)
    return np.asarray(
        np.where(target > 0, numeric.sigmoid(-entropy_margin(target)), 0.0)
    )


def misranking(
    p: ArrayLike, m: ArrayLike, *, weights: ArrayLike | None = None
) -> float:
    """Probability that the student's order of a pair is wrong; ties count one half.

    Parameters
    ----------
    p : array_like
        Teacher preferences in [0, 1] of the first documents.
    m : array_like
        Student margins, of which only the signs matter.
    weights : array_like, optional
        Weights >= 0 of the pairs; equal by default.

    Returns
    -------
    float
        Between `bayes_error` and one minus `bayes_error`.

    Raises
    ------
    DomainError
        If a preference lies outside [0, 1], a margin is NaN, or no pair has weight.

    Notes
    -----
    The mean of p where m < 0, of 1 - p where m > 0, and of 1/2 where m = 0. It needs no
    labels, but one of the assumptions A4i and A4ii. Source: Theorem 3 (a).

    Examples
    --------
    >>> round(misranking([0.9, 0.2, 0.7], [1.0, 1.0, 0.0]), 6)
    0.466667
    """
    preference, margin = _pairs(p, m)
    wrong = np.where(margin < 0, preference, 1 - preference)
    return weighted_mean(np.where(margin == 0, 0.5, wrong), weights)


def bayes_error(p: ArrayLike, *, weights: ArrayLike | None = None) -> float:
    """Misranking of the teacher itself, the mean of min(p, 1 - p): Theorem 3 (d).

    Parameters and errors are those of `misranking`.

    Examples
    --------
    >>> round(bayes_error([0.9, 0.2]), 6)
    0.15
    """
    preference = checked_inside(p, "p", 0.0, 1.0)
    return weighted_mean(np.minimum(preference, 1 - preference), weights)


def discordant_divergence(
    p: ArrayLike, m: ArrayLike, *, weights: ArrayLike | None = None
) -> float:
    """Mean divergence in nats over pairs that student and teacher order differently.

    Pairs ordered alike count as zero, and ties as one half. Parameters and errors are
    those of `misranking`, but margins have to be finite. Source: Theorem 3 (b).

    Examples
    --------
    >>> round(discordant_divergence([0.9, 0.2], [1.0, 1.0]), 6)
    0.30643
    """
    preference, margin = _pairs(p, m)
    discordant = np.sign(preference - 0.5) * np.sign(margin) < 0
    share = np.where(margin == 0, 0.5, discordant)
    divergence = numeric.divergence(
        preference, checked_inside(margin, "m", -1e300, 1e300)
    )
    return weighted_mean(share * divergence, weights)


def misranking_ceiling(
    entropy: float, divergence: float, *, discordant: float | None = None
) -> float:
    """Largest misranking at an entropy and divergence, or at upper limits of them.

    Parameters
    ----------
    entropy, divergence : float
        H in [0, ln 2] and D >= 0 in nats.
    discordant : float, optional
        The divergence of discordant pairs, at most D; by default D itself.

    Returns
    -------
    float
        ``min(H / (2 ln 2) + psi_inverse(discordant), (H + D) / ln 2, 1)``. It increases
        in every argument, so upper limits may be inserted.

    Raises
    ------
    DomainError
        If an argument is outside its range.

    Notes
    -----
    Source: Theorem 3 (b), (c).

    Examples
    --------
    >>> round(misranking_ceiling(0.1, 0.05), 6)
    0.216404
    >>> round(misranking_ceiling(0.4, 0.05), 6)
    0.602102
    """
    for name, value in (("divergence", divergence), ("discordant", discordant or 0.0)):
        checked_inside(value, name, 0.0, math.inf)
    share = float(checked_inside(entropy, "entropy", 0.0, LN2)) / (2 * LN2)
    part = divergence if discordant is None else min(discordant, divergence)
    local = share + float(psi_inverse(part))
    return min(local, (entropy + divergence) / LN2, 1.0)


def misranking_floor(entropy: float) -> float:
    """Smallest misranking of any ranker at a teacher entropy in nats.

    ``h_inverse(entropy)``; a lower limit of the entropy may be inserted. Source:
    Theorem 3 (d).

    Examples
    --------
    >>> round(misranking_floor(0.5), 6)
    0.19971
    """
    return float(h_inverse(entropy))


def _pairs(p: ArrayLike, m: ArrayLike) -> tuple[Floats, Floats]:
    margin = checked_inside(m, "m", -math.inf, math.inf)
    preference, margin = np.broadcast_arrays(checked_inside(p, "p", 0.0, 1.0), margin)
    return preference, margin


def checked_inside(values: ArrayLike, name: str, low: float, high: float) -> Floats:
    """Return values as an array, or raise if one lies outside [low, high] or is NaN.

    Examples
    --------
    >>> checked_inside(0.5, "p", 0.0, 1.0).item()
    0.5
    """
    array = np.asarray(values, dtype=np.float64)
    bad = ~((array >= low) & (array <= high))
    if bad.any():
        raise DomainError(
            f"`{name}` must lie in [{low:g}, {high:g}], got {array[bad].flat[0]}; "
            "convert the values to this range first"
        )
    return array


def weighted_mean(values: Floats, weights: ArrayLike | None) -> float:
    """Mean of values with weights >= 0, equal ones by default.

    Examples
    --------
    >>> weighted_mean(np.array([1.0, 2.0]), [3.0, 1.0])
    1.25
    """
    if weights is None:
        weights = np.ones_like(values)
    weight = np.broadcast_to(
        checked_inside(weights, "weights", 0.0, math.inf), values.shape
    )
    total = float(weight.sum())
    if not 0 < total < math.inf:
        raise DomainError(
            f"`weights` must have a positive and finite sum, got {total}; drop pairs "
            "that should not count"
        )
    return float((weight * values).sum()) / total


def calibration_shift(
    p: ArrayLike, m: ArrayLike, eta: ArrayLike, *, weights: ArrayLike | None = None
) -> float:
    """True misranking minus the misranking computed from p.

    Parameters
    ----------
    p : array_like
        Teacher preferences in [0, 1].
    m : array_like
        Student margins, of which only the signs matter.
    eta : array_like
        True preferences of the pairs, or judgements 0 and 1, which give an unbiased
        estimate.
    weights : array_like, optional
        Weights >= 0 of the pairs; equal by default.

    Returns
    -------
    float
        In [-1, 1]; zero under A4i and under A4ii.

    Raises
    ------
    DomainError
        If a preference lies outside [0, 1], a margin is NaN, or no pair has weight.

    Notes
    -----
    The mean of (p - eta) times the sign of m. Source: Theorem 3 (e).

    Examples
    --------
    Preferences of 1/2 are calibrated given p, yet the student may always be wrong.

    >>> calibration_shift([0.5, 0.5], [1.0, -1.0], [0.0, 1.0])
    0.5
    """
    preference, margin = _pairs(p, m)
    truth = checked_inside(eta, "eta", 0.0, 1.0)
    return weighted_mean((truth - preference) * -np.sign(margin), weights)


def calibration_term(
    p: ArrayLike, m: ArrayLike, eta: ArrayLike, *, weights: ArrayLike | None = None
) -> float:
    """Mean gap between p and the true preference, given p and the sign of m.

    Parameters and errors are those of `calibration_shift`. The gap is at least the size
    of `calibration_shift` and at most `calibration_gap`. Pairs with equal p and equal
    sign form a cell; if p has many values, round them to bins first. With judgements
    for `eta`, cells of few pairs bias the gap upwards. Source: Theorem 3 (e).

    Examples
    --------
    >>> calibration_term([0.5, 0.5], [1.0, -1.0], [0.0, 1.0])
    0.5
    >>> calibration_term([0.5, 0.5], [1.0, 1.0], [0.0, 1.0])
    0.0
    """
    preference, margin = _pairs(p, m)
    truth = np.broadcast_to(checked_inside(eta, "eta", 0.0, 1.0), preference.shape)
    cells = np.stack([preference.ravel(), np.sign(margin).ravel()])
    _, cell = np.unique(cells, axis=1, return_inverse=True)
    cell = cell.reshape(-1)
    shares = np.ones(preference.size)
    if weights is not None:
        weight = checked_inside(weights, "weights", 0.0, np.inf)
        shares = np.broadcast_to(weight, preference.shape).ravel()
    sums = np.bincount(cell, weights=shares * (truth - preference).ravel())
    mass = np.bincount(cell, weights=shares)
    means = np.divide(np.abs(sums), mass, out=np.zeros_like(sums), where=mass > 0)
    return weighted_mean(means, mass)


def calibration_gap(
    p: ArrayLike, eta: ArrayLike, *, weights: ArrayLike | None = None
) -> float:
    """Mean absolute difference of p and the true preference, for any student.

    Times the score range B, it also bounds the difference of the risk against the truth
    and the risk against the teacher. `eta` must be true preferences: judgements of 0
    and 1 would add their noise. Source: Theorem 3 (e).

    Examples
    --------
    >>> calibration_gap([0.5, 0.75], [0.0, 1.0])
    0.375
    """
    preference, truth = np.broadcast_arrays(
        checked_inside(p, "p", 0.0, 1.0), checked_inside(eta, "eta", 0.0, 1.0)
    )
    return weighted_mean(np.abs(truth - preference), weights)


def risk_shift(
    p: ArrayLike, m: ArrayLike, eta: ArrayLike, *, weights: ArrayLike | None = None
) -> float:
    """Risk against the truth minus risk against the teacher, in nats.

    The mean of (p - eta) m. Parameters and errors are those of `calibration_shift`, but
    margins have to be finite. Source: Theorem 3 (e).

    Examples
    --------
    >>> risk_shift([0.5, 0.5], [2.0, -2.0], [0.0, 1.0])
    1.0
    """
    preference, margin = _pairs(p, checked_inside(m, "m", -1e300, 1e300))
    truth = checked_inside(eta, "eta", 0.0, 1.0)
    return weighted_mean((preference - truth) * margin, weights)


SIGN: Final = (
    " Pointwise calibration implies the assumption; calibration given the value of p "
    "does not."
)

_excess_error: Final = Symbol(r"\operatorname{err}(f) - \operatorname{err}_p(f)")
_risk_change: Final = Symbol(r"|R_{Y} - R|", nonnegative=True)

CEILINGS: Final = (
    Statement(
        key="theorem-3a",
        title="Misranking from preferences and margins",
        words="The student misranks a pair with the teacher's probability of the order "
        "it does not choose; a tie is wrong half the time. No label is needed." + SIGN,
        kind="identity",
        status="proved",
        assumptions=("A4ii",),
        source=OURS,
        left=err,
        procedure=misranking,
    ),
    Statement(
        key="theorem-3b",
        title="Misranking from entropy and discordant divergence",
        words="Misranking is at most half the entropy in bits, plus the certainty that "
        "the divergence of the discordant pairs can turn around; computed as the least "
        "of this and part (c), each of which holds." + SIGN,
        kind="upper",
        status="proved",
        provenance="literature",
        assumptions=("A4ii",),
        source="Pinsker (1964) for Bernoulli laws, in its exact form; " + OURS,
        relation="<=",
        left=err,
        procedure=misranking_ceiling,
    ),
    Statement(
        key="theorem-3b-root",
        title="Misranking from entropy and divergence",
        words="The simpler and weaker form, with all of the divergence and Pinsker's "
        "inequality." + SIGN,
        kind="upper",
        status="proved",
        provenance="literature",
        assumptions=("A4ii",),
        source="Pinsker (1964); " + OURS,
        relation="<=",
        left=err,
        expression=H / (2 * log(2)) + sqrt(2 * D),
        arguments=(H, D),
    ),
    Statement(
        key="theorem-3c",
        title="Misranking from the risk",
        words="Misranking is at most the risk in bits; below the form of part (b) "
        "where the divergence is large." + SIGN,
        kind="upper",
        status="proved",
        assumptions=("A4ii",),
        source="the log-loss in bits is above the zero-one loss; " + OURS,
        relation="<=",
        left=err,
        expression=R / log(2),
        arguments=(R,),
    ),
)

FLOORS: Final = (
    Statement(
        key="theorem-3d",
        title="Floor of misranking",
        words="No ranker that sees only query and documents misranks less than the "
        "teacher itself. Only pointwise calibration gives this.",
        kind="tight",
        status="proved",
        assumptions=("A4i",),
        source="Bayes error; " + OURS,
        relation=">=",
        left=err,
        procedure=bayes_error,
        attained_by="the order of the teacher",
    ),
    Statement(
        key="theorem-3d-entropy",
        title="Floor of misranking from the entropy",
        words="No ranker that sees only query and documents misranks less than the "
        "preference whose entropy is the teacher's. Insert a lower limit of the "
        "entropy.",
        kind="tight",
        status="proved",
        provenance="literature",
        assumptions=("A4i",),
        source="Fano (1961) for two outcomes; " + OURS,
        relation=">=",
        left=err,
        procedure=misranking_floor,
        attained_by="the order of a teacher with one preference, up to orientation, "
        "for all pairs",
    ),
)

MISCALIBRATION: Final = (
    Statement(
        key="theorem-3e",
        title="Misranking under a miscalibrated teacher",
        words="True misranking exceeds what parts (a) to (c) say by at most the mean "
        "gap between the teacher's preference and the true one, given that preference "
        "and the sign of the student's margin.",
        kind="tight",
        status="proved",
        source=OURS,
        relation="<=",
        left=_excess_error,
        procedure=calibration_term,
        attained_by="a teacher who is overconfident wherever it agrees with the "
        "student and underconfident wherever it does not",
    ),
    Statement(
        key="theorem-3e-risk",
        title="Risk under a miscalibrated teacher",
        words="The risk against true preferences differs from that against the teacher "
        "by at most this much.",
        kind="tight",
        status="proved",
        assumptions=("A1'",),
        source="the loss is linear in the preference; " + OURS,
        relation="<=",
        left=_risk_change,
        expression=B * cal_gap,
        arguments=(B, cal_gap),
        attained_by="margins of size B in favour of the document that the teacher "
        "overrates",
    ),
)

STATEMENTS: Final = (*CEILINGS, *FLOORS, *MISCALIBRATION)
