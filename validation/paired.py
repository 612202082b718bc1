"""Paired comparisons on the same queries: intervals, p-values, verdicts, and families.

Where the range of a difference is known, the betting interval of the mean decides.
Where it is not, no exact statement about a mean is possible: for any n, a law with one
rare and large difference looks like one without. There the direction decides, among the
queries in which the quantity changes, by Clopper and Pearson: "mostly higher" or
"mostly lower", and nothing is called different or equivalent. Student's interval stands
beside it, approximate, and decides nothing. The quantity chooses the rule, never the
data.

Systems are compared by Student's t, as is usual for measures of effectiveness (`by_t`):
the measures lie in [0, 1], so that no difference is rare and large beyond all others,
and the level holds approximately. Such a verdict is called approximate.

With m comparisons every interval is at level 1 - delta / m, so that all of them hold at
once with probability at least 1 - delta (Bonferroni). All verdicts then hold as well:
wherever the interval that decides holds the truth, its verdict is right. Holm's
p-values, of the same rules, keep the same error rate for "there is a difference" alone
and find at least as much; where they find more, the answer says so.

Beside every mean stands the direction among all queries, which decides nothing: the
intervals of these shares are a family of their own with the same delta.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from scipy.special import stdtr, stdtrit

from rankbound.bounds.betting import NEVER, betting_p_value, queries_needed
from rankbound.bounds.errors import DomainError
from rankbound.bounds.limits import two_sided
from rankbound.bounds.pilot import choose_stake
from rankbound.bounds.samples import checked_delta
from rankbound.bounds.shares import Direction, direction
from rankbound.catalogue import MOSTLY, Difference
from rankbound.data.clusters import Clusters, units_of
from rankbound.data.columns import Floats, positions
from rankbound.data.draws import generator
from rankbound.data.per_query import PerQuery
from rankbound.progress import counted_items
from rankbound.validation.power import check_margin, smallest_up_to
from rankbound.validation.resampling import RESAMPLES, Bootstrap, bca_mean, holm

# How an interval of a mean was computed
Method = Literal["betting", "paired_t"]
# What decides a verdict: Student's t between systems, and in earlier comparisons of
# samplings whose range is not known
Decides = Literal["betting", "direction", "paired_t"]
NO_RANGE = (
    "without a range of one difference no number of queries shows that two means are "
    "nearly equal, as rare and large differences cannot be excluded; only quantities "
    "of a known range can be called equivalent"
)


class Stakes(NamedTuple):
    """One stake for the lower end of a betting interval, and one for the upper."""

    lower: float
    upper: float


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
        Two-sided p-value, by the rule that decides: of no mean difference by betting
        or by Student's t, or of as many rises as falls by the sign test.
    method : {"betting", "paired_t"}
        Of the interval; Student's is approximate.
    rule : {"betting", "direction", "paired_t"}
        What decides: betting where the range is known, Student's t where that was
        asked for, else the direction.
    delta : float
    bounds : tuple of float or None
        Range of one difference.
    stakes : Stakes or None
        Those chosen on pilot queries, if there were any.
    n_pilot : int
        Differences that they were chosen on.
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
    rule: Decides
    delta: float
    bounds: tuple[float, float] | None
    stakes: Stakes | None
    n_pilot: int
    effect_size: float | None
    paired_t: PairedT
    bca: Bootstrap
    direction: Direction
    differences: Floats

    def verdict(self, margin: float | None) -> Difference:
        """The verdict by the rule that decides; parameters as for `verdict`."""
        if self.rule == "direction":
            return MOSTLY[self.direction.mostly]
        return verdict(self.lower, self.upper, margin=margin)


def compare_paired(  # noqa: PLR0913  two sides, and what an interval takes
    values: Floats,
    reference: Floats,
    *,
    bounds: tuple[float, float] | None,
    delta: float,
    rng: np.random.Generator,
    resamples: int = RESAMPLES,
    pilot: Floats | None = None,
    by_t: bool = False,
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
    pilot : float64 array, shape (p,), optional
        Differences of other queries, on which one stake for each end is chosen in place
        of a grid; without `bounds` nothing is staked.
    by_t : bool, default False
        Whether Student's t decides without `bounds`, approximately; else the direction.

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
    With `bounds`, Theorem 1 (d) at delta / 2 for each side, and Theorem 10 (a) with
    `pilot`; the direction by Theorem 8 (c), also at delta / 2 for each side.

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
    turned = direction(differences, delta=delta)
    method: Method = "paired_t" if bounds is None else "betting"
    rule: Decides = "betting"
    stakes = None
    if bounds is None:
        lower, upper, p_by_t = _by_t(student)
        rule, p = ("paired_t", p_by_t) if by_t else ("direction", turned.p)
    else:
        low, high = bounds
        stakes = stakes_for(pilot, m=len(differences), bounds=bounds, delta=delta)
        lower, upper = two_sided(
            differences, low=low, high=high, delta=delta, stakes=stakes
        )
        p = betting_p_value(
            differences, low=low, high=high, mean=0.0, delta=delta, stakes=stakes
        )
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
        rule=rule,
        delta=delta,
        bounds=bounds,
        stakes=stakes,
        n_pilot=0 if stakes is None or pilot is None else len(pilot),
        effect_size=mean / spread if spread > 0 else None,
        paired_t=student,
        bca=bca_mean(differences, delta=delta, rng=rng, resamples=resamples),
        direction=turned,
        differences=differences,
    )


def stakes_for(
    pilot: Floats | None, *, m: int, bounds: tuple[float, float], delta: float
) -> Stakes | None:
    """The stakes for both ends that pilot differences propose for m other queries.

    None without pilot queries. Source: Theorem 10 (a).

    Examples
    --------
    >>> even = np.linspace(-0.2, 0.2, 20)
    >>> found = stakes_for(even, m=40, bounds=(-1.0, 1.0), delta=0.05)
    >>> [round(stake, 2) for stake in found]
    [0.99, 0.99]
    """
    if pilot is None or not pilot.size:
        return None
    low, high = bounds
    values = np.clip(pilot, low, high)  # groups of pilot queries may be smaller
    down, up = (
        choose_stake(
            sign * values,
            low=min(sign * low, sign * high),
            high=max(sign * low, sign * high),
            m=m,
            delta=delta / 2,
        ).stake
        for sign in (-1, 1)
    )
    return Stakes(down, up)


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
    mean = float(differences.mean())
    if len(differences) < 2:
        return PairedT(None, None, None, None)
    if float(np.ptp(differences)) == 0:
        return PairedT(None, 1.0 if mean == 0 else 0.0, mean, mean)
    error = _standard_error(differences)
    with np.errstate(divide="ignore"):  # of squares that underflow
        statistic = float(mean / error)
    freedom = len(differences) - 1
    tail = (1 - (1 - delta)) / 2
    return PairedT(
        statistic,
        2 * float(stdtr(freedom, -abs(statistic))),
        float(stdtrit(freedom, tail) * error + mean),
        float(stdtrit(freedom, 1 - tail) * error + mean),
    )


def _standard_error(differences: Floats) -> np.float64:
    """Of the mean of at least two differences; `scipy.stats` takes a second to load."""
    n = len(differences)
    square = np.float64(((differences - differences.mean()) ** 2).mean())
    return np.float64(np.sqrt(square * (n / (n - 1)) / n))


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
    check_margin(margin)
    if len(differences) < 2 or float(np.ptp(differences)) == 0:
        return None
    mean, error = float(differences.mean()), _standard_error(differences)
    freedom = len(differences) - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        above = stdtr(freedom, -((mean + margin) / error))
        below = stdtr(freedom, (mean - margin) / error)
    return float(max(above, below))


def _by_t(student: PairedT) -> tuple[float, float, float]:
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
    """Read a verdict off an interval of a mean difference.

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
    stakes: Stakes | None = None,
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
        Range of one difference; without one nothing is called equivalent.
    stakes : Stakes, optional
        In place of the grid.

    Returns
    -------
    int or None
        At this number, both ends lie within the margin of the sample's mean; None where
        no number suffices.

    Examples
    --------
    >>> flips = np.tile([-0.1, 0.1], 50)
    >>> queries_for_margin(flips, margin=0.02, delta=0.05, bounds=(-1.0, 1.0))
    325
    """
    if bounds is None:
        return None
    low, high = bounds
    mean = float(differences.mean())
    ends = []
    down, up = (None, None) if stakes is None else ([stake] for stake in stakes)
    for values, centre, stake in (
        (differences, mean, up),
        (low + high - differences, low + high - mean, down),
    ):
        found = queries_needed(
            np.clip(values, low, high),
            low=low,
            high=high,
            threshold=centre + margin,
            delta=delta / 2,
            stakes=stake,
        )
        ends.append(found)
    first, second = ends
    return None if first is None or second is None else max(first, second)


def queries_by_t(differences: Floats, *, margin: float, delta: float) -> int | None:
    """As `queries_for_margin`, for Student's interval; approximate.

    Examples
    --------
    >>> queries_by_t(np.tile([-0.1, 0.1], 50), margin=0.02, delta=0.05)
    100
    """
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
    pilot : (PerQuery, PerQuery), optional
        Both sides on other queries, on which stakes are chosen.
    by_t : bool
        Whether Student's t decides without `bounds`; else the direction does.
    """

    sampling: str
    quantity: str
    pairs: str
    values: PerQuery
    reference: PerQuery
    bounds: tuple[float, float] | None
    margin: float | None
    clusters: Clusters | None = None
    pilot: tuple[PerQuery, PerQuery] | None = None
    by_t: bool = False

    @property
    def pilot_differences(self) -> Floats | None:
        """What stakes are chosen on; None without pilot queries."""
        if self.pilot is None:
            return None
        first, second = common(*self.pilot, self.clusters)
        return np.asarray(first - second)


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
        Result of `queries_for_margin` or `queries_by_t`, by the rule that decides; None
        without a margin, and where the direction decides.
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
        """Whether Holm's test rejects although the interval that decides does not."""
        made = self.comparison
        if made.rule == "direction":
            open_still = not made.direction.mostly
        else:
            open_still = made.lower <= 0 <= made.upper
        return open_still and self.p_holm <= made.delta * self.family_size


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
    made = [
        compare_paired(
            *common(ask.values, ask.reference, ask.clusters),
            bounds=ask.bounds,
            delta=share,
            rng=generator(seed, "bootstrap", ask.sampling, ask.quantity, ask.pairs),
            resamples=resamples,
            pilot=ask.pilot_differences,
            by_t=ask.by_t,
        )
        for ask in counted_items([*questions], "family", "comparisons")
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
    place = positions(second.qids, first.qids)
    left = np.flatnonzero(place >= 0)
    if not len(left):
        raise DomainError(
            f"{first.name} and {second.name} have no query in common; a paired "
            "comparison needs the same queries on both sides"
        )
    right = place[left]
    units = units_of(first.qids[left], clusters)
    return units.means(first.values[left]), units.means(second.values[right])


def _answer(
    ask: Question, comparison: PairedComparison, p_holm: float, size: int
) -> Answer:
    needed = p_equivalence = None
    if ask.margin is not None:
        found = comparison.differences
        p_equivalence = equivalence_p_value(found, margin=ask.margin)
        of = {"margin": ask.margin, "delta": comparison.delta}
        if comparison.rule == "paired_t":
            needed = queries_by_t(found, **of)
        else:
            needed = queries_for_margin(
                found, **of, bounds=comparison.bounds, stakes=comparison.stakes
            )
    both = int((positions(ask.reference.qids, ask.values.qids) >= 0).sum())
    return Answer(
        question=ask,
        comparison=comparison,
        p_holm=p_holm,
        p_equivalence=p_equivalence,
        smallest_margin=smallest_margin(comparison.lower, comparison.upper),
        n_for_margin=needed,
        verdict=comparison.verdict(ask.margin),
        only_values=len(ask.values) - both,
        only_reference=len(ask.reference) - both,
        family_size=size,
        n_queries=both,
    )
