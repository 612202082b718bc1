"""A family of paired comparisons with intervals that hold together, and verdicts.

With m comparisons every interval is at level 1 - delta / m, so that all of them hold at
once with probability at least 1 - delta (Bonferroni), and with them all verdicts.
Holm's p-values keep the same error rate for "there is a difference" alone and find at
least as much; where they find more than the intervals, the answer says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.bounds.samples import checked_delta
from rankbound.catalogue import Difference
from rankbound.data.per_query import PerQuery
from rankbound.validation.bootstrap import RESAMPLES
from rankbound.validation.multiplicity import holm
from rankbound.validation.paired import (
    PairedComparison,
    compare_paired,
    equivalence_p_value,
)
from rankbound.validation.verdicts import (
    queries_for_margin,
    smallest_margin,
    verdict,
)


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """One comparison of a family: a quantity under a sampling and the reference.

    Attributes
    ----------
    sampling, quantity, pairs : str
        What is compared; labels only.
    values, reference : PerQuery
        Their queries need not be the same; those of both count.
    bounds : tuple of float or None
        Range of one difference, None where it is not known.
    margin : float or None
        Fixed before looking; None where there is no agreed one.
    """

    sampling: str
    quantity: str
    pairs: str
    values: PerQuery
    reference: PerQuery
    bounds: tuple[float, float] | None
    margin: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """The comparison and its verdict within the family.

    Attributes
    ----------
    question : Question
    comparison : PairedComparison
        Its interval is at level 1 - delta / m.
    p_holm : float
        Adjusted over the family.
    p_equivalence : float or None
        Of two one-sided paired t tests; not adjusted. None without a margin or spread.
    smallest_margin : float
        At which the whole interval would lie within the margin.
    n_for_margin : int or None
        Queries at which both ends would lie within the margin of the mean; None
        without a margin.
    verdict : str
    only_values, only_reference : int
        Queries that the other side lacks.
    family_size : int
        m, by which delta was divided.
    """

    question: Question
    comparison: PairedComparison
    p_holm: float
    p_equivalence: float | None
    smallest_margin: float
    n_for_margin: int | None
    verdict: Difference
    only_values: int
    only_reference: int
    family_size: int

    @property
    def holm_finds_more(self) -> bool:
        """Whether Holm rejects equality although the interval holds 0."""
        family_delta = self.comparison.delta * self.family_size
        inside = self.comparison.lower <= 0 <= self.comparison.upper
        return inside and self.p_holm <= family_delta


def answer_family(
    questions: Sequence[Question],
    *,
    delta: float,
    rng: np.random.Generator,
    resamples: int = RESAMPLES,
) -> list[Answer]:
    """Answer all questions of a family together.

    Parameters
    ----------
    questions : sequence of Question
        The whole family: everything that was asked, not what came out well.
    delta : float
        Chance that any interval, and so any verdict, of the family is wrong.
    rng : numpy.random.Generator
        Of the bootstrap.
    resamples : int

    Raises
    ------
    DomainError
        On an empty family or a comparison without a common query.

    Examples
    --------
    >>> from rankbound.data.columns import strings
    >>> qids = strings([f"q{i}" for i in range(400)])
    >>> low = PerQuery("entropy", "nats", qids, np.full(400, 0.1))
    >>> high = PerQuery("entropy", "nats", qids, np.full(400, 0.3))
    >>> ask = Question("bm25", "entropy", "all", high, low, (-1.0, 1.0), 0.02)
    >>> [made] = answer_family([ask], delta=0.05, rng=np.random.default_rng(0))
    >>> made.verdict, made.p_holm < 0.05
    ('different', True)
    """
    if not questions:
        raise DomainError("a family needs at least one comparison")
    share = checked_delta(delta) / len(questions)
    aligned = [common(ask.values, ask.reference) for ask in questions]
    made = [
        compare_paired(
            first, second, bounds=ask.bounds, delta=share, rng=rng, resamples=resamples
        )
        for ask, (first, second) in zip(questions, aligned, strict=True)
    ]
    adjusted = holm(np.array([comparison.p for comparison in made]))
    return [
        _answer(ask, comparison, float(p), len(questions))
        for ask, comparison, p in zip(questions, made, adjusted, strict=True)
    ]


def common(first: PerQuery, second: PerQuery) -> tuple[np.ndarray, np.ndarray]:
    """Values of the queries that both have, in the order of the first.

    Raises
    ------
    DomainError
        When there is none.

    Examples
    --------
    >>> from rankbound.data.columns import strings
    >>> a = PerQuery("x", "nats", strings(["1", "2"]), np.array([1.0, 2.0]))
    >>> b = PerQuery("x", "nats", strings(["2", "3"]), np.array([4.0, 3.0]))
    >>> [side.tolist() for side in common(a, b)]
    [[2.0], [4.0]]
    """
    place = {qid: index for index, qid in enumerate(second.qids)}
    rows = [(i, place[qid]) for i, qid in enumerate(first.qids) if qid in place]
    if not rows:
        raise DomainError(
            f"{first.name} and {second.name} have no query in common; a paired "
            "comparison needs the same queries on both sides"
        )
    left, right = np.array(rows, dtype=np.int64).T
    return first.values[left], second.values[right]


def _answer(
    ask: Question, comparison: PairedComparison, p_holm: float, size: int
) -> Answer:
    needed = p_equivalence = None
    if ask.margin is not None:
        p_equivalence = equivalence_p_value(comparison.differences, margin=ask.margin)
        needed = queries_for_margin(
            comparison.differences,
            margin=ask.margin,
            delta=comparison.delta,
            bounds=comparison.bounds,
        )
    ends = (comparison.lower, comparison.upper)
    return Answer(
        question=ask,
        comparison=comparison,
        p_holm=p_holm,
        p_equivalence=p_equivalence,
        smallest_margin=smallest_margin(*ends),
        n_for_margin=needed,
        verdict=verdict(*ends, margin=ask.margin),
        only_values=len(ask.values) - comparison.n,
        only_reference=len(ask.reference) - comparison.n,
        family_size=size,
    )
