"""Associations of terms with measures: coefficients, intervals, p-values, pooled sets.

`draw` computes everything that needs the queries, and `summary` turns it into intervals
and p-values. In between, `pool` may combine several data sets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import betainccinv, betaincinv, ndtr

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Booleans, Floats, Integers
from rankbound.progress import counting
from rankbound.validation.concordance import RowSums, row_sums
from rankbound.validation.correlation import (
    RankedPanel,
    flipped_partials,
    independent,
    kendall_resampled,
    kendall_variance,
    pearson,
    permuted_kendall,
    unit,
    weighted_ranks,
)
from rankbound.validation.left_out import (
    kendall_left_out,
    pearson_left_out,
    ranks_left_out,
)
from rankbound.validation.power import FIELLER
from rankbound.validation.resampling import (
    acceleration,
    bca_interval,
    extreme_counts,
    permutation_p,
    permutations_in_parts,
    permuted_products,
    weights_in_parts,
)

LEAST_QUERIES: Final = 8
# With more queries, Kendall's permutation distribution is normal for all purposes
MOST_FOR_PAIRS: Final = 50
PERMUTATIONS_FOR_PAIRS: Final = 9_999
ORDERS_AT_ONCE: Final = 10_000
KINDS: Final = ("pearson", "spearman", "kendall", "partial")
TESTED: Final = ("spearman", "partial")  # with as many draws as a decision needs
MISSED: Final = 1e-4  # by either end of the interval that decides when to stop


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Terms, measures and covariates of the same queries.

    Attributes
    ----------
    terms : float64 array, shape (n, t)
    targets : float64 array, shape (n, k)
    given : float64 array, shape (n, c)
        Covariates of difficulty, which partial coefficients take out.
    uses : boolean array, shape (k, c)
        Which covariates are taken out for each target.
    """

    terms: Floats
    targets: Floats
    given: Floats
    uses: Booleans


@dataclass(frozen=True, slots=True)
class Stopping:
    """When more permutations cannot change a decision.

    A test is decided if the interval of its p-value lies wholly above `delta`, where no
    correction rejects, or at or below ``delta / n_tests``, where all of them do. The
    interval is Clopper and Pearson's; it misses the p-value of all permutations with
    probability 0.0002 at most.

    Examples
    --------
    >>> rule = Stopping(delta=0.05, n_tests=10)
    >>> rule.decided(np.array([300, 30, 0]), 999).tolist()
    [True, False, False]
    >>> rule.decided(np.array([0]), 9999).tolist()
    [True]
    """

    delta: float
    n_tests: int

    def decided(self, extreme: Integers, drawn: int) -> Booleans:
        """Which tests are decided, where `extreme` of the `drawn` are as far from 0."""
        lower = betaincinv(np.maximum(extreme, 1), drawn - extreme + 1.0, MISSED)
        upper = betainccinv(extreme + 1.0, np.maximum(drawn - extreme, 1), MISSED)
        none = (extreme > 0) & (lower > self.delta)
        return np.asarray(none | (upper <= self.delta / self.n_tests))


@dataclass(frozen=True, slots=True)
class Effort:
    """Numbers of resamples and permutations.

    Attributes
    ----------
    resamples : int
        For intervals.
    permutations : int
        For p-values.
    rank_permutations : int or None
        For Spearman's p-values, which are corrected for the size of a family and so
        need more. None takes as many as `permutations`.
    stopping : Stopping or None
        When fewer of those do. None draws all of them.
    """

    resamples: int = 2_000
    permutations: int = 9_999
    rank_permutations: int | None = None
    stopping: Stopping | None = None

    @property
    def extra(self) -> int:
        """How many permutations Spearman's coefficient gets beyond the others."""
        wanted = self.rank_permutations or 0
        return max(0, wanted - self.permutations)


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Coefficients of a panel in the sample and in everything drawn from it.

    Attributes
    ----------
    n : int
    estimates : dict of float64 arrays, shape (t, k)
        By kind: pearson, spearman, kendall, partial.
    replicates : dict of float64 arrays, shape (b, t, k)
    jackknife : dict of float64 arrays, shape (n, t, k)
    null : dict of float64 arrays, shape (m, t, k)
        Under permutations, and under flipped signs for "partial". "kendall" is missing
        for more than 50 queries.
    kendall_variance : float64 array, shape (t, k)
        Of the permutation distribution.
    n_given : int64 array, shape (k,)
        Number of covariates taken out for each target.
    """

    n: int
    estimates: dict[str, Floats]
    replicates: dict[str, Floats]
    jackknife: dict[str, Floats]
    null: dict[str, Floats]
    kendall_variance: Floats
    n_given: Floats


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A coefficient with its interval and p-value; None where one does not exist."""

    value: float | None
    lower: float | None
    upper: float | None
    p: float | None


