"""How well terms order systems, and predict one system from the others.

A system has one effectiveness on a data set, under however many samplings its terms
were measured. So one number per system and data set is compared, and systems are what
is permuted, drawn with replacement and left out, in all data sets at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import factorial, prod
from typing import Final

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Floats, Integers, Strings
from rankbound.validation.resampling import (
    NUMBERS_AT_ONCE,
    ROUNDING,
    acceleration,
    bca_interval,
    bootstrap_weights,
    leave_one_out,
    permutation_p,
)

# Fewer systems support neither a test nor an interval
NEEDED: Final = 8
ALPHAS: Final = tuple(10.0 ** (power / 2) for power in range(-6, 7))


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """Which system, data set and sampling each configuration has.

    Where a data set has a single system under a sampling, that configuration has
    nothing to be compared with, and is left out.

    Attributes
    ----------
    systems : tuple of str
        The systems compared, in the order of their names.
    n_datasets : int
    n : int
        Configurations compared.
    cells : int64 array, shape (c,)
        The data set and sampling of every configuration, as one code; -1 for those
        that are left out.
    units : int64 array, shape (c,)
        The pair of system and data set of every configuration, or -1.
    unit_system, unit_dataset : int64 arrays, shape (u,)
        The system and the data set of each pair.
    strata : int64 array, shape (N,)
        Systems that occur under the same data sets and samplings share a stratum. Only
        they can be exchanged.
    """

    systems: tuple[str, ...]
    n_datasets: int
    n: int
    cells: Integers
    units: Integers
    unit_system: Integers
    unit_dataset: Integers
    strata: Integers

    @property
    def n_systems(self) -> int:
        """The number of systems compared."""
        return len(self.systems)

    @property
    def n_orders(self) -> int:
        """In how many ways systems can be exchanged."""
        sizes = np.unique_counts(self.strata).counts
        return prod(factorial(int(size)) for size in sizes)

    @property
    def smallest_p(self) -> float:
        """The smallest two-sided p-value that the systems allow.

        An order and its reverse are equally far from none, if one data set is ordered.
        """
        mirrored = self.n_datasets == 1 and len(np.unique(self.strata)) == 1
        return min(1.0, (2 if mirrored else 1) / self.n_orders)

    def means(self, column: Floats) -> Floats:
        """One number per system and data set, shape (u,).

        The mean over samplings of the difference from the mean of all systems under the
        same sampling, so that a system is not higher because one of its samplings is
        missing.
        """
        # In an order of their own, since sums of numbers depend on it
        used = np.lexsort((self.units, self.cells))
        used = used[self.units[used] >= 0]
        cells, values = self.cells[used], column[used]
        level = np.bincount(cells, values) / np.maximum(np.bincount(cells), 1)
        units = self.units[used]
        total = np.bincount(units, values - level[cells])
        found = total / np.bincount(units)
        scale = float(np.abs(values).max(initial=0.0)) or 1.0
        # Differences that only rounding makes are none
        return np.asarray(np.round(found / scale, 12) * scale)

    def places(self) -> Integers:
        """The unit of each data set and system, or -1, shape (datasets, N)."""
        found = np.full((self.n_datasets, self.n_systems), -1, dtype=np.int64)
        found[self.unit_dataset, self.unit_system] = np.arange(len(self.unit_system))
        return found

    def signs(self, values: Floats) -> Floats:
        """Signs of differences between systems, shape (datasets, N, N).

        0 where a data set lacks one of the two. `values` has shape (u,).
        """
        places = self.places()
        held = places >= 0
        table = np.where(held, values[places], 0.0)
        both = held[:, :, None] & held[:, None, :]
        return np.asarray(np.sign(table[:, :, None] - table[:, None, :]) * both)


def design_of(systems: Strings, datasets: Strings, samplings: Strings) -> Design:
    """Find the systems that can be compared, from the names of configurations.

    Parameters
    ----------
    systems, datasets, samplings : object arrays of str, shape (c,)
        A system of one name is the same system in all data sets.

    Raises
    ------
    DomainError
        When the lengths differ, or a configuration is given twice.

    Examples
    --------
    >>> columns = ("abab", "xxyy", "ssss")
    >>> made = design_of(*(np.array([*text], dtype=object) for text in columns))
    >>> made.systems, made.n, made.n_orders
    (('a', 'b'), 4, 2)
    """
    if not len(systems) == len(datasets) == len(samplings):
        raise DomainError(
            "a configuration needs a system, a data set and a sampling, got "
            f"{len(systems)}, {len(datasets)} and {len(samplings)}"
        )
    keys = list(zip(datasets, samplings, systems, strict=True))
    if len(set(keys)) < len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise DomainError(f"a configuration must be given once, got {twice} again")
    of_cell: dict[tuple[str, str], list[str]] = {}
    for dataset, sampling, system in keys:
        of_cell.setdefault((dataset, sampling), []).append(system)
    kept = [key for key in sorted(of_cell) if len(of_cell[key]) > 1]
    cell = {key: code for code, key in enumerate(kept)}
    where: dict[str, list[int]] = {}
    for key, code in cell.items():
        for system in of_cell[key]:
            where.setdefault(system, []).append(code)
    names = sorted(where)
    system = {name: code for code, name in enumerate(names)}
    patterns = sorted({tuple(where[name]) for name in names})
    dataset = {
        name: code for code, name in enumerate(dict.fromkeys(key[0] for key in kept))
    }
    pairs = sorted(
        {(dataset[d], system[f]) for d, s, f in keys if (d, s) in cell},
    )
    unit = {pair: code for code, pair in enumerate(pairs)}
    cells = [cell.get((d, s), -1) for d, s, _ in keys]
    units = [unit[dataset[d], system[f]] if (d, s) in cell else -1 for d, s, f in keys]
    strata = [patterns.index(tuple(where[name])) for name in names]
    return Design(
        systems=tuple(names),
        n_datasets=len(dataset),
        n=sum(code >= 0 for code in cells),
        cells=np.array(cells, dtype=np.int64),
        units=np.array(units, dtype=np.int64),
        unit_system=np.array([f for _, f in pairs], dtype=np.int64),
        unit_dataset=np.array([d for d, _ in pairs], dtype=np.int64),
        strata=np.array(strata, dtype=np.int64),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What is drawn once, for all tests of a design.

    Attributes
    ----------
    delta : float
        One minus the level of intervals, in (0, 1).
    orders : int64 array, shape (m, N)
        Which system takes whose place. No rows where there are too few systems.
    weights : float64 array, shape (b, N)
        How often each system occurs in a resample.
    missing_because : str or None
        Why nothing was drawn, so that there is no test; None where there is one.
    """

    delta: float
    orders: Integers
    weights: Floats
    missing_because: str | None = None

    @property
    def smallest_p(self) -> float:
        """The smallest p-value that this number of permutations allows."""
        return 1 / (len(self.orders) + 1)


