"""Paired comparisons on the same queries: intervals, p-values, verdicts, and families.

The primary interval is by betting where the range of a difference is known, and by
Student's t where it is not. The quantity decides which, never the data.

With m comparisons every interval is at level 1 - delta / m, so that all of them hold at
once with probability at least 1 - delta (Bonferroni). All verdicts then hold as well:
wherever the interval holds the true difference, its verdict is right. Holm's p-values
keep the same error rate for "there is a difference" alone and find at least as much;
where they find more than the intervals, the answer says so.

Beside the mean stands the direction: the shares of queries in which the quantity rises
and falls, by Clopper and Pearson, which needs no range. The intervals of these shares
are a family of their own with the same delta. A share is no mean, and decides no
verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rankbound.bounds.betting import NEVER, betting_p_value, queries_needed
from rankbound.bounds.errors import DomainError
from rankbound.bounds.limits import two_sided
from rankbound.bounds.samples import checked_delta
from rankbound.bounds.shares import Direction, direction
from rankbound.catalogue import Difference
from rankbound.data.clusters import Clusters, units_of
from rankbound.data.columns import Floats
from rankbound.data.draws import generator
from rankbound.data.per_query import PerQuery
from rankbound.validation.power import check_margin, smallest_up_to
from rankbound.validation.resampling import RESAMPLES, Bootstrap, bca_mean, holm

Method = Literal["betting", "paired_t"]


@dataclass(frozen=True, slots=True)
class PairedT:
    """Student's t test and interval of the mean of paired differences.

    Where the differences do not vary, `statistic` is None, `lower` and `upper` are the
    mean, and `p` is 1 or 0. All are None for a single query.
    """

    statistic: float | None
    p: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True)
class PairedComparison:
    """The comparison of two quantities on the same queries.

    Attributes
    ----------
    n : int
        Queries, or clusters of them.
    mean, reference_mean, difference : float
        `difference` is the mean of the differences.
    lower, upper : float
        The primary interval, delta / 2 on each side.
    p : float
        Two-sided p-value of no difference, by the primary method.
    method : {"betting", "paired_t"}
    delta : float
    bounds : tuple of float or None
        Range of one difference.
    effect_size : float or None
        d_z, the mean difference over the standard deviation of the differences; None
        where they do not vary.
    paired_t : PairedT
    bca : Bootstrap
    direction : Direction
        Shares of queries in which the quantity rises and falls, delta / 2 on each side.
    differences : float64 array, shape (n,)
    """

    n: int
    mean: float
    reference_mean: float
    difference: float
    lower: float
    upper: float
    p: float
    method: Method
    delta: float
    bounds: tuple[float, float] | None
    effect_size: float | None
    paired_t: PairedT
    bca: Bootstrap
    direction: Direction
    differences: Floats


def compare_paired(
    values: Floats,
    reference: Floats,
    *,
    bounds: tuple[float, float] | None,
    delta: float,
    rng: np.random.Generator,
    resamples: int = RESAMPLES,
) -> PairedComparison:
    """Compare two aligned vectors of per-query values.

    Parameters
    ----------
    values, reference : float64 arrays, shape (n,)
        Row i of both is the same query.
    bounds : tuple of float or None
        Range of ``values - reference``, known in advance; None where it is not known.
    delta : float
        One minus the level of each interval, half of it on each side.
    rng : numpy.random.Generator
        For the bootstrap.
    resamples : int
        Number of bootstrap samples.

    Returns
    -------
    PairedComparison

    Raises
    ------
    DomainError
        On arrays of different or empty shape, values that are not finite, a difference
        outside `bounds`, or, without `bounds`, fewer than two queries.

    Notes
    -----
    With `bounds`, Theorem 1 (d) at delta / 2 for each side; the direction by Theorem 8
    (c), also at delta / 2 for each side.

    Examples
    --------
    >>> first, second = np.full(50, 0.4), np.full(50, 0.1)
    >>> made = compare_paired(first, second, bounds=(-1, 1), delta=0.05,
    ...     rng=np.random.default_rng(0))
    >>> made.method, round(made.difference, 6), made.lower > 0
    ('betting', 0.3, True)
    """
    checked_delta(delta)
    _check(values, reference)
    differences = _settled(values - reference)
    student = paired_t(differences, delta=delta)
    method: Method = "paired_t" if bounds is None else "betting"
    if bounds is None:
        lower, upper, p = _primary_by_t(student)
    else:
        low, high = bounds
        lower, upper = two_sided(differences, low=low, high=high, delta=delta)
        p = betting_p_value(differences, low=low, high=high, mean=0.0, delta=delta)
    spread = float(differences.std(ddof=1)) if len(differences) > 1 else 0.0
    mean = float(differences.mean())
    return PairedComparison(
        n=len(values),
        mean=float(values.mean()),
        reference_mean=float(reference.mean()),
        difference=mean,
        lower=lower,
        upper=upper,
        p=p,
        method=method,
        delta=delta,
        bounds=bounds,
        effect_size=mean / spread if spread > 0 else None,
        paired_t=student,
        bca=bca_mean(differences, delta=delta, rng=rng, resamples=resamples),
        direction=direction(differences, delta=delta),
        differences=differences,
    )


def paired_t(differences: Floats, *, delta: float) -> PairedT:
    """Compute Student's t test and interval of the mean of paired differences.

    Parameters
    ----------
    differences : float64 array, shape (n,)
    delta : float
        One minus the level of the interval.

    Examples
    --------
    >>> made = paired_t(np.array([1.0, 2.0, 3.0]), delta=0.05)
    >>> round(made.p, 6), round(made.lower, 4), round(made.upper, 4)
    (0.07418, -0.4841, 4.4841)
    >>> paired_t(np.zeros(5), delta=0.05).p
    1.0
    """
    from scipy.stats import ttest_1samp

    mean = float(differences.mean())
    if len(differences) < 2:
        return PairedT(None, None, None, None)
    if float(np.ptp(differences)) == 0:
        return PairedT(None, 1.0 if mean == 0 else 0.0, mean, mean)
    test = ttest_1samp(differences, 0.0)
    ends = test.confidence_interval(1 - delta)
    return PairedT(
        float(test.statistic), float(test.pvalue), float(ends.low), float(ends.high)
    )


def equivalence_p_value(differences: Floats, *, margin: float) -> float | None:
    """p-value of equivalence by two one-sided paired t tests.

    Parameters
    ----------
    differences : float64 array, shape (n,)
    margin : float
        Positive, in the unit of the differences.

    Returns
    -------
    float or None
        At most delta if and only if the t interval at level 1 - 2 delta lies within the
        margin; None where the differences do not vary or there is one query.

    Raises
    ------
    DomainError
        On a margin that is not a positive number.

    Notes
    -----
    Schuirmann (1987): the larger of the two p-values.

    Examples
    --------
    >>> flips = np.tile([-0.1, 0.1], 50)
    >>> round(equivalence_p_value(flips, margin=0.02), 4)
    0.0247
    """
    from scipy.stats import ttest_1samp

    check_margin(margin)
    if len(differences) < 2 or float(np.ptp(differences)) == 0:
        return None
    above = ttest_1samp(differences, -margin, alternative="greater").pvalue
    below = ttest_1samp(differences, margin, alternative="less").pvalue
    return float(max(above, below))


def _primary_by_t(student: PairedT) -> tuple[float, float, float]:
    if student.lower is None or student.upper is None or student.p is None:
        raise DomainError(
            "a t interval needs at least 2 queries, got 1; give groups of more queries"
        )
    return student.lower, student.upper, student.p


def _settled(differences: Floats) -> Floats:
    """Replace differences that vary by rounding alone with one number."""
    scale = float(np.abs(differences).max())
    if scale <= 1e-13:
        return np.zeros_like(differences)
    if float(np.ptp(differences)) <= 1e-13 * max(scale, 1.0):
        return np.full_like(differences, differences.mean())
    return differences


def _check(values: Floats, reference: Floats) -> None:
    if values.ndim != 1 or not values.size or values.shape != reference.shape:
        raise DomainError(
            "a paired comparison needs two flat arrays of the same queries, got shapes "
            f"{values.shape} and {reference.shape}"
        )
    if not (np.isfinite(values).all() and np.isfinite(reference).all()):
        raise DomainError(
            "a value is not finite; leave its query out of both and count it"
        )


def verdict(lower: float, upper: float, *, margin: float | None) -> Difference:
    """Read a verdict off the interval of a mean difference.

    Parameters
    ----------
    lower, upper : float
    margin : float or None
        Fixed before looking. Without a margin nothing is equivalent or negligible.

    Returns
    -------
    {"different", "negligible", "equivalent", "inconclusive"}
        As `rankbound.catalogue.VERDICTS` defines them.

    Raises
    ------
    DomainError
        If ``lower > upper``, or on a margin that is not positive.

    Examples
    --------
    >>> verdict(0.01, 0.03, margin=0.02), verdict(0.001, 0.01, margin=0.02)
    ('different', 'negligible')
    >>> verdict(-0.01, 0.01, margin=0.02), verdict(-0.01, 0.03, margin=0.02)
    ('equivalent', 'inconclusive')
    """
    if not lower <= upper:
        raise DomainError(f"an interval needs lower <= upper, got {lower}, {upper}")
    if margin is not None:
        check_margin(margin)
    apart = lower > 0 or upper < 0
    within = margin is not None and smallest_margin(lower, upper) <= margin
    if apart:
        return "negligible" if within else "different"
    return "equivalent" if within else "inconclusive"


def smallest_margin(lower: float, upper: float) -> float:
    """The smallest margin within which the whole interval lies.

    Examples
    --------
    >>> smallest_margin(-0.01, 0.03)
    0.03
    """
    return max(abs(lower), abs(upper))


def queries_for_margin(
    differences: Floats,
    *,
    margin: float,
    delta: float,
    bounds: tuple[float, float] | None,
) -> int | None:
    """Number of queries at which the interval reaches no farther than the margin.

    A study that expects no difference needs so many, if its differences are spread as
    in this sample.

    Parameters
    ----------
    differences : float64 array, shape (n,)
        One paired difference per query.
    margin : float
        Positive, in the unit of the differences.
    delta : float
        One minus the level of the interval, half of it on each side.
    bounds : tuple of float or None
        Range of one difference, for the betting interval; None for Student's t.

    Returns
    -------
    int or None
        At this number, both ends lie within the margin of the sample's mean; None where
        no number suffices.

    Examples
    --------
    >>> flips = np.tile([-0.1, 0.1], 50)
    >>> queries_for_margin(flips, margin=0.02, delta=0.05, bounds=None)
    100
    >>> queries_for_margin(flips, margin=0.02, delta=0.05, bounds=(-1.0, 1.0))
    325
    """
    if bounds is None:
        return _queries_by_t(differences, margin=margin, delta=delta)
    low, high = bounds
    mean = float(differences.mean())
    ends = []
    for values, centre in (
        (differences, mean),
        (low + high - differences, low + high - mean),
    ):
        found = queries_needed(
            np.clip(values, low, high),
            low=low,
            high=high,
            threshold=centre + margin,
            delta=delta / 2,
        )
        ends.append(found)
    first, second = ends
    return None if first is None or second is None else max(first, second)


def _queries_by_t(differences: Floats, *, margin: float, delta: float) -> int | None:
    from scipy.stats import t

    if len(differences) < 2:
        return None
    spread = float(differences.std(ddof=1))

    def enough(n: int) -> bool:
        half = float(t.ppf(1 - delta / 2, n - 1)) * spread / np.sqrt(n)
        return bool(half <= margin)

    return smallest_up_to(NEVER, enough)


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """One comparison of a family: a quantity under a sampling, and its reference.

    Attributes
    ----------
    sampling, quantity, pairs : str
        Labels of what is compared.
    values, reference : PerQuery
        Only queries of both are compared.
    bounds : tuple of float or None
        Range of one difference; None where it is not known.
    margin : float or None
        Fixed before looking; None where none is agreed.
    clusters : Clusters or None
        Of the queries, whose differences are then averaged by cluster; None where the
        queries are independent.
    """

    sampling: str
    quantity: str
    pairs: str
    values: PerQuery
    reference: PerQuery
    bounds: tuple[float, float] | None
    margin: float | None
    clusters: Clusters | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """The comparison and its verdict within the family.

    Attributes
    ----------
    question : Question
    comparison : PairedComparison
        Its interval is at level 1 - delta / m.
    p_holm : float
        Adjusted for the family.
    p_equivalence : float or None
        Of two one-sided paired t tests, not adjusted; None without a margin or spread.
    smallest_margin : float
        The smallest margin within which the whole interval lies.
    n_for_margin : int or None
        Result of `queries_for_margin`; None without a margin.
    verdict : str
    only_values, only_reference : int
        Numbers of queries that only one side has.
    family_size : int
        Number of comparisons m, by which delta was divided.
    n_queries : int
        Queries of both sides; the comparison counts their clusters if these were given.
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
    n_queries: int

    @property
    def holm_finds_more(self) -> bool:
        """Whether Holm's test rejects equality although the interval contains 0."""
        family_delta = self.comparison.delta * self.family_size
        inside = self.comparison.lower <= 0 <= self.comparison.upper
        return inside and self.p_holm <= family_delta


