"""The special functions on arrays, stable in value and in gradient.

One implementation serves NumPy, torch and jax through the array-API namespace of its
argument, keeps dtype and device, and can be differentiated and traced. Three rules make
this possible. Branches are chosen by `where`, and both are finite for every finite
input. Absolute values are written with `where`, so that derivatives at zero are right
to second order. log(1 - sigmoid) is never formed.

`rankbound.estimators.pairwise` computes the same values for millions of pairs. It needs
finite margins and, with NumPy, evaluates each branch only where it applies, which is
ten times as fast.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from array_api_compat import array_namespace

# A NumPy, torch or jax array; the views guarantee that arguments are arrays.
Array = Any

# Beyond this magnitude the exponential is zero in every float type.
FLAT: Final = 1e4
# The divergence is a series for margins closer than this, the softplus form for margins
# farther apart than ONE, and log1p between: each where its rounding error is smallest.
SERIES_BELOW: Final = 1e-2
ONE: Final = 1.0


def minimum(x: Array, y: Array) -> Array:
    """Smaller of two arrays or numbers, at least one an array; NaN is kept.

    Examples
    --------
    >>> import numpy as np
    >>> minimum(np.array([1.0, 3.0]), 2.0).tolist()
    [1.0, 2.0]
    """
    # torch.minimum refuses numbers
    return array_namespace(x, y).where((x < y) | (x != x), x, y)  # noqa: PLR0124


def maximum(x: Array, y: Array) -> Array:
    """Larger of two arrays or numbers, at least one an array; NaN is kept.

    Examples
    --------
    >>> import numpy as np
    >>> maximum(np.array([1.0, 3.0]), 2.0).tolist()
    [2.0, 3.0]
    """
    return array_namespace(x, y).where((x > y) | (x != x), x, y)  # noqa: PLR0124


def magnitude(x: Array) -> Array:
    """Absolute value with derivative 1 at zero, so that even functions stay smooth.

    Examples
    --------
    >>> import numpy as np
    >>> magnitude(np.array([-2.0, 0.0])).tolist()
    [2.0, 0.0]
    """
    if isinstance(x, np.ndarray):  # NumPy takes no derivatives
        return np.abs(x)
    return array_namespace(x).where(x < 0, -x, x)


def softplus(x: Array) -> Array:
    """Compute log(1 + exp(x)), in nats if x is a margin.

    Examples
    --------
    >>> import numpy as np
    >>> softplus(np.array([-1e6, 0.0, 1e6])).round(6).tolist()
    [0.0, 0.693147, 1000000.0]
    """
    xp = array_namespace(x)
    return xp.logaddexp(x, xp.zeros_like(x))


def sigmoid(x: Array) -> Array:
    """Compute 1 / (1 + exp(-x)), accurate to rounding in both tails.

    Examples
    --------
    >>> import numpy as np
    >>> sigmoid(np.array([-1e6, 0.0, 1e6])).tolist()
    [0.0, 0.5, 1.0]
    """
    small = array_namespace(x).exp(-magnitude(x))
    return array_namespace(x).where(x < 0, small / (1 + small), 1 / (1 + small))


def pair_entropy(a: Array) -> Array:
    """Entropy of a preference with log-odds a, in nats, in [0, ln 2].

    ``softplus(-|a|) + |a| sigmoid(-|a|)``: no term is negative.

    Examples
    --------
    >>> import numpy as np
    >>> pair_entropy(np.array([-1e6, 0.0, np.inf])).round(6).tolist()
    [0.0, 0.693147, 0.0]
    """
    size = minimum(magnitude(a), FLAT)  # infinity times zero would be NaN
    return softplus(-size) + size * sigmoid(-size)


def binary_entropy(p: Array) -> Array:
    """Entropy of a preference p in [0, 1], in nats, in [0, ln 2].

    Examples
    --------
    >>> import numpy as np
    >>> binary_entropy(np.array([0.0, 0.5, 1.0])).round(6).tolist()
    [0.0, 0.693147, 0.0]
    """
    xp = array_namespace(p)
    zero, one = xp.zeros_like(p), xp.ones_like(p)
    first = p * xp.log(xp.where(p > 0, p, one))
    # log1p, since 1 - p loses the digits of a small p
    return 0.0 - first - (1 - p) * xp.log1p(-xp.where(p < 1, p, zero))


def divergence(p: Array, m: Array) -> Array:
    """Relative entropy kl(p || sigmoid(m)) in nats, for p in [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> divergence(np.array([0.0, 0.5, 1.0]), np.array([40.0, 0.0, 40.0])).tolist()
    [40.0, 0.0, 4.248354255291589e-18]
    """
    xp = array_namespace(p, m)
    flip = p > 0.5
    rare = xp.where(flip, 1 - p, p)
    tiny = float(xp.finfo(rare.dtype).smallest_normal)
    log_odds = xp.log(maximum(rare, tiny)) - xp.log1p(-rare)
    return _divergence(rare, log_odds, xp.where(flip, -m, m))


def margin_divergence(a: Array, m: Array) -> Array:
    """Relative entropy kl(sigmoid(a) || sigmoid(m)) in nats, for finite margins.

    Examples
    --------
    >>> import numpy as np
    >>> margin_divergence(np.array([50.0, 1.0]), np.array([-50.0, 1.0])).tolist()
    [50.0, 0.0]
    """
    xp = array_namespace(a, m)
    flip = a > 0
    log_odds = xp.where(flip, -a, a)
    return _divergence(sigmoid(log_odds), log_odds, xp.where(flip, -m, m))


def _divergence(s: Array, a: Array, m: Array) -> Array:
    """Divergence for s = sigmoid(a) <= 1/2, the orientation without cancellation."""
    xp = array_namespace(s, a, m)
    shift = m - a
    size = magnitude(shift)
    near = minimum(maximum(shift, -ONE), ONE)
    far = softplus(m) - softplus(a) - s * shift
    middle = xp.log1p(s * xp.expm1(near)) - s * near
    close = _series(s, minimum(maximum(shift, -SERIES_BELOW), SERIES_BELOW))
    return xp.where(
        size < SERIES_BELOW, close, xp.where(size < ONE, middle, maximum(far, 0.0))
    )


def _series(s: Array, d: Array) -> Array:
    """Cumulants 2 to 6 of a Bernoulli variable, as a Horner scheme in d."""
    variance, skew = s * (1 - s), 1 - 2 * s
    fourth = 1 - 6 * variance
    fifth = skew * (1 - 12 * variance)
    sixth = 1 - 30 * variance + 120 * variance * variance
    tail = d * (fourth / 24 + d * (fifth / 120 + d * sixth / 720))
    return variance * d * d * (0.5 + d * (skew / 6 + tail))
