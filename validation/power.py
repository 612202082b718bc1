"""What a number of queries can show: detectable correlations."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from bounds.errors import DomainError

# Variance of a rank correlation's Fisher transform beyond 1 / (n - 3)
FIELLER = 1.06


def detectable_correlation(
    n: int, *, power: float = 0.8, delta: float = 0.05, rank: bool = True
) -> float:
    """The smallest |rho| that a two-sided test finds with the given power.

    Parameters
    ----------
    n : int
        Queries, at least 4.
    power : float
        In (0, 1).
    delta : float
        Error rate of the test, in (0, 1); divide it by the size of a family first.
    rank : bool
        For Spearman's rho; otherwise for Pearson's r.

    Returns
    -------
    float
        In (0, 1).

    Notes
    -----
    Fisher's transform of r is nearly normal with variance 1 / (n - 3), that of
    Spearman's rho with 1.06 / (n - 3) (Fieller, Hartley and Pearson, 1957).

    Examples
    --------
    >>> round(detectable_correlation(43), 2), round(detectable_correlation(97), 2)
    (0.43, 0.29)
    """
    if n < 4:
        raise DomainError(f"a detectable correlation needs 4 queries or more, got {n}")
    for name, value in (("power", power), ("delta", delta)):
        if not 0 < value < 1:
            raise DomainError(f"`{name}` must lie strictly in (0, 1), got {value}")
    scale = np.sqrt((FIELLER if rank else 1.0) / (n - 3))
    quantiles = norm.ppf(1 - delta / 2) + norm.ppf(power)
    return float(np.tanh(max(quantiles, 0.0) * scale))
