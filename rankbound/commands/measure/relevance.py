"""What a student's terms say about true relevance: Theorem 3 on data.

If the teacher is calibrated, its preferences and the student's margins suffice;
judged pairs give the answer without that assumption. Each judged pair is oriented so
that the teacher prefers its first document, p >= 1/2. Documents without a judgement and
pairs of equal grades carry no information and are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Final, Self

import numpy as np
from msgspec.structs import replace

from rankbound.bounds.certificate import LN2, lemma_2c_range
from rankbound.bounds.floors import combined_floor
from rankbound.bounds.numeric import sigmoid
from rankbound.bounds.theorem3 import (
    calibration_shift,
    calibration_term,
    misranking_ceiling,
    misranking_floor,
)
from rankbound.commands.measure.certifying import Level
from rankbound.commands.measure.result import (
    Bin,
    Ceiling,
    Estimate,
    Floor,
    Judged,
    LimitFloor,
    Relevance,
)
from rankbound.data.clusters import Clusters, Units, units_of
from rankbound.data.columns import Booleans, Floats, Integers, distinct_codes, positions
from rankbound.data.groups import Groups
from rankbound.data.per_query import query_means
from rankbound.data.scores import Scores
from rankbound.estimators.calibration import N_BINS, bins_of
from rankbound.estimators.group_terms import blocks
from rankbound.estimators.pairs import both_sides, pair_differences, selected_pairs
from rankbound.estimators.pairwise import pair_divergence, pair_entropy


@dataclass(frozen=True, slots=True, eq=False)
class PairBlock:
    """The pairs of some groups; arrays of shape (b, n_pairs).

    `groups` (b,) are positions of groups; `chosen` marks the pairs that count; margins
    are those of the first document over the second; `block_rows` (b, k) are the rows of
    the documents.
    """

    groups: Integers
    chosen: Booleans
    teacher_margin: Floats
    student_margin: Floats
    block_rows: Integers

    def means(self, values: Floats) -> Floats:
        """Mean over the counted pairs of each group, shape (b,)."""
        total = np.sum(np.where(self.chosen, values, 0.0), axis=-1)
        return np.asarray(total / self.chosen.sum(axis=-1))


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """A student on the certificate's groups, clipped, with its teacher.

    Attributes
    ----------
    groups : Groups
        Without the calibration queries; every group has a pair of the wanted kind.
    teacher, student : float64 arrays, shape (n_rows,)
        Scores divided by their temperatures; the student's are clipped.
    pairs : {"all", "pos-neg", "neg-neg"}
    level : Level
    high : float
        Largest risk of one query (z_+ of Lemma 2c), nats; divergences lie below.
    score_range : float
        B, in temperatures.
    complete : bool
        Whether the documents of a judged query without a judgement are irrelevant.
    clusters : Clusters or None
        Of the queries, if these are not independent.
    """

    groups: Groups
    teacher: Floats
    student: Floats
    pairs: str
    level: Level
    high: float
    score_range: float
    complete: bool = False
    clusters: Clusters | None = None

    @property
    def pair_high(self) -> float:
        """Largest mean loss of any set of pairs, such as the judged ones; nats."""
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

    def per_unit(self, values: Floats, queries: Integers | None = None) -> Floats:
        """Average over the groups of each query, then over the queries of each cluster.

        Parameters
        ----------
        values : float64 array, shape (n,)
            One number per group, or per chosen one.
        queries : int64 array, shape (n,), optional
            The query of each; by default that of every group.

        Returns
        -------
        float64 array, shape (n_units,)
            One number per independent unit with a value.
        """
        chosen = self.groups.queries if queries is None else queries
        means = query_means(chosen, values, n_queries=len(self.groups.qids))
        present = np.unique(chosen)
        return self.units(present).means(means[present])

    def units(self, queries: Integers) -> Units:
        """The independent units of some queries, given by their positions."""
        return units_of(self.groups.qids[queries], self.clusters)


CHANCE: Final = 0.5  # share of pairs in the wrong order of a ranker that guesses
UNJUDGED: Final = (
    "no counted pair of the certificate's groups has two judged documents of "
    "different grades; documents without a judgement do not count as irrelevant, "
    "unless `unjudged='irrelevant'` asserts it"
)
# By the sign of the student's margin, in a pair oriented by the teacher
SIGNS: Final = {1.0: "agrees", -1.0: "disagrees", 0.0: "ties"}
ASSUMPTIONS: Final = (
    "misranking, ceiling and floor rest on A0 and on a calibrated teacher: given the "
    "query and both documents (A4i) for the floor, given p and the sign of the "
    "student's margin (A4ii) for the others; asserted, since judgements can refute "
    "but not prove it",
    "limits from divergences rest on A1' and on the group size, as the certificate; "
    "those on judged pairs on A1' alone",
    "observed_misranking and calibration_shift rest on A0 alone, for queries with "
    "judged pairs; ceiling_with_calibration describes the sample and is no limit",
    "each interval and limit is valid by itself, for all students at once",
)


@dataclass(frozen=True, slots=True, eq=False)
class JudgedPairs:
    """Judged pairs as columns of shape (n_pairs,).

    Attributes
    ----------
    queries : int64 array
        0 to n_queries - 1; every query has a pair.
    teacher_margin, student_margin : float64 arrays
        The teacher's is at least 0; where it is 0, the student's is at least 0.
    labels : float64 array
        1 if the first document is judged better, else 0; 1/2 where both models tie,
        since the pair has no orientation then.
    weights : float64 array
        They add up to 1 in each query, whose groups have equal weight.
    units : Units
        What is independent: the queries, or their clusters.
    """

    queries: Integers
    teacher_margin: Floats
    student_margin: Floats
    labels: Floats
    weights: Floats
    units: Units

    @property
    def n_queries(self) -> int:
        """Number of queries with a pair."""
        return len(self.units.of_query)

    @property
    def shares(self) -> Floats:
        """The weights, scaled so that they add up to the same number in each unit."""
        if self.units.place is None:
            return self.weights
        return self.weights * self.units.shares[self.queries]

    @property
    def preference(self) -> Floats:
        """The teacher's preference p >= 1/2 for the first document."""
        return np.asarray(sigmoid(self.teacher_margin))

    def means(self, values: Floats) -> Floats:
        """One mean per query, averaged within its unit, shape (n_units,)."""
        sums = np.bincount(
            self.queries, weights=self.weights * values, minlength=self.n_queries
        )
        return self.units.means(np.asarray(sums, dtype=np.float64))

    @property
    def wrong(self) -> Floats:
        """Whether the student contradicts the judgement; a tie is half wrong."""
        return misordered(self.student_margin, self.labels)


