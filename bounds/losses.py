r"""Other losses of distillation: what one observation of each can be.

The listwise soft cross-entropy of a query is an entropy plus a divergence, as the loss
of a pair is; LCE is its case of a one-hot teacher, whose entropy is zero; marginMSE has
no entropy term for one deterministic teacher. Every limit of Theorem 1 holds for each
of them with the range given here in place of Lemma 2c's.
"""

from __future__ import annotations

import math
from typing import Final, Literal, get_args

from sympy import Symbol, log

from rankbound.bounds.errors import DomainError
from rankbound.bounds.lemma2 import LEMMA_2C
from rankbound.bounds.notation import A, B, D_list, H_list, c_E, k, s_neg
from rankbound.bounds.special import Softplus
from rankbound.bounds.statements import Statement

Loss = Literal["listwise", "lce", "margin_mse"]

OURS: Final = "proved in the appendix"
_listwise: Final = Symbol(r"\ell_{\mathrm{list}}", nonnegative=True)
_lce: Final = Symbol(r"\ell_{\mathrm{LCE}}", nonnegative=True)
_mse: Final = Symbol("(m - a)^{2}", nonnegative=True)
_mse_query: Final = Symbol(r"\overline{(m - a)^{2}}", nonnegative=True)

LISTWISE: Final = (
    Statement(
        key="loss-listwise",
        title="Listwise loss in two parts",
        words="The soft cross-entropy of a query over its documents is the entropy of "
        "the teacher's distribution plus the divergence of the student's from it.",
        kind="identity",
        status="proved",
        source=OURS,
        left=_listwise,
        expression=H_list + D_list,
        arguments=(H_list, D_list),
    ),
    Statement(
        key="loss-listwise-lower",
        title="Smallest listwise loss",
        words="No query of k documents costs less under the listwise loss.",
        kind="tight",
        status="proved",
        assumptions=("A1'",),
        source=OURS,
        relation=">=",
        left=_listwise,
        expression=Softplus(log(k - 1) - B),
        arguments=(k, B),
        attained_by="a one-hot teacher whose document scores B above all others",
    ),
    Statement(
        key="loss-listwise-upper",
        title="Largest listwise loss",
        words="No query of k documents costs more under the listwise loss. The "
        "divergence of a query is never more either.",
        kind="tight",
        status="proved",
        assumptions=("A1'",),
        source=OURS,
        relation="<=",
        left=_listwise,
        expression=Softplus(log(k - 1) + B),
        arguments=(k, B),
        attained_by="a one-hot teacher whose document scores B below all others",
    ),
    Statement(
        key="loss-listwise-entropy",
        title="Largest listwise entropy",
        words="The entropy of the teacher's distribution over k documents is never "
        "more.",
        kind="tight",
        status="proved",
        source=OURS,
        relation="<=",
        left=H_list,
        expression=log(k),
        arguments=(k,),
        attained_by="a teacher that scores all documents alike",
    ),
)

LCE: Final = (
    Statement(
        key="loss-lce",
        title="LCE is all divergence",
        words="The localised contrastive loss is the listwise loss of a one-hot "
        "teacher: its entropy term is zero and its range that of the listwise loss.",
        kind="identity",
        status="proved",
        source="loss of Gao, Dai and Callan (2021); " + OURS,
        left=_lce,
        expression=Softplus(s_neg),
        arguments=(s_neg,),
    ),
)

MARGIN_MSE: Final = (
    Statement(
        key="loss-mse",
        title="Largest squared error of a margin",
        words="No pair costs more under marginMSE; the least is zero. Against one "
        "deterministic teacher there is no entropy term.",
        kind="tight",
        status="proved",
        assumptions=("A1'", "A2"),
        source="loss of Hofstätter et al. (2020); " + OURS,
        relation="<=",
        left=_mse,
        expression=(A + B) ** 2,
        arguments=(A, B),
        attained_by="teacher margin A and student margin -B",
    ),
    Statement(
        key="loss-mse-query",
        title="Largest squared error of one query",
        words="The mean squared error of the pairs of one query is never more: not "
        "all pairs can err most at once.",
        kind="tight",
        status="proved",
        assumptions=("A1'", "A2"),
        source=OURS,
        relation="<=",
        left=_mse_query,
        expression=c_E * (A + B) ** 2,
        arguments=(c_E, A, B),
        attained_by="two clusters of documents, at teacher margin A and in reverse "
        "order at student margin B",
    ),
)

STATEMENTS: Final = (*LISTWISE, *LCE, *MARGIN_MSE)
_CUT_RATIO: Final = next(e for e in LEMMA_2C if e.key == "lemma-2c-cut-ratio")
_BY_KEY: Final = {entry.key: entry for entry in STATEMENTS}


def loss_range(
    loss: Loss, *, score_range: float, group_size: int, teacher_range: float = 0.0
) -> tuple[float, float]:
    """Smallest and largest loss of one query, for the limits of Theorem 1.

    Parameters
    ----------
    loss : {"listwise", "lce", "margin_mse"}
        The criterion; "margin_mse" is the mean over all pairs of the query.
    score_range : float
        B >= 0, the largest absolute student margin of a pair.
    group_size : int
        k >= 2 documents of a query. Where it varies: for "margin_mse" the smallest,
        for the others the lower end of the smallest and the upper end of the largest.
    teacher_range : float
        A >= 0, finite, the largest absolute teacher margin; used by "margin_mse" only.

    Returns
    -------
    tuple of float
        (low, high) in nats, for "margin_mse" in squared margins.

    Raises
    ------
    DomainError
        If the loss is not one of the three or a number is outside its set.

    Notes
    -----
    Source: `loss-listwise-lower`, `loss-listwise-upper`, `loss-mse-query`.

    Examples
    --------
    >>> [round(end, 4) for end in loss_range("lce", score_range=10.0, group_size=16)]
    [0.0007, 12.7081]
    >>> loss_range("margin_mse", score_range=2.0, group_size=4, teacher_range=1.0)
    (0.0, 6.0)
    """
    if loss not in get_args(Loss):
        raise DomainError(
            f"`loss` must be one of {', '.join(get_args(Loss))}, got {loss!r}"
        )
    if loss == "margin_mse":
        return 0.0, _largest_error(score_range, group_size, teacher_range)
    low = _BY_KEY["loss-listwise-lower"].numpy()(group_size, score_range)
    return float(low), float(
        _BY_KEY["loss-listwise-upper"].numpy()(group_size, score_range)
    )


def _largest_error(score_range: float, group_size: int, teacher_range: float) -> float:
    if not math.isfinite(teacher_range):
        raise DomainError(
            "marginMSE has no range without one of the teacher's margins: "
            f"`teacher_range` must be finite, got {teacher_range!r}; clip the teacher"
        )
    ratio = _CUT_RATIO.numpy()(group_size)
    view = _BY_KEY["loss-mse-query"].numpy()
    return float(view(ratio, teacher_range, score_range))
