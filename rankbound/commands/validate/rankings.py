"""Rankings to evaluate: score files in trec_eval's order, or all documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, cast

import numpy as np

from rankbound.commands.measure.given import Files, Given
from rankbound.commands.validate.options import TEACHER, Case
from rankbound.data.embeddings import Embeddings
from rankbound.data.ordering import ranking
from rankbound.data.scores import Floats, Integers, Scores
from rankbound.errors import UsageError

DEPTH: Final = 1_000
DOCUMENTS_AT_ONCE: Final = 2**16


def ranking_of(case: Case, name: str) -> Scores:
    """The scores that rank documents for a model of a case, "teacher" or a student.

    Raises
    ------
    FormatError, UsageError
        When a file breaks a rule, or there is nothing to rank by.
    """
    options = case.measure
    files = Files(options.formats, options.teacher)
    given = case.rankings.get(name)
    if given is None and name == TEACHER:
        given = options.teacher
    if given is not None:
        return _scores(files, given)
    source = case.source(name)
    if source.scores is not None:
        return _scores(files, source.scores)
    if source.queries is None or options.embeddings is None:
        raise UsageError(f"student {name!r} needs a score file or query vectors")
    documents = files.vectors(options.embeddings, options.ids)
    queries = files.vectors(source.queries, source.query_ids)
    return dense_ranking(documents, queries, depth=DEPTH)


def _scores(files: Files, given: Given) -> Scores:
    return cast(Scores, files.part(given, "scores").scores)


def positions_in_rankings(scores: Scores) -> Iterator[tuple[str, str, int]]:
    """Every (qid, docno, position), best first, positions from 1.

    Scores are compared as float64 and ties ordered by docno descending, as trec_eval
    does; libraries that compare float32 see more ties.

    Examples
    --------
    >>> near = {"q": {"a": 1.0, "b": 1.0, "c": 1.0 + 1e-12}}
    >>> list(positions_in_rankings(Scores.from_dict(near)))
    [('q', 'c', 1), ('q', 'b', 2), ('q', 'a', 3)]
    """
    query = scores.row_query()
    order = ranking(scores)
    places = np.arange(len(order)) - scores.offsets[query] + 1
    docnos = scores.docnos[scores.codes[order]]
    for row, docno, place in zip(query, docnos, places, strict=True):
        yield scores.qids[row], docno, int(place)


def dense_ranking(documents: Embeddings, queries: Embeddings, *, depth: int) -> Scores:
    """The `depth` documents of largest dot product for every query.

    Raises
    ------
    UsageError
        When the vectors differ in length.
    """
    if documents.dim != queries.dim:
        raise UsageError(
            f"{queries.name} has vectors of length {queries.dim}, {documents.name} of "
            f"length {documents.dim}; a dot product needs the same encoder's"
        )
    asked = queries.take(np.arange(len(queries.ids)))
    best = np.empty((len(asked), 0))
    rows = np.empty((len(asked), 0), dtype=np.int64)
    for start in range(0, len(documents.ids), DOCUMENTS_AT_ONCE):
        block = np.arange(start, min(start + DOCUMENTS_AT_ONCE, len(documents.ids)))
        values = asked @ documents.take(block).T
        best = np.concatenate([best, values], axis=1)
        new = np.broadcast_to(block, values.shape)
        rows = np.concatenate([rows, new], axis=1)
        best, rows = _deepest(best, rows, depth)
    return _as_scores(documents, queries, best, rows)


def _deepest(best: Floats, rows: Integers, depth: int) -> tuple[Floats, Integers]:
    if best.shape[1] <= depth:
        return best, rows
    chosen = np.argpartition(-best, depth - 1, axis=1)[:, :depth]
    return np.take_along_axis(best, chosen, 1), np.take_along_axis(rows, chosen, 1)


def _as_scores(
    documents: Embeddings, queries: Embeddings, best: Floats, rows: Integers
) -> Scores:
    order = np.argsort(documents.ids.astype(str), kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return Scores.from_rows(
        np.repeat(np.arange(len(best), dtype=np.int64), best.shape[1]),
        queries.ids,
        place[rows.ravel()],
        documents.ids[order],
        best.ravel(),
        name=queries.name,
    )
