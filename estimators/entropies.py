"""Teacher entropy of every group and nothing else, for comparisons that repeat it."""

from __future__ import annotations

import numpy as np

from rankbound.data.columns import Floats
from rankbound.data.groups import Groups
from rankbound.estimators.blocks import blocks
from rankbound.estimators.group_terms import check_span, pair_choice
from rankbound.estimators.pairwise import pairwise_entropy_nats


def group_entropies(groups: Groups, values: Floats, *, pairs: str = "all") -> Floats:
    """Teacher entropy of each group in nats; `teacher_terms` without the rest.

    Parameters
    ----------
    groups : Groups
        Every group must have a pair of the wanted kind.
    values : float64 array, shape (n_rows,)
        Teacher scores of the document rows, divided by the temperature.
    pairs : {"all", "pos-neg", "neg-neg"}

    Returns
    -------
    float64 array, shape (n_groups,)
        In [0, ln 2].

    Examples
    --------
    >>> from rankbound.data.groups import top_documents
    >>> from rankbound.data.scores import Scores
    >>> scores = Scores.from_dict({"q": {"a": 1.0, "b": 1.0}})
    >>> groups = top_documents(scores, depth=2)
    >>> group_entropies(groups, groups.scores_of(scores)[0]).round(6).tolist()
    [0.693147]
    """
    check_span(values)
    found = np.empty(groups.n_groups)
    for block in blocks(groups):
        kind = pair_choice(block, pairs)
        found[block.groups] = pairwise_entropy_nats(values[block.rows], **kind)
    return found
