"""Figures of `rankbound measure`: parts, distributions, the plane, calibration."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from rankbound.commands.measure.result import Ledger, StudentResult
from rankbound.data.clusters import CLUSTER, Clusters
from rankbound.data.columns import strings
from rankbound.drawing.catalogue import Drawing, file_name, shape_drawings
from rankbound.drawing.results import Found

if TYPE_CHECKING:
    from rankbound.data.columns import Floats
    from rankbound.figures.distributions import Ends
    from rankbound.rows import Rows

NO_VECTORS = "no diameters were measured; give `embeddings` to measure"
EARLIER = "an earlier version wrote this ledger; run measure again"


def drawings(result: Found) -> list[Drawing]:
    """The figures of one ledger, named after its folder."""
    students = _ledger(result).students
    found = [_entropy(result), _plane(result), *_shape(result)]
    if not students:
        found.append(
            Drawing(
                _named(result, "parts"),
                None,
                "no student was measured; give `students` to measure",
                kind="parts",
            )
        )
    for name, student in students.items():
        found += [
            _parts(result, name, student),
            _limit(result, name),
            _reliability(result, name, student),
        ]
    return found


def drawings_of_all(results: list[Found]) -> list[Drawing]:
    """Figures that put several ledgers side by side, such as one per sampling."""
    from rankbound.figures.certificates import (
        Held,
        draw_bound_against_risk,
        draw_locality_entropy,
    )
    from rankbound.figures.distributions import draw_ecdf, draw_ridges

    ledgers = [r for r in results if r.schema.startswith("rankbound.ledger/")]
    rows = [
        Held(_joined(result.name, name), student.risk, student.upper)
        for result in ledgers
        for name, student in _ledger(result).students.items()
    ]
    found = []
    if rows:
        draw = partial(draw_bound_against_risk, rows)
        found.append(Drawing("bound-against-risk", draw, kind="scatter"))
    named = {r.name or "measured": _teacher_entropies(r) for r in ledgers}
    if len(named) > 1:
        found.append(
            Drawing("entropy-ridges", partial(draw_ridges, named), kind="ridges")
        )
        found.append(Drawing("entropy-ecdf", partial(draw_ecdf, named), kind="ecdf"))
        points = {r.name or "measured": _points(r) for r in ledgers}
        points = {name: pair for name, pair in points.items() if len(pair[0])}
        if points:
            draw = partial(draw_locality_entropy, points)
            found.append(Drawing("locality-entropy", draw, kind="plane"))
        shapes = {
            r.name or "measured": shape
            for r in ledgers
            if (shape := _ledger(r).diameter.shape) is not None
        }
        exact = {r.name or "measured": _ends(r) for r in ledgers}
        found += shape_drawings(shapes, exact=exact)
    return found


def _ledger(result: Found) -> Ledger:
    return result.as_a(Ledger)


def _joined(*names: str) -> str:
    return " ".join(filter(None, names))


def _named(result: Found, *parts: str) -> str:
    return file_name(*filter(None, (result.name, *parts)))


def _teacher_numbers(result: Found, *names: str) -> list[list[float]]:
    """One number per query, from the first student: the others repeat the teacher's."""
    if not result.table:
        return [[] for _ in names]
    first = result.table.column("student")[0]
    return result.table.where("student", first).numbers(*names)


def _teacher_entropies(result: Found) -> list[float]:
    return _teacher_numbers(result, "entropy_nats")[0]


def _points(result: Found) -> tuple[Floats, Floats]:
    diameters, entropies = _teacher_numbers(result, "diameter", "entropy_nats")
    return np.array(diameters), np.array(entropies)


def _entropy(result: Found) -> Drawing:
    from rankbound.figures.distributions import draw_ecdf

    values = {result.name or "teacher": _teacher_entropies(result)}
    return Drawing(_named(result, "entropy"), partial(draw_ecdf, values), kind="ecdf")


def _plane(result: Found) -> Drawing:
    from rankbound.figures.certificates import draw_locality_entropy

    name = _named(result, "locality-entropy")
    points = _points(result)
    if not len(points[0]):
        return Drawing(name, None, NO_VECTORS, kind="plane")
    named = {result.name or "queries": points}
    return Drawing(name, partial(draw_locality_entropy, named), kind="plane")


def _parts(result: Found, name: str, student: StudentResult) -> Drawing:
    from rankbound.figures.theory import draw_parts

    parts = {
        "entropy": student.entropy,
        "divergence": student.divergence,
        "deviation": student.deviation,
    }
    draw = partial(draw_parts, parts, total="upper limit")
    return Drawing(_named(result, "parts", name), draw, kind="parts")


def _limit(result: Found, name: str) -> Drawing:
    from rankbound.figures.certificates import Certified, draw_limit_over_n

    title = _named(result, "limit-over-n", name)
    table = result.table
    risks = _risks(table.where("student", name)) if table else np.empty(0)
    ledger = _ledger(result)
    student = ledger.students[name]
    if not len(risks):
        reason = "per_query.tsv holds no risks beside the ledger; run measure again"
        return Drawing(title, None, reason, kind="limit")
    # Since shares are certified, the mean has half of delta
    halves, chosen = 1 if student.share is None else 2, student.chosen
    made = Certified(
        risks=risks,
        low=student.range.low,
        high=student.range.high,
        upper=student.upper,
        delta=ledger.delta / halves,
        n_students=len(ledger.students),
        stake=None if chosen is None else chosen.stake,
    )
    return Drawing(title, partial(draw_limit_over_n, made), kind="limit")


def _risks(rows: Rows) -> Floats:
    """The risks of a student's queries, or of their clusters where it names any."""
    risks = np.array(rows.numbers("risk_nats")[0])
    if CLUSTER not in rows.names or not len(risks):
        return risks
    qids = strings(rows.column("qid"))
    known = dict(zip(qids, rows.column(CLUSTER), strict=True))
    return Clusters.from_dict(known).units(qids).means(risks)


def _ends(result: Found) -> Ends:
    from rankbound.figures.distributions import Ends

    diameter = _ledger(result).diameter
    return Ends(diameter.quantile_99, diameter.max)


def _shape(result: Found) -> list[Drawing]:
    diameter, name = _ledger(result).diameter, result.name or "documents"
    if diameter.shape is None:
        # An earlier version wrote a ledger that has distances without a shape
        reason = NO_VECTORS if diameter.max is None else EARLIER
        return [Drawing(_named(result, "distances"), None, reason, kind="diameter")]
    return shape_drawings(
        {name: diameter.shape},
        exact={name: _ends(result)},
        prefix=result.name,
        metric=diameter.metric or "",
    )


def _reliability(result: Found, name: str, student: StudentResult) -> Drawing:
    from rankbound.figures.certificates import draw_reliability

    title = _named(result, "reliability", name)
    relevance = student.relevance
    if relevance is None:
        reason = "no judgements were given; give `qrels` to measure"
        return Drawing(title, None, reason, kind="reliability")
    if relevance.judged is None:
        reason = str(relevance.judged_missing_because)
        return Drawing(title, None, reason, kind="reliability")
    draw = partial(draw_reliability, relevance.judged.reliability)
    return Drawing(title, draw, kind="reliability")
