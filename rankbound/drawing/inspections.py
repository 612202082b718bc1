"""The figure of `rankbound inspect`: what each file covers, and its defects."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rankbound.commands.inspect.result import (
    File,
    GroupCounts,
    Inspection,
    JudgementCounts,
    RankCounts,
    ScoreCounts,
    TextCounts,
    VectorCounts,
    shown_names,
)
from rankbound.drawing.catalogue import Drawing, file_name
from rankbound.drawing.results import Found

if TYPE_CHECKING:
    from rankbound.figures.quality import Cell

Count = tuple[int | None, int | None]
# Rows that compare two files: code, column, and whether a full count is good
SHARED: Final = (
    ("group-scores", "teacher-scored", True),
    ("student-teacher", "teacher-scored", True),
    ("same-scores", "teacher-scored", True),
    ("group-vectors", "with a vector", True),
    ("judged-queries", "queries judged", True),
    ("judged-at-10", "top 10 judged", True),
    ("relevant-negatives", "relevant negatives", False),
    ("duplicates-in-groups-by-vector", "equal vectors in a group", False),
)
GOOD: Final = {column: good for _, column, good in SHARED}


def drawings(result: Found) -> list[Drawing]:
    """The table of one inspection."""
    from rankbound.figures.quality import draw_quality

    name = file_name(*filter(None, (result.name, "quality")))
    draw = partial(draw_quality, quality_cells(result.as_a(Inspection)))
    return [Drawing(name, draw, kind="quality")]


def quality_cells(inspection: Inspection) -> list[Cell]:
    """One cell per file and column, of the columns that apply to any file."""
    from rankbound.figures.quality import Cell

    files = inspection.files
    names = shown_names([Path(one.path) for one in files])
    found = {one.path: dict(_own(one)) for one in files}
    teacher = _teacher(inspection)
    for row in inspection.across.rows:
        for code, column, _ in SHARED:
            against_teacher = column == "teacher-scored"
            if row.code == code and (not against_teacher or row.right == teacher):
                found[row.left][column] = (row.count, row.total)
    used = [*dict.fromkeys(c for cells in found.values() for c in cells)]
    order = [*GOOD, *(column for column in used if column not in GOOD)]
    return [
        Cell(names[Path(one.path)], column, *cell, good=GOOD.get(column, False))
        for one in files
        for column in order
        if column in used
        for cell in [found[one.path].get(column, (None, None))]
    ]


def _teacher(inspection: Inspection) -> str | None:
    """The file that the inspection took to be the teacher's."""
    codes = ("student-teacher", "same-scores")
    rows = inspection.across.rows
    named = next((row.right for row in rows if row.code in codes), None)
    if named is not None:
        return named
    scored = [one.path for one in inspection.files if one.scores is not None]
    return scored[0] if len(scored) == 1 else None


def _own(one: File) -> Iterator[tuple[str, Count]]:
    """What a file alone says: each count, with the total that it is a part of."""
    if one.rows is None:
        yield "unreadable", (1, 1)
        yield "duplicates", (_counts(one).get("duplicates"), None)
        return
    if one.scores is not None:
        yield from _of_scores(one, one.scores)
    if one.ranks is not None:
        yield from _of_ranks(one, one.ranks)
    if one.groups is not None:
        yield from _of_groups(one, one.groups)
    if one.qrels is not None:
        yield from _of_qrels(one, one.qrels)
    if one.vectors is not None:
        yield from _of_vectors(one, one.vectors)
    if one.texts is not None:
        yield from _of_texts(one.texts)


def _counts(one: File) -> dict[str, int]:
    return {finding.code: finding.count for finding in one.findings}


def _of_scores(one: File, scores: ScoreCounts) -> Iterator[tuple[str, Count]]:
    # A file of scores with the same row twice is refused
    yield "duplicates", (0, one.rows)
    yield "ties", (scores.equal_neighbours, scores.neighbours)
    yield "zero or empty", (scores.exact_zeros, one.rows)
    yield "constant queries", (scores.constant_queries, one.queries)


def _of_ranks(one: File, ranks: RankCounts) -> Iterator[tuple[str, Count]]:
    yield "ranks against scores", (ranks.against_scores, one.rows)


def _of_groups(one: File, groups: GroupCounts) -> Iterator[tuple[str, Count]]:
    counts = _counts(one)
    repeated: Count = (counts.get("repeated-groups", 0), groups.groups)
    if "duplicates-in-groups" in counts:
        repeated = (counts["duplicates-in-groups"], None)
    yield "duplicates", repeated
    if groups.positives is not None:
        lacking = counts.get("groups-without-positive", 0)
        yield "without positive", (lacking, groups.groups)


def _of_qrels(one: File, qrels: JudgementCounts) -> Iterator[tuple[str, Count]]:
    yield "without positive", (qrels.queries_without_relevant, one.queries)


def _of_vectors(one: File, vectors: VectorCounts) -> Iterator[tuple[str, Count]]:
    yield "duplicates", (vectors.equal_vectors, one.rows)
    yield "zero or empty", (vectors.zero, one.rows)
    yield "not finite", (vectors.not_finite, one.rows)


def _of_texts(texts: TextCounts) -> Iterator[tuple[str, Count]]:
    yield "duplicates", (texts.equal_texts, texts.texts)
    yield "zero or empty", (texts.empty, texts.texts)