def misordered(margin: Floats, preference: Floats) -> Floats:
    """Probability that an order is wrong, if the first is better with `preference`.

    Examples
    --------
    >>> misordered(np.array([2.0, -2.0, 0.0]), np.array([1.0, 0.75, 0.75])).tolist()
    [0.0, 0.75, 0.5]
    """
    wrong = np.where(margin < 0, preference, 1 - preference)
    return np.asarray(np.where(margin == 0, 0.5, wrong))


def judged_pairs(student: Evaluated, qrels: Scores) -> JudgedPairs | None:
    """The counted pairs whose documents have different grades; None without one."""
    grades, judged = student.grades(qrels)
    found: list[tuple[Integers, Floats, Floats, Floats]] = []
    for block in student.blocks():
        both = np.logical_and(*both_sides(judged[block.block_rows]))
        left, right = both_sides(grades[block.block_rows])
        use = block.chosen & both & (left != right)
        group = np.broadcast_to(block.groups[:, None], use.shape)
        a, m = block.teacher_margin[use], block.student_margin[use]
        found.append((group[use], a, m, (left > right)[use].astype(np.float64)))
    group, a, m, labels = (
        np.concatenate(column) for column in zip(*found, strict=True)
    )
    if not len(group):
        return None
    turn = (a < 0) | ((a == 0) & (m < 0))
    labels = np.where(turn, 1 - labels, labels)
    labels = np.where((a == 0) & (m == 0), 0.5, labels)
    sign = np.where(turn, -1.0, 1.0)
    present, queries, weights = _even(group, student.groups.queries)
    return JudgedPairs(
        queries,
        sign * a,
        sign * m,
        labels,
        weights,
        student.units(present),
    )


def _even(group: Integers, query_of: Integers) -> tuple[Integers, Integers, Floats]:
    """The queries with a pair, which of them each is of, and weights.

    The weights even out groups and pairs.
    """
    per_group = np.bincount(group, minlength=len(query_of))
    used = per_group > 0
    groups_of = np.bincount(query_of[used], minlength=int(query_of.max()) + 1)
    present, queries = np.unique(query_of[group], return_inverse=True)
    weights = 1.0 / (per_group[group] * groups_of[query_of[group]])
    return present, queries.reshape(-1), weights


