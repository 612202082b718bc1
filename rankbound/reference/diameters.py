"""The reference study's diameters: quantiles of distances of vectors scaled wrongly."""

from __future__ import annotations

import numpy as np

from rankbound.data.columns import Floats
from rankbound.estimators.distances import pair_distances
from rankbound.estimators.pairs import pair_positions

LEVELS = (0.95, 0.99)
NO_VALUE = "their formula has no value here: "
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
    Reproduces the norm taken along the documents of an array of shape (batch, k, dim).
    Wrong: the rows are not unit vectors, their length is about sqrt(dim / k), and
    "distances are at most 2" does not apply.

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
    Reproduces the linear quantile of the k (k - 1) / 2 distances. Wrong: the scaling,
    and the quantile: of 120 pairs it lies between the third and the second largest,
    and one far document decides it for k = 100 but not for k = 300.
    `estimators.distances.diameter` is the theory's.

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
    """One minus the cosine of all pairs i < j, shape (k (k - 1) / 2,).

    Wrong as a distance: it breaks the triangle inequality. NaN for a zero vector.

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

    Parameters, result and the fault of the quantile are those of `reference_diameter`;
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
    """Why a reference diameter has no value here; empty where it has.

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
