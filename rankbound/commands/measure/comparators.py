"""nDCG with the bounds of Theorem 6, and bounds of earlier work, on judged documents.

The gain of a document in nDCG is ``2**grade - 1``, and 0 for grades of 0 and below.
There is no cut-off, since groups are short. Documents without a judgement are left out
of a list. Each earlier bound states its assumptions, or why it cannot be computed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np
from msgspec.structs import replace

from rankbound.bounds.comparators import (
    auc_of_query,
    label_variance,
    ramp_errors,
    teacher_terms,
)
from rankbound.bounds.floors import combined_floor
from rankbound.bounds.registry import statement
from rankbound.bounds.theorem6 import (
    inversion_bound,
    rank_bound,
    surrogate_bound,
    worst_ndcg,
)
from rankbound.commands.measure.certifying import Level
from rankbound.commands.measure.relevance import (
    CHANCE,
    UNJUDGED,
    Evaluated,
    JudgedPairs,
    judged_pairs,
    misordered,
)
from rankbound.commands.measure.result import (
    Comparator,
    Comparators,
    LimitFloor,
    Ndcg,
    NdcgBound,
)
from rankbound.data.columns import Booleans, Floats
from rankbound.data.scores import Scores

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
GAMMA: Final = 1.0  # temperatures; fixed in advance
DOCUMENTS: Final = (
    "IID-DOCS (asserted): the documents of a list are independent draws of their kind, "
    "fixed without the student; retrieved or mined documents are not"
)
ONE_KIND: Final = "no group has judged documents of grade 1 and more, and of less"


def ndcg(student: Evaluated, qrels: Scores, *, asserted: tuple[str, ...] = ()) -> Ndcg:
    """One minus nDCG of the lists with documents of different gains, and its bounds.

    `asserted` are assumptions in addition to `ASSUMPTIONS`.

    Returns
    -------
    Ndcg
        `loss` is the mean of 1 - nDCG over queries with its interval. `bounds` holds
        the mean of each bound, whether that mean is vacuous, and the share of lists
        with a bound below 1. `least` is the same for the smaller of the bounds by pair
        losses and by ranks of every list, with an upper limit. Without a list, all
        fields except `missing_because` and `assumptions` are None.
    """
    assumptions = (*ASSUMPTIONS, *asserted)
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
        return Ndcg(missing_because=reason, assumptions=assumptions)
    lists = np.array(columns).T
    queries = student.groups.queries[groups]
    loss, *bounds = (student.per_unit(values, queries) for values in lists)
    least = np.minimum(lists[2], lists[3])
    per_query = student.per_unit(least, queries)
    level = student.level
    return Ndcg(
        n_lists=len(groups),
        n_queries=len(np.unique(queries)),
        loss=level.part(np.clip(loss, 0.0, 1.0), low=0.0, high=1.0, trivial=1.0),
        bounds={
            name: _bound(key, values, raw)
            for (name, (key, _)), values, raw in zip(
                BOUNDS.items(), bounds, lists[1:], strict=True
            )
        },
        least=replace(
            _bound("the smaller of pair_losses and ranks", per_query, least),
            limit=level.upper(np.clip(per_query, 0.0, 1.0), high=1.0),
            limit_floor=LimitFloor.of(
                level.floor(np.clip(per_query, 0.0, 1.0), high=1.0, trivial=1.0)
            ),
        ),
        missing_because=None,
        assumptions=assumptions,
    )


def judged_lists(
    student: Evaluated, qrels: Scores
) -> Iterator[tuple[int, Floats, Floats]]:
    """Position, gains and scores of every group with documents of different gains."""
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


def _bound(source: str, per_query: Floats, lists: Floats) -> NdcgBound:
    value = float(per_query.mean())
    return NdcgBound(
        value=value,
        vacuous=value >= 1,
        share_of_lists_below_1=float(np.mean(lists < 1)),
        source=source,
    )


def comparators(student: Evaluated, qrels: Scores) -> Comparators:
    """Every earlier bound with its value and limit, what it bounds, and what it needs.

    Limits of single lists are averaged over queries; each holds only for its list.
    """
    pairs = judged_pairs(student, qrels)
    if pairs is None:
        none = _entry(missing=UNJUDGED)
        return Comparators(
            auc=none, pool=none, margin=none, teacher=none, variance=none
        )
    auc, pool = _of_lists(student, qrels)
    return Comparators(
        auc=auc,
        pool=pool,
        margin=_margin(pairs),
        teacher=_teacher(pairs, student.level),
        variance=_variance(pairs),
    )


def better_first(pairs: JudgedPairs, margin: Floats) -> Floats:
    """Margins of the document that is judged better over the other one."""
    return np.asarray(np.where(pairs.labels >= 0.5, margin, -margin))


def _of_lists(student: Evaluated, qrels: Scores) -> tuple[Comparator, Comparator]:
    """AUC and pool, which are bounds of one list of documents each."""
    delta, n_students = student.level.delta, student.level.n_students
    grades, judged = student.grades(qrels)
    areas: list[tuple[float, ...]] = []
    pools: list[tuple[float, ...]] = []
    for group, start in enumerate(student.groups.offsets[:-1]):
        rows = slice(start, student.groups.offsets[group + 1])
        here = judged[rows]
        grade, score = grades[rows][here], student.student[rows][here]
        relevant, query = grade >= 1, student.groups.queries[group]
        if relevant.any() and not relevant.all():
            areas.append((query, *auc_of_query(score, relevant)))
        if len(np.unique(grade)) > 1:
            pools.append((query, pool_error(grade, score), len(grade) // 2))
    of = "expected AUC of one list, from below"
    auc = _entry(of=of, missing=ONE_KIND)
    if areas:
        queries, area, good, bad = np.array(areas).T
        limits = statement("comparator-auc").numpy()(
            area, good, bad, delta / n_students
        )
        auc = _averaged(of, student, (queries, area, limits), beyond=limits > 0.5)
    of = "share of pairs in the wrong order of one list's law"
    queries, errors, half = np.array(pools).T
    limits = statement("comparator-pool").numpy()(errors, n_students, delta, half)
    found = _averaged(of, student, (queries, errors, limits), beyond=limits < 0.5)
    return auc, found


def pool_error(grades: Floats, scores: Floats) -> float:
    """Share of the pairs of a list in the wrong order; equal grades are never wrong.

    Examples
    --------
    >>> round(pool_error(np.array([1.0, 0.0, 0.0]), np.array([1.0, 2.0, 1.0])), 6)
    0.5
    """
    first, second = np.triu_indices(len(grades), 1)
    better = np.sign(grades[first] - grades[second])
    wrong = misordered(better * (scores[first] - scores[second]), np.ones(len(first)))
    return float(np.where(better == 0, 0.0, wrong).mean())


def _averaged(
    of: str,
    student: Evaluated,
    lists: tuple[Floats, Floats, Floats],
    *,
    beyond: Booleans,
) -> Comparator:
    """Means of the values and limits of lists, over queries and then over units.

    `lists` are the query, value and limit of each; `beyond` marks the limits that are
    not vacuous.
    """
    queries, values, limits = lists
    value, limit = (
        float(student.per_unit(column, queries.astype(np.int64)).mean())
        for column in (values, limits)
    )
    entry = _entry(value, limit, of=of, assumptions=(DOCUMENTS,))
    return replace(
        entry, n_lists=len(values), share_of_lists_not_vacuous=float(np.mean(beyond))
    )


def _margin(pairs: JudgedPairs) -> Comparator:
    short = ramp_errors(better_first(pairs, pairs.student_margin), gamma=GAMMA)
    return replace(
        _entry(
            float(pairs.means(short).mean()),
            of=f"misranking of every student of a bilinear class, margin {GAMMA:g}",
            missing="the limit needs a bilinear class of frozen embeddings with a norm "
            "fixed in advance (BIL), which scores do not determine",
            assumptions=("A0", "BIL"),
        ),
        gamma=GAMMA,
    )


def _teacher(pairs: JudgedPairs, level: Level) -> Comparator:
    """The bound through the teacher of Hsu et al.: two limits, each at delta / 2."""
    margins = (pairs.teacher_margin, pairs.student_margin)
    error, gap = (
        pairs.means(part)
        for part in teacher_terms(*(better_first(pairs, margin) for margin in margins))
    )
    bound = statement("comparator-teacher").numpy()
    limits = (level.upper(part, high=1.0, share=0.5) for part in (error, gap))
    return replace(
        _entry(
            float(bound(error.mean(), gap.mean())),
            float(bound(*limits)),
            of="misranking on judged pairs",
            assumptions=("A0",),
        ),
        limit_floor=LimitFloor.of(
            combined_floor(
                [(float(part.mean()), 1.0) for part in (error, gap)],
                len(error),
                lambda first, second: float(bound(first, second)),
                delta=level.delta / 2,
                n_students=level.n_students,
                trivial=CHANCE,
            )
        ),
        teacher_preference_for_worse=float(error.mean()),
        preference_gap=float(gap.mean()),
    )


def _variance(pairs: JudgedPairs) -> Comparator:
    soft, added = label_variance(pairs.preference, pairs.student_margin)
    return replace(
        _entry(
            math.fsum((soft, added)),
            of="variance of a pair's loss with true labels, nats squared",
            missing="it is an identity about variances, not a bound of the risk",
            assumptions=("A4i",),
        ),
        soft_labels=soft,
        added_by_labels=added,
    )


def _entry(
    value: float | None = None,
    limit: float | None = None,
    *,
    of: str = "",
    missing: str | None = None,
    assumptions: tuple[str, ...] = (),
) -> Comparator:
    return Comparator(
        value=value,
        limit=limit,
        of=of,
        missing_because=missing,
        assumptions=assumptions,
    )