def reliability(pairs: JudgedPairs, level: Level) -> tuple[Bin, ...]:
    """How often the document that the teacher prefers is judged better.

    There is one row for each bin of p and each sign of the student's margin that
    occurs: only if the teacher is calibrated given both can p replace the truth. Each
    query with a pair in the bin has equal weight, so the interval is one of a mean over
    queries; each interval is valid by itself.

    scikit-learn's `calibration_curve` gives the same shares where every query has one
    pair. It knows no weights, no intervals, and no label of 1/2.
    """
    bins, preference = bins_of(pairs.preference), pairs.preference
    rows = []
    for index in range(N_BINS):
        for sign, word in SIGNS.items():
            here = (bins == index) & (np.sign(pairs.student_margin) == sign)
            if not here.any():
                continue
            share = level.part(
                _cell_means(pairs, here, pairs.labels), low=0.0, high=1.0
            )
            rows.append(
                Bin(
                    from_=0.5 + index / (2 * N_BINS),
                    to=0.5 + (index + 1) / (2 * N_BINS),
                    student=word,
                    n_pairs=int(here.sum()),
                    n_queries=len(distinct_codes(pairs.queries[here])),
                    mean_p=float(_cell_means(pairs, here, preference).mean()),
                    observed=share.value,
                    interval=share.interval,
                )
            )
    return tuple(rows)


def binned_calibration_term(pairs: JudgedPairs) -> float:
    """Calibration term of Theorem 3 (e), with p rounded to its bin.

    Within a bin and sign, p is replaced by its mean. This leaves the sum of the gaps
    unchanged, so the term still bounds the size of the shift.
    """
    bins, preference = bins_of(pairs.preference), pairs.preference
    rounded = preference.copy()
    for index in range(N_BINS):
        for sign in SIGNS:
            here = (bins == index) & (np.sign(pairs.student_margin) == sign)
            if here.any():
                rounded[here] = np.average(preference[here], weights=pairs.shares[here])
    return calibration_term(
        rounded, pairs.student_margin, pairs.labels, weights=pairs.shares
    )


def _cell_means(pairs: JudgedPairs, here: Booleans, values: Floats) -> Floats:
    """Mean over the chosen pairs of every query that has one, within each unit."""
    weights = pairs.weights[here]
    present, queries = np.unique(pairs.queries[here], return_inverse=True)
    mass = np.bincount(queries, weights=weights)
    means = np.bincount(queries, weights=weights * values[here]) / mass
    return pairs.units.only(present).means(means)


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """Terms of pairs, or their means over the pairs of queries: arrays of one shape.

    Attributes
    ----------
    misranking : float64 array
        Probability that the student's order is wrong, if the teacher is calibrated.
    bayes : float64 array
        The same for the best possible order.
    entropy, divergence : float64 arrays
        In nats.
    discordant : float64 array
        The divergence where the models disagree, and half of it where the student ties.
    """

    misranking: Floats
    bayes: Floats
    entropy: Floats
    divergence: Floats
    discordant: Floats

    @classmethod
    def each(cls, made: Callable[[str], Floats]) -> Self:
        """The terms that a function gives for their names."""
        return cls(**{one.name: made(one.name) for one in fields(cls)})


def relevance(
    student: Evaluated, qrels: Scores, *, asserted: tuple[str, ...] = ()
) -> Relevance:
    """Misranking of one student: from preferences, and on judged pairs.

    `asserted` are assumptions in addition to `ASSUMPTIONS`.
    """
    pairs = judged_pairs(student, qrels)
    misranking, ceiling, floor = _reading(
        _all_terms(student), student.high, student.level
    )
    return Relevance(
        misranking=misranking,
        ceiling=ceiling,
        floor=floor,
        judged=None if pairs is None else _judged(pairs, student),
        judged_missing_because=UNJUDGED if pairs is None else None,
        assumptions=(*ASSUMPTIONS, *asserted),
    )


