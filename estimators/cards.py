"""What can be said of a sampling before anybody trains on it: one number per group.

Sources: suspected false negatives are those of Qu et al. (RocketQA, 2021), negatives
that a teacher scores above the positive; coverage by strata of equal width is what
stratified sampling of teacher scores aims at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Floats, Integers, positions
from rankbound.data.groups import Groups
from rankbound.data.ordering import WINDOW, windows
from rankbound.data.scores import Scores

STRATA: Final = 10


def suspected_shares(groups: Groups, values: Floats) -> Floats:
    """Share of the pairs of a positive and a negative that the teacher turns round.

    With one positive, that is the share of negatives that the teacher scores above it.
    A tie is not above.

    Parameters
    ----------
    groups : Groups
        With positives that are known.
    values : float64 array, shape (n_rows,)
        Teacher scores.

    Returns
    -------
    float64 array, shape (n_groups,)
        In [0, 1]; NaN for a group without a positive or without a negative.

    Raises
    ------
    DomainError
        When positives are not known.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from rankbound.data.groups import top_documents
    >>> scores = Scores.from_dict({"q": {"a": 2.0, "b": 3.0, "c": 1.0, "d": 2.0}})
    >>> groups = replace(
    ...     top_documents(scores, depth=4),
    ...     positive=np.array([False, False, True, False]),
    ... )
    >>> groups.docnos[groups.codes].tolist(), groups.scores_of(scores)[0].tolist()
    (['b', 'd', 'a', 'c'], [3.0, 2.0, 2.0, 1.0])
    >>> suspected_shares(groups, groups.scores_of(scores)[0]).round(3).tolist()
    [0.333]
    """
    if groups.positive is None:
        raise DomainError(
            "suspected false negatives are negatives above a positive; give groups "
            "whose positives are known"
        )
    group, good = groups.row_group(), groups.positive
    pairs = groups.count_pairs("pos-neg")
    if good.sum() <= groups.n_groups and np.bincount(group[good]).max(initial=0) <= 1:
        best = np.full(groups.n_groups, np.inf)
        best[group[good]] = values[good]
        turned = np.bincount(group[values > best[group]], minlength=groups.n_groups)
        return _shares(turned, pairs)
    # Negatives before positives of the same score, which are not below them
    order = np.lexsort((good, values, group))
    below = np.cumsum(good[order])
    of_group = np.bincount(group[good], minlength=groups.n_groups)
    below = below - (np.cumsum(of_group) - of_group)[group[order]]
    bad = ~good[order]
    turned = np.bincount(
        group[order][bad], weights=below[bad], minlength=groups.n_groups
    )
    return _shares(turned, pairs)


def _shares(number: ArrayLike, pairs: Integers) -> Floats:
    """Shares of pairs; NaN where there are none."""
    missing = np.full(len(pairs), np.nan)
    return np.asarray(np.divide(number, pairs, out=missing, where=pairs > 0))


def score_coverage(
    groups: Groups,
    scores: Scores,
    *,
    strata: int = STRATA,
    values: Floats | None = None,
) -> tuple[Floats, Floats]:
    """How much of the range and of the variance of the teacher's scores groups cover.

    The pool of a query is what the teacher has scored for it. Its range is cut into
    strata of equal width, of which some may be empty.

    Parameters
    ----------
    groups : Groups
        Documents without a score are ignored.
    scores : Scores
        Of the teacher.
    strata : int
        At least 1.
    values : float64 array, shape (n_rows,), optional
        The scores of the groups' documents, where all have one and these are known.

    Returns
    -------
    hit : float64 array, shape (n_groups,)
        Share of the pool's strata that the documents of the group lie in, in [0, 1].
    variance : float64 array, shape (n_groups,)
        Variance of the group's scores by that of the pool, at least 0 and perhaps above
        1; NaN where the pool's scores are all the same.

    Examples
    --------
    >>> from rankbound.data.groups import top_documents
    >>> scores = Scores.from_dict({"q": {"a": 4.0, "b": 3.0, "c": 2.0, "d": 1.0}})
    >>> hit, variance = score_coverage(top_documents(scores, depth=2), scores, strata=4)
    >>> hit.tolist(), variance.round(3).tolist()
    ([0.5], [0.2])
    """
    if strata < 1:
        raise DomainError(f"`strata` must be at least 1, got {strata}")
    sizes = scores.sizes
    starts = scores.offsets[:-1]
    low = np.minimum.reduceat(scores.values, starts)
    high = np.maximum.reduceat(scores.values, starts)
    spread = np.empty(scores.n_queries)
    held = np.zeros((scores.n_queries, strata), dtype=bool)
    for some, rows, query in _parts(scores.offsets):
        pool = scores.values[rows]
        spread[some] = _variances(pool, query, some.stop - some.start)
        place = _stratum(pool, low[some][query], high[some][query], strata)
        held[some][query, place] = True
    there = held.sum(axis=1)

    if values is None:
        values, found = groups.scores_of(scores)
    else:
        found = np.ones(len(values), dtype=bool)
    of_group = positions(scores.qids, groups.group_qids())
    known = of_group >= 0
    share = np.full(groups.n_groups, np.nan)
    ratio = np.full(groups.n_groups, np.nan)
    mine = np.empty(groups.n_groups)
    covered = np.zeros(groups.n_groups, dtype=np.int64)
    for some, rows, group in _parts(groups.offsets):
        scored = found[rows]
        own, group, drawn = (
            of_group[some][group[scored]],
            group[scored],
            values[rows][scored],
        )
        hits = np.zeros((some.stop - some.start, strata), dtype=bool)
        hits[group, _stratum(drawn, low[own], high[own], strata)] = True
        covered[some] = hits.sum(axis=1)
        mine[some] = _variances(drawn, group, some.stop - some.start)
    share[known] = covered[known] / there[of_group[known]]
    varies = known & (spread[of_group] > 0) & (sizes[of_group] > 1)
    ratio[varies] = mine[varies] / spread[of_group[varies]]
    return share, ratio


def _parts(offsets: Integers) -> Iterator[tuple[slice, slice, Integers]]:
    """Queries or groups that follow each other, their rows, and of which each is."""
    for first, last in windows(offsets, WINDOW):
        rows = slice(int(offsets[first]), int(offsets[last]))
        sizes = np.diff(offsets[first : last + 1])
        yield slice(first, last), rows, np.repeat(np.arange(last - first), sizes)


def _stratum(values: Floats, low: Floats, high: Floats, strata: int) -> Integers:
    width = np.where(high > low, high - low, 1.0)
    place = ((high - values) / width * strata).astype(np.int64)
    return np.clip(place, 0, strata - 1)


def _variances(values: Floats, part: Integers, n_parts: int) -> Floats:
    """Variances (over n, not n - 1) of the values of each part, about its mean."""
    counts = np.maximum(np.bincount(part, minlength=n_parts), 1)
    means = np.bincount(part, weights=values, minlength=n_parts) / counts
    off = (values - means[part]) ** 2
    return np.asarray(np.bincount(part, weights=off, minlength=n_parts) / counts)
