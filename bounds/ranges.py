"""The range of one query's risk and the entropy floor's constants, as plain numbers.

Lemma 2c and Theorem 4 (a), read through the statements of the registry.
"""

from __future__ import annotations

from functools import cache

from rankbound.bounds.compiling import View
from rankbound.bounds.constants import a_star, lambda_star
from rankbound.bounds.registry import statement


def query_range(score_range: float, *, cut_ratio: float) -> tuple[float, float]:
    """Smallest and largest risk (z_-, z_+) of one query, in nats.

    Parameters
    ----------
    score_range : float
        B >= 0, the largest absolute student margin of a pair.
    cut_ratio : float
        c_E in (0, 1]: `cut_ratio_all_pairs(k)`, or 1 for a star of one positive and
        its negatives. If the number of documents varies, use that of the smallest.

    Returns
    -------
    tuple of float
        0 <= z_- <= ln 2 <= z_+. The divergence of one query lies in [0, z_+].

    Raises
    ------
    DomainError
        If an argument is outside its set.

    Notes
    -----
    ``z_- = softplus(-c_E B)``, ``z_+ = ln 2 + c_E (softplus(B) - ln 2)``.
    Source: Lemma 2c.

    Examples
    --------
    >>> low, high = query_range(10.0, cut_ratio=cut_ratio_all_pairs(16))
    >>> round(low, 4), round(high, 4)
    (0.0048, 5.6568)
    """
    low = _view("lemma-2c-lower")(score_range, cut_ratio)
    return float(low), float(_view("lemma-2c-upper")(score_range, cut_ratio))


def cut_ratio_all_pairs(k: int) -> float:
    """Share of all pairs of k >= 2 documents that the best cut separates.

    Raises
    ------
    DomainError
        If k < 2, since then there is no pair.

    Notes
    -----
    ``floor(k**2 / 4) / (k (k - 1) / 2)``, falling from 1 to 1/2.
    Source: Lemma 2c.

    Examples
    --------
    >>> [round(cut_ratio_all_pairs(k), 4) for k in (2, 3, 4, 16)]
    [1.0, 0.6667, 0.6667, 0.5333]
    """
    return float(_view("lemma-2c-cut-ratio")(k))


@cache
def entropy_floor_constants() -> tuple[float, float]:
    """End a_star (a margin) and slope lambda_star (nats) of the floor's straight part.

    For mean absolute teacher margins up to a_star the entropy of a query is at least
    ``ln 2 - lambda_star * mean``, beyond it the entropy at the mean. Source: Theorem
    4 (a).

    Examples
    --------
    >>> [round(constant, 6) for constant in entropy_floor_constants()]
    [2.567554, 0.169917]
    """
    return float(a_star), float(lambda_star)


@cache
def _view(key: str) -> View:
    return statement(key).numpy()
