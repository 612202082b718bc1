"""Tables with a query and a document in each row, as scores, ranks and grades."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from rankbound.data.arrow import encode
from rankbound.data.columns import Booleans, Floats, Integers, Strings
from rankbound.data.scores import Kind, Scores
from rankbound.read.json.merging import AGAIN, merged_scores
from rankbound.read.json.rankedlists import NOTE
from rankbound.read.tables.frames import Frame

Parts = dict[str, Any]


def rows_of(frame: Frame, roles: dict[str, str]) -> Parts:
    """One row per query and document."""
    qids, queries = encode(frame.ids(roles["query"]), ordered=False)
    docnos, documents = encode(frame.ids(roles["document"]), ordered=True)
    parts: Parts = {"repairs": {}, "notes": ()}
    places = np.arange(len(queries))
    rank = _ranks(frame, roles.get("rank"))

    def built(values: Floats, chosen: Any = slice(None)) -> tuple[Scores, Integers]:
        rows = (queries[chosen], documents[chosen], values[chosen], places[chosen])
        return scores_of_rows(frame, rows, qids, docnos, parts["repairs"])

    if "score" in roles:
        parts["scores"], kept = built(frame.numbers(roles["score"]))
        if rank is not None:
            parts["ranks"] = rank[kept]
    if "grade" in roles:
        grades, judged = _grades(frame, roles["grade"], partial="score" in roles)
        if judged.any():
            parts["qrels"], _ = built(grades, judged)
    if not roles.keys() & {"score", "grade"}:
        if rank is None:
            raise frame.fail(f"{roles['rank']} must hold whole numbers, the ranks")
        ordered, kept = built(-rank.astype(np.float64))
        parts["scores"] = ordered.with_kind(Kind.RANK_ONLY)
        parts |= {"ranks": rank[kept], "notes": (NOTE,)}
    return parts


def _grades(frame: Frame, column: str, *, partial: bool) -> tuple[Floats, Booleans]:
    """Grades, and which there are: beside scores, documents may be unjudged."""
    found = frame.table.column(column)
    judged = np.ones(len(found), dtype=bool)
    if partial:
        judged = pc.is_valid(found).to_numpy()
        if pt.is_floating(found.type):
            judged &= ~np.isnan(found.to_numpy())
        found = pc.if_else(pa.array(judged), found, pa.scalar(0, found.type))
    values = frame.checked_numbers(found, column)
    broken = values != np.trunc(values)
    if broken.any():
        row = int(np.argmax(broken))
        raise frame.fail(
            f"{column} must be a whole number, a grade, found {values[row]}", row=row
        )
    return values, judged


def _ranks(frame: Frame, column: str | None) -> Integers | None:
    """Ranks as the table gives them, None where it gives no whole numbers."""
    if column is None or not pt.is_integer(frame.table.column(column).type):
        return None
    return frame.numbers(column).astype(np.int64)


def scores_of_rows(
    frame: Frame,
    rows: tuple[Integers, Integers, Floats, Integers],
    qids: Strings,
    docnos: Strings,
    repairs: dict[str, int],
) -> tuple[Scores, Integers]:
    """Scores from coded rows, and the row that each of its rows comes from.

    Parameters
    ----------
    frame : Frame
        For errors.
    rows : queries, documents, values, rows of the table
        Arrays of shape (n,); codes of documents follow the order of `docnos`.
    qids, docnos : object arrays of str
    repairs : dict
        Counts scores that are given again.
    """
    queries, documents, values, places = rows

    def differ(number: int, first: int, second: int) -> Exception:
        low, high = sorted((int(first), int(second)), key=lambda row: places[row])
        return frame.fail(
            f"query {qids[queries[low]]!r}, document {docnos[documents[low]]!r} has "
            f"{values[high]} here and {values[low]} in {frame.place(int(places[low]))} "
            f"({number:,} such pairs in the table); a pair must have one score",
            row=int(places[high]),
        )

    kept, values, again = merged_scores(rows, mean=False, fail=differ)
    if again:
        repairs[AGAIN] = repairs.get(AGAIN, 0) + again
    # Lists without documents leave queries without rows
    used, coded = np.unique(queries[kept], return_inverse=True)
    scores = Scores.from_rows(
        coded, qids[used], documents[kept], docnos, values, name=frame.name
    )
    return scores, places[kept]
