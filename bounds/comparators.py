r"""Earlier bounds for ranking and distillation, each with what it needs.

=========================================  ===========================================
bound                                      needs
=========================================  ===========================================
Agarwal et al. (2005), AUC                 scores and judgements of one query
Clémençon, Lugosi and Vayatis (2008)       scores and labels of one pool; uniformly
                                           over a class also its complexity
margin, as Usunier et al. (2005)           embeddings and the norm of a bilinear head
pairwise analogue of Hsu et al. (2021)     scores; judgements for the teacher's part
Menon et al. (2021), variance              scores; its bias is in Theorem 3 (e)
=========================================  ===========================================

Two relatives are not here since score files do not determine them: the stability bound
of Agarwal and Niyogi (2009) needs a regularised learner with its norm, and the
two-layer bound of Chen, Liu and Ma (2010) adds a term for the documents of a query that
the mean loss of a query, unbiased as it is, does not need. What the
bounds take from arrays is in `bounds.comparator_terms`.
"""

from __future__ import annotations

from typing import Final

from sympy import Symbol, log, sqrt

from rankbound.bounds.notation import (
    K,
    Lambda,
    auc_hat,
    d_rms,
    delta,
    disjoint,
    err,
    err_gamma,
    err_hat,
    gamma,
    m,
    n,
    n_minus,
    n_plus,
    p,
    rademacher_half,
    t_err,
    t_gap,
)
from rankbound.bounds.statements import Statement

RANKING: Final = (
    Statement(
        key="comparator-auc",
        title="AUC of one query",
        words="The expected AUC of a fixed scorer on one query is at least this, over "
        "independent draws of its relevant and irrelevant documents.",
        kind="lower",
        status="proved",
        provenance="literature",
        assumptions=("IID-DOCS",),
        source="Agarwal, Graepel, Herbrich, Har-Peled and Roth (2005); McDiarmid "
        "(1989); proved in the appendix",
        relation=">=",
        left=Symbol(r"\mathrm{AUC}", nonnegative=True),
        expression=auc_hat - sqrt(log(1 / delta) / 2 * (1 / n_plus + 1 / n_minus)),
        arguments=(auc_hat, n_plus, n_minus, delta),
    ),
    Statement(
        key="comparator-pool",
        title="Pair errors of one pool, fixed scorers",
        words="The share of pairs of a pool of N independent documents that K fixed "
        "scorers order wrongly exceeds the sample's by at most this. Only half of N "
        "counts, since the pairs of a pool overlap.",
        kind="upper",
        status="proved",
        provenance="literature",
        assumptions=("IID-DOCS",),
        source="Hoeffding (1963), Section 5; Clémençon, Lugosi and Vayatis (2008); "
        "proved in the appendix",
        relation="<=",
        left=err,
        expression=err_hat + sqrt(log(K / delta) / (2 * disjoint)),
        arguments=(err_hat, K, delta, disjoint),
    ),
    Statement(
        key="comparator-pool-uniform",
        title="Pair errors of one pool, a class",
        words="The same for all scorers of a class at once, with the Rademacher "
        "complexity of its errors on half as many disjoint pairs.",
        kind="upper",
        status="proved",
        provenance="literature",
        assumptions=("IID-DOCS",),
        source="Hoeffding (1963), Section 5; Clémençon, Lugosi and Vayatis (2008); "
        "proved in the appendix",
        relation="<=",
        left=err,
        expression=err_hat
        + 2 * rademacher_half
        + sqrt(log(1 / delta) / (2 * disjoint)),
        arguments=(err_hat, rademacher_half, delta, disjoint),
    ),
    Statement(
        key="comparator-margin",
        title="Margin bound of a bilinear class",
        words="The pair error of every bilinear student is at most the share of pairs "
        "whose margin falls short of gamma, plus a complexity term, for one gamma "
        "fixed in advance; for a grid of gammas divide delta by their number.",
        kind="upper",
        status="proved",
        assumptions=("A0", "BIL"),
        source="Usunier, Amini and Gallinari (2005) in spirit; Koltchinskii and "
        "Panchenko (2002); proved in the appendix",
        relation="<=",
        left=err,
        expression=err_gamma
        + 2 * Lambda * d_rms / (gamma * sqrt(n))
        + sqrt(log(1 / delta) / (2 * n)),
        arguments=(err_gamma, Lambda, d_rms, gamma, n, delta),
    ),
)

DISTILLING: Final = (
    Statement(
        key="comparator-teacher",
        title="Error by way of the teacher",
        words="The student orders no more pairs wrongly than twice the teacher's mean "
        "preference for the worse document plus twice the mean difference of their "
        "preferences. The first needs judgements, the second only scores.",
        kind="upper",
        status="proved",
        source="pairwise analogue of Hsu, Ji, Telgarsky and Wang (2021); proved in "
        "the appendix",
        relation="<=",
        left=err,
        expression=2 * t_err + 2 * t_gap,
        arguments=(t_err, t_gap),
    ),
    Statement(
        key="comparator-variance",
        title="Variance that soft labels save",
        words="With a true label in place of the teacher's preference the loss of a "
        "pair has this much variance more; calibrated soft labels have the same mean.",
        kind="identity",
        status="proved",
        provenance="literature",
        assumptions=("A4i",),
        source="Menon, Rawat, Reddi, Kim and Kumar (2021); proved in the appendix",
        left=Symbol(
            r"\operatorname{Var}\left(\varsigma(-Y m) \mid q, x, x'\right)",
            nonnegative=True,
        ),
        expression=p * (1 - p) * m**2,
        arguments=(p, m),
    ),
)

STATEMENTS: Final = (*RANKING, *DISTILLING)
