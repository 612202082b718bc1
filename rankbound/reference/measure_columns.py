"""One quantity of every query as the reference computes it, beside the corrected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rankbound.data.groups import Groups
from rankbound.data.per_query import query_means
from rankbound.data.scores import Floats, Strings, strings
from rankbound.estimators.blocks import Block, blocks

Values = dict[str, float]
Reasons = dict[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One quantity of every query, as the reference computes it and corrected.

    Attributes
    ----------
    quantity, unit : str
        `unit` is the reference's.
    reason, short : str
        What is wrong with it, in full and in a few words.
    qids : object array of str, shape (n,)
        Sorted.
    reference, corrected : float64 arrays, shape (n,)
        NaN (or infinite) where there is no value; `why` has the reason.
    why : dict of str to str
        By qid, for values that are missing.
    corrected_unit : str
        Where it is another unit, no difference is given.
    """

    quantity: str
    unit: str
    reason: str
    short: str
    qids: Strings
    reference: Floats
    corrected: Floats
    why: Reasons
    corrected_unit: str

    @property
    def difference(self) -> Floats:
        """Reference minus corrected; NaN where there is none."""
        if self.unit != self.corrected_unit:
            return np.full(len(self.qids), np.nan)
        with np.errstate(invalid="ignore"):
            return np.asarray(self.reference - self.corrected)


@dataclass(frozen=True, slots=True)
class Kindred:
    """What a reference quantity is called, and what is wrong with it."""

    quantity: str
    unit: str
    reason: str
    short: str
    corrected_unit: str = ""


def joined(what: Kindred, reference: Values, corrected: Values, why: Reasons) -> Column:
    """Both sides as one column; a query that one side lacks has NaN there."""
    qids = sorted(reference.keys() | corrected.keys())
    return Column(
        quantity=what.quantity,
        unit=what.unit,
        reason=what.reason,
        short=what.short,
        qids=strings(qids),
        reference=np.array([reference.get(qid, np.nan) for qid in qids]),
        corrected=np.array([corrected.get(qid, np.nan) for qid in qids]),
        why=why,
        corrected_unit=what.corrected_unit or what.unit,
    )


def on_groups(
    groups: Groups,
    rows: np.ndarray,
    formula: Callable[[np.ndarray], float],
    why: Callable[[np.ndarray], str],
) -> tuple[Values, Reasons]:
    """The mean over a query's groups; no value where one of them has none."""
    values = np.empty(groups.n_groups)
    reasons: Reasons = {}
    for group, qid in enumerate(groups.group_qids()):
        part = rows[groups.offsets[group] : groups.offsets[group + 1]]
        values[group] = formula(part)
        if not np.isfinite(values[group]):
            reasons.setdefault(qid, why(part))
    return per_query(groups, values), reasons


def per_query(groups: Groups, values: Floats) -> Values:
    """The mean over a query's groups, by qid."""
    with np.errstate(invalid="ignore"):
        means = query_means(groups.queries, values, n_queries=len(groups.qids))
    present = np.unique(groups.queries)
    return dict(zip(groups.qids[present], means[present].tolist(), strict=True))


def by_block(groups: Groups, formula: Callable[[Block], Floats]) -> Floats:
    """A corrected quantity of every group, shape (n_groups,)."""
    values = np.empty(groups.n_groups)
    for block in blocks(groups):
        values[block.groups] = formula(block)
    return values