def pair_terms(teacher_margin: Floats, student_margin: Floats) -> Terms:
    """The terms of pairs, elementwise.

    Examples
    --------
    >>> terms = pair_terms(np.array([0.0]), np.array([1.0]))
    >>> terms.misranking.item(), terms.bayes.item(), round(terms.entropy.item(), 4)
    (0.5, 0.5, 0.6931)
    """
    p = sigmoid(teacher_margin)
    divergence = pair_divergence(teacher_margin, student_margin)
    opposed = np.sign(teacher_margin) * np.sign(student_margin) < 0
    half = np.where(student_margin == 0, 0.5, opposed)
    return Terms(
        misranking=misordered(student_margin, np.asarray(p)),
        bayes=np.minimum(p, sigmoid(-teacher_margin)),
        entropy=pair_entropy(teacher_margin),
        divergence=divergence,
        discordant=half * divergence,
    )


def _all_terms(student: Evaluated) -> Terms:
    """Means of the terms over all counted pairs of each query."""
    per_group = Terms.each(lambda _: np.empty(student.groups.n_groups))
    for block in student.blocks():
        terms = pair_terms(block.teacher_margin, block.student_margin)
        for one in fields(terms):
            column = getattr(per_group, one.name)
            column[block.groups] = block.means(getattr(terms, one.name))
    return Terms.each(lambda name: student.per_unit(getattr(per_group, name)))


def _reading(
    terms: Terms, high: float, level: Level
) -> tuple[Estimate, Ceiling, Floor]:
    """Misranking, ceiling and floor from the terms of queries."""
    divergence, discordant = (
        float(values.mean()) for values in (terms.divergence, terms.discordant)
    )
    entropy = min(float(terms.entropy.mean()), LN2)
    # Three limits must hold at once, so each gets a third of delta
    limits = [
        level.upper(values, high=top, share=1 / 3)
        for values, top in (
            (terms.entropy, LN2),
            (terms.divergence, high),
            (terms.discordant, high),
        )
    ]
    half_bits = entropy / (2 * LN2)
    lowest = level.lower(terms.entropy, high=LN2)
    return (
        level.part(terms.misranking, low=0.0, high=1.0, trivial=CHANCE),
        Ceiling(
            value=misranking_ceiling(entropy, divergence, discordant=discordant),
            from_divergence=min(1.0, half_bits + float(np.sqrt(2 * divergence))),
            from_risk=min(1.0, (entropy + divergence) / LN2),
            limit=misranking_ceiling(*limits[:2], discordant=limits[2]),
            limit_floor=LimitFloor.of(
                combined_floor(
                    [(entropy, LN2), (divergence, high), (discordant, high)],
                    len(terms.entropy),
                    lambda h, d, part: misranking_ceiling(h, d, discordant=part),
                    delta=level.delta / 3,
                    n_students=level.n_students,
                    trivial=CHANCE,
                )
            ),
        ),
        Floor(
            value=float(terms.bayes.mean()),
            limit=level.lower(terms.bayes, high=0.5),
            from_entropy=misranking_floor(entropy),
            from_entropy_limit=misranking_floor(min(LN2, max(0.0, lowest))),
        ),
    )


def _judged(pairs: JudgedPairs, student: Evaluated) -> Judged:
    """Misranking of judged pairs, their observed error, and the calibration term."""
    level, p = student.level, pairs.preference
    raw = pair_terms(pairs.teacher_margin, pairs.student_margin)
    terms = Terms.each(lambda name: pairs.means(getattr(raw, name)))
    misranking, ceiling, floor = _reading(terms, student.pair_high, level)
    observed = pairs.means(pairs.wrong)
    shift = level.part(observed - terms.misranking, low=-1.0, high=1.0)
    term = binned_calibration_term(pairs)
    margins, labels, weights = pairs.student_margin, pairs.labels, pairs.shares
    exact = calibration_shift(p, margins, labels, weights=weights)
    return Judged(
        n_queries=pairs.n_queries,
        n_pairs=len(pairs.queries),
        misranking=misranking,
        ceiling=ceiling,
        floor=floor,
        observed_misranking=replace(
            level.part(observed, low=0.0, high=1.0),
            upper=level.upper(observed, high=1.0),
            floor=LimitFloor.of(level.floor(observed, high=1.0, trivial=CHANCE)),
        ),
        calibration_shift=replace(shift, value=exact),
        calibration_term=term,
        ceiling_with_calibration=min(1.0, ceiling.value + term),
        reliability=reliability(pairs, level),
    )