@dataclass(frozen=True, slots=True)
class Association:
    """Coefficients of one term and one measure over `n` queries.

    `kendall_by` names the source of Kendall's p-value: "permutation" or "normal".
    `permutations` are behind Spearman's p-value, `flips` behind the partial one.
    """

    n: int
    pearson: Coefficient
    spearman: Coefficient
    kendall: Coefficient
    partial: Coefficient
    kendall_by: str
    permutations: int = 0
    flips: int = 0


def settled(columns: Floats) -> Floats:
    """Round columns to 12 digits of their largest entry.

    Copies of one number that differ by rounding would otherwise get ranks of their own.

    Examples
    --------
    >>> settled(np.array([[1.0], [1.0 + 2e-16], [2.0]])).ravel().tolist()
    [0.5, 0.5, 1.0]
    """
    scale = np.abs(columns).max(axis=0, initial=0.0)
    return np.asarray(np.round(columns / np.where(scale > 0, scale, 1.0), 12))


def draw(panel: Panel, effort: Effort, rng: np.random.Generator) -> Draws:
    """Compute coefficients of the sample, its resamples and its permutations.

    Parameters
    ----------
    panel : Panel
    effort : Effort
    rng : numpy.random.Generator

    Returns
    -------
    Draws
        Also with each query left out, for the acceleration of BCa.

    Raises
    ------
    DomainError
        With fewer than 8 queries.

    Examples
    --------
    >>> x = np.arange(10.0)[:, None]
    >>> panel = Panel(x, x**2, np.empty((10, 0)), np.empty((1, 0), dtype=bool))
    >>> effort = Effort(resamples=20, permutations=99)
    >>> draws = draw(panel, effort, np.random.default_rng(0))
    >>> draws.estimates["spearman"].round(6).item(), draws.null["spearman"].shape
    (1.0, (99, 1, 1))
    """
    n, x, y = len(panel.terms), settled(panel.terms), settled(panel.targets)
    if n < LEAST_QUERIES:
        raise DomainError(
            f"an association needs {LEAST_QUERIES} queries or more, got {n}"
        )
    whole = np.ones((1, n))
    given, uses = settled(panel.given), panel.uses.copy()
    for target in range(len(uses)):
        chosen = np.flatnonzero(uses[target])
        uses[target, chosen] = independent(given[:, chosen])
    panel = Panel(x, y, given, uses)
    rows = row_sums(x, y)
    ranked = RankedPanel.of(x, y, given, uses)
    samples = [
        _coefficients(panel, ranked, weights, kendall_resampled(weights, x, y, rows))
        for weights in weights_in_parts(n, resamples=effort.resamples, rng=rng)
    ]
    tau = rows.tau(lambda pairs: pairs.sum(axis=1)[None])
    sample = _coefficients(panel, ranked, whole, tau)
    estimates = {kind: value[0] for kind, value in sample.items()}
    left, right = (unit(whole, weighted_ranks(whole, side))[0] for side in (x, y))
    plain_left, plain_right = (unit(whole, side[None])[0] for side in (x, y))
    of_ranks, plain = [], []
    by_pairs: dict[str, Floats] = {}
    for orders in permutations_in_parts(n, count=effort.permutations, rng=rng):
        of_ranks.append(permuted_products(left, right, orders))
        plain.append(permuted_products(plain_left, plain_right, orders))
        if n <= MOST_FOR_PAIRS and not by_pairs:
            few = orders[:PERMUTATIONS_FOR_PAIRS]
            by_pairs = {"kendall": permuted_kendall(x, y, few)}

    def permuted(count: int) -> Floats:
        parts = permutations_in_parts(n, count=count, rng=rng)
        return np.concatenate([permuted_products(left, right, one) for one in parts])

    # A stream of its own, so that the other draws do not depend on the flips
    [apart] = rng.spawn(1)

    def flipped(count: int) -> Floats:
        return flipped_partials((x, y, given, uses), count=count, rng=apart)

    first = np.concatenate(of_ranks), flipped(effort.permutations)
    tested = {
        kind: _until_decided(estimates[kind], start, more, effort)
        for kind, start, more in zip(TESTED, first, (permuted, flipped), strict=True)
    }
    return Draws(
        n=n,
        estimates=estimates,
        replicates={
            kind: np.concatenate([one[kind] for one in samples]) for kind in KINDS
        },
        jackknife=_left_out(panel, rows),
        null={"pearson": np.concatenate(plain), **tested, **by_pairs},
        kendall_variance=kendall_variance(x, y),
        n_given=uses.sum(axis=1).astype(np.float64),
    )


