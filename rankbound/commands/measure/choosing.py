"""What a student's pilot queries decide: temperature, score range, stake, group size.

The certificate is computed from the other queries, so it holds whatever was chosen here
(Theorem 10). Without a pilot the choices are given, or fixed beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from rankbound.bounds.certificate import LossRange, lemma_2c_range
from rankbound.bounds.lemmas import cut_ratio_all_pairs
from rankbound.bounds.pilot import RANGES, RangeChoice, choose_each_range
from rankbound.commands.measure.inputs import Split
from rankbound.data.clusters import Clusters, units_of
from rankbound.data.columns import Booleans, Floats, Integers, Strings, distinct_codes
from rankbound.data.groups import Groups
from rankbound.data.per_query import query_means
from rankbound.estimators.group_terms import floored, student_risks, student_terms

DEFAULT_RANGE: Final = 3.0  # B without a pilot
# A fitted temperature ignores clipping and the floor, so its neighbours are tried, too
FACTORS: Final = (0.5, 0.5**0.5, 1.0, 2.0**0.5, 2.0)
STEP: Final = 2.0**0.5  # from the largest of these on, where a B is best served there
MOST: Final = 16.0  # times the smallest: as useless scores are best all tied
PILOT, GIVEN, FIXED = "pilot", "given", "default"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a student is certified with, as far as it is not left to the pilot.

    Attributes
    ----------
    pairs : str
    score_range : float or None
        B, in temperatures.
    stake : float or None
        Of the betting limit.
    delta : float
        Failure probability of the limit of the mean.
    n_students : int
        Students whose limits hold at once.
    """

    pairs: str
    score_range: float | None
    stake: float | None
    delta: float
    n_students: int


@dataclass(frozen=True, slots=True)
class Choices:
    """What a student was certified with, and on how many queries it was chosen.

    Attributes
    ----------
    temperature : float
    score_range : float
        B, in temperatures.
    stake : float or None
        Of the betting limit; None is the grid of stakes.
    least : int or None
        Queries with a group of fewer documents are left out of the certificate; None
        without such a rule. With `pairs` "neg-neg" negatives are counted.
    n_pilot : int
        Queries, or clusters of them, on which choices were made.
    score_range_by, stake_by : str
        "pilot", "given" or "default".
    predicted : float or None
        Limit in nats that the pilot queries promise.
    by_range : tuple of RangeChoice
        The best choice at each B that the pilot queries were asked about; empty
        without a pilot.
    """

    temperature: float
    score_range: float
    stake: float | None
    least: int | None
    n_pilot: int
    score_range_by: str
    stake_by: str
    predicted: float | None = None
    by_range: tuple[RangeChoice, ...] = ()


def group_sizes(groups: Groups, pairs: str) -> Integers:
    """Documents of each group among which all pairs count, shape (n_groups,)."""
    if pairs == "all" or groups.positive is None:
        return groups.sizes
    negative = groups.row_group()[~groups.positive]
    return np.bincount(negative, minlength=groups.n_groups)


def least_size(
    groups: Groups, calibration: Booleans, split: Split, pairs: str
) -> int | None:
    """Least size of a pilot group; None without a pilot, or if sizes do not matter."""
    if not split.pilot or pairs == "pos-neg" or not calibration.any():
        return None
    return int(group_sizes(groups, pairs)[calibration].min())


def too_small(
    groups: Groups, calibration: Booleans, least: int | None, pairs: str
) -> Booleans:
    """Which groups belong to a certificate query with a group below a size.

    Examples
    --------
    >>> from rankbound.data.groups import top_documents
    >>> from rankbound.data.scores import Scores
    >>> scores = Scores.from_dict({q: {"a": 1.0, "b": 0.5} for q in ("p", "q")})
    >>> groups = top_documents(scores, depth=2)
    >>> too_small(groups, np.array([True, False]), 3, "all").tolist()
    [False, True]
    """
    if least is None:
        return np.zeros(groups.n_groups, dtype=bool)
    small = np.zeros(len(groups.qids), dtype=bool)
    small[groups.queries[group_sizes(groups, pairs) < least]] = True
    return np.asarray(small[groups.queries] & ~calibration)


def group_range(
    groups: Groups, *, pairs: str, score_range: float, least: int | None = None
) -> LossRange:
    """Range of one query's risk for these groups, by Lemma 2c.

    A single set of documents can cut all positive-negative pairs, so their ratio c_E
    is 1. Otherwise the ratio follows from the least size of a group. Without a size
    `least` fixed beforehand it is the smallest one of the sample; that no query has a
    smaller one is then an assertion of the user.
    """
    if pairs == "pos-neg":
        source = "lemma-2c, pos-neg pairs, c_E = 1"
        return lemma_2c_range(score_range, cut_ratio=1.0, source=source)
    sizes, label = group_sizes(groups, pairs), "k" if pairs == "all" else "negatives"
    smallest, largest = int(sizes.min()), int(sizes.max())
    varied = "" if smallest == largest else f" (the smallest, of up to {largest})"
    if least is not None:
        varied = "" if least == largest else f" or more, of up to {largest}"
        smallest = least
    return lemma_2c_range(
        score_range,
        cut_ratio=cut_ratio_all_pairs(smallest),
        source=f"lemma-2c, {pairs} pairs, {label} = {smallest}{varied}",
    )


