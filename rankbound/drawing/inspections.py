"""Figure of `rankbound inspect`: every file by what it covers and what is odd."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from rankbound.commands.inspect.naming import shown_names
from rankbound.drawing.catalogue import Drawing, file_name
from rankbound.drawing.results import Found

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


def drawings(result: Found) -> list[Drawing]:
    """The table of one inspection."""
    from rankbound.figures.quality import draw_quality

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
    if facts["rows"] is None:
        repeated = _counts(facts).get("duplicates")
        yield "unreadable", (1, 1)
        yield "duplicates", (repeated, None)
        return
    for part, cells in _CELLS.items():
        if facts[part] is not None:
            yield from cells(facts, facts[part])


def _counts(facts: Facts) -> dict[str, int]:
    return {finding["code"]: finding["count"] for finding in facts["findings"]}


def _of_scores(facts: Facts, scores: Facts) -> Iterator[tuple[str, Cell]]:
    # A file of scores with the same row twice is refused
    yield "duplicates", (0, facts["rows"])
    yield "ties", (scores["equal_neighbours"], scores["neighbours"])
    yield "zero or empty", (scores["exact_zeros"], facts["rows"])
    yield "constant queries", (scores["constant_queries"], facts["queries"])


def _of_ranks(facts: Facts, ranks: Facts) -> Iterator[tuple[str, Cell]]:
    yield "ranks against scores", (ranks["against_scores"], facts["rows"])


def _of_groups(facts: Facts, groups: Facts) -> Iterator[tuple[str, Cell]]:
    counts = _counts(facts)
    repeated: Cell = (counts.get("repeated-groups", 0), groups["groups"])
    if "duplicates-in-groups" in counts:
        repeated = (counts["duplicates-in-groups"], None)
    yield "duplicates", repeated
    if groups["positives"] is not None:
        lacking = counts.get("groups-without-positive", 0)
        yield "without positive", (lacking, groups["groups"])


def _of_qrels(facts: Facts, qrels: Facts) -> Iterator[tuple[str, Cell]]:
    yield "without positive", (qrels["queries_without_relevant"], facts["queries"])


def _of_vectors(facts: Facts, vectors: Facts) -> Iterator[tuple[str, Cell]]:
    yield "duplicates", (vectors["equal_vectors"], facts["rows"])
    yield "zero or empty", (vectors["zero"], facts["rows"])
    yield "not finite", (vectors["not_finite"], facts["rows"])


def _of_texts(_: Facts, texts: Facts) -> Iterator[tuple[str, Cell]]:
    yield "duplicates", (texts["equal_texts"], texts["texts"])
    yield "zero or empty", (texts["empty"], texts["texts"])


_CELLS: Final[dict[str, Callable[[Facts, Facts], Iterator[tuple[str, Cell]]]]] = {
    "scores": _of_scores,
    "ranks": _of_ranks,
    "groups": _of_groups,
    "qrels": _of_qrels,
    "vectors": _of_vectors,
    "texts": _of_texts,
}
