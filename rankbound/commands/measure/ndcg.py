"""nDCG of the judged documents of each group, and what Theorem 6 says about it.

Gains are ``2**grade - 1``, nothing for grades of 0 and less; there is no cut-off, since
groups are short. Documents without a judgement are left out of the list.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from rankbound.bounds.ndcg import (
    inversion_bound,
    rank_bound,
    surrogate_bound,
    worst_ndcg,
)
from rankbound.commands.measure.evaluated import Evaluated
from rankbound.data.scores import Floats, Scores

BOUNDS: Final = {
    "inversions": ("theorem-6a", inversion_bound),
    "pair_losses": ("theorem-6a-surrogate", surrogate_bound),
    "ranks": ("theorem-6b", rank_bound),
}
ASSUMPTIONS: Final = (
    "the bounds hold for every list of scores and judgements; ties of scores, those "
    "that clipping makes included, are broken against the student",
    "intervals and limits rest on A0, for queries with such a list",
)


def ndcg(student: Evaluated, qrels: Scores) -> dict[str, Any]:
    """One minus nDCG of the lists with documents of different gains, and its bounds.

    Returns
    -------
    dict
        `loss` is the mean of 1 - nDCG over queries with its interval; `bounds` holds
        the mean of each bound, the share of lists in which it is below 1, and whether
        the mean says nothing; `least` is that of the smaller one of pair losses and
        ranks in every list, with an upper limit. Without a list, all is None but
        `missing_because`.
    """
    groups, columns = [], []
    for group, gains, scores in judged_lists(student, qrels):
        groups.append(group)
        columns.append(
            [
                1 - worst_ndcg(gains, scores),
                *(bound(gains, scores) for _, bound in BOUNDS.values()),
            ]
        )
    if not groups:
        reason = (
            "no group of the certificate has two judged documents of different gains; "
            "a list of equal gains is in the right order whatever the student does"
        )
        return {"missing_because": reason, "assumptions": list(ASSUMPTIONS)}
    lists = np.array(columns).T
    queries = student.groups.queries[groups]
    loss, *bounds = (_per_query(values, queries) for values in lists)
    least = np.minimum(lists[2], lists[3])
    per_query = _per_query(least, queries)
    level = student.level
    return {
        "n_lists": len(groups),
        "n_queries": len(loss),
        "loss": level.part(np.clip(loss, 0.0, 1.0), low=0.0, high=1.0),
        "bounds": {
            name: _bound(key, values, raw)
            for (name, (key, _)), values, raw in zip(
                BOUNDS.items(), bounds, lists[1:], strict=True
            )
        },
        "least": {
            **_bound("the smaller of pair_losses and ranks", per_query, least),
            "limit": level.upper(np.clip(per_query, 0.0, 1.0), high=1.0),
        },
        "missing_because": None,
        "assumptions": list(ASSUMPTIONS),
    }


def judged_lists(
    student: Evaluated, qrels: Scores
) -> Iterator[tuple[int, Floats, Floats]]:
    """Position, gains and scores of every group that has something to put in order."""
    grades, judged = student.grades(qrels)
    offsets = student.groups.offsets
    gains = np.where(judged & (grades > 0), np.exp2(np.maximum(grades, 0.0)) - 1, 0.0)
    starts = offsets[:-1]
    best = np.maximum.reduceat(np.where(judged, gains, -np.inf), starts)
    least = np.minimum.reduceat(np.where(judged, gains, np.inf), starts)
    for group in np.flatnonzero(best > least):
        rows = slice(*offsets[group : group + 2])
        here = judged[rows]
        yield int(group), gains[rows][here], student.student[rows][here]


def _bound(source: str, per_query: Floats, lists: Floats) -> dict[str, Any]:
    value = float(per_query.mean())
    return {
        "value": value,
        "vacuous": value >= 1,
        "share_of_lists_below_1": float(np.mean(lists < 1)),
        "source": source,
    }


def _per_query(values: Floats, queries: np.ndarray) -> Floats:
    """Mean over the lists of each query that has one."""
    _, place = np.unique(queries, return_inverse=True)
    place = place.reshape(-1)
    return np.asarray(np.bincount(place, weights=values) / np.bincount(place))
