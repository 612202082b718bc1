"""Tables of triples: a query, a positive, a negative and the teacher's margin."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rankbound.data.arrow import encode
from rankbound.data.columns import Floats, Integers, Strings
from rankbound.data.groups import Groups
from rankbound.data.scores import Kind, Scores
from rankbound.estimators.margins import potentials
from rankbound.read.json.margins import NOTE
from rankbound.read.json.merging import merged_members
from rankbound.read.tables.frames import Frame, is_list


def margins_of(frame: Frame, roles: dict[str, str]) -> dict[str, Any]:
    """Groups of each query and positive, and scores up to constants.

    Without a column of margins there are groups only.

    Raises
    ------
    FormatError
        When margins contradict each other, and as `Frame` does, naming the row.
    """
    if "score" in roles and is_list(frame.table.column(roles["score"]).type):
        raise frame.fail(
            f"{roles['score']} holds lists, and a triple has one margin; give a row "
            "for each negative"
        )
    qids, queries = encode(frame.ids(roles["query"]), ordered=False)
    docnos, upper, lower = _documents(frame, roles)
    parts: dict[str, Any] = {"repairs": {}}
    if "score" in roles:
        margins = frame.numbers(roles["score"])
        parts["scores"] = _scores(frame, (queries, upper, lower), margins, qids, docnos)
        parts["notes"] = (NOTE,)
    parts["groups"] = _groups(
        frame, (queries, upper, lower), qids, docnos, parts["repairs"]
    )
    return parts


Triples = tuple[Integers, Integers, Integers]


def _documents(
    frame: Frame, roles: dict[str, str]
) -> tuple[Strings, Integers, Integers]:
    """Distinct documents in order, and the codes of both columns."""
    names, codes = [], []
    for role in ("positive", "negative"):
        found, code = encode(frame.ids(roles[role]), ordered=True)
        names.append(found)
        codes.append(code)
    docnos = np.unique(np.concatenate(names))
    upper, lower = (
        np.searchsorted(docnos, found)[code]
        for found, code in zip(names, codes, strict=True)
    )
    return docnos, upper.astype(np.int64), lower.astype(np.int64)


def _scores(
    frame: Frame, triples: Triples, margins: Floats, qids: Strings, docnos: Strings
) -> Scores:
    queries, upper, lower = triples
    width = len(docnos)
    found = potentials(queries * width + upper, queries * width + lower, margins)
    if found.contradicted.size:
        row = int(found.contradicted[0])
        raise frame.fail(
            f"the margin {margins[row]} of query {qids[queries[row]]!r}, documents "
            f"{docnos[upper[row]]!r} and {docnos[lower[row]]!r} is not the difference "
            f"that other rows give for them ({found.contradicted.size:,} such rows); "
            "the margins of one teacher add up, so these are of several, or of another "
            "scale",
            row=row,
        )
    # Nodes are sorted by query and document, as rows of scores are
    scores = Scores.from_rows(
        found.nodes // width,
        qids,
        found.nodes % width,
        docnos,
        found.values,
        name=frame.name,
    )
    return replace(scores, kind=Kind.MARGIN_ONLY, origins=found.parts)


def _groups(
    frame: Frame,
    triples: Triples,
    qids: Strings,
    docnos: Strings,
    repairs: dict[str, int],
) -> Groups:
    """One group of each query and positive, in the order of their first rows."""
    queries, upper, lower = triples
    _, first, inverse = np.unique(
        queries * len(docnos) + upper, return_index=True, return_inverse=True
    )
    order = np.argsort(first)
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.arange(len(order))
    first = first[order]
    merged = merged_members(
        np.concatenate([np.arange(len(first)), number[inverse]]),
        np.concatenate([upper[first], lower]),
        np.repeat([True, False], [len(first), len(lower)]),
    )
    repairs |= {what: count for what, count in merged.repairs.items() if count}
    sizes = np.bincount(merged.group, minlength=len(first))
    return Groups(
        queries=queries[first],
        qids=qids,
        offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        codes=merged.documents,
        docnos=docnos,
        positive=merged.positive,
        name=frame.name,
        lines=first + 1,
    )
