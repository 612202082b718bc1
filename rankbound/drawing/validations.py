"""Figures of `rankbound validate`: correlations, systems, bounds against risks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from rankbound.drawing.catalogue import Drawing, file_name
from rankbound.drawing.powers import of_validation
from rankbound.drawing.results import Found

Row = Mapping[str, Any]
MOST_ROWS = 40  # of a forest, on a page
FEWEST = 3  # configurations, for an order


def drawings(result: Found) -> list[Drawing]:
    """Forests and verdicts for every data set, the certificates, and the power."""
    return [
        *_forests(result),
        *_systems(result),
        _certificates(result),
        *of_validation(result),
    ]


def _forests(result: Found) -> list[Drawing]:
    """A forest for every data set, sampling and student; pieces of a long one."""
    from rankbound.figures.associations import draw_correlations

    family = result.content.get("family", {})
    options = {"delta": family.get("delta", 0.05), "band": family.get("band", 0.1)}
    all_rows = result.content["per_query"]
    samplings: dict[str, set[str]] = defaultdict(set)
    for row in all_rows:
        samplings[row["dataset"]].add(row["sampling"])
    rows: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in all_rows:
        # A forest labels its rows by what differs: the terms alone would repeat
        several = len(samplings[row["dataset"]]) > 1
        sampling = (row["sampling"],) if several else ()
        rows[row["dataset"], *sampling, row["student"]].append(row)
    found = []
    for key, mine in rows.items():
        for parts, some in _pages(mine):
            name = _named(result, "correlations", *key, *parts)
            draw = partial(draw_correlations, some, **options)
            found.append(Drawing(name, draw, kind="correlations"))
    if not found:
        reason = "the results hold no correlations"
        found.append(
            Drawing(_named(result, "correlations"), None, reason, kind="correlations")
        )
    return found


def _pages(rows: list[Row]) -> list[tuple[tuple[str, ...], list[Row]]]:
    """The rows in pieces of whole measures, none higher than a page."""
    pages: list[list[str]] = [[]]
    counts = Counter(row["measure"] for row in rows)
    for measure, count in counts.items():
        if pages[-1] and count + sum(counts[m] for m in pages[-1]) > MOST_ROWS:
            pages.append([])
        pages[-1].append(measure)
    return [
        (
            (str(number),) if len(pages) > 1 else (),
            [row for row in rows if row["measure"] in page],
        )
        for number, page in enumerate(pages, start=1)
    ]


def _systems(result: Found) -> list[Drawing]:
    """Differences and verdicts of every pair of systems, by data set."""
    from rankbound.figures.comparisons import draw_differences, draw_verdicts

    rows: dict[str, list[Row]] = defaultdict(list)
    for row in result.content.get("equivalence", ()):
        named = {
            "sampling": f"{row['first']} − {row['second']}",
            "pairs": row["measure"],
            "quantity": "effectiveness",
        }
        rows[row["dataset"]].append({**row, **named})
    if not rows:
        reason = "the results hold no pair of systems; give --student to validate"
        return [Drawing(_named(result, "verdicts"), None, reason, kind="verdicts")]
    found = []
    for dataset, mine in rows.items():
        draws = {
            "differences": partial(draw_differences, mine, words="paired difference"),
            "verdicts": partial(draw_verdicts, mine, columns="measures"),
        }
        found += [
            Drawing(_named(result, kind, dataset), draw, kind=kind)
            for kind, draw in draws.items()
        ]
    return found


def _certificates(result: Found) -> Drawing:
    """Certificates of one half of the queries against the risk of the other."""
    from rankbound.figures.certificates import draw_bound_against_risk

    name = _named(result, "certificates")
    rows: Sequence[Row] = result.content["certificates"]
    held = [row for row in rows if row.get("held_out") is not None]
    if not rows:
        reason = "the results hold no certificates"
        return Drawing(name, None, reason, kind="scatter")
    if not held:
        reason = "too few queries for halves that certify and test"
        return Drawing(name, None, reason, kind="scatter")
    varying = [
        key
        for key in ("dataset", "sampling", "student")
        if key == "student" or len({row.get(key) for row in held}) > 1
    ]
    points = [
        {
            "student": ", ".join(str(row[key]) for key in varying),
            "risk": row["held_out"],
            "upper": row["certificate"],
        }
        for row in held
    ]
    draw = partial(
        draw_bound_against_risk, points, risk="held-out risk", order=_order(result)
    )
    return Drawing(name, draw, kind="scatter")


def _order(result: Found) -> Row | None:
    """How the bound orders configurations by held-out risk, where that was judged."""
    for row in result.content.get("configurations") or ():
        if (row["predictor"], row["target"]) == ("bound", "held-out risk"):
            judged = row["n"] >= FEWEST and row["lower"] is not None
            return row if judged else None
    return None


def _named(result: Found, *parts: str) -> str:
    return file_name(*filter(None, (result.name, *parts)))