def _left_out(panel: Panel, rows: RowSums) -> dict[str, Floats]:
    """All coefficients without each of the queries."""
    x, y = panel.terms, panel.targets
    rho, partial = ranks_left_out(x, y, panel.given, panel.uses, rows)
    return {
        "pearson": pearson_left_out(x, y),
        "spearman": rho,
        "kendall": kendall_left_out(rows),
        "partial": partial,
    }


def _until_decided(
    observed: Floats, first: Floats, more: Callable[[int], Floats], effort: Effort
) -> Floats:
    """Coefficients of permutations: the first, and more in steps while they matter."""
    found, left = [first], effort.extra
    extreme, drawn = extreme_counts(observed, first), len(first)
    rule, tested = effort.stopping, np.isfinite(observed)
    with counting("permutations", drawn + left, "draws") as reached:
        while left:
            reached(drawn)
            if rule is not None and rule.decided(extreme, drawn)[tested].all():
                break
            found.append(more(min(ORDERS_AT_ONCE, left)))
            extreme = extreme + extreme_counts(observed, found[-1])
            drawn, left = drawn + len(found[-1]), left - len(found[-1])
    return np.concatenate(found)


def _coefficients(
    panel: Panel, ranked: RankedPanel, weights: Floats, tau: Floats
) -> dict[str, Floats]:
    """All coefficients of samples, of which `tau` are Kendall's."""
    rho, partial = ranked.under(weights)
    return {
        "pearson": pearson(weights, panel.terms, panel.targets),
        "spearman": rho,
        "kendall": tau,
        "partial": partial,
    }


def summary(draws: Draws, *, delta: float) -> list[list[Association]]:
    """Compute intervals and p-values from draws.

    Parameters
    ----------
    draws : Draws
    delta : float
        One minus the level of each interval, in (0, 1).

    Returns
    -------
    list of lists of Association
        One list per term, with one entry per target.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = np.arange(20.0)[:, None]
    >>> panel = Panel(x, x[::-1], np.empty((20, 0)), np.empty((1, 0), dtype=bool))
    >>> [[one]] = summary(draw(panel, Effort(50, 99), rng), delta=0.05)
    >>> round(one.spearman.value, 6), one.spearman.p, one.kendall_by
    (-1.0, 0.01, 'permutation')
    """
    ends = {
        kind: bca_interval(
            draws.estimates[kind],
            draws.replicates[kind],
            acceleration(draws.jackknife[kind]),
            delta=delta,
        )
        for kind in KINDS
    }
    p = {
        kind: permutation_p(draws.estimates[kind], draws.null[kind])
        for kind in draws.null
    }
    by = "permutation"
    if "kendall" not in p:
        by = "normal"
        p["kendall"] = _normal_p(draws.estimates["kendall"], draws.kendall_variance)
    n_terms, n_targets = draws.kendall_variance.shape
    permuted, flipped = (len(draws.null[kind]) for kind in TESTED)

    def cell(kind: str, t: int, k: int) -> Coefficient:
        value = _number(draws.estimates[kind][t, k])
        if value is None:
            return Coefficient(None, None, None, None)
        lower, upper = (_number(end[t, k]) for end in ends[kind])
        return Coefficient(value, lower, upper, _number(p[kind][t, k]))

    def row(t: int, k: int) -> Association:
        pearson, spearman, kendall, partial = (cell(kind, t, k) for kind in KINDS)
        return Association(
            n=draws.n,
            pearson=pearson,
            spearman=spearman,
            kendall=kendall,
            partial=partial,
            kendall_by=by,
            permutations=permuted,
            flips=flipped,
        )

    return [[row(t, k) for k in range(n_targets)] for t in range(n_terms)]


