"""Theorem 1: the risk of all pairs from a sample of queries.

Every part holds with probability at least 1 - delta over n independent queries. Each
query counts once, as the mean loss of its pairs, which need not be independent. The
range of one observation is that of Lemma 2c, not B.

Parts (a) to (d) are limits for students fixed in advance; `bounds.limits` and
`bounds.betting` compute them. Parts (e) and (f) allow students that were chosen on the
same queries: (e) holds for all bilinear students of a norm simultaneously, (f) for all
posteriors over students fixed in advance. (g) splits the risk into entropy and
divergence, (h) bounds the excess risk.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sympy import Symbol, log, sqrt

from rankbound.bounds.betting import betting
from rankbound.bounds.errors import DomainError
from rankbound.bounds.limits import kl_chernoff, kl_inverse, split_limit
from rankbound.bounds.notation import (
    KL,
    K,
    R,
    R_hat,
    R_rho,
    R_rho_hat,
    V_hat,
    delta,
    excess,
    j,
    n,
    rademacher,
    rademacher_hat,
    w,
)
from rankbound.bounds.samples import checked_delta, checked_sample
from rankbound.bounds.shift import checked_law
from rankbound.bounds.statements import Statement


def pac_bayes_kl(
    risks: ArrayLike,
    posterior: ArrayLike,
    *,
    prior: ArrayLike,
    low: float,
    high: float,
    delta: float,
) -> float:
    """Upper limit of the mean risk of students under a posterior, in nats.

    Parameters
    ----------
    risks : array_like, shape (K, n)
        Risk of each student on each of n independent queries, in [low, high].
    posterior : array_like, shape (K,)
        Probabilities of the students; may be chosen after looking at the risks.
    prior : array_like, shape (K,)
        Probabilities of the students, fixed before looking; ``[1 / K] * K`` if nothing
        is known.
    low, high : float
        The range of one observation, (z_-, z_+) of Lemma 2c.
    delta : float
        Failure probability in (0, 1).

    Returns
    -------
    float
        A limit that holds for all posteriors simultaneously; `high` if the posterior
        has a student that the prior excludes.

    Raises
    ------
    DomainError
        On a risk outside the range, weights that are not a probability vector, or sizes
        that do not match.

    Notes ----- ``low + (high - low) * kl_inverse(mean, (KL + ln(2 sqrt(n) / delta)) /
    n)`` with the posterior mean of the rescaled sample means. The limit also holds for
    the student with the posterior's mean scores. Source: Theorem 1 (f); Maurer (2004).

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
    """Relative entropy of two laws on one finite set, in nats; possibly infinite.

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


def norm_step(trained_norm: float, *, base_norm: float) -> tuple[int, float]:
    """Round a trained norm up to the grid ``base_norm * 2**j`` of Theorem 1 (e).

    Parameters
    ----------
    trained_norm : float
        Frobenius norm of the trained student, which may depend on the queries.
    base_norm : float
        Smallest norm of the grid, positive and fixed before looking at the queries.

    Returns
    -------
    tuple of int and float
        The step j >= 0 and its norm, the smallest of the grid that is not below the
        trained one. Complexity, Lipschitz constant and width have to be computed for
        this norm.

    Raises
    ------
    DomainError
        If the trained norm is negative, the base norm not positive, or either infinite.

    Notes
    -----
    Step j has the failure probability ``delta / ((j + 1) (j + 2))``; these add up to
    delta. Source: Theorem 1 (e).

    Examples
    --------
    >>> norm_step(5.0, base_norm=1.0), norm_step(8.0, base_norm=1.0)
    ((3, 8.0), (3, 8.0))
    """
    if not 0 <= trained_norm < math.inf or not 0 < base_norm < math.inf:
        raise DomainError(
            "`trained_norm` must be finite and not negative and `base_norm` finite and "
            f"positive, got {trained_norm} and {base_norm}; fix the base norm before "
            "looking at the queries"
        )
    step, norm = 0, base_norm
    while norm < trained_norm:  # doubling is exact, while a logarithm would round
        step, norm = step + 1, 2 * norm
    return step, norm


CLASS: Final = ("A0", "A1'", "BIL")
FIXED: Final = ("A0", "A1'")
RANGE: Final = " The range of one observation is that of Lemma 2c, not B."
MCDIARMID: Final = (
    "McDiarmid (1989); Bartlett and Mendelson (2002); proved in the appendix"
)
_ensemble: Final = Symbol(r"R(\bar{f}_\rho)", nonnegative=True)

LIMITS: Final = (
    Statement(
        key="theorem-1a",
        title="Hoeffding limit",
        words="The risks of K fixed students exceed their sample means by at most "
        "this much, all at once." + RANGE,
        kind="upper",
        status="proved",
        provenance="literature",
        assumptions=FIXED,
        source="Hoeffding (1963), Theorem 2",
        relation="<=",
        left=R,
        expression=R_hat + w * sqrt(log(K / delta) / (2 * n)),
        arguments=(R_hat, w, n, K, delta),
    ),
    Statement(
        key="theorem-1b",
        title="Chernoff limit",
        words="The risk is at most the largest mean whose binary relative entropy "
        "from the sample mean is within log(K / delta) / n, on the scale of the range; "
        "never worse than (a)." + RANGE,
        kind="upper",
        status="cited",
        provenance="literature",
        assumptions=FIXED,
        source="Chernoff (1952); Hoeffding (1963), Theorem 1",
        relation="<=",
        left=R,
        procedure=kl_chernoff,
    ),
    Statement(
        key="theorem-1c",
        title="Empirical Bernstein limit",
        words="The width of the limit follows the variance of the risk over queries; "
        "the range enters at rate 1 / n only. With few queries it is worse than (a): "
        "at delta = 0.05 and for one student on every sample of fewer than 52 queries, "
        "even one without variance." + RANGE,
        kind="upper",
        status="cited",
        provenance="literature",
        assumptions=FIXED,
        source="Maurer and Pontil (2009), Theorem 4",
        relation="<=",
        left=R,
        expression=R_hat
        + sqrt(2 * V_hat * log(2 * K / delta) / n)
        + 7 * w * log(2 * K / delta) / (3 * (n - 1)),
        arguments=(R_hat, V_hat, w, n, K, delta),
    ),
    Statement(
        key="theorem-1d",
        title="Betting limit",
        words="The risk is at most the largest mean against which gamblers with fixed "
        "stakes have not, on average, multiplied their capital by K / delta. The "
        "default. On coins, where every query has the least or the largest risk, (b) "
        "is never above it, whatever the stakes: a grid pays for its average." + RANGE,
        kind="upper",
        status="proved",
        provenance="literature",
        assumptions=FIXED,
        source="Ville (1939); Waudby-Smith and Ramdas (2024)",
        relation="<=",
        left=R,
        procedure=betting,
    ),
)

RADEMACHER: Final = (
    Statement(
        key="theorem-1e",
        title="Limit for all bilinear students",
        words="The risks of all bilinear students of a norm fixed in advance exceed "
        "their sample means by at most this much, all at once; so the student may be "
        "trained on these queries. Lemma 4 bounds the complexity." + RANGE,
        kind="upper",
        status="proved",
        provenance="literature",
        assumptions=CLASS,
        source=MCDIARMID,
        relation="<=",
        left=R,
        expression=R_hat + 2 * rademacher + w * sqrt(log(1 / delta) / (2 * n)),
        arguments=(R_hat, rademacher, w, n, delta),
    ),
    Statement(
        key="theorem-1e-empirical",
        title="Limit for all bilinear students, from the sample",
        words="The same with the complexity on the sampled queries, for which Lemma 4 "
        "needs nothing but their norms and distances." + RANGE,
        kind="upper",
        status="proved",
        provenance="literature",
        assumptions=CLASS,
        source=MCDIARMID,
        relation="<=",
        left=R,
        expression=R_hat + 2 * rademacher_hat + 3 * w * sqrt(log(2 / delta) / (2 * n)),
        arguments=(R_hat, rademacher_hat, w, n, delta),
    ),
    Statement(
        key="theorem-1e-norm-grid",
        title="Limit for bilinear students of any norm",
        words="For a norm that training has chosen: round it up to step j of a grid of "
        "doubling norms fixed in advance, take complexity and width at that step, and "
        "pay for the choice. Without this the limit does not hold." + RANGE,
        kind="upper",
        status="proved",
        assumptions=CLASS,
        source="union bound over Theorem 1 (e); proved in the appendix",
        relation="<=",
        left=R,
        expression=R_hat
        + 2 * rademacher
        + w * sqrt(log((j + 1) * (j + 2) / delta) / (2 * n)),
        arguments=(R_hat, rademacher, w, n, j, delta),
    ),
)

PAC_BAYES: Final = (
    Statement(
        key="theorem-1f",
        title="PAC-Bayes limit",
        words="For all posteriors over students at once, the binary relative entropy "
        "from the sample mean to the mean risk, on the scale of the range, is within "
        "(KL + log(2 sqrt(n) / delta)) / n." + RANGE,
        kind="upper",
        status="cited",
        provenance="literature",
        assumptions=FIXED,
        source="Maurer (2004), Theorem 5, after Seeger (2002)",
        relation="<=",
        left=R_rho,
        procedure=pac_bayes_kl,
    ),
    Statement(
        key="theorem-1f-pinsker",
        title="PAC-Bayes limit in closed form",
        words="For all posteriors over students at once, the mean risk exceeds the "
        "sample mean by at most this much; never better than (f) itself." + RANGE,
        kind="upper",
        status="cited",
        provenance="literature",
        assumptions=FIXED,
        source="McAllester (1999); Maurer (2004) with Pinsker's inequality",
        relation="<=",
        left=R_rho,
        expression=R_rho_hat + w * sqrt((KL + log(2 * sqrt(n) / delta)) / (2 * n)),
        arguments=(R_rho_hat, w, KL, n, delta),
    ),
    Statement(
        key="theorem-1f-ensemble",
        title="Risk of a score-averaged ensemble",
        words="The student whose scores are the posterior's mean scores has at most "
        "the posterior's mean risk, so every limit of (f) holds for it: a limit for "
        "one student instead of a random one.",
        kind="upper",
        status="proved",
        source="Jensen's inequality and convexity of the loss; proved in the appendix",
        relation="<=",
        left=_ensemble,
        expression=R_rho,
        arguments=(R_rho,),
    ),
)

SPLIT: Final = (
    Statement(
        key="theorem-1g",
        title="Split limit",
        words="The risk is at most a limit for the teacher's entropy plus a limit for "
        "the divergence, each at half the failure probability. The range of the "
        "entropy is ln 2, that of the divergence the largest risk of Lemma 2c; only "
        "the latter grows with B.",
        kind="upper",
        status="proved",
        assumptions=FIXED,
        source="union bound over Lemma 1; proved in the appendix",
        relation="<=",
        left=R,
        procedure=split_limit,
    ),
)

EXCESS: Final = (
    Statement(
        key="theorem-1h",
        title="Excess risk of the best of K students",
        words="The student with the least sample risk among K fixed ones is this "
        "close to the best of them. The teacher's entropy cancels." + RANGE,
        kind="upper",
        status="proved",
        provenance="literature",
        assumptions=FIXED,
        source="Hoeffding (1963); proved in the appendix",
        relation="<=",
        left=excess,
        expression=2 * w * sqrt(log(K / delta) / (2 * n)),
        arguments=(w, n, K, delta),
    ),
    Statement(
        key="theorem-1h-bilinear",
        title="Excess risk of the best bilinear student",
        words="The bilinear student with the least sample risk is this close to the "
        "best of its class. The teacher's entropy cancels." + RANGE,
        kind="upper",
        status="proved",
        provenance="literature",
        assumptions=("A0", "A1'", "BIL"),
        source="McDiarmid (1989); Bartlett and Mendelson (2002); proved in the "
        "appendix",
        relation="<=",
        left=excess,
        expression=2 * rademacher + 2 * w * sqrt(log(1 / delta) / (2 * n)),
        arguments=(rademacher, w, n, delta),
    ),
)

STATEMENTS: Final = (*LIMITS, *RADEMACHER, *PAC_BAYES, *SPLIT, *EXCESS)
