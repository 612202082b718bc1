"""The reference study's pairwise entropy: an epsilon, lost digits, pooled lists."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from rankbound.data.columns import Floats

EPSILON = 1e-12
# Rows of the pair matrix that are held at once, in numbers
NUMBERS_AT_ONCE = 2**20
REASON = (
    "epsilon 1e-12 inside the logarithm and 1 - p lose the confident pairs; the "
    "temperature is always 1; all lines of a query are pooled into one list, so that "
    "a document of two lines is paired with itself (one bit); a missing score counts "
    "as 0"
)


def reference_pair_entropy_bits(margins: Floats) -> Floats:
    """Binary entropy of the logistic function of margins, in bits, with an epsilon.

    Parameters
    ----------
    margins : float array, any shape
        Score differences, not divided by a temperature.

    Returns
    -------
    float array, same shape
        Nearly in [0, 1]; slightly below 0 for confident pairs.

    Notes
    -----
    Reproduces ``-(p log2(p + 1e-12) + (1 - p) log2(1 - p + 1e-12))``. Wrong: 1 - p
    cancels and the epsilon adds an error of 1e-12, so that margins above about 30 have
    no correct digit and entropies below 0 appear. `estimators.pairwise.pair_entropy`
    computes it from the margin.

    Examples
    --------
    >>> float(reference_pair_entropy_bits(np.array(-50.0))) < 0
    True
    """
    p = expit(margins)
    rest = 1 - p
    epsilon = p.dtype.type(EPSILON)
    return np.asarray(-(p * np.log2(p + epsilon) + rest * np.log2(rest + epsilon)))


def reference_pairwise_entropy_bits(scores: Floats) -> float:
    """Mean pair entropy of one list in bits; a document twice is paired with itself.

    Parameters
    ----------
    scores : float array, shape (k,)
        The scores of all lines of a query, one after another; 0 where none exists.

    Returns
    -------
    float
        NaN for fewer than two documents or a score that is not finite.

    Notes
    -----
    Reproduces the mean over the pairs i < j of the pooled list. Wrong: a query on n
    lines is one list with repeated documents instead of n lists, whose pairs of a
    document with itself have one bit each; scores that do not exist enter as 0; see
    `reference_pair_entropy_bits` for the digits.

    Examples
    --------
    >>> round(reference_pairwise_entropy_bits(np.array([2.0, 0.0])), 6)
    0.527065
    >>> round(reference_pairwise_entropy_bits(np.array([2.0, 0.0] * 2)), 6)  # twice
    0.68471
    """
    if len(scores) < 2 or not np.isfinite(scores).all():
        return float("nan")
    # Equal scores have equal pairs, so distinct scores with their counts are enough
    values, counts = np.unique(scores, return_counts=True)
    total = float(np.sum(counts * (counts - 1) / 2)) * float(
        reference_pair_entropy_bits(np.zeros((), dtype=values.dtype))
    )
    step = max(1, NUMBERS_AT_ONCE // len(values))
    for start in range(0, len(values), step):
        margins = values[start : start + step, None] - values
        later = np.arange(len(values)) > np.arange(start, start + len(margins))[:, None]
        weights = counts[start : start + step, None] * counts * later
        total += float(np.sum(weights * reference_pair_entropy_bits(margins)))
    return total / (len(scores) * (len(scores) - 1) / 2)