def drawn_for(
    design: Design,
    *,
    delta: float,
    resamples: int,
    permutations: int,
    rng: np.random.Generator,
) -> Drawn:
    """Draw permutations and resamples of systems.

    Nothing is drawn for fewer than 8 systems, or where exchanging those that occur
    under the same data sets and samplings cannot reach the level.

    Examples
    --------
    >>> names = np.array(list("abcdefgh"), dtype=object)
    >>> same = np.array(["x"] * 8, dtype=object)
    >>> made = drawn_for(design_of(names, same, same), delta=0.05, resamples=9,
    ...     permutations=99, rng=np.random.default_rng(0))
    >>> made.orders.shape, made.weights.shape
    ((99, 8), (9, 8))
    >>> few = design_of(names[:4], same[:4], same[:4])
    >>> drawn_for(few, delta=0.05, resamples=9, permutations=99,
    ...     rng=np.random.default_rng(0)).missing_because
    'too few systems for a test: 4, and 8 are needed'
    """
    n = design.n_systems
    why = _untestable(design, delta)
    if why is not None:
        return Drawn(delta, np.empty((0, n), dtype=np.int64), np.empty((0, n)), why)
    orders = np.tile(np.arange(n, dtype=np.int64), (permutations, 1))
    for stratum in np.unique(design.strata):
        here = np.flatnonzero(design.strata == stratum)
        orders[:, here] = rng.permuted(orders[:, here], axis=1)
    weights = bootstrap_weights(n, resamples=resamples, rng=rng)
    return Drawn(delta, orders, weights)


def _untestable(design: Design, delta: float) -> str | None:
    n, least = design.n_systems, design.smallest_p
    if not n:
        return "no data set has two systems under one sampling"
    if n < NEEDED:
        return f"too few systems for a test: {n}, and {NEEDED} are needed"
    if least > delta:
        return (
            "too few systems occur under the same data sets and samplings to be "
            f"exchanged: p cannot be below {least:.3g}"
        )
    return None


@dataclass(frozen=True, slots=True)
class Ordering:
    """How a predictor orders systems.

    Attributes
    ----------
    tau : float or None
        Kendall's tau-b of the pairs of systems within data sets, in [-1, 1]; None
        where one side does not vary within any.
    lower, upper : float or None
        Its BCa interval over systems drawn with replacement, which is approximate;
        None without a test.
    p : float or None
        Two-sided p-value of permuting systems, one permutation for all data sets; None
        with fewer than 8 systems.
    n_pairs : int
        Pairs of systems within a data set that differ in the target.
    accuracy : float or None
        Share of these pairs that the predictor orders as expected, in [0, 1]; its ties
        count half. None where nothing is expected.
    """

    tau: float | None = None
    lower: float | None = None
    upper: float | None = None
    p: float | None = None
    n_pairs: int = 0
    accuracy: float | None = None