class Losses(NamedTuple):
    """Risk and divergence of one student in nats, one number per query."""

    qids: Strings
    risk: Floats
    divergence: Floats


@dataclass(frozen=True, slots=True, eq=False)
class RowScores:
    """Scores of the rows of some groups, as the models gave them.

    Attributes
    ----------
    groups : Groups
        Of the pilot queries, say.
    teacher : float64 array, shape (n_rows,)
        Divided by the teacher's temperature.
    student : float64 array, shape (n_rows,)
        Not divided by a temperature.
    found : boolean array, shape (n_rows,)
        Which documents the student scores; the others get the floor.
    clusters : Clusters, optional
        Of the queries, if these are not independent.
    """

    groups: Groups
    teacher: Floats
    student: Floats
    found: Booleans
    clusters: Clusters | None = None

    def risks(self, temperature: float, score_range: float, pairs: str) -> Floats:
        """Risk of each query in nats, or mean risk of each cluster, clipped at B."""
        values = self._values(temperature, score_range)
        risk = student_risks(
            self.groups, self.teacher, values, clip_at=score_range, pairs=pairs
        )
        return units_of(self._qids(), self.clusters).means(self._means(risk))

    def losses(self, temperature: float, score_range: float, pairs: str) -> Losses:
        """Risk and divergence of each query, of the student clipped at B."""
        values = self._values(temperature, score_range)
        terms = student_terms(
            self.groups, self.teacher, values, clip_at=score_range, pairs=pairs
        )
        means = self._means(terms.risk), self._means(terms.divergence)
        return Losses(self._qids(), *means)

    def _values(self, temperature: float, score_range: float) -> Floats:
        """The student's scores at a temperature, those that lack far below B."""
        with np.errstate(over="ignore"):  # overflow is refused later, with a message
            values = self.student / temperature
        return floored(self.groups, values, self.found, clip_at=score_range)

    def _qids(self) -> Strings:
        return np.asarray(self.groups.qids[distinct_codes(self.groups.queries)])

    def _means(self, values: Floats) -> Floats:
        """The mean of each query, of numbers of groups."""
        queries, n_queries = self.groups.queries, len(self.groups.qids)
        means = query_means(queries, values, n_queries=n_queries)
        return np.asarray(means[distinct_codes(queries)])


def fixed_choices(temperature: float, wanted: Wanted) -> Choices:
    """The choices without a pilot: what was given, or fixed beforehand.

    Examples
    --------
    >>> made = fixed_choices(1.0, Wanted("all", None, None, 0.05, 1))
    >>> made.score_range, made.stake
    (3.0, None)
    """
    given = wanted.score_range
    return Choices(
        temperature=temperature,
        score_range=DEFAULT_RANGE if given is None else given,
        stake=wanted.stake,
        least=None,
        n_pilot=0,
        score_range_by=FIXED if given is None else GIVEN,
        stake_by=FIXED if wanted.stake is None else GIVEN,
    )


def pilot_choices(
    pilot: RowScores,
    temperatures: Sequence[float],
    *,
    wanted: Wanted,
    least: int | None,
    n_certificate: int,
) -> Choices:
    """Choose what was not given by the least limit that the pilot queries predict.

    Of several temperatures, larger ones are tried at each B that is best served by the
    largest so far: a small B clips nearly everything unless the scores are flattened.
    """
    given = wanted.score_range
    ranges = RANGES if given is None else (given,)
    limits = [
        group_range(pilot.groups, pairs=wanted.pairs, score_range=b, least=least)
        for b in ranges
    ]

    def tried(
        temperatures: Sequence[float], chosen: Sequence[int]
    ) -> list[RangeChoice]:
        some = [ranges[at] for at in chosen]
        return [
            *choose_each_range(
                [[pilot.risks(t, b, wanted.pairs) for b in some] for t in temperatures],
                temperatures=temperatures,
                intervals=[(limits[at].low, limits[at].high) for at in chosen],
                m=n_certificate,
                delta=wanted.delta,
                n_students=wanted.n_students,
                ranges=some,
            )
        ]

    best = tried(temperatures, range(len(ranges)))
    first, last = temperatures[0], temperatures[-1]
    while len(temperatures) > 1 and last * STEP <= first * MOST * (1 + 1e-9):
        edge = [at for at, one in enumerate(best) if one.temperature == last]
        if not edge:
            break
        last *= STEP
        for at, one in zip(edge, tried([last], edge), strict=True):
            best[at] = min(best[at], one, key=lambda each: each.stake.predicted)
    chosen = min(best, key=lambda choice: choice.stake.predicted)
    return Choices(
        temperature=chosen.temperature,
        score_range=chosen.score_range,
        stake=chosen.stake.stake if wanted.stake is None else wanted.stake,
        least=least,
        n_pilot=chosen.stake.n_pilot,
        score_range_by=PILOT if given is None else GIVEN,
        stake_by=PILOT if wanted.stake is None else GIVEN,
        predicted=chosen.stake.predicted,
        by_range=tuple(best),
    )
