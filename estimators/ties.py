"""Ties and ranks: pairs scored alike, which have the full entropy, and order alone."""

from __future__ import annotations

import numpy as np

from rankbound.data.columns import Floats
from rankbound.data.groups import Groups
from rankbound.estimators.blocks import blocks
from rankbound.estimators.pairs import pair_differences, pair_mean, selected_pairs


def tie_shares(groups: Groups, values: Floats, *, pairs: str = "all") -> Floats:
    """Share of the pairs of each group whose two scores are equal.

    Parameters
    ----------
    groups : Groups
        Every group must have a pair of the wanted kind.
    values : float64 array, shape (n_rows,)
        Scores of the document rows.
    pairs : {"all", "pos-neg", "neg-neg"}

    Returns
    -------
    float64 array, shape (n_groups,)
        In [0, 1].

    Examples
    --------
    >>> from rankbound.data.groups import top_documents
    >>> from rankbound.data.scores import Scores
    >>> scores = Scores.from_dict({"q": {"a": 2.0, "b": 1.0, "c": 1.0}})
    >>> groups = top_documents(scores, depth=3)
    >>> tie_shares(groups, groups.scores_of(scores)[0]).round(4).tolist()
    [0.3333]
    """
    shares = np.empty(groups.n_groups)
    for block in blocks(groups):
        inside = values[block.rows]
        tied = (pair_differences(inside) == 0).astype(np.float64)
        chosen = selected_pairs(
            inside, mask=block.mask, positive=block.positive, pairs=pairs
        )
        shares[block.groups] = pair_mean(tied, chosen)
    return shares


def rank_values(groups: Groups, values: Floats) -> Floats:
    """Scores replaced by ranks within the group: larger is better, ties share a rank.

    Parameters are those of `tie_shares`.

    Returns
    -------
    float64 array, shape (n_rows,)
        From 1 for the worst document of a group; the mean rank for ties.

    Examples
    --------
    >>> from rankbound.data.groups import top_documents
    >>> from rankbound.data.scores import Scores
    >>> scores = Scores.from_dict({"q": {"a": 9.0, "b": 1.0, "c": 1.0}})
    >>> groups = top_documents(scores, depth=3)
    >>> rank_values(groups, groups.scores_of(scores)[0]).tolist()
    [3.0, 1.5, 1.5]
    """
    group = groups.row_group()
    order = np.lexsort((values, group))
    ordered, owner = values[order], group[order]
    place = np.arange(len(order)) - groups.offsets[owner] + 1.0
    new = np.ones(len(order), dtype=bool)
    new[1:] = (ordered[1:] != ordered[:-1]) | (owner[1:] != owner[:-1])
    run = np.cumsum(new) - 1
    means = np.bincount(run, weights=place) / np.bincount(run)
    ranks = np.empty(len(order))
    ranks[order] = means[run]
    return ranks
