"""The reference study's formulas, reproduced with their faults."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from rankbound.data.columns import Booleans, Floats
from rankbound.estimators.distances import pair_distances
from rankbound.estimators.pairs import pair_positions

EPSILON = 1e-12
# Size of the part of the pair matrix that is in memory at once
NUMBERS_AT_ONCE = 2**20
NO_VALUE = "their formula has no value here: "
PAIRWISE_REASON = (
    "epsilon 1e-12 inside the logarithm and 1 - p lose the confident pairs; the "
    "temperature is always 1; all lines of a query are pooled into one list, so that "
    "a document of two lines is paired with itself (one bit); a missing score counts "
    "as 0"
)
SHIFT = 1e-6
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
KAPPA_REASON = (
    "raw scores divided by their sum stand for sampling probabilities, which scores "
    "are not; a missing score counts as 0 and makes the ratio infinite; negative "
    "scores give ratios below 1 or charge the best document; corrected: the ratio of "
    "the uniform law to the probabilities that the groups give, none without them"
)
INFINITE = (
    "infinite in their formula: a score of 0, or a missing one, is a probability of 0"
)
LEVELS = (0.95, 0.99)
EUCLIDEAN_REASON = (
    "each coordinate is scaled over the documents instead of each vector over its "
    "coordinates, so that the result grows with the length of the vectors; an "
    "interpolated quantile of the pairs, not the largest distance, and its meaning "
    "changes with the number of documents"
)
COSINE_REASON = (
    "1 - cos is no metric, so no diameter of the theory; an interpolated quantile of "
    "the pairs, not the largest distance; corrected: the largest distance, in its own "
    "unit, so that no difference is given"
)


def reference_pair_entropy_bits(margins: Floats) -> Floats:
    """Binary entropy in bits of the logistic function of margins, with an epsilon.

    Parameters
    ----------
    margins : float array, any shape
        Score differences, not divided by a temperature.

    Returns
    -------
    float array, same shape
        In [0, 1] up to the epsilon; slightly below 0 for confident pairs.

    Notes
    -----
    Reproduces ``-(p log2(p + 1e-12) + (1 - p) log2(1 - p + 1e-12))``. Wrong: 1 - p
    cancels and the epsilon adds an error of 1e-12, so that margins above about 30 have
    no correct digit and entropies below 0 appear. `estimators.pointwise.pair_entropy`
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
    """Mean pair entropy of one list in bits, where repeated documents form pairs.

    Parameters
    ----------
    scores : float array, shape (k,)
        The scores of all lines of a query, concatenated; 0 where none exists.

    Returns
    -------
    float
        NaN for fewer than two documents or a score that is not finite.

    Notes
    -----
    Reproduces the mean over the pairs i < j of the pooled list. Wrong: a query on n
    lines is one list with repeated documents instead of n lists, and a document paired
    with itself has one bit; scores that do not exist enter as 0; digits are lost as in
    `reference_pair_entropy_bits`.

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


def reference_shares(scores: Floats) -> Floats:
    """Divide scores by their sum, after a shift if all of them are at most 0.

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
    Reproduces ``s / sum s``, of ``s - min s + 1e-6`` where no score is positive. Wrong:
    adding a constant to all scores changes the shares, although neither ranking nor
    margins change, and mixed signs give no law. A softmax has neither fault.

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
    """Entropy in bits of the scores divided by their sum; NaN if it has no value.

    Parameters
    ----------
    scores : float array, shape (k,)

    Notes
    -----
    Reproduces ``-sum p log2 p`` of `reference_shares`, with their faults. Also wrong: a
    share of 0 gives NaN instead of contributing 0, and the value grows with the depth
    of a run. `estimators.listwise.list_entropy` is the softmax entropy.

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
    """Say why `reference_list_entropy_bits` has no value; empty where it has one.

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
    """Entropy in nats of the positive scores divided by the sum of all scores.

    Parameters
    ----------
    scores : float array, shape (k,)

    Notes
    -----
    Reproduces ``-sum p ln p`` over the shares above 0, without any shift. Wrong: with
    mixed signs the positive shares sum to more than 1, and the "entropy" has no lower
    bound; equal scores of 0 count as certain instead of uniform; a score that is not a
    number gives 0.

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
    """Divergence in bits of two lists of scores divided by their sums.

    Parameters
    ----------
    teacher, student : float arrays, shape (k,)
        Scores of the teacher's documents.
    found : boolean array, shape (k,), optional
        False where the student has no score, for which 0 is taken.
    epsilon : float
        Added to both shares inside the logarithm.

    Returns
    -------
    float
        May be below 0; NaN where a ratio of shares is negative.

    Notes
    -----
    Reproduces ``sum p log2((p + eps) / (q + eps))`` of `reference_shares`, with their
    faults. Also wrong: an absent document has share 0, so that the epsilon alone
    decides the value, unless all of the student's scores are negative, where 0 becomes
    its best score. The description of the scripts leaves open whether epsilon is added
    to p, which matters only where p is near 0. The softmax divergence is
    `estimators.listwise.list_divergence_nats`.

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
    """Say why `reference_list_divergence_bits` has no value; empty where it has one.

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


def reference_kappa(scores: Floats) -> float:
    """Largest ratio of the uniform law to the scores divided by their sum.

    Parameters
    ----------
    scores : float array, shape (k,)
        Scores, with 0 where there is none.

    Returns
    -------
    float
        Infinite with one score of 0 (among positive ones); NaN if all are 0.

    Notes
    -----
    Reproduces ``max((1 / k) / (s / sum s))``. Wrong: the largest density ratio of two
    laws is at least 1 and needs probabilities. This ratio falls below 1, reverses the
    order for negative scores, and changes with the origin of the scores.
    `bounds.shift.density_ratio` takes probabilities.

    Examples
    --------
    >>> round(reference_kappa(np.array([5.0, -1.0, -1.0])), 2)
    0.2
    >>> reference_kappa(np.array([1.0, 2.0, 0.0]))
    inf
    """
    values = np.asarray(scores, dtype=np.float64)
    if not len(values):
        return float("nan")
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = values / values.sum()
        return float(np.max((1 / len(values)) / shares)) + 0.0


def why_kappa(scores: Floats) -> str:
    """Say why `reference_kappa` is not finite; empty where it is.

    Examples
    --------
    >>> why_kappa(np.array([1.0, 0.0]))
    'infinite in their formula: a score of 0, or a missing one, is a probability of 0'
    """
    value = reference_kappa(scores)
    if np.isfinite(value):
        return ""
    if np.isnan(value):
        return f"{NO_VALUE}0 / 0, since the scores sum to 0"
    return INFINITE


def scaled_along_documents(vectors: Floats) -> Floats:
    """Divide each coordinate by its length over the documents of a group.

    Parameters
    ----------
    vectors : float array, shape (k, dim)

    Returns
    -------
    float64 array, shape (k, dim)
        NaN in coordinates that are 0 for every document.

    Notes
    -----
    Reproduces the norm along the documents of an array of shape (batch, k, dim). Wrong:
    the rows are not unit vectors, since their length is about sqrt(dim / k), so that
    distances may exceed 2.

    Examples
    --------
    >>> scaled_along_documents(np.array([[3.0, 1.0], [4.0, 0.0]])).tolist()
    [[0.6, 1.0], [0.8, 0.0]]
    """
    wide = np.asarray(vectors, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(wide / np.linalg.norm(wide, axis=0))


def reference_diameter(vectors: Floats, *, quantile: float = 0.99) -> float:
    """Interpolated quantile of Euclidean distances after `scaled_along_documents`.

    Parameters
    ----------
    vectors : float array, shape (k, dim)
    quantile : float
        In [0, 1]; the scripts use 0.99 and document 0.95.

    Returns
    -------
    float
        NaN for one document or a coordinate that is 0 throughout.

    Notes
    -----
    Reproduces the interpolated quantile of the k (k - 1) / 2 distances. Wrong: the
    scaling, and the quantile. Of 120 pairs it lies between the third and the second
    largest, and one far document decides it for k = 100 but not for k = 300.
    `estimators.distances.diameter` is the diameter of the theory.

    Examples
    --------
    >>> round(reference_diameter(np.array([[3.0, 1.0], [4.0, 1.0]])), 3)
    0.2
    """
    scaled = scaled_along_documents(vectors)
    if len(scaled) < 2 or not np.isfinite(scaled).all():
        return float("nan")
    return float(np.quantile(pair_distances(scaled), quantile))


def cosine_dissimilarities(vectors: Floats) -> Floats:
    """Compute one minus the cosine of all pairs i < j, shape (k (k - 1) / 2,).

    NaN for a zero vector. Wrong as a distance, as it breaks the triangle inequality.

    Examples
    --------
    >>> corner = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    >>> cosine_dissimilarities(corner).round(3).tolist()  # 1 > 0.293 + 0.293
    [0.293, 1.0, 0.293]
    """
    wide = np.asarray(vectors, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = wide / np.linalg.norm(wide, axis=1, keepdims=True)
    first, second = pair_positions(len(wide))
    return np.asarray(1 - np.sum(unit[first] * unit[second], axis=-1))


def reference_cosine_diameter(vectors: Floats, *, quantile: float = 0.99) -> float:
    """Interpolated quantile of `cosine_dissimilarities`.

    Parameters, result and the fault of the quantile are those of `reference_diameter`.
    NaN for one document or a zero vector.

    Examples
    --------
    >>> reference_cosine_diameter(np.eye(2))
    1.0
    """
    values = cosine_dissimilarities(vectors)
    if not len(values) or not np.isfinite(values).all():
        return float("nan")
    return float(np.quantile(values, quantile))


def why_diameter(vectors: Floats, *, cosine: bool) -> str:
    """Say why a reference diameter has no value; empty where it has one.

    Examples
    --------
    >>> why_diameter(np.zeros((2, 3)), cosine=True)
    'their formula has no value here: a vector is zero'
    """
    if len(vectors) < 2:
        return f"{NO_VALUE}one document has no pair"
    if cosine:
        zero = ~np.any(np.asarray(vectors) != 0, axis=1)
        return f"{NO_VALUE}a vector is zero" if zero.any() else ""
    zero = ~np.any(np.asarray(vectors) != 0, axis=0)
    return (
        f"{NO_VALUE}a coordinate is 0 in every document (0 / 0)" if zero.any() else ""
    )
