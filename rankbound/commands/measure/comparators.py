"""Earlier bounds on the judged pairs of the certificate's queries, beside ours.

Each says what it rests on, and what is missing where it cannot be computed.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from rankbound.bounds.comparator_terms import (
    auc_of_query,
    label_variance,
    ramp_errors,
    teacher_terms,
)
from rankbound.bounds.registry import statement
from rankbound.commands.measure.evaluated import Evaluated, Level
from rankbound.commands.measure.judged import (
    UNJUDGED,
    JudgedPairs,
    judged_pairs,
    misordered,
)
from rankbound.data.scores import Floats, Scores

GAMMA: Final = 1.0  # temperatures; fixed in advance
DOCUMENTS: Final = (
    "IID-DOCS (asserted): the documents of a list are independent draws of their kind, "
    "fixed without the student; retrieved or mined documents are not"
)

ONE_KIND: Final = "no group has judged documents of grade 1 and more, and of less"


def comparators(student: Evaluated, qrels: Scores) -> dict[str, Any]:
    """Every comparator with its value, limit, what it bounds, and what it needs.

    Returns
    -------
    dict
        By name: `value` and `limit` (None with `missing_because`), `of`, `assumptions`.
        `auc` is bounded from below, all others from above. Limits of single lists are
        averaged over queries; each holds for its list alone.
    """
    pairs = judged_pairs(student, qrels)
    if pairs is None:
        names = ("auc", "pool", "margin", "teacher", "variance")
        return {name: _entry(missing=UNJUDGED) for name in names}
    return {
        **_of_lists(student, qrels),
        "margin": _margin(pairs),
        "teacher": _teacher(pairs, student.level),
        "variance": _variance(pairs),
    }


def better_first(pairs: JudgedPairs, margin: Floats) -> Floats:
    """Margins of the better judged document of each pair over the worse one."""
    return np.asarray(np.where(pairs.labels >= 0.5, margin, -margin))


def _of_lists(student: Evaluated, qrels: Scores) -> dict[str, Any]:
    """AUC and pool: bounds of one list of documents at a time."""
    delta, n_students = student.level.delta, student.level.n_students
    grades, judged = student.grades(qrels)
    auc: list[tuple[float, ...]] = []
    pool: list[tuple[float, ...]] = []
    for group, start in enumerate(student.groups.offsets[:-1]):
        rows = slice(start, student.groups.offsets[group + 1])
        here = judged[rows]
        grade, score = grades[rows][here], student.student[rows][here]
        relevant, query = grade >= 1, student.groups.queries[group]
        if relevant.any() and not relevant.all():
            auc.append((query, *auc_of_query(score, relevant)))
        if len(np.unique(grade)) > 1:
            pool.append((query, pool_error(grade, score), len(grade) // 2))
    found: dict[str, Any] = {}
    of = "expected AUC of one list, from below"
    found["auc"] = _entry(of=of, missing=ONE_KIND)
    if auc:
        queries, area, good, bad = np.array(auc).T
        limits = statement("comparator-auc").numpy()(
            area, good, bad, delta / n_students
        )
        found["auc"] = _averaged(of, queries, area, limits)
        found["auc"]["share_of_lists_not_vacuous"] = float(np.mean(limits > 0.5))
    of = "share of pairs in the wrong order of one list's law"
    queries, errors, half = np.array(pool).T
    limits = statement("comparator-pool").numpy()(errors, n_students, delta, half)
    found["pool"] = _averaged(of, queries, errors, limits)
    found["pool"]["share_of_lists_not_vacuous"] = float(np.mean(limits < 0.5))
    return found


def pool_error(grades: Floats, scores: Floats) -> float:
    """Share of all pairs of a list in the wrong order; equal grades are never wrong.

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
    of: str, queries: Floats, values: Floats, limits: Floats
) -> dict[str, Any]:
    """Means over queries of the values and limits of their lists."""
    _, place = np.unique(queries, return_inverse=True)
    counts = np.bincount(place)
    value, limit = (
        float((np.bincount(place, weights=column) / counts).mean())
        for column in (values, limits)
    )
    entry = _entry(value, limit, of=of, assumptions=[DOCUMENTS])
    return {**entry, "n_lists": len(values)}


def _margin(pairs: JudgedPairs) -> dict[str, Any]:
    short = ramp_errors(better_first(pairs, pairs.student_margin), gamma=GAMMA)
    return {
        **_entry(
            float(pairs.means(short).mean()),
            of=f"misranking of every student of a bilinear class, margin {GAMMA:g}",
            missing="the limit needs a bilinear class of frozen embeddings with a norm "
            "fixed in advance (BIL), which scores do not determine",
            assumptions=["A0", "BIL"],
        ),
        "gamma": GAMMA,
    }


def _teacher(pairs: JudgedPairs, level: Level) -> dict[str, Any]:
    """By way of the teacher, as Hsu et al.: two limits, each at half of delta."""
    margins = (pairs.teacher_margin, pairs.student_margin)
    error, gap = (
        pairs.means(part)
        for part in teacher_terms(*(better_first(pairs, margin) for margin in margins))
    )
    bound = statement("comparator-teacher").numpy()
    limits = (level.upper(part, high=1.0, share=0.5) for part in (error, gap))
    return {
        **_entry(
            float(bound(error.mean(), gap.mean())),
            float(bound(*limits)),
            of="misranking on judged pairs",
            assumptions=["A0"],
        ),
        "teacher_preference_for_worse": float(error.mean()),
        "preference_gap": float(gap.mean()),
    }


def _variance(pairs: JudgedPairs) -> dict[str, Any]:
    soft, added = label_variance(pairs.preference, pairs.student_margin)
    return {
        **_entry(
            math.fsum((soft, added)),
            of="variance of a pair's loss with true labels, nats squared",
            missing="it is an identity about variances, not a bound of the risk",
            assumptions=["A4i"],
        ),
        "soft_labels": soft,
        "added_by_labels": added,
    }


def _entry(
    value: float | None = None,
    limit: float | None = None,
    *,
    of: str = "",
    missing: str | None = None,
    assumptions: list[str] | None = None,
) -> dict[str, Any]:
    return {
        "value": value,
        "limit": limit,
        "of": of,
        "missing_because": missing,
        "assumptions": assumptions or [],
    }
