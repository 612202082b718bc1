"""One student on the certificate's groups: its pairs, and limits of what they average.

What the readings beside the certificate have in common: the groups that were not set
aside, both models' scores there, and one number per query for every limit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rankbound.bounds.certificate import CHOSEN, lemma_2c_range
from rankbound.bounds.limits import lower_limit, two_sided, upper_limit
from rankbound.commands.measure.result import Estimate
from rankbound.data.columns import Booleans, Floats, Integers, positions
from rankbound.data.groups import Groups
from rankbound.data.per_query import query_means
from rankbound.data.scores import Scores
from rankbound.estimators.group_terms import blocks
from rankbound.estimators.pairs import pair_differences, selected_pairs


@dataclass(frozen=True, slots=True)
class Level:
    """Failure probability and number of students of limits that hold at once."""

    delta: float
    n_students: int

    def upper(self, values: Floats, *, high: float, share: float = 1.0) -> float:
        """Upper limit of the mean of values in [0, high], at a share of delta."""
        return upper_limit(
            values,
            low=0.0,
            high=high,
            delta=self.delta * share,
            n_students=self.n_students,
            method=CHOSEN,
        )

    def lower(self, values: Floats, *, high: float) -> float:
        """Lower limit of the mean of values in [0, high]."""
        return lower_limit(
            values,
            low=0.0,
            high=high,
            delta=self.delta,
            n_students=self.n_students,
            method=CHOSEN,
        )

    def part(self, values: Floats, *, low: float, high: float) -> Estimate:
        """Mean and two-sided interval.

        Examples
        --------
        >>> part = Level(0.05, 1).part(np.full(50, 0.5), low=0.0, high=1.0)
        >>> part.value, [round(x, 2) for x in part.interval]
        (0.5, [0.46, 0.54])
        """
        interval = two_sided(
            values,
            low=low,
            high=high,
            delta=self.delta,
            n_students=self.n_students,
            method=CHOSEN,
        )
        return Estimate(value=float(values.mean()), interval=interval)


@dataclass(frozen=True, slots=True, eq=False)
class PairBlock:
    """The pairs of some groups; arrays of shape (b, n_pairs).

    `groups` (b,) are positions of groups; `chosen` says which pairs count; margins are
    first minus second document; `block_rows` (b, k) are the rows of the documents.
    """

    groups: Integers
    chosen: Booleans
    teacher_margin: Floats
    student_margin: Floats
    block_rows: Integers

    def means(self, values: Floats) -> Floats:
        """Mean over the pairs that count of each group, shape (b,)."""
        total = np.sum(np.where(self.chosen, values, 0.0), axis=-1)
        return np.asarray(total / self.chosen.sum(axis=-1))


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """A clipped student on the certificate's groups.

    Attributes
    ----------
    groups : Groups
        Without the calibration queries; every group has a pair of the wanted kind.
    teacher, student : float64 arrays, shape (n_rows,)
        Scores in units of their temperatures, the student's clipped.
    pairs : {"all", "pos-neg", "neg-neg"}
    level : Level
    high : float
        Largest risk of one query (z_+ of Lemma 2c), nats; divergences lie below.
    score_range : float
        B, in temperatures.
    complete : bool
        Whether judgements are complete: what a judged query's list lacks is irrelevant.
    """

    groups: Groups
    teacher: Floats
    student: Floats
    pairs: str
    level: Level
    high: float
    score_range: float
    complete: bool = False

    @property
    def pair_high(self) -> float:
        """Largest mean loss of any set of pairs, such as one that judgements pick."""
        return lemma_2c_range(self.score_range, cut_ratio=1.0, source="any pairs").high

    def blocks(self) -> Iterator[PairBlock]:
        """All pairs, block by block."""
        for block in blocks(self.groups):
            yield PairBlock(
                groups=block.groups,
                chosen=selected_pairs(
                    block.rows,
                    mask=block.mask,
                    positive=block.positive,
                    pairs=self.pairs,
                ),
                teacher_margin=pair_differences(self.teacher[block.rows]),
                student_margin=pair_differences(self.student[block.rows]),
                block_rows=block.rows,
            )

    def grades(self, qrels: Scores) -> tuple[Floats, Booleans]:
        """Grades of the document rows, and which of them are known."""
        grades, known = self.groups.scores_of(qrels)
        if self.complete:
            judged = positions(qrels.qids, self.groups.qids) >= 0
            known = judged[self.groups.row_query()]
        return grades, known

    def per_query(self, values: Floats) -> Floats:
        """Average the groups of each query; one number per query that has a group."""
        n_queries = len(self.groups.qids)
        means = query_means(self.groups.queries, values, n_queries=n_queries)
        return np.asarray(means[np.unique(self.groups.queries)])
