"""Temperatures by maximum likelihood: the pairs of queries set aside, and the fit.

The mean loss ``softplus(b m) - p b m`` is convex in the inverse temperature b, so its
minimum, if there is one, is the root of an increasing derivative.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.bounds.numeric import sigmoid
from rankbound.data.columns import Booleans, Floats, Integers
from rankbound.data.groups import Groups
from rankbound.estimators.group_terms import blocks
from rankbound.estimators.pairs import both_sides, selected_pairs

# Temperatures are searched from a thousandth to a thousand times the typical margin
SEARCH = 1e3


class UnidentifiedError(DomainError):
    """The likelihood has no maximum at a positive, finite temperature."""


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationPairs:
    """Pairs for `fit_temperature`; arrays of shape (n_pairs,).

    `margins` are raw score differences, `targets` the probability that the first
    document of the pair is preferred, `weights` give every query the same weight.
    """

    margins: Floats
    targets: Floats
    weights: Floats


def graded_pairs(groups: Groups, scores: Floats, grades: Floats) -> CalibrationPairs:
    """Pairs of documents with different grades, the better document first.

    Parameters
    ----------
    groups : Groups
        The judged and scored documents of each query.
    scores, grades : float64 arrays, shape (n_rows,)
        Of the document rows.

    Returns
    -------
    CalibrationPairs
        With the target 1 for every pair.
    """
    margins, weights = [], []
    for block in blocks(groups):
        left, right = both_sides(grades[block.rows])
        first, second = both_sides(scores[block.rows])
        chosen = selected_pairs(block.rows, mask=block.mask) & (left != right)
        margins.append(np.where(left > right, first - second, second - first)[chosen])
        weights.append(_even(chosen, _group_share(groups, block.groups))[chosen])
    joined = np.concatenate(margins)
    return CalibrationPairs(joined, np.ones_like(joined), np.concatenate(weights))


def teacher_pairs(
    groups: Groups, teacher: Floats, student: Floats, *, pairs: str
) -> CalibrationPairs:
    """Pairs of the loss, with the student's margins and the teacher's probabilities.

    Parameters
    ----------
    groups : Groups
    teacher : float64 array, shape (n_rows,)
        Divided by the teacher's temperature.
    student : float64 array, shape (n_rows,)
        Raw scores.
    pairs : {"all", "pos-neg", "neg-neg"}

    Returns
    -------
    CalibrationPairs
    """
    margins, targets, weights = [], [], []
    for block in blocks(groups):
        chosen = selected_pairs(
            block.rows, mask=block.mask, positive=block.positive, pairs=pairs
        )
        first, second = both_sides(student[block.rows])
        margins.append((first - second)[chosen])
        first, second = both_sides(teacher[block.rows])
        targets.append(sigmoid(first - second)[chosen])
        weights.append(_even(chosen, _group_share(groups, block.groups))[chosen])
    return CalibrationPairs(
        np.concatenate(margins), np.concatenate(targets), np.concatenate(weights)
    )


def fit_temperature(margins: Floats, targets: Floats, weights: Floats) -> float:
    """Temperature that makes ``sigmoid(margin / temperature)`` most likely.

    Parameters
    ----------
    margins : float64 array, shape (n_pairs,)
        Raw score differences.
    targets : float64 array, shape (n_pairs,)
        Probability that the first document of each pair is preferred, in [0, 1]; 1 for
        a judged pair written better document first.
    weights : float64 array, shape (n_pairs,)
        1 / (number of pairs of the query), so that every query counts equally.

    Returns
    -------
    float
        In the unit of the margins, positive.

    Raises
    ------
    UnidentifiedError
        If the margins order every pair as the targets do, so that the likelihood grows
        as the temperature falls to 0; or no better than chance, so that it grows as the
        temperature rises.
    DomainError
        Without a pair.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> margins = rng.normal(size=200_000) * 6
    >>> targets = (rng.random(200_000) < 1 / (1 + np.exp(-margins / 3))).astype(float)
    >>> round(fit_temperature(margins, targets, np.ones(200_000)), 1)
    3.0
    """
    if margins.size == 0:
        raise DomainError("a temperature needs at least one calibration pair")
    scale = float(np.sqrt(np.average(margins**2, weights=weights)))
    if scale == 0:
        raise UnidentifiedError("all calibration margins are 0: every pair is a tie")
    m, share = margins / scale, weights / weights.sum()

    def slope(log_inverse: float) -> float:
        return float(np.sum(share * m * (sigmoid(np.exp(log_inverse) * m) - targets)))

    end = np.log(SEARCH)
    if slope(-end) >= 0:
        raise UnidentifiedError(
            "the scores order the calibration pairs no better than a coin, so the "
            "likelihood grows as the temperature rises without end"
        )
    if slope(end) <= 0:
        raise UnidentifiedError(
            "the scores order the calibration pairs without an error, so the "
            "likelihood grows as the temperature falls to 0"
        )
    # scikit-learn's LogisticRegression finds the same number from each pair written
    # twice, in four times as long, and a large slope where there is no maximum.
    from scipy.optimize import brentq  # takes a third of a second to load

    return float(scale * np.exp(-brentq(slope, -end, end, xtol=1e-13)))


def _group_share(groups: Groups, chosen: Integers) -> Floats:
    """One over the number of groups of the query of each chosen group."""
    counts = np.bincount(groups.queries, minlength=len(groups.qids))
    return np.asarray(1.0 / counts[groups.queries[chosen]])


def _even(chosen: Booleans, share: Floats) -> Floats:
    """Equal weights of the pairs of a group that add up to its share."""
    total = np.maximum(1, chosen.sum(axis=-1))
    return np.broadcast_to((share / total)[:, None], chosen.shape)