def _normal_p(values: Floats, variance: Floats) -> Floats:
    return np.asarray(2 * ndtr(-np.abs(values) / np.sqrt(variance)))


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def pool(sets: Sequence[Draws]) -> Draws:
    """Combine the draws of several data sets, weighted by their numbers of queries.

    Resamples and permutations stay within a data set, so the interval is that of a
    bootstrap stratified by data set and p that of a stratified permutation test.

    Parameters
    ----------
    sets : sequence of Draws
        With the same terms, measures and number of draws.

    Raises
    ------
    DomainError
        For fewer than two sets or different shapes.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = np.arange(10.0)[:, None]
    >>> sides = np.empty((10, 0)), np.empty((1, 0), dtype=bool)
    >>> sets = [draw(Panel(x, y, *sides), Effort(20, 99), rng) for y in (x, x[::-1])]
    >>> pool(sets).n, pool(sets).estimates["spearman"].round(6).item()
    (20, 0.0)
    """
    if len(sets) < 2:
        raise DomainError(f"a pool needs at least 2 data sets, got {len(sets)}")
    shapes = {
        (*part.estimates["spearman"].shape, len(part.replicates["spearman"]))
        for part in sets
    }
    if len(shapes) > 1:
        raise DomainError(f"data sets of a pool have different shapes: {shapes}")
    n = sum(part.n for part in sets)
    shares = [part.n / n for part in sets]
    kinds = list(sets[0].estimates)
    permuted = [kind for kind in kinds if all(kind in part.null for part in sets)]

    def mean(name: str, kind: str) -> Floats:
        parts = (getattr(part, name)[kind] for part in sets)
        return np.asarray(sum(w * p for w, p in zip(shares, parts, strict=True)))

    return Draws(
        n=n,
        estimates={kind: mean("estimates", kind) for kind in kinds},
        replicates={kind: mean("replicates", kind) for kind in kinds},
        jackknife={kind: _influences(sets, shares, kind) for kind in kinds},
        null={kind: mean("null", kind) for kind in permuted},
        kendall_variance=np.asarray(
            sum(
                w**2 * part.kendall_variance
                for w, part in zip(shares, sets, strict=True)
            )
        ),
        n_given=np.max([part.n_given for part in sets], axis=0),
    )


def _influences(sets: Sequence[Draws], shares: Sequence[float], kind: str) -> Floats:
    """Change of the pooled coefficient when a query is left out, centred at 0."""
    moves = []
    for share, part in zip(shares, sets, strict=True):
        values = part.jackknife[kind]
        moves.append(share * (values - values.mean(axis=0)))
    return np.concatenate(moves)


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """How much a coefficient differs between data sets.

    Attributes
    ----------
    q, p : float
        Cochran's Q, and its p-value for one coefficient in all data sets.
    i2 : float
        Share of the spread between data sets that sampling does not explain, in [0, 1].
    """

    q: float
    p: float
    i2: float


def heterogeneity(values: Floats, sizes: Floats) -> Heterogeneity:
    """Cochran's Q of Spearman coefficients of several data sets.

    Parameters
    ----------
    values : float64 array, shape (s,)
        Coefficients, in (-1, 1).
    sizes : float64 array, shape (s,)
        Numbers of queries, at least 4 each.

    Raises
    ------
    DomainError
        For fewer than two data sets or fewer than 4 queries in one.

    Notes
    -----
    On Fisher's transform with variance 1.06 / (n - 3); Cochran (1954).

    Examples
    --------
    >>> round(heterogeneity(np.array([0.3, 0.3]), np.array([50.0, 80.0])).q, 9)
    0.0
    >>> round(heterogeneity(np.array([0.5, -0.5]), np.array([50.0, 50.0])).i2, 2)
    0.96
    """
    from scipy.stats import chi2

    if len(values) < 2 or (sizes < 4).any():
        raise DomainError(
            "heterogeneity needs two data sets of 4 queries or more, got "
            f"{sizes.astype(int).tolist()} queries"
        )
    effects = np.arctanh(np.clip(values, -1 + 1e-12, 1 - 1e-12))
    weights = (sizes - 3) / FIELLER
    q = float(np.sum(weights * (effects - np.average(effects, weights=weights)) ** 2))
    freedom = len(values) - 1
    i2 = max(0.0, (q - freedom) / q) if q > 0 else 0.0
    return Heterogeneity(q=q, p=float(chi2.sf(q, freedom)), i2=i2)
