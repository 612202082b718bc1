"""Theorem 1 (f): the PAC-Bayes limit for students drawn from a posterior."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rankbound.bounds.errors import DomainError
from rankbound.bounds.kl import kl_inverse
from rankbound.bounds.samples import checked_delta, checked_sample
from rankbound.bounds.shift import checked_law


def pac_bayes_kl(
    risks: ArrayLike,
    posterior: ArrayLike,
    *,
    prior: ArrayLike,
    low: float,
    high: float,
    delta: float,
) -> float:
    """Upper limit, in nats, of the mean risk of students under a posterior.

    Parameters
    ----------
    risks : array_like, shape (K, n)
        Risk of each student on each of n independent queries, in [low, high].
    posterior : array_like, shape (K,)
        Probabilities of the students, chosen after looking at the risks.
    prior : array_like, shape (K,)
        Probabilities of the students, fixed before; ``[1 / K] * K`` if nothing is
        known.
    low, high : float
        The range of one observation: (z_-, z_+) of Lemma 2c.
    delta : float
        Failure probability in (0, 1).

    Returns
    -------
    float
        A limit that holds for all posteriors at once; `high` if the posterior has a
        student that the prior excludes.

    Raises
    ------
    DomainError
        On a risk outside the range, laws that are none, or unequal sizes.

    Notes
    -----
    ``low + (high - low) * kl_inverse(mean, (KL + ln(2 sqrt(n) / delta)) / n)`` with
    the posterior mean of the rescaled sample means. The score-averaged ensemble of the
    posterior has no larger risk. Source: Theorem 1 (f); Maurer (2004).

    Examples
    --------
    >>> risks = [[0.1] * 200, [0.9] * 200]
    >>> uniform = [0.5, 0.5]
    >>> limit = pac_bayes_kl(risks, [1, 0], prior=uniform, low=0, high=1, delta=0.05)
    >>> round(limit, 4)
    0.1975
    """
    array = np.asarray(risks, dtype=np.float64)
    if array.ndim != 2 or array.size == 0:
        raise DomainError(
            "`risks` must have one row per student and one column per query, got "
            f"shape {array.shape}"
        )
    sample = checked_sample(array.ravel(), low=low, high=high)
    after = checked_law(posterior, name="posterior", size=len(array))
    before = checked_law(prior, name="prior", size=len(array))
    n = array.shape[1]
    means = sample.values.reshape(array.shape).mean(axis=1)
    log_term = math.log(2 * math.sqrt(n) / checked_delta(delta))
    budget = (relative_entropy(after, before) + log_term) / n
    mean = min(1.0, max(0.0, float(after @ means)))
    return sample.restore(1.0 if math.isinf(budget) else kl_inverse(mean, budget))


def relative_entropy(after: NDArray[np.float64], before: NDArray[np.float64]) -> float:
    """Relative entropy of two laws on one finite set, in nats; may be infinite.

    Examples
    --------
    >>> round(relative_entropy(np.array([1.0, 0.0]), np.array([0.5, 0.5])), 6)
    0.693147
    """
    charged = after > 0
    if (before[charged] == 0).any():
        return math.inf
    ratios = np.log(after[charged]) - np.log(before[charged])
    return max(0.0, float(after[charged] @ ratios))