def orderings(
    predictors: Mapping[str, Floats],
    target: Floats,
    design: Design,
    *,
    rising: Mapping[str, bool | None],
    drawn: Drawn,
) -> dict[str, Ordering]:
    """Compute how well predictors order systems by a target, and test each of them.

    The null hypothesis is that the target is exchangeable over systems, given the
    predictor. Checkpoints of one training run violate it.

    Parameters
    ----------
    predictors : mapping of str to float64 array, shape (c,)
        One number per configuration.
    target : float64 array, shape (c,)
    design : Design
    rising : mapping of str to bool or None
        Whether the target is expected to rise with the predictor; None for no
        expectation.
    drawn : Drawn

    Returns
    -------
    dict of str to Ordering

    Raises
    ------
    DomainError
        When a column does not fit the design.

    Examples
    --------
    >>> names = np.array(["a", "b", "c"], dtype=object)
    >>> same = np.array(["x"] * 3, dtype=object)
    >>> design = design_of(names, same, same)
    >>> drawn = drawn_for(design, delta=0.05, resamples=99, permutations=99,
    ...     rng=np.random.default_rng(0))
    >>> found = orderings({"bound": np.array([1.0, 2.0, 3.0])},
    ...     np.array([1.0, 3.0, 2.0]), design, rising={"bound": True}, drawn=drawn)
    >>> round(found["bound"].tau, 4), found["bound"].accuracy.__round__(4)
    (0.3333, 0.6667)
    >>> found["bound"].p is None
    True
    """
    for column in (*predictors.values(), target):
        if column.shape != design.cells.shape:
            raise DomainError(
                f"a column must have a number for each of {len(design.cells)} "
                f"configurations, got shape {column.shape}"
            )
    truth = design.signs(design.means(target))
    said = {name: design.signs(design.means(x)) for name, x in predictors.items()}
    null = _null(said, truth, drawn.orders)
    return {
        name: _ordering(signs, truth, null[name], rising.get(name), drawn)
        for name, signs in said.items()
    }


def _ordering(
    said: Floats, truth: Floats, null: Floats, rising: bool | None, drawn: Drawn
) -> Ordering:
    differ = np.triu(truth != 0)
    n_pairs = int(differ.sum())
    accuracy = None
    if rising is not None and n_pairs:
        right = said[differ] * truth[differ] * (1 if rising else -1)
        accuracy = float(np.mean((1 + right) / 2))
    tables = [side.sum(axis=0) for side in (said * truth, abs(said), abs(truth))]
    tau = float(_tau(np.ones((1, said.shape[1])), *tables)[0])
    if not np.isfinite(tau):
        return Ordering(n_pairs=n_pairs, accuracy=accuracy)
    lower = upper = p = None
    if drawn.missing_because is None:
        lower, upper = _interval(tau, tables, drawn)
        p = float(permutation_p(np.array(tau), null))
    return Ordering(tau, lower, upper, p, n_pairs, accuracy)


def _tau(weights: Floats, both: Floats, left: Floats, right: Floats) -> Floats:
    """Tau-b of weighted systems, shape (b,); NaN where one side is all ties.

    The tables, shape (N, N), hold sums over data sets of products of signs, and of
    their sizes.
    """

    def total(table: Floats) -> Floats:
        return np.asarray(((weights @ table) * weights).sum(axis=1))

    size = np.sqrt(total(left) * total(right))
    return np.divide(total(both), size, out=np.full_like(size, np.nan), where=size > 0)


