"""Theorem 6: nDCG of one list from its pairs.

The risk of distillation enters through a calibrated teacher only, and with pairs
weighted by the differences of gains; equal weights bound no nDCG.
"""

from __future__ import annotations

from typing import Final

from sympy import Symbol, log

from rankbound.bounds.ndcg import inversion_bound, rank_bound, surrogate_bound
from rankbound.bounds.notation import inversions, rho
from rankbound.bounds.statements import Statement

OURS: Final = "proved in the appendix"
TIES: Final = " Ties of scores are broken against the student."

_loss: Final = Symbol(r"1 - \mathrm{nDCG}", nonnegative=True)
_difference: Final = Symbol(
    r"\mathrm{DCG}^\star - \mathrm{DCG}", real=True, nonnegative=True
)

STATEMENTS: Final = (
    Statement(
        key="theorem-6a",
        title="nDCG from inversions",
        words="One minus nDCG is at most the differences of gains of the pairs in the "
        "wrong order, times the largest step of the discount over the ideal DCG."
        + TIES,
        kind="tight",
        status="proved",
        source="smaller constant than Chen et al. (2009); " + OURS,
        relation="<=",
        left=_loss,
        procedure=inversion_bound,
        attained_by="one swap of neighbours where the discount has its largest step",
    ),
    Statement(
        key="theorem-6a-surrogate",
        title="nDCG from pair losses",
        words="The same with the log-loss in bits in place of the indicator of a wrong "
        "order, pairs weighted by the differences of gains." + TIES,
        kind="upper",
        status="proved",
        source="the log-loss in bits is above the zero-one loss; " + OURS,
        relation="<=",
        left=_loss,
        procedure=surrogate_bound,
    ),
    Statement(
        key="theorem-6b",
        title="nDCG from bounds of ranks",
        words="The pair losses of a relevant document with all others bound its rank. "
        "Never above one, but not zero for a perfect list with several relevant "
        "documents; the smaller of this and part (a) holds." + TIES,
        kind="upper",
        status="proved",
        source=OURS,
        relation="<=",
        left=_loss,
        procedure=rank_bound,
    ),
    Statement(
        key="theorem-6c",
        title="DCG from inversions, for binary relevance",
        words="With gains of 0 and 1 and no cut-off, so many inversions cost at most "
        "this much DCG. Concave in the inversions: their mean over queries with "
        "equally many relevant documents may be inserted." + TIES,
        kind="tight",
        status="proved",
        source=OURS,
        relation="<=",
        left=_difference,
        expression=rho * (1 - log(2) / log(2 + inversions / rho)),
        arguments=(rho, inversions),
        attained_by="one relevant document",
    ),
)
