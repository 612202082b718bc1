"""The reference study's equivalence test as its scripts compute it, and read it."""

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
        Of the means, and the margin used.
    p_low, p_high : float
        Against "at most -margin" and against "at least margin".
    p : float
        The larger of the two, which a test of equivalence would report.
    marked_equivalent : bool
        What the study prints: true where both tests fail.
    shows_equivalence : bool
        What the test itself says: true where both reject.
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
    """Two one-sided t-tests for independent samples, and the reference's reading.

    Parameters
    ----------
    first, second : float64 arrays, shape (n,) and (m,)
        Values per query, each with at least two.
    margin : float, optional
        Absolute, above 0; without it 0.1 % of the observed difference, as in the
        study's main tables.
    alpha : float
        Of each one-sided test.

    Returns
    -------
    ReferenceTost or None
        None where their formula has no value: both samples are constant.

    Raises
    ------
    DomainError
        On fewer than two values, a value that is not finite, or another margin or
        alpha.

    Notes
    -----
    Reproduces the pooled-variance t statistics of ``difference + margin`` and
    ``difference - margin`` with n + m - 2 degrees of freedom, and the mark
    "equivalent" where both p-values exceed alpha. Wrong: a margin that is a share of
    the observed difference always lies inside it, so that the larger p-value is at
    least 0.5; a test that fails shows nothing; queries shared by both samples are
    paired, so that the statistics are too small where the values correlate.

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
    if np.isnan(low):
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
    """p-values of their two one-sided tests, for many data sets at once.

    Parameters
    ----------
    first, second : float64 arrays, shape (..., n) and (..., m)
        Finite, at least two values in the last axis.
    margin : float or float64 array, shape (...)

    Returns
    -------
    tuple of float64 arrays, shape (...)
        Against "at most -margin" and "at least margin"; NaN where nothing varies.

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
    """Where the study prints "equivalent": both tests fail.

    Examples
    --------
    >>> reference_mark(np.array([0.2, 0.05]), np.array([0.6, 0.9])).tolist()
    [True, False]
    """
    return np.asarray(np.minimum(p_low, p_high) > alpha)


def reference_equivalence_groups(
    names: Sequence[str], marked: Iterable[tuple[str, str]]
) -> list[tuple[str, ...]]:
    """Systems that the reference prints as one equivalent group.

    Parameters
    ----------
    names : sequence of str
        The systems, in the order of the result.
    marked : iterable of pairs of str
        Pairs marked as equivalent.

    Returns
    -------
    list of tuples of str
        Connected components, each in the order of `names`.

    Raises
    ------
    DomainError
        On a pair with an unknown name.

    Notes
    -----
    Wrong: equivalence within a margin is not transitive, so that two systems of one
    component may differ clearly.

    Examples
    --------
    >>> reference_equivalence_groups("ABCD", [("A", "B"), ("B", "C")])
    [('A', 'B', 'C'), ('D',)]
    """
    component = {name: name for name in names}
    for left, right in marked:
        for name in (left, right):
            if name not in component:
                raise DomainError(f"no system is called {name!r}; there are {names!r}")
        old, new = component[right], component[left]
        component = {n: new if c == old else c for n, c in component.items()}
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(component[name], []).append(name)
    return [tuple(members) for members in found.values()]


def _checked(values: Floats) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or len(array) < 2 or not np.isfinite(array).all():
        raise DomainError(
            "a t-test needs at least two finite values, one per query, got "
            f"{array.size} in shape {array.shape}"
        )
    return array
