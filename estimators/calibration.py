"""Calibration pairs, from which temperatures are chosen, and the queries set aside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Booleans, Floats, Integers
from rankbound.data.groups import Groups
from rankbound.estimators.blocks import blocks
from rankbound.estimators.pairs import both_sides, selected_pairs
from rankbound.estimators.pointwise import sigmoid


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationPairs:
    """Pairs for `estimators.temperature.fit_temperature`; arrays of shape (n_pairs,).

    `margins` are raw score differences, `targets` the probability that the first
    document of the pair is preferred, `weights` give every query the same weight.
    """

    margins: Floats
    targets: Floats
    weights: Floats


def calibration_queries(
    qids: np.ndarray, *, share: float, rng: np.random.Generator
) -> Booleans:
    """Mark the share of the queries that temperatures may be fitted on.

    Parameters
    ----------
    qids : object array of str, shape (n,)
        The draw depends on the ids and the generator, not on the order of the ids.
    share : float
        In (0, 1); at least one query is drawn and at least one left.
    rng : numpy.random.Generator

    Raises
    ------
    DomainError
        With fewer than two queries.

    Examples
    --------
    >>> qids = np.array(["a", "b", "c", "d", "e"], dtype=object)
    >>> rng = np.random.default_rng(0)
    >>> int(calibration_queries(qids, share=0.2, rng=rng).sum())
    1
    """
    if len(qids) < 2:
        raise DomainError(
            "a temperature is fitted on queries that the certificate does not use; "
            f"that needs at least 2 queries, got {len(qids)}: give a number instead"
        )
    if not 0 < share < 1:
        raise DomainError(f"`share` must lie in (0, 1), got {share!r}")
    wanted = min(len(qids) - 1, max(1, round(share * len(qids))))
    drawn = rng.permutation(len(qids))[:wanted]
    chosen = np.zeros(len(qids), dtype=bool)
    chosen[np.argsort(qids)[drawn]] = True
    return chosen


def graded_pairs(groups: Groups, scores: Floats, grades: Floats) -> CalibrationPairs:
    """Pairs of documents with different grades, the better document first.

    Parameters
    ----------
    groups : Groups
        The judged and scored documents of each query.
    scores, grades : float64 arrays, shape (n_rows,)
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
    """The pairs of the loss with the student's margins and the teacher's probability.

    Parameters
    ----------
    groups : Groups
    teacher : float64 array, shape (n_rows,)
        Divided by the teacher's temperature.
    student : float64 array, shape (n_rows,)
        Raw scores.
    pairs : {"all", "pos-neg", "neg-neg"}
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


def _group_share(groups: Groups, chosen: Integers) -> Floats:
    """One over the number of groups of each chosen group's query."""
    counts = np.bincount(groups.queries, minlength=len(groups.qids))
    return np.asarray(1.0 / counts[groups.queries[chosen]])


def _even(chosen: Booleans, share: Floats) -> Floats:
    """Weight of every pair, so that the pairs of a group add up to its share."""
    total = np.maximum(1, chosen.sum(axis=-1))
    return np.broadcast_to((share / total)[:, None], chosen.shape)
