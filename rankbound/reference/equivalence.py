"""The reference study's equivalence test, and its reading of the test."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student_t

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Booleans, Floats

MARGIN_SHARE = 0.001
ALPHA = 0.10
REASON = (
    "their margin is 0.1 % of the observed difference, so that the test can never "
    "show equivalence; they read two tests that both fail as equivalent; paired values "
    "are tested as independent ones; no correction for several comparisons"
)


@dataclass(frozen=True, slots=True)
class ReferenceTost:
    """Two one-sided tests as the reference study runs them.

    Attributes
    ----------
    difference, margin : float
        Difference of the means, and the margin used.
    p_low, p_high : float
        p-values against "at most -margin" and against "at least margin".
    p : float
        The larger of the two, which a test of equivalence would report.
    marked_equivalent : bool
        What the study prints: true where both tests fail to reject.
    shows_equivalence : bool
        What the tests show: true where both reject.
    """

    difference: float
    margin: float
    p_low: float
    p_high: float
    p: float
    marked_equivalent: bool
    shows_equivalence: bool


def reference_tost(
    first: Floats,
    second: Floats,
    *,
    margin: float | None = None,
    alpha: float = ALPHA,
) -> ReferenceTost | None:
    """Run two one-sided t-tests for independent samples as the reference does.

    Parameters
    ----------
    first, second : float64 arrays, shape (n,) and (m,)
        One value per query, at least two in each sample.
    margin : float, optional
        Positive. By default 0.1 % of the observed difference, as in the study's main
        tables.
    alpha : float
        Error rate of each one-sided test, in (0, 1).

    Returns
    -------
    ReferenceTost or None
        None if both samples are constant, where the formula has no value.

    Raises
    ------
    DomainError
        On fewer than two values, a value that is not finite, a margin that is not
        positive, or `alpha` outside (0, 1).

    Notes
    -----
    Reproduces the pooled-variance t statistics of ``difference + margin`` and
    ``difference - margin`` with n + m - 2 degrees of freedom, and the mark
    "equivalent" where both p-values exceed alpha. Wrong: a margin that is a share of
    the observed difference is always smaller than it, so that the larger p-value is at
    least 0.5; a test that does not reject shows nothing; queries shared by both samples
    are paired, so that the statistics are too small where the values correlate.

    Examples
    --------
    >>> near = np.array([0.1, 0.2, 0.3, 0.4])
    >>> far = reference_tost(near, near[::-1] + 0.01)
    >>> far.marked_equivalent, far.shows_equivalence, far.p > 0.5
    (True, False, True)
    """
    a, b = _checked(first), _checked(second)
    if not 0 < alpha < 1:
        raise DomainError(f"`alpha` must lie strictly in (0, 1), got {alpha!r}")
    if margin is not None and not (np.isfinite(margin) and margin > 0):
        raise DomainError(f"`margin` must be a positive number, got {margin!r}")
    difference = float(a.mean() - b.mean())
    width = MARGIN_SHARE * abs(difference) if margin is None else margin
    low, high = (float(p) for p in reference_p_values(a, b, margin=width))
    # Their means may round so that values that are all equal seem to vary
    if np.isnan(low) or (np.ptp(a) == 0 and np.ptp(b) == 0):
        return None
    return ReferenceTost(
        difference=difference,
        margin=width,
        p_low=low,
        p_high=high,
        p=max(low, high),
        marked_equivalent=bool(reference_mark(low, high, alpha=alpha)),
        shows_equivalence=max(low, high) < alpha,
    )


def reference_p_values(
    first: Floats, second: Floats, *, margin: float | Floats
) -> tuple[Floats, Floats]:
    """Compute the p-values of both one-sided tests, for many data sets at once.

    Parameters
    ----------
    first, second : float64 arrays, shape (..., n) and (..., m)
        Finite, with at least two values along the last axis.
    margin : float or float64 array, shape (...)

    Returns
    -------
    tuple of float64 arrays, shape (...)
        p-values against "at most -margin" and "at least margin"; NaN where nothing
        varies.

    Examples
    --------
    >>> near = np.array([[0.1, 0.2, 0.3], [0.5, 0.5, 0.5]])
    >>> low, high = reference_p_values(near, near, margin=0.01)
    >>> low.round(3).tolist(), bool(np.allclose(low, high, equal_nan=True))
    ([0.454, nan], True)
    """
    n, m = first.shape[-1], second.shape[-1]
    freedom = n + m - 2
    difference = first.mean(axis=-1) - second.mean(axis=-1)
    squares = first.var(axis=-1, ddof=1) * (n - 1) + second.var(axis=-1, ddof=1) * (
        m - 1
    )
    error = np.sqrt(squares / freedom * (1 / n + 1 / m))
    scale = np.where(error > 0, error, np.nan)
    low = student_t.sf((difference + margin) / scale, freedom)
    high = student_t.cdf((difference - margin) / scale, freedom)
    return np.asarray(low), np.asarray(high)


def reference_mark(
    p_low: float | Floats, p_high: float | Floats, *, alpha: float = ALPHA
) -> Booleans:
    """Mark where the study prints "equivalent", since both tests fail to reject.

    Examples
    --------
    >>> reference_mark(np.array([0.2, 0.05]), np.array([0.6, 0.9])).tolist()
    [True, False]
    """
    return np.asarray(np.minimum(p_low, p_high) > alpha)


def reference_equivalence_groups(
    names: Sequence[str], marked: Iterable[tuple[str, str]]
) -> list[tuple[str, ...]]:
    """Group systems as the reference prints them as equivalent.

    Parameters
    ----------
    names : sequence of str
        Names of the systems.
    marked : iterable of pairs of str
        Pairs marked as equivalent.

    Returns
    -------
    list of tuples of str
        The connected components of the marks, each in the order of `names`.

    Raises
    ------
    DomainError
        On a pair with an unknown name.

    Notes
    -----
    Wrong: equivalence within a margin is not transitive, so that two systems of one
    component may clearly differ.

    Examples
    --------
    >>> reference_equivalence_groups("ABCD", [("A", "B"), ("B", "C")])
    [('A', 'B', 'C'), ('D',)]
    """
    from scipy.cluster.hierarchy import DisjointSet

    components = DisjointSet(names)
    for pair in marked:
        for name in pair:
            if name not in components:
                raise DomainError(f"no system is called {name!r}; there are {names!r}")
        components.merge(*pair)
    place = {name: number for number, name in enumerate(names)}
    groups = (sorted(group, key=place.__getitem__) for group in components.subsets())
    return sorted(map(tuple, groups), key=lambda group: place[group[0]])


def _checked(values: Floats) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or len(array) < 2 or not np.isfinite(array).all():
        raise DomainError(
            "a t-test needs at least two finite values, one per query, got "
            f"{array.size} in shape {array.shape}"
        )
    return array
