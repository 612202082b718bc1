"""Figure of `rankbound inspect`: every file by what it covers and what is odd."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from rankbound.drawing.catalogue import Drawing, file_name
from rankbound.drawing.results import Result
from rankbound.inspecting.naming import shown_names

Facts = Mapping[str, Any]
Cell = tuple[int | None, int | None]
# Rows that hold two files against each other: code, column, whether all is wanted
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


def drawings(result: Result) -> list[Drawing]:
    """The table of one inspection."""
    from figures.quality import draw_quality

    name = file_name(*filter(None, (result.name, "quality")))
    draw = partial(draw_quality, quality_rows(result.content))
    return [Drawing(name, draw, kind="quality")]


def quality_rows(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row per file and column, of the columns that apply to any file."""
    files = content["files"]
    names = shown_names([Path(facts["path"]) for facts in files])
    found = {facts["path"]: dict(_own(facts)) for facts in files}
    teacher = _teacher(content)
    for row in content["across"]["rows"]:
        for code, column, _ in SHARED:
            against_teacher = column == "teacher-scored"
            if row["code"] == code and (not against_teacher or row["right"] == teacher):
                found[row["left"]][column] = (row["count"], row["total"])
    used = [*dict.fromkeys(c for cells in found.values() for c in cells)]
    order = [*GOOD, *(column for column in used if column not in GOOD)]
    return [
        {
            "file": names[Path(facts["path"])],
            "column": column,
            "count": cell[0],
            "total": cell[1],
            "good": GOOD.get(column, False),
        }
        for facts in files
        for column in order
        if column in used
        for cell in [found[facts["path"]].get(column, (None, None))]
    ]


def _teacher(content: Mapping[str, Any]) -> str | None:
    """The file that the inspection took for the teacher's."""
    codes = ("student-teacher", "same-scores")
    rows = content["across"]["rows"]
    named = next((row["right"] for row in rows if row["code"] in codes), None)
    if named is not None:
        return str(named)
    scored = [f["path"] for f in content["files"] if f["scores"] is not None]
    return str(scored[0]) if len(scored) == 1 else None


def _own(facts: Facts) -> Iterator[tuple[str, Cell]]:
    """What a file says by itself, each count with what it is a part of."""
    scores, groups, vectors = facts["scores"], facts["groups"], facts["vectors"]
    counts = {f["code"]: f["count"] for f in facts["findings"]}
    rows, queries = facts["rows"], facts["queries"]
    if facts["format"] is None or rows is None:
        yield "unreadable", (1, 1)
        yield "duplicates", (counts.get("duplicates"), None)
        return
    if scores is not None:
        # A file of scores with the same row twice is refused
        yield "duplicates", (0, rows)
        yield "ties", (scores["equal_neighbours"], scores["neighbours"])
        yield "zero or empty", (scores["exact_zeros"], rows)
        yield "constant queries", (scores["constant_queries"], queries)
    if facts["ranks"] is not None:
        yield "ranks against scores", (facts["ranks"]["against_scores"], rows)
    if groups is not None:
        yield "duplicates", (counts.get("repeated-groups", 0), groups["groups"])
        without = counts.get("groups-without-positive", 0)
        if groups["positives"] is not None:
            yield "without positive", (without, groups["groups"])
    if facts["qrels"] is not None:
        lacking = facts["qrels"]["queries_without_relevant"]
        yield "without positive", (lacking, queries)
    if vectors is not None:
        yield "duplicates", (vectors["equal_vectors"], rows)
        yield "zero or empty", (vectors["zero"], rows)
        yield "not finite", (vectors["not_finite"], rows)
    if facts["texts"] is not None:
        yield "duplicates", (facts["texts"]["equal_texts"], facts["texts"]["texts"])
        yield "zero or empty", (facts["texts"]["empty"], facts["texts"]["texts"])
