"""Theorem 1 (e), (f): limits for students that were chosen on the same queries.

(e) holds for all bilinear students of a norm at once, (f) for all posteriors over
students that were fixed in advance.
"""

from __future__ import annotations

import math
from typing import Final

from sympy import Symbol, log, sqrt

from rankbound.bounds.errors import DomainError
from rankbound.bounds.notation import (
    KL,
    R,
    R_hat,
    R_rho,
    R_rho_hat,
    delta,
    j,
    n,
    rademacher,
    rademacher_hat,
    w,
)
from rankbound.bounds.pac_bayes import pac_bayes_kl
from rankbound.bounds.statements import Statement


def norm_step(trained_norm: float, *, base_norm: float) -> tuple[int, float]:
    """Round a trained norm up to the grid ``base_norm * 2**j`` of Theorem 1 (e).

    Parameters
    ----------
    trained_norm : float
        Frobenius norm of the trained student, which depends on the queries.
    base_norm : float
        Smallest norm of the grid, positive and fixed before looking at the queries.

    Returns
    -------
    tuple of int and float
        The step j >= 0 and its norm, the least of the grid that is not below the
        trained one. Complexity, Lipschitz constant and width have to be those of the
        returned norm.

    Raises
    ------
    DomainError
        If the trained norm is negative, the base is not positive, or one is infinite.

    Notes
    -----
    Source: Theorem 1 (e); step j has the failure probability
    ``delta / ((j + 1) (j + 2))``, which sum to delta.

    Examples
    --------
    >>> norm_step(5.0, base_norm=1.0), norm_step(8.0, base_norm=1.0)
    ((3, 8.0), (3, 8.0))
    """
    if not 0 <= trained_norm < math.inf or not 0 < base_norm < math.inf:
        raise DomainError(
            "the trained norm must be finite and not negative and the base norm "
            f"finite and positive, got {trained_norm} and {base_norm}; fix the base "
            "before looking at the queries"
        )
    step, norm = 0, base_norm
    while norm < trained_norm:  # doubling is exact, a logarithm would round
        step, norm = step + 1, 2 * norm
    return step, norm


CLASS: Final = ("A0", "A1'", "BIL")
FIXED: Final = ("A0", "A1'")
RANGE: Final = " The range of one observation is that of Lemma 2c, not B."
MCDIARMID: Final = (
    "McDiarmid (1989); Bartlett and Mendelson (2002); proved in the appendix"
)
_ensemble: Final = Symbol(r"R(\bar{f}_\rho)", nonnegative=True)

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

STATEMENTS: Final = (*RADEMACHER, *PAC_BAYES)