def answer_family(
    questions: Sequence[Question],
    *,
    delta: float,
    seed: int,
    resamples: int = RESAMPLES,
) -> list[Answer]:
    """Compare all questions of a family together.

    Parameters
    ----------
    questions : sequence of Question
        The whole family: everything that was asked, not only what came out well.
    delta : float
        Probability that any interval of the family, and so any verdict, is wrong; and
        that any interval of a share of queries is.
    seed : int
        Of the bootstrap, at least 0. Every question has random numbers of its own, by
        its sampling, quantity and pairs, so that no other question changes them.
    resamples : int
        Number of bootstrap samples.

    Returns
    -------
    list of Answer
        One per question, in their order.

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
    >>> [made] = answer_family([ask], delta=0.05, seed=0)
    >>> made.verdict, made.p_holm < 0.05, made.comparison.direction.certain
    ('different', True, 'rises')
    """
    if not questions:
        raise DomainError("a family needs at least one comparison")
    share = checked_delta(delta) / len(questions)
    aligned = [common(ask.values, ask.reference, ask.clusters) for ask in questions]
    made = [
        compare_paired(
            first,
            second,
            bounds=ask.bounds,
            delta=share,
            rng=generator(seed, "bootstrap", ask.sampling, ask.quantity, ask.pairs),
            resamples=resamples,
        )
        for ask, (first, second) in zip(questions, aligned, strict=True)
    ]
    adjusted = holm(np.array([comparison.p for comparison in made]))
    return [
        _answer(ask, comparison, float(p), len(questions))
        for ask, comparison, p in zip(questions, made, adjusted, strict=True)
    ]


def common(
    first: PerQuery, second: PerQuery, clusters: Clusters | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Values of the queries that both sides have, in the order of the first.

    With clusters, both sides are averaged within each cluster of these queries.

    Raises
    ------
    DomainError
        If they have no query in common.

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
    units = units_of(first.qids[left], clusters)
    return units.means(first.values[left]), units.means(second.values[right])


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
    both = len({*ask.values.qids} & {*ask.reference.qids})
    return Answer(
        question=ask,
        comparison=comparison,
        p_holm=p_holm,
        p_equivalence=p_equivalence,
        smallest_margin=smallest_margin(*ends),
        n_for_margin=needed,
        verdict=verdict(*ends, margin=ask.margin),
        only_values=len(ask.values) - both,
        only_reference=len(ask.reference) - both,
        family_size=size,
        n_queries=both,
    )
