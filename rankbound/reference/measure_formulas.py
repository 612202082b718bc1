"""The reference study's inputs: scores as the file gives them, missing ones as 0."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from rankbound.commands.measure.inputs import Inputs
from rankbound.data.groups import Groups
from rankbound.data.per_query import PerQuery
from rankbound.data.scores import Kind, Scores
from rankbound.reference.entropy import reference_pairwise_entropy_bits


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
