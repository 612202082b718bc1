"""Effectiveness per query by ir-measures, from rankings whose ties we have broken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rankbound.commands.validate.options import Missing
from rankbound.commands.validate.rankings import positions_in_rankings
from rankbound.data.groups import Booleans
from rankbound.data.scores import Floats, Scores, Strings, strings
from rankbound.errors import UsageError


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
    n_unjudged : int
        Queries of the ranking without judgements, which play no part.
    """

    qids: Strings
    measures: tuple[str, ...]
    values: Floats
    n_missing: int
    n_unjudged: int

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
            raise UsageError(f"--measures names each measure once, got {measures}")
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
            raise UsageError(f"--measures: ir-measures says: {error}") from None

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
                f"first {absent[0]!r}; pass --missing-queries zero or drop"
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
            n_unjudged=len(held - set(self._qids)),
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
            f"--measures {text}: ir-measures does not know it ({error}); write "
            "Measure(parameter=value)@cutoff, such as AP(rel=2)@100"
        ) from None
