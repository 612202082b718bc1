"""Lemma 5: what a sample says about quantiles of distances, and what it cannot say."""

from __future__ import annotations

from typing import Final

from sympy import Symbol, log, tanh

from rankbound.bounds.diameters import (
    order_statistic_rank,
    pair_tail_limit,
    single_query_deviation,
)
from rankbound.bounds.notation import beta_t, delta, k, level_pairs, level_queries, n
from rankbound.bounds.statements import Statement

OURS: Final = "proved in the appendix"

_rank: Final = Symbol("r", positive=True)
_beyond: Final = Symbol(r"P(Y > Y_{(n)})", nonnegative=True)
_gap: Final = Symbol(r"\beta - \hat\beta", real=True)
_certified: Final = Symbol(r"\sup \beta", nonnegative=True)
_covered: Final = Symbol(r"P(d \le \hat t)", nonnegative=True)


def _one_minus_power(count: Symbol) -> object:
    # 1 - delta**(1 / count) without cancellation
    half = tanh(log(1 / delta) / (2 * count))
    return 2 * half / (1 + half)


STATEMENTS: Final = (
    Statement(
        key="lemma-5a",
        title="Rank that limits a quantile of group diameters",
        words="The value of this rank among the diameters of the groups, one per "
        "query, is at least the quantile of the given level, with probability at least "
        "1 - delta; atoms do no harm.",
        kind="tight",
        status="proved",
        provenance="literature",
        assumptions=("A0",),
        source="Wilks (1941); " + OURS,
        relation=">=",
        left=_rank,
        procedure=order_statistic_rank,
        attained_by="a continuous law, for which no smaller rank will do",
    ),
    Statement(
        key="lemma-5a-maximum",
        title="Mass beyond the sample maximum",
        words="With probability at least 1 - delta no more than this share of the "
        "queries has a larger diameter than all of the sample. It is not zero: the "
        "sample maximum does not bound the diameter. It is 1 - delta**(1 / n), in a "
        "form without cancellation.",
        kind="tight",
        status="proved",
        provenance="literature",
        assumptions=("A0",),
        source="Wilks (1941); " + OURS,
        relation="<=",
        left=_beyond,
        expression=_one_minus_power(n),
        arguments=(n, delta),
        attained_by="a continuous law, for which the probability is 1 - delta",
    ),
    Statement(
        key="lemma-5b",
        title="Share of the pairs beyond a distance",
        words="Each query enters as one number, the share of its pairs beyond a fixed "
        "distance. Where this limit is at most 1 - alpha from some distance on, that "
        "distance is at least the alpha-quantile, without a union over distances.",
        kind="upper",
        status="proved",
        assumptions=("A0",),
        source="Theorem 1; " + OURS,
        relation="<=",
        left=beta_t,
        procedure=pair_tail_limit,
    ),
    Statement(
        key="lemma-5c",
        title="One query by itself",
        words="The share of far pairs exceeds its sample value by at most this much, "
        "for the k independent documents of one query. For 16 documents it is 0.43: "
        "quantiles of single queries are descriptions.",
        kind="upper",
        status="cited",
        provenance="literature",
        assumptions=("IID-DOCS",),
        source="Hoeffding (1963), Section 5a",
        relation="<=",
        left=_gap,
        procedure=single_query_deviation,
    ),
    Statement(
        key="lemma-5d",
        title="What one query can certify at most",
        words="If no pair of k independent documents is far, the share of far pairs "
        "may still be this large, and is not larger, at confidence 1 - delta. It is "
        "1 - delta**(2 / k), in a form without cancellation.",
        kind="tight",
        status="cited",
        provenance="literature",
        assumptions=("IID-DOCS",),
        source="Kruskal (1963); Katona (1968)",
        relation="<=",
        left=_certified,
        expression=_one_minus_power(k / 2),
        arguments=(k, delta),
        attained_by="one tight cluster, with all other documents far from each other "
        "and from it",
    ),
    Statement(
        key="lemma-5e",
        title="Quantile of quantiles",
        words="The quantile over queries of the quantile over the pairs of a query "
        "covers at least this share of the pairs: less than either level.",
        kind="tight",
        status="proved",
        source=OURS,
        relation=">=",
        left=_covered,
        expression=level_pairs * level_queries,
        arguments=(level_pairs, level_queries),
        attained_by="queries within the limit that reach it with the least share, and "
        "all pairs of the others beyond it",
    ),
)
