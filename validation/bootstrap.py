"""The BCa bootstrap interval of a mean, with a reason where there is none."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Final

import numpy as np

from rankbound.bounds.wording import counted
from rankbound.data.columns import Floats

RESAMPLES: Final = 9999
# Draws that one interval may cost; beyond it a normal interval says the same
MOST_DRAWS: Final = 300_000_000
BATCH: Final = 2_000_000
# Resampled means that must lie beyond each end
LEAST_TAIL: Final = 5


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """An interval, or None and the reason; `resamples` is how many were drawn."""

    lower: float | None
    upper: float | None
    resamples: int
    missing_because: str | None = None


def bca_mean(
    values: Floats,
    *,
    delta: float,
    rng: np.random.Generator,
    resamples: int = RESAMPLES,
) -> Bootstrap:
    """Bias-corrected and accelerated bootstrap interval of a mean, delta / 2 a side.

    Parameters
    ----------
    values : float64 array, shape (n,)
        One number per query.
    delta : float
        In (0, 1).
    rng : numpy.random.Generator
    resamples : int
        Samples of n queries drawn with replacement.

    Returns
    -------
    Bootstrap
        Without an interval where the values do not vary, where n is below 2, or where
        the resamples are too few for the level.

    Notes
    -----
    Efron (1987), by SciPy. Its level is approximate, and poor for small n.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> bca_mean(np.array([1.0, 1.0]), delta=0.05, rng=rng).missing_because
    'the values do not vary'
    """
    from scipy.stats import bootstrap

    reason = _obstacle(values, delta, resamples)
    if reason is not None:
        return Bootstrap(None, None, 0, reason)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a degenerate result is looked at below
        found = bootstrap(
            (values,),
            np.mean,
            vectorized=True,
            confidence_level=1 - delta,
            n_resamples=resamples,
            method="BCa",
            batch=max(1, BATCH // len(values)),
            random_state=rng,
        ).confidence_interval
    if not (np.isfinite(found.low) and np.isfinite(found.high)):
        return Bootstrap(None, None, resamples, "too few distinct values")
    return Bootstrap(float(found.low), float(found.high), resamples)


def _obstacle(values: Floats, delta: float, resamples: int) -> str | None:
    if len(values) < 2:
        return "one query does not vary"
    # Differences of equal means leave rounding behind, which is no variation
    scale = float(np.abs(values).max())
    if float(np.ptp(values)) <= 1e-12 * max(scale, 1.0):
        return "the values do not vary"
    if resamples * delta / 2 < LEAST_TAIL:
        return f"too few for delta = {delta:.3g}: {counted(resamples, 'resample')}"
    if len(values) * resamples > MOST_DRAWS:
        return (
            f"{counted(len(values), 'query')}: the t interval says the same at this "
            "size"
        )
    return None
