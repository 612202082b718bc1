"""Figures of `rankbound measure`: parts, distributions, the plane, calibration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.commands.measure.result import Ledger, StudentResult
from rankbound.data.clusters import CLUSTER, Clusters
from rankbound.data.columns import strings
from rankbound.drawing.catalogue import Drawing, file_name, shape_drawings
from rankbound.drawing.results import Found

if TYPE_CHECKING:
    from rankbound.data.columns import Floats
    from rankbound.figures.certificates import Certified
    from rankbound.figures.distributions import Ends
    from rankbound.rows import Rows

NO_VECTORS = "no diameters were measured; give `embeddings` to measure"
BELOW = 1e-12  # of ln 2, so that a limit counts as below it
POINTS = 12  # of a limit over n, for the explorer
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
        Held(_joined(result.name, name), student.risk, student.upper, result.name, name)
        for result in ledgers
        for name, student in _ledger(result).students.items()
    ]
    found = []
    if rows:
        said = [*_same(_errors(_ledger(r)) for r in ledgers)]
        draw = partial(draw_bound_against_risk, rows, constants=said)
        found.append(Drawing("bound-against-risk", draw, kind="scatter"))
    named = {r.name or "measured": _teacher_entropies(r) for r in ledgers}
    if len(named) > 1:
        said = [*_same(_sample(_ledger(r)) for r in ledgers)]
        draws = {"ridges": draw_ridges, "ecdf": draw_ecdf}
        found += [
            Drawing(f"entropy-{kind}", partial(draw, named, constants=said), kind=kind)
            for kind, draw in draws.items()
        ]
        points = {r.name or "measured": _points(r) for r in ledgers}
        points = {name: pair for name, pair in points.items() if len(pair[0])}
        if points:
            draw = partial(draw_locality_entropy, points, constants=said)
            found.append(Drawing("locality-entropy", draw, kind="plane"))
        shapes = {
            r.name or "measured": shape
            for r in ledgers
            if (shape := _ledger(r).diameter.shape) is not None
        }
        exact = {r.name or "measured": _ends(r) for r in ledgers}
        found += shape_drawings(shapes, exact=exact)
    return found


def _sample(ledger: Ledger) -> list[str]:
    """What all figures of a ledger hold for: queries, pairs and temperature."""
    return [
        f"n = {ledger.n_queries:,}",
        f"{ledger.pairs} pairs",
        rf"teacher's $\tau$ = {ledger.teacher.temperature:.3g}",
    ]


def _errors(ledger: Ledger) -> list[str]:
    return [*_sample(ledger), rf"$\delta$ = {ledger.delta:g}"]


def _same(each: Iterable[list[str]]) -> Iterator[str]:
    """What is said of all alike."""
    every = [*each]
    return (one for one in every[0] if all(one in others for others in every))


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
    said = _sample(_ledger(result))
    draw = partial(draw_ecdf, values, constants=said)
    return Drawing(_named(result, "entropy"), draw, kind="ecdf")


def _plane(result: Found) -> Drawing:
    from rankbound.figures.certificates import draw_locality_entropy

    name = _named(result, "locality-entropy")
    points = _points(result)
    if not len(points[0]):
        return Drawing(name, None, NO_VECTORS, kind="plane")
    named = {result.name or "queries": points}
    draw = partial(draw_locality_entropy, named, constants=_sample(_ledger(result)))
    return Drawing(name, draw, kind="plane")


def _parts(result: Found, name: str, student: StudentResult) -> Drawing:
    from rankbound.figures.theory import draw_parts

    parts = {
        "entropy": student.entropy,
        "divergence": student.divergence,
        "deviation": student.deviation,
    }
    said = [
        *_errors(_ledger(result)),
        f"$B$ = {student.range.B:g}",
        rf"student's $\tau$ = {student.temperature:.3g}",
    ]
    draw = partial(draw_parts, parts, total="upper limit", constants=said)
    return Drawing(_named(result, "parts", name), draw, kind="parts")


def _limit(result: Found, name: str) -> Drawing:
    from rankbound.figures.certificates import draw_limit_over_n

    title = _named(result, "limit-over-n", name)
    ledger, made = _ledger(result), certified(result, name)
    student = ledger.students[name]
    if made is None:
        reason = "per_query.tsv holds no risks beside the ledger; run measure again"
        return Drawing(title, None, reason, kind="limit")
    said = [f"{ledger.pairs} pairs", f"$B$ = {student.range.B:g}"]
    return Drawing(
        title, partial(draw_limit_over_n, made, constants=said), kind="limit"
    )


def certified(result: Found, name: str) -> Certified | None:
    """A student's certificate with its sample; None where no risks lie beside it."""
    from rankbound.figures.certificates import Certified

    table, ledger = result.table, _ledger(result)
    risks = _risks(table.where("student", name)) if table else np.empty(0)
    if not len(risks):
        return None
    student = ledger.students[name]
    # Since shares are certified, the mean has half of delta
    halves, chosen = 1 if student.share is None else 2, student.chosen
    return Certified(
        risks=risks,
        low=student.range.low,
        high=student.range.high,
        upper=student.upper,
        delta=ledger.delta / halves,
        n_students=len(ledger.students),
        stake=None if chosen is None else chosen.stake,
    )


def limits_over_n(result: Found, name: str) -> tuple[tuple[float, float], ...]:
    """Queries, and how far the limit then is above the risk, in nats; may be empty.

    The certificate itself is among them, and where it falls below ln 2, as the ledger
    says. Risks outside the ledger's range give none; the figure of the limit says why.
    """
    from rankbound.bounds.certificate import LN2
    from rankbound.figures.certificates import betting_curve

    made, student = certified(result, name), _ledger(result).students[name]
    if made is None or student.method != "betting" or made.upper <= made.risks.mean():
        return ()
    try:
        counts, limits = betting_curve(made, levels=POINTS)
    except DomainError:
        return ()
    found = dict(zip(counts.tolist(), (limits - student.risk).tolist(), strict=True))
    if student.n_needed is not None and student.risk < LN2:
        found[float(student.n_needed)] = LN2 - student.risk - BELOW
    found[float(len(made.risks))] = student.deviation
    # Neighbours that rounding put in the wrong order are left out, not the certificate
    kept = {n: d for n, d in found.items() if d > 0}
    return tuple(sorted(kept.items()))


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
    ledger = _ledger(result)
    said = [*_sample(ledger), rf"intervals: $\delta$ = {ledger.delta:g}"]
    draw = partial(draw_reliability, relevance.judged.reliability, constants=said)
    return Drawing(title, draw, kind="reliability")