def _null(
    said: Mapping[str, Floats], truth: Floats, orders: Integers
) -> dict[str, Floats]:
    """Tau-b of every predictor after every exchange of systems, shape (m,) each."""
    flat = np.array([signs.ravel() for signs in said.values()])
    ties = np.sqrt(np.abs(flat).sum(axis=1) * np.abs(truth).sum())
    step = max(1, NUMBERS_AT_ONCE // max(1, truth.size))
    parts = [np.empty((0, len(said)))]
    for start in range(0, len(orders), step):
        chunk = orders[start : start + step]
        moved = truth[:, chunk[:, :, None], chunk[:, None, :]]
        parts.append(moved.swapaxes(0, 1).reshape(len(chunk), -1) @ flat.T)
    total = np.concatenate(parts)
    null = np.divide(total, ties, out=np.zeros_like(total), where=ties > 0)
    return dict(zip(said, null.T, strict=True))


def _interval(
    tau: float, tables: list[Floats], drawn: Drawn
) -> tuple[float | None, float | None]:
    left_out = _tau(leave_one_out(len(tables[0])), *tables)
    lower, upper = bca_interval(
        np.array([tau]),
        _tau(drawn.weights, *tables)[:, None],
        acceleration(np.where(np.isfinite(left_out), left_out, tau)[:, None]),
        delta=drawn.delta,
    )
    if not np.isfinite(lower[0]):
        return None, None
    return float(lower[0]), float(upper[0])


@dataclass(frozen=True, slots=True)
class Prediction:
    """Errors of predicting each system from the others.

    Attributes
    ----------
    rmse : float
        Root mean square error on the systems left out, in the target's unit.
    baseline_rmse : float
        The same for predicting the mean of the data set's other systems.
    r2 : float
        1 minus the ratio of their squares; negative where the mean predicts better.
    r2_null, r2_null_upper : float
        The median of `r2` after exchanging systems at random, and its quantile of level
        1 - delta.
    p : float
        Share of the exchanges, with the one observed, that have an `r2` as large.
    """

    rmse: float
    baseline_rmse: float
    r2: float
    r2_null: float
    r2_null_upper: float
    p: float


def leave_system_out_ridge(
    features: Mapping[str, Floats], target: Floats, design: Design, drawn: Drawn
) -> Prediction:
    """Predict each system by a ridge regression on the others.

    Features and target are taken relative to the mean of the data set's other systems.
    The others alone standardise the features and choose the penalty. The whole
    procedure is repeated with systems exchanged at random, since the error of leaving
    out is biased where there are few.

    Parameters
    ----------
    features : mapping of str to float64 array, shape (c,)
        One number per configuration.
    target : float64 array, shape (c,)
    design : Design
    drawn : Drawn

    Returns
    -------
    Prediction

    Raises
    ------
    DomainError
        When the systems allow no test, or the target does not vary between them.

    Examples
    --------
    >>> names = np.array(list("abcdefgh"), dtype=object)
    >>> same = np.array(["x"] * 8, dtype=object)
    >>> design = design_of(names, same, same)
    >>> drawn = drawn_for(design, delta=0.05, resamples=9, permutations=99,
    ...     rng=np.random.default_rng(0))
    >>> x = np.arange(8.0)
    >>> found = leave_system_out_ridge({"x": x}, 2 * x + 1, design, drawn)
    >>> round(found.r2, 2), found.r2_null < 0, found.p
    (1.0, True, 0.01)
    """
    if drawn.missing_because is not None:
        raise DomainError(drawn.missing_because)
    y = design.means(target)
    if not design.signs(y).any():
        raise DomainError("the target does not vary between systems")
    x = np.column_stack([design.means(column) for column in features.values()])
    whole = np.arange(design.n_systems, dtype=np.int64)
    orders = np.vstack([whole, drawn.orders])
    units = design.places()[design.unit_dataset[:, None], orders.T[design.unit_system]]
    errors, plain = (
        np.sum(parts, axis=0)
        for parts in zip(*_left_out(x, y[units], design), strict=True)
    )
    scores = 1 - errors / plain
    r2, null = float(scores[0]), scores[1:]
    slack = ROUNDING * max(1.0, abs(r2))
    n = len(y)
    return Prediction(
        rmse=float(np.sqrt(errors[0] / n)),
        baseline_rmse=float(np.sqrt(plain[0] / n)),
        r2=r2,
        r2_null=float(np.median(null)),
        r2_null_upper=float(np.quantile(null, 1 - drawn.delta)),
        p=float((np.sum(null >= r2 - slack) + 1) / (len(null) + 1)),
    )


def _left_out(
    x: Floats, targets: Floats, design: Design
) -> Iterator[tuple[Floats, Floats]]:
    """Sums of squared errors by system left out, and those of predicting the mean.

    Each column of `targets`, shape (u, m), is fitted by itself, with a penalty of its
    own.
    """
    from sklearn.linear_model import RidgeCV
    from sklearn.model_selection import LeaveOneGroupOut
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    ridge = RidgeCV(alphas=ALPHAS, alpha_per_target=True)
    model = make_pipeline(StandardScaler(), ridge)
    # No cross_val_predict: the means move with the system that is left out
    for others, left_out in LeaveOneGroupOut().split(x, groups=design.unit_system):
        near = _relative(x, design.unit_dataset, others)
        moved = _relative(targets, design.unit_dataset, others)
        model.fit(near[others], moved[others])
        wrong = moved[left_out] - model.predict(near[left_out]).reshape(
            len(left_out), -1
        )
        yield (wrong**2).sum(axis=0), (moved[left_out] ** 2).sum(axis=0)


def _relative(table: Floats, datasets: Integers, others: Integers) -> Floats:
    """Subtract from columns the mean of each data set's other systems."""
    moved = table.copy()
    for name in np.unique(datasets):
        kept = others[datasets[others] == name]
        moved[datasets == name] -= table[kept].mean(axis=0)
    return moved
