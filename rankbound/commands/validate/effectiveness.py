"""Effectiveness per query by ir-measures, from rankings whose ties we have broken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np

from rankbound.commands.measure.given import Files, Given
from rankbound.commands.validate.options import (
    TEACHER,
    Case,
    Missing,
    ValidateOptions,
)
from rankbound.data.columns import Booleans, Floats, Integers, Strings, strings
from rankbound.data.embeddings import Embeddings
from rankbound.data.ordering import ranking
from rankbound.data.scores import Scores
from rankbound.errors import UsageError

DEPTH: Final = 1_000
DOCUMENTS_AT_ONCE: Final = 2**16


@dataclass(frozen=True, slots=True, eq=False)
class Effectiveness:
    """Values of one system.

    Attributes
    ----------
    qids : object array of str, shape (n,)
        Judged queries, sorted.
    measures : tuple of str
    values : float64 array, shape (n, m)
    n_missing : int
        Judged queries that the ranking lacks: 0 in `values`, or absent.
    """

    qids: Strings
    measures: tuple[str, ...]
    values: Floats
    n_missing: int

    def of(self, qids: Strings) -> tuple[Floats, Booleans]:
        """Rows of some queries, shape (k, m), and which of them exist."""
        place = {qid: row for row, qid in enumerate(self.qids)}
        rows = np.array([place.get(qid, -1) for qid in qids], dtype=np.int64)
        return self.values[np.maximum(rows, 0)], rows >= 0


class Judge:
    """Evaluates systems against the same judgements.

    Parameters
    ----------
    qrels : Scores
        Grades; whole numbers.
    measures : sequence of str
        As ir-measures parses them.
    missing : {"zero", "drop", "error"}
        What happens to judged queries that a ranking lacks.

    Raises
    ------
    UsageError
        For a measure that ir-measures does not know or cannot compute here.
    """

    def __init__(
        self, qrels: Scores, measures: Sequence[str], *, missing: Missing
    ) -> None:
        import ir_measures

        self._parsed = [_parsed(text) for text in measures]
        self.measures = tuple(str(measure) for measure in self._parsed)
        if not self.measures or len(set(self.measures)) < len(self.measures):
            raise UsageError(f"`measures` names each measure once, got {measures}")
        self._qids = strings(sorted(qrels.qids))
        self._missing = missing
        self._name = qrels.name
        codes = qrels.docnos[qrels.codes]
        rows = zip(qrels.row_query(), codes, qrels.values, strict=True)
        judged = [
            ir_measures.Qrel(qrels.qids[query], docno, int(grade))
            for query, docno, grade in rows
        ]
        try:
            self._evaluator = ir_measures.evaluator(self._parsed, judged)
        except (ValueError, RuntimeError, ImportError) as error:
            raise UsageError(f"`measures`: ir-measures says: {error}") from None

    def evaluate(self, ranking: Scores) -> Effectiveness:
        """Effectiveness of one system, one row per judged query.

        Raises
        ------
        UsageError
            If no query of the ranking is judged, or, with "error", if one is missing.
        """
        import ir_measures

        docs = [
            # Ranks are whole numbers: no precision can make ties of them
            ir_measures.ScoredDoc(qid, docno, -float(place))
            for qid, docno, place in positions_in_rankings(ranking)
        ]
        held = set(ranking.qids)
        absent = [qid for qid in self._qids if qid not in held]
        if len(absent) == len(self._qids):
            raise UsageError(
                f"{ranking.name}: none of its queries is judged in {self._name}; the "
                f"ids look like {ranking.qids[0]!r} there and {self._qids[0]!r} here"
            )
        if absent and self._missing == "error":
            raise UsageError(
                f"{ranking.name}: no ranking for {len(absent):,} judged queries, the "
                f"first {absent[0]!r}; pass `missing_queries='zero'` or drop"
            )
        found = self._values(docs)
        keep = np.array(
            [self._missing == "zero" or qid in held for qid in self._qids], dtype=bool
        )
        return Effectiveness(
            qids=self._qids[keep],
            measures=self.measures,
            values=found[keep],
            n_missing=len(absent),
        )

    def _values(self, docs: list[Any]) -> Floats:
        place = {qid: row for row, qid in enumerate(self._qids)}
        column = {name: index for index, name in enumerate(self.measures)}
        found = np.zeros((len(self._qids), len(self.measures)))
        for metric in self._evaluator.iter_calc(docs):
            row = place.get(metric.query_id)
            if row is not None:
                found[row, column[str(metric.measure)]] = metric.value
        if not np.isfinite(found).all():
            row, index = np.argwhere(~np.isfinite(found))[0]
            raise UsageError(
                f"{self.measures[index]} of query {self._qids[row]!r} is not a finite "
                "number; leave this measure out"
            )
        return found


def _parsed(text: str) -> Any:
    import ir_measures

    try:
        return ir_measures.parse_measure(text)
    except (NameError, ValueError, AssertionError, TypeError, SyntaxError) as error:
        raise UsageError(
            f"`measures={text!r}`: ir-measures does not know it ({error}); write "
            "Measure(parameter=value)@cutoff, such as AP(rel=2)@100"
        ) from None


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Effectiveness of all systems of a data set.

    Attributes
    ----------
    dataset : str
    measures : tuple of str
    systems : dict of str to Effectiveness
        By student, and "teacher".
    relevant : dict of str to int
        Relevant documents by query.
    """

    dataset: str
    measures: tuple[str, ...]
    systems: dict[str, Effectiveness]
    relevant: dict[str, int]


def judge(case: Case, options: ValidateOptions) -> Judged:
    """Evaluate the teacher and all students of a case.

    Raises
    ------
    FormatError, UsageError
        When a file breaks a rule or a measure is not known.
    """
    files = Files(case.measure.formats, case.measure.teacher)
    qrels = cast(Scores, files.part(case.measure.qrels, "qrels").qrels)
    judging = Judge(qrels, options.measure_names, missing=options.missing_queries)
    names = (TEACHER, *(source.name for source in case.measure.students))
    return Judged(
        dataset=case.dataset,
        measures=judging.measures,
        systems={name: judging.evaluate(ranking_of(case, name)) for name in names},
        relevant=_relevant(qrels, options.relevant),
    )


def _relevant(qrels: Scores, least: int) -> dict[str, int]:
    counts = np.add.reduceat(qrels.values >= least, qrels.offsets[:-1], dtype=np.int64)
    return dict(zip(qrels.qids.tolist(), counts.tolist(), strict=True))


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
