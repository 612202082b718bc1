"""What a miscalibrated teacher costs: the calibration terms of Theorem 3 (e)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from rankbound.bounds.misranking import _inside, _mean, _pairs


def calibration_shift(
    p: ArrayLike, m: ArrayLike, eta: ArrayLike, *, weights: ArrayLike | None = None
) -> float:
    """True misranking minus the misranking computed from p, exactly.

    Parameters
    ----------
    p : array_like
        Teacher preferences in [0, 1].
    m : array_like
        Student margins, of which only the signs matter.
    eta : array_like
        True preferences of the pairs, or judgements 0 and 1, which give an unbiased
        estimate.
    weights : array_like, optional
        Weights >= 0 of the pairs; equal if not given.

    Returns
    -------
    float
        In [-1, 1]; zero under A4i and under A4ii.

    Raises
    ------
    DomainError
        If a preference lies outside [0, 1], a margin is NaN, or no pair has weight.

    Notes
    -----
    The mean of (eta - p) times minus the sign of m. Source: Theorem 3 (e).

    Examples
    --------
    Even preferences are calibrated by value; the student may still be always wrong.

    >>> calibration_shift([0.5, 0.5], [1.0, -1.0], [0.0, 1.0])
    0.5
    """
    preference, margin = _pairs(p, m)
    truth = _inside(eta, "eta", 0.0, 1.0)
    return _mean((truth - preference) * -np.sign(margin), weights)


def calibration_term(
    p: ArrayLike, m: ArrayLike, eta: ArrayLike, *, weights: ArrayLike | None = None
) -> float:
    """Mean gap between p and the truth, given p and the sign of m: `cal`.

    Parameters, range and errors are those of `calibration_shift`, whose size it is at
    least; at most `calibration_gap`. Pairs with equal p and equal sign form a cell;
    round p to bins first if its values are many. With judgements for `eta`, few pairs
    in a cell bias it up.

    Examples
    --------
    >>> calibration_term([0.5, 0.5], [1.0, -1.0], [0.0, 1.0])
    0.5
    >>> calibration_term([0.5, 0.5], [1.0, 1.0], [0.0, 1.0])
    0.0
    """
    preference, margin = _pairs(p, m)
    truth = np.broadcast_to(_inside(eta, "eta", 0.0, 1.0), preference.shape)
    cells = np.stack([preference.ravel(), np.sign(margin).ravel()])
    _, cell = np.unique(cells, axis=1, return_inverse=True)
    cell = cell.reshape(-1)
    shares = np.ones(preference.size)
    if weights is not None:
        weight = _inside(weights, "weights", 0.0, np.inf)
        shares = np.broadcast_to(weight, preference.shape).ravel()
    sums = np.bincount(cell, weights=shares * (truth - preference).ravel())
    mass = np.bincount(cell, weights=shares)
    means = np.divide(np.abs(sums), mass, out=np.zeros_like(sums), where=mass > 0)
    return _mean(means, mass)


def calibration_gap(
    p: ArrayLike, eta: ArrayLike, *, weights: ArrayLike | None = None
) -> float:
    """Mean size of p minus the true preference: the term of every student at once.

    Times the score range B it also bounds how far the risk against the truth is from
    the risk against the teacher. `eta` must be true preferences: judgements of 0 and 1
    give the noise as well. Source: Theorem 3 (e).

    Examples
    --------
    >>> calibration_gap([0.5, 0.75], [0.0, 1.0])
    0.375
    """
    preference, truth = np.broadcast_arrays(
        _inside(p, "p", 0.0, 1.0), _inside(eta, "eta", 0.0, 1.0)
    )
    return _mean(np.abs(truth - preference), weights)


def risk_shift(
    p: ArrayLike, m: ArrayLike, eta: ArrayLike, *, weights: ArrayLike | None = None
) -> float:
    """Risk against the truth minus risk against the teacher: the mean of (p - eta) m.

    Parameters and errors are those of `calibration_shift`; the margins have to be
    finite. In nats. Source: Theorem 3 (e).

    Examples
    --------
    >>> risk_shift([0.5, 0.5], [2.0, -2.0], [0.0, 1.0])
    1.0
    """
    preference, margin = _pairs(p, _inside(m, "m", -1e300, 1e300))
    truth = _inside(eta, "eta", 0.0, 1.0)
    return _mean((preference - truth) * margin, weights)
