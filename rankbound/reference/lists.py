"""The reference study's list entropy and list divergence: scores over their sum."""

from __future__ import annotations

import numpy as np

from rankbound.data.columns import Booleans, Floats

EPSILON = 1e-12
SHIFT = 1e-6
NO_VALUE = "their formula has no value here: "
ENTROPY_REASON = (
    "scores divided by their sum are no law: the value changes with the origin of the "
    "scores, and mixed signs or a score of 0 give none; scores are shifted only if all "
    "are at most 0; corrected: entropy of the softmax"
)
NATS_REASON = (
    "scores divided by their sum, of which only the positive ones count and no shift "
    "is made: negative 'entropies', and 0 for equal scores of 0; in nats where the "
    "other scripts use bits; corrected: entropy of the softmax"
)
DIVERGENCE_REASON = (
    "scores divided by their sum; a document that the student does not score counts "
    "as 0, so that the epsilon or the shift sets the value; it can be negative or "
    "missing; corrected: divergence of the softmax laws over shared documents"
)


def reference_shares(scores: Floats) -> Floats:
    """Scores divided by their sum, shifted first if all of them are at most 0.

    Parameters
    ----------
    scores : float array, shape (k,)

    Returns
    -------
    float array, shape (k,)
        They sum to 1, but mixed signs give entries below 0 and above 1; NaN or
        infinite where the sum is 0.

    Notes
    -----
    Reproduces: where no score is positive, ``s - min s + 1e-6``; then ``s / sum s``.
    Wrong: the shares change when a constant is added to the scores, which changes
    neither ranking nor margins, and mixed signs give no law. A softmax has neither
    fault.

    Examples
    --------
    >>> reference_shares(np.array([3.0, -1.0, -1.0])).tolist()
    [3.0, -1.0, -1.0]
    >>> reference_shares(np.array([-1.0, -1.0])).tolist()
    [0.5, 0.5]
    """
    values = np.asarray(scores, dtype=np.float64)
    if (values <= 0).all():
        values = values - values.min() + SHIFT
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(values / values.sum())


def reference_list_entropy_bits(scores: Floats) -> float:
    """Entropy of the scores divided by their sum, in bits; NaN without a value.

    Parameters
    ----------
    scores : float array, shape (k,)

    Notes
    -----
    Reproduces ``-sum p log2 p`` of `reference_shares`. Wrong: see there; also a share
    of 0 gives NaN instead of contributing 0, and the value grows with the depth of a
    run. `estimators.listwise.list_entropy` is the softmax entropy.

    Examples
    --------
    >>> round(reference_list_entropy_bits(np.array([1.0, 2.0, 3.0])), 3)
    1.459
    >>> round(reference_list_entropy_bits(np.array([101.0, 102.0, 103.0])), 3)
    1.585
    """
    shares = reference_shares(scores)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(-np.sum(shares * np.log2(shares)))


def why_list_entropy(scores: Floats) -> str:
    """Why `reference_list_entropy_bits` has no value here; empty where it has.

    Examples
    --------
    >>> why_list_entropy(np.array([0.0, 1.0, 2.0]))
    'their formula has no value here: 0 log 0'
    """
    if np.isfinite(reference_list_entropy_bits(scores)):
        return ""
    values = np.asarray(scores)
    if values.sum() == 0:
        return f"{NO_VALUE}the scores sum to 0"
    if (values < 0).any():
        return f"{NO_VALUE}logarithm of a negative share, since the signs are mixed"
    return f"{NO_VALUE}0 log 0"


def reference_list_entropy_nats(scores: Floats) -> float:
    """Entropy of the positive scores divided by the sum of all, in nats.

    Parameters
    ----------
    scores : float array, shape (k,)

    Notes
    -----
    Reproduces ``-sum p ln p`` over the shares above 0, without any shift. Wrong: with
    mixed signs the shares that count exceed 1 in sum and the "entropy" is negative
    without limit; equal scores of 0 are certain instead of uniform; a score that is
    not a number gives 0.

    Examples
    --------
    >>> round(reference_list_entropy_nats(np.ones(16)), 4)
    2.7726
    >>> round(reference_list_entropy_nats(np.array([10.0, -4.0, -5.9])), 1)
    -460.5
    """
    values = np.asarray(scores, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = values / values.sum()
        positive = shares[(shares > 0) & np.isfinite(shares)]
    return float(-np.sum(positive * np.log(positive))) + 0.0


def reference_list_divergence_bits(
    teacher: Floats,
    student: Floats,
    *,
    found: Booleans | None = None,
    epsilon: float = EPSILON,
) -> float:
    """Divergence of two lists of scores divided by their sums, in bits.

    Parameters
    ----------
    teacher, student : float arrays, shape (k,)
        Scores of the teacher's documents.
    found : boolean array, shape (k,), optional
        False where the student has no score: 0 is taken for it.
    epsilon : float
        Added to both shares inside the logarithm.

    Returns
    -------
    float
        NaN where a share ratio is negative; may be below 0.

    Notes
    -----
    Reproduces ``sum p log2((p + eps) / (q + eps))``. Wrong: see `reference_shares`; an
    absent document has share 0, so that the epsilon alone decides the value, unless
    all of the student's scores are negative: then 0 is its best score. Our description
    does not say whether epsilon is added to p, too, which changes the value only where
    p is near 0. `estimators.listwise.list_divergence_nats` is the softmax divergence.

    Examples
    --------
    >>> missing = np.array([True, False])
    >>> pair = np.array([2.0, 1.0]), np.array([2.0, 0.0])
    >>> round(reference_list_divergence_bits(*pair, found=missing), 2)
    12.37
    >>> round(reference_list_divergence_bits(*pair, found=missing, epsilon=1e-6), 2)
    5.73
    """
    given = np.asarray(student, dtype=np.float64)
    if found is not None:
        given = np.where(found, given, 0.0)
    p, q = reference_shares(teacher), reference_shares(given)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.sum(p * np.log2((p + epsilon) / (q + epsilon))))


def why_list_divergence(teacher: Floats, student: Floats) -> str:
    """Why `reference_list_divergence_bits` has no value here; empty where it has.

    `student` holds 0 where it has no score.

    Examples
    --------
    >>> why_list_divergence(np.array([3.0, -1.0]), np.array([3.0, 1.0]))
    'their formula has no value here: the shares of a document have opposite signs'
    """
    if np.isfinite(reference_list_divergence_bits(teacher, student)):
        return ""
    if not np.isfinite([*reference_shares(teacher), *reference_shares(student)]).all():
        return f"{NO_VALUE}the scores of a model sum to 0"
    return f"{NO_VALUE}the shares of a document have opposite signs"
