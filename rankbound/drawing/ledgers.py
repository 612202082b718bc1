"""Figures of `rankbound measure`: parts, distributions, the plane, calibration."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from rankbound.drawing.catalogue import Drawing, file_name
from rankbound.drawing.results import Result, columns_of

PARTS = ("entropy", "divergence", "deviation")


def drawings(result: Result) -> list[Drawing]:
    """The figures of one ledger, named after its folder."""
    students = result.content["students"]
    found = [_entropy(result), _plane(result)]
    if not students:
        found.append(
            Drawing(
                _named(result, "parts"),
                None,
                "no student was measured; give --student or --bi-encoder to measure",
            )
        )
    for name, student in students.items():
        found += [_parts(result, name, student), _reliability(result, name, student)]
    return found


def drawings_of_all(results: list[Result]) -> list[Drawing]:
    """Figures that put several ledgers side by side, such as one per sampling."""
    from figures.certificates import draw_bound_against_risk, draw_locality_entropy
    from figures.distributions import draw_ecdf, draw_ridges

    ledgers = [r for r in results if r.schema.startswith("rankbound.ledger/")]
    rows = [
        {
            "student": " ".join(filter(None, (result.name, name))),
            "risk": student["risk"],
            "upper": student["upper"],
        }
        for result in ledgers
        for name, student in result.content["students"].items()
    ]
    found = []
    if rows:
        draw = partial(draw_bound_against_risk, rows)
        found.append(Drawing("bound-against-risk", draw))
    named = {r.name or "measured": _teacher_entropies(r) for r in ledgers}
    if len(named) > 1:
        found.append(Drawing("entropy-ridges", partial(draw_ridges, named)))
        found.append(Drawing("entropy-ecdf", partial(draw_ecdf, named)))
        points = {r.name or "measured": _points(r) for r in ledgers}
        points = {name: pair for name, pair in points.items() if len(pair[0])}
        if points:
            draw = partial(draw_locality_entropy, points)
            found.append(Drawing("locality-entropy", draw))
    return found


def _named(result: Result, *parts: str) -> str:
    return file_name(*filter(None, (result.name, *parts)))


def _teacher_rows(result: Result) -> tuple[Mapping[str, str], ...]:
    """One row per query: those of the first student, since the teacher's repeat."""
    first = result.table[0].get("student") if result.table else None
    return tuple(row for row in result.table if row.get("student") == first)


def _teacher_entropies(result: Result) -> list[float]:
    return columns_of(_teacher_rows(result), "entropy_nats")[0]


def _points(result: Result) -> tuple[Any, Any]:
    rows = columns_of(_teacher_rows(result), "diameter", "entropy_nats")
    return np.array(rows[0]), np.array(rows[1])


def _entropy(result: Result) -> Drawing:
    from figures.distributions import draw_ecdf

    values = {result.name or "teacher": _teacher_entropies(result)}
    return Drawing(_named(result, "entropy"), partial(draw_ecdf, values))


def _plane(result: Result) -> Drawing:
    from figures.certificates import draw_locality_entropy

    name = _named(result, "locality-entropy")
    points = _points(result)
    if not len(points[0]):
        return Drawing(name, None, "no diameters were measured; give --embeddings")
    named = {result.name or "queries": points}
    return Drawing(name, partial(draw_locality_entropy, named))


def _parts(result: Result, name: str, student: Mapping[str, Any]) -> Drawing:
    from figures.theory_bound import draw_parts

    parts = {part: student[part] for part in PARTS}
    draw = partial(draw_parts, parts, total="upper limit")
    return Drawing(_named(result, "parts", name), draw)


def _reliability(result: Result, name: str, student: Mapping[str, Any]) -> Drawing:
    from figures.reliability import draw_reliability

    title = _named(result, "reliability", name)
    relevance = student.get("relevance")
    if not relevance:
        return Drawing(title, None, "no judgements were given; give --qrels to measure")
    if not relevance.get("judged"):
        return Drawing(title, None, str(relevance.get("judged_missing_because")))
    rows = relevance["judged"]["reliability"]
    return Drawing(title, partial(draw_reliability, rows))
