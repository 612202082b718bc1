"""Scores and quantities as the reference takes them, beside the corrected ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from rankbound.commands.measure.inputs import Inputs
from rankbound.data.columns import Floats, Strings, strings
from rankbound.data.groups import Groups
from rankbound.data.per_query import PerQuery, query_means
from rankbound.data.scores import Kind, Scores
from rankbound.estimators.group_terms import Block, blocks
from rankbound.reference.entropy import reference_pairwise_entropy_bits

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


@dataclass(frozen=True, slots=True, eq=False)
class PooledEntropy:
    """The reference's pairwise entropy of every query of a file.

    Attributes
    ----------
    column : PerQuery
        In bits, sorted by qid; NaN where its formula has no value.
    n_zeros : int
        Documents (of all groups) without a score, for which 0 was taken.
    n_pooled : int
        Queries with several groups, which it pools into one list.
    """

    column: PerQuery
    n_zeros: int
    n_pooled: int


def file_scores(inputs: Inputs, path: Path) -> Scores:
    """The teacher's scores as its file gives them: probabilities are logits by now."""
    if inputs.kind is not Kind.PROBABILITY:
        return inputs.teacher
    return cast(Scores, inputs.files.part(path, "scores").scores)


def pooled_entropy(groups: Groups, scores: Scores) -> PooledEntropy:
    """The reference's entropy: all lines of a query are one list, missing scores 0.

    Parameters
    ----------
    groups : Groups
        The file, before anything was dropped.
    scores : Scores
        As the file gives them.

    Examples
    --------
    >>> from rankbound.data.groups import top_documents
    >>> scores = Scores.from_dict({"q": {"a": 2.0, "b": 0.0}})
    >>> found = pooled_entropy(top_documents(scores, depth=2), scores)
    >>> found.column.values.round(6).tolist(), found.n_zeros
    ([0.527065], 0)
    """
    values, known = groups.scores_of(scores)  # 0 where there is none
    query = groups.row_query()
    order = np.argsort(query, kind="stable")
    present, starts = np.unique(query[order], return_index=True)
    lists = np.split(values[order], starts[1:])
    entropies = [reference_pairwise_entropy_bits(scores) for scores in lists]
    by_name = np.argsort(groups.qids[present])
    several = np.bincount(groups.queries, minlength=len(groups.qids)) > 1
    return PooledEntropy(
        column=PerQuery(
            "pairwise_entropy",
            "bits",
            groups.qids[present][by_name],
            np.array(entropies)[by_name],
        ),
        n_zeros=int((~known).sum()),
        n_pooled=int(several.sum()),
    )
