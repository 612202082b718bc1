"""Terms against measures on the same queries: coefficients, intervals, p-values.

`draw` computes everything that needs the queries; `summary` makes intervals and
p-values of it. In between, `validation.pooling` may combine several data sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import norm

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Booleans, Floats
from rankbound.validation.correlation import COEFFICIENTS, unit, weighted_ranks
from rankbound.validation.kendall_null import kendall_variance, permuted_kendall
from rankbound.validation.partial import (
    flipped_partials,
    independent,
    rank_correlations,
)
from rankbound.validation.resampling import (
    acceleration,
    bca_interval,
    bootstrap_weights,
    leave_one_out,
    permutation_p,
    permutations,
    permuted_products,
)

LEAST_QUERIES: Final = 8
# Beyond it Kendall's permutation distribution is normal for all purposes
MOST_FOR_PAIRS: Final = 50
PERMUTATIONS_FOR_PAIRS: Final = 9_999
ORDERS_AT_ONCE: Final = 10_000
KINDS: Final = ("pearson", "spearman", "kendall", "partial")


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Terms, measures and covariates of the same queries.

    Attributes
    ----------
    terms : float64 array, shape (n, t)
    targets : float64 array, shape (n, k)
    given : float64 array, shape (n, c)
        How hard a query is, for partial coefficients.
    uses : boolean array, shape (k, c)
        Which covariates belong to each target.
    """

    terms: Floats
    targets: Floats
    given: Floats
    uses: Booleans


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is drawn.

    Attributes
    ----------
    resamples : int
        For intervals.
    permutations : int
        For p-values.
    rank_permutations : int or None
        For Spearman's p-values, which are corrected for their number and so need more;
        None: as many.
    """

    resamples: int = 2_000
    permutations: int = 9_999
    rank_permutations: int | None = None

    @property
    def extra(self) -> int:
        """Permutations for Spearman's coefficient beyond the others'."""
        wanted = self.rank_permutations or 0
        return max(0, wanted - self.permutations)


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Coefficients of a panel in the sample and in all that was drawn from it.

    Attributes
    ----------
    n : int
    estimates : dict of float64 arrays, shape (t, k)
        By kind: pearson, spearman, kendall, partial.
    replicates : dict of float64 arrays, shape (b, t, k)
    jackknife : dict of float64 arrays, shape (n, t, k)
    null : dict of float64 arrays, shape (m, t, k)
        After permutations, of "partial" after flips of signs; without "kendall" for
        many queries.
    kendall_variance : float64 array, shape (t, k)
        Of the permutation distribution.
    n_given : int64 array, shape (k,)
        Covariates taken out.
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
    """A coefficient with its interval and p-value; None where there is none."""

    value: float | None
    lower: float | None
    upper: float | None
    p: float | None


@dataclass(frozen=True, slots=True)
class Association:
    """One term against one measure."""

    n: int
    pearson: Coefficient
    spearman: Coefficient
    kendall: Coefficient
    partial: Coefficient
    kendall_by: str


def settled(columns: Floats) -> Floats:
    """Columns without the rounding of one number, which would have ranks of its own.

    Examples
    --------
    >>> settled(np.array([[1.0], [1.0 + 2e-16], [2.0]])).ravel().tolist()
    [0.5, 0.5, 1.0]
    """
    scale = np.abs(columns).max(axis=0, initial=0.0)
    return np.asarray(np.round(columns / np.where(scale > 0, scale, 1.0), 12))


def draw(panel: Panel, effort: Effort, rng: np.random.Generator) -> Draws:
    """Coefficients of the sample, of resamples, without each query, after permutations.

    Raises
    ------
    DomainError
        With fewer than 8 queries.
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
    weights = bootstrap_weights(n, resamples=effort.resamples, rng=rng)
    estimates = {k: v[0] for k, v in _coefficients(panel, whole).items()}
    orders = permutations(n, count=effort.permutations, rng=rng)
    left, right = (unit(whole, weighted_ranks(whole, side))[0] for side in (x, y))
    spearman = np.concatenate(
        [
            permuted_products(left, right, orders),
            *_more(left, right, effort.extra, rng),
        ]
    )
    # A stream of its own, so that the others' draws do not depend on it
    [apart] = rng.spawn(1)
    few = orders[:PERMUTATIONS_FOR_PAIRS] if n <= MOST_FOR_PAIRS else None
    null = {
        "pearson": permuted_products(
            unit(whole, x[None])[0], unit(whole, y[None])[0], orders
        ),
        "spearman": spearman,
        "partial": flipped_partials(
            (x, y, given, uses),
            count=effort.permutations + effort.extra,
            rng=apart,
        ),
        **({} if few is None else {"kendall": permuted_kendall(x, y, few)}),
    }
    return Draws(
        n=n,
        estimates=estimates,
        replicates=_coefficients(panel, weights),
        jackknife=_coefficients(panel, leave_one_out(n)),
        null=null,
        kendall_variance=kendall_variance(x, y),
        n_given=uses.sum(axis=1).astype(np.float64),
    )


def _more(
    left: Floats, right: Floats, count: int, rng: np.random.Generator
) -> list[Floats]:
    """Further permuted products, so that not all orders are held at once."""
    steps = [
        min(ORDERS_AT_ONCE, count - start) for start in range(0, count, ORDERS_AT_ONCE)
    ]
    return [
        permuted_products(left, right, permutations(len(left), count=step, rng=rng))
        for step in steps
    ]


def _coefficients(panel: Panel, weights: Floats) -> dict[str, Floats]:
    x, y = panel.terms, panel.targets
    rho, partial = rank_correlations(weights, x, y, panel.given, panel.uses)
    found = {name: COEFFICIENTS[name](weights, x, y) for name in ("pearson", "kendall")}
    return {**found, "spearman": rho, "partial": partial}


def summary(draws: Draws, *, delta: float) -> list[list[Association]]:
    """Intervals and p-values of every cell: a list for each term, of each target."""
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
    n_terms, n_targets = draws.estimates["spearman"].shape

    def cell(kind: str, t: int, k: int) -> Coefficient:
        value = _number(draws.estimates[kind][t, k])
        if value is None:
            return Coefficient(None, None, None, None)
        lower, upper = (_number(end[t, k]) for end in ends[kind])
        return Coefficient(value, lower, upper, _number(p[kind][t, k]))

    def row(t: int, k: int) -> Association:
        pearson, spearman, kendall, partial = (cell(kind, t, k) for kind in KINDS)
        return Association(draws.n, pearson, spearman, kendall, partial, by)

    return [[row(t, k) for k in range(n_targets)] for t in range(n_terms)]


def _normal_p(values: Floats, variance: Floats) -> Floats:
    return np.asarray(2 * norm.sf(np.abs(values) / np.sqrt(variance)))


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
