"""Figures of `rankbound study`: effects by data set, and over all of them."""

from __future__ import annotations

from functools import partial
from typing import Final

from rankbound.commands.study.result import GAIN, PooledRow, Study
from rankbound.drawing.catalogue import Drawing, file_name
from rankbound.drawing.results import Found

MOST_ROWS: Final = 12  # of a forest
NOTHING: Final = "no two data sets have the same samplings, students or terms"


def drawings(result: Found) -> list[Drawing]:
    """A forest for each quantity, pair set or term; a long one in pieces."""
    from rankbound.figures.comparisons import draw_pooled

    study = result.as_a(Study)
    families: dict[tuple[str, ...], list[PooledRow]] = {}
    for row in study.pooled:
        if row.value is not None:
            of = row.architecture, row.domain if row.architecture else None
            named = filter(None, (row.quantity, row.pairs, row.term, *of))
            families.setdefault(tuple(named), []).append(row)
    found = []
    for parts, rows in families.items():
        pages = _pages(rows)
        for number, page in enumerate(pages, start=1):
            piece = (str(number),) if len(pages) > 1 else ()
            name = file_name(*filter(None, (result.name, "pooled", *parts, *piece)))
            words = f"nDCG@10 over {page[0].reference} negatives"
            said = words if page[0].quantity == GAIN else "effect"
            found.append(Drawing(name, partial(draw_pooled, page, words=said)))
    if not found:
        name = file_name(*filter(None, (result.name, "pooled")))
        return [Drawing(name, None, NOTHING)]
    return found


def _pages(rows: list[PooledRow]) -> list[list[PooledRow]]:
    """The rows in pieces, none of more lines than a forest may have."""
    pages: list[list[PooledRow]] = [[]]
    lines = 0
    for row in rows:
        more = len(row.effects) + 1
        if pages[-1] and lines + more > MOST_ROWS:
            pages.append([])
            lines = 0
        pages[-1].append(row)
        lines += more
    return pages
