"""What is drawn for a validation, as pieces of work whose results are arrays.

A piece takes a seed and arrays alone, and gives arrays, so that another process may do
it, and a run that was killed finds it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Floats, Integers
from rankbound.data.draws import generator, generator_at
from rankbound.validation.association import (
    KINDS,
    Association,
    Coefficient,
    Effort,
    Heterogeneity,
    Panel,
    draw,
    heterogeneity,
    pool,
    summary,
)
from rankbound.validation.judging import null_p_values
from rankbound.validation.systems import (
    Design,
    Drawn,
    Ordering,
    Prediction,
    leave_system_out_ridge,
    orderings,
)

# Where Kendall's p-value comes from
SOURCES = ("permutation", "normal")


@dataclass(frozen=True, slots=True, eq=False)
class DrawnAssociations:
    """Associations of a student's terms and measures, on one data set or several.

    Rows are pairs of a term and a measure: of each data set, its panel's and then those
    of its further terms, and at last the pooled ones.

    Attributes
    ----------
    coefficients : float64 array, shape (rows, 4, 4)
        By kind: its value, lower and upper end, and p; NaN where there is none.
    counts : int64 array, shape (rows, 4)
        Queries, permutations, flips, and the place of Kendall's source in `SOURCES`.
    spread : float64 array, shape (pooled, 3)
        Cochran's Q of the pooled rows, its p and I squared; NaN where there is none.
    """

    coefficients: Floats
    counts: Integers
    spread: Floats

    def rows(self) -> Iterator[Association]:
        """The associations in their order."""
        for numbers, counts in zip(
            self.coefficients.tolist(), self.counts.tolist(), strict=True
        ):
            by_kind = {
                kind: Coefficient(*map(_known, line))
                for kind, line in zip(KINDS, numbers, strict=True)
            }
            n, permutations, flips, source = counts
            yield Association(
                n=n,
                kendall_by=SOURCES[source],
                permutations=permutations,
                flips=flips,
                **by_kind,
            )

    def heterogeneities(self) -> list[Heterogeneity | None]:
        """How much the pooled coefficients differ between data sets."""
        return [
            None if np.isnan(line).any() else Heterogeneity(*line.tolist())
            for line in self.spread
        ]


def drawn_associations(
    *,
    panels: tuple[Panel, ...],
    further: tuple[Panel | None, ...],
    keys: tuple[tuple[str, ...], ...],
    seed: int,
    effort: Effort,
    delta: float,
) -> DrawnAssociations:
    """Draw for the panels of a student, one for each data set, and pool them.

    Parameters
    ----------
    panels : tuple of Panel
        With the same terms.
    further : tuple of Panel or None
        The terms that other data sets lack, by data set.
    keys : tuple of tuples of str
        What the random numbers of each data set depend on, beside the seed.
    seed : int
    effort : Effort
    delta : float
        One minus the level of each interval, in (0, 1).

    Examples
    --------
    >>> x = np.arange(10.0)[:, None]
    >>> panel = Panel(x, x**2, np.empty((10, 0)), np.empty((1, 0), dtype=bool))
    >>> made = drawn_associations(panels=(panel,), further=(None,), keys=(("a",),),
    ...     seed=0, effort=Effort(20, 99), delta=0.05)
    >>> [(one.n, one.spearman.value.__round__(6)) for one in made.rows()]
    [(10, 1.0)]
    """
    draws, found, spread = [], [], np.empty((0, 3))
    for panel, more, key in zip(panels, further, keys, strict=True):
        rng = generator(seed, *key)
        draws.append(draw(panel, effort, rng))
        found += summary(draws[-1], delta=delta)
        if more is not None:
            found += summary(draw(more, effort, rng), delta=delta)
    if len(draws) > 1:
        found += summary(pool(draws), delta=delta)
        sizes = np.array([made.n for made in draws], dtype=np.float64)
        tables = [made.estimates["spearman"].ravel() for made in draws]
        spread = np.array([_spread(values, sizes) for values in np.array(tables).T])
    rows = [one for line in found for one in line]
    return DrawnAssociations(
        coefficients=np.array(
            [[astuple(getattr(one, kind)) for kind in KINDS] for one in rows],
            dtype=np.float64,
        ).reshape(-1, len(KINDS), 4),
        counts=np.array(
            [
                (one.n, one.permutations, one.flips, SOURCES.index(one.kendall_by))
                for one in rows
            ],
            dtype=np.int64,
        ).reshape(-1, 4),
        spread=spread,
    )


def _spread(values: Floats, sizes: Floats) -> tuple[float, float, float]:
    if not np.isfinite(values).all():
        return np.nan, np.nan, np.nan
    made = heterogeneity(values, sizes)
    return made.q, made.p, made.i2


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value


@dataclass(frozen=True, slots=True, eq=False)
class DrawnPValues:
    """P-values of the draws of a control.

    Attributes
    ----------
    p : float64 array, shape (r, k)
        NaN for a constant target.
    """

    p: Floats


def drawn_p_values(
    *, terms: Floats, targets: Floats, count: int, state: Mapping[str, object]
) -> DrawnPValues:
    """`null_p_values`, with random numbers from where a generator is.

    Examples
    --------
    >>> from rankbound.data.draws import state_of
    >>> rng = np.random.default_rng(0)
    >>> terms, targets = rng.random((3, 20)), rng.random((20, 2))
    >>> made = drawn_p_values(
    ...     terms=terms, targets=targets, count=99, state=state_of(rng))
    >>> same = null_p_values(terms, targets, count=99, rng=rng)
    >>> bool((made.p == same).all())
    True
    """
    rng = generator_at(state)
    return DrawnPValues(null_p_values(terms, targets, count=count, rng=rng))


@dataclass(frozen=True, slots=True, eq=False)
class DrawnOrderings:
    """How predictors order systems by a target.

    Attributes
    ----------
    numbers : float64 array, shape (p, 6)
        The attributes of each `Ordering` in turn; NaN where there is none.
    """

    numbers: Floats

    def rows(self) -> list[Ordering]:
        """The orderings, in the order of the predictors.

        Examples
        --------
        >>> DrawnOrderings(np.array([[0.5, np.nan, np.nan, np.nan, 3, 1.0]])).rows()[0]
        Ordering(tau=0.5, lower=None, upper=None, p=None, n_pairs=3, accuracy=1.0)
        """
        found = []
        for line in self.numbers.tolist():
            tau, lower, upper, p, n_pairs, accuracy = map(_known, line)
            found.append(Ordering(tau, lower, upper, p, int(n_pairs or 0), accuracy))
        return found


def drawn_orderings(
    *,
    predictors: Mapping[str, Floats],
    target: Floats,
    design: Design,
    rising: Mapping[str, bool | None],
    drawn: Drawn,
) -> DrawnOrderings:
    """`orderings`, as arrays."""
    found = orderings(predictors, target, design, rising=rising, drawn=drawn)
    rows = [astuple(one) for one in found.values()]
    return DrawnOrderings(np.array(rows, dtype=np.float64).reshape(-1, 6))


@dataclass(frozen=True, slots=True, eq=False)
class DrawnPrediction:
    """How well features predict systems.

    Attributes
    ----------
    numbers : float64 array, shape (6,)
        The attributes of `Prediction` in turn; NaN where there is none.
    why : array of str, shape ()
        Why there is none, or nothing.
    """

    numbers: Floats
    why: NDArray[np.str_]

    def row(self) -> Prediction | str:
        """The prediction, or the reason why there is none.

        Examples
        --------
        >>> DrawnPrediction(np.full(6, np.nan), np.array("too few")).row()
        'too few'
        """
        return str(self.why) or Prediction(*self.numbers.tolist())


def drawn_prediction(
    *, features: Mapping[str, Floats], target: Floats, design: Design, drawn: Drawn
) -> DrawnPrediction:
    """`leave_system_out_ridge`, as arrays."""
    try:
        made = leave_system_out_ridge(features, target, design, drawn)
    except DomainError as error:
        return DrawnPrediction(np.full(6, np.nan), np.array(str(error)))
    return DrawnPrediction(np.array(astuple(made)), np.array(""))
