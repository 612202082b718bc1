"""Scores, groups and per-query values as other libraries hold them.

The other libraries are loaded when they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from rankbound.data.ordering import ranking

if TYPE_CHECKING:
    from rankbound.data.groups import Groups
    from rankbound.data.per_query import PerQuery
    from rankbound.data.scores import Integers, Scores


def scores_to_frame(scores: Scores) -> Any:
    """The scores as a pandas frame in PyTerrier's columns: qid, docno, score, rank.

    Queries keep their order; within one, the best document comes first and ties are
    ordered by docno, descending, as in trec_eval. Ranks count from 0.

    Examples
    --------
    >>> from rankbound.data.scores import Scores
    >>> frame = Scores.from_dict({"q": {"a": 1.0, "b": 3.0, "c": 1.0}}).to_frame()
    >>> frame[["docno", "rank"]].values.tolist()
    [['b', 0], ['c', 1], ['a', 2]]
    """
    import pandas as pd

    order, rank = _ranking(scores)
    return pd.DataFrame(
        {
            "qid": scores.qids[scores.row_query()[order]],
            "docno": scores.docnos[scores.codes[order]],
            "score": scores.values[order],
            "rank": rank,
        }
    )


def scores_to_ir_measures(scores: Scores, *, as_ranks: bool = False) -> Iterator[Any]:
    """The scores as ``ir_measures.ScoredDoc`` tuples, best first in every query.

    Parameters
    ----------
    as_ranks : bool
        Give the number of documents ranked below instead of the score. The order is
        the same, and no two documents of a query tie: some measure providers hold
        scores in 32 bits, where different scores become equal.

    Examples
    --------
    >>> from rankbound.data.scores import Scores
    >>> close = Scores.from_dict({"q": {"a": 1.0 + 5e-8, "b": 1.0}})
    >>> [doc.score for doc in close.to_ir_measures(as_ranks=True)]
    [1.0, 0.0]
    """
    from ir_measures import ScoredDoc

    order, rank = _ranking(scores)
    query = scores.row_query()[order]
    values = scores.values[order]
    if as_ranks:
        values = (scores.sizes[query] - 1 - rank).astype(np.float64)
    documents = scores.codes[order]
    for row in range(len(order)):
        yield ScoredDoc(
            scores.qids[query[row]], scores.docnos[documents[row]], float(values[row])
        )


def scores_to_ranx_dict(scores: Scores) -> dict[str, dict[str, float]]:
    """The scores as ``{qid: {docno: score}}``, which ``ranx.Run`` takes.

    Examples
    --------
    >>> from rankbound.data.scores import Scores
    >>> Scores.from_dict({"q": {"b": 1.0, "a": 2.0}}).to_ranx_dict()
    {'q': {'a': 2.0, 'b': 1.0}}
    """
    names, values = scores.docnos[scores.codes], scores.values.tolist()
    bounds = zip(scores.offsets[:-1], scores.offsets[1:], strict=True)
    return {
        qid: dict(zip(names[start:stop], values[start:stop], strict=True))
        for qid, (start, stop) in zip(scores.qids, bounds, strict=True)
    }


def groups_to_frame(groups: Groups) -> Any:
    """The groups as a pandas frame, one row per document: qid, group, docno.

    With the columns positive and probability where they are known.

    Examples
    --------
    >>> from rankbound.data.groups import top_documents
    >>> from rankbound.data.scores import Scores
    >>> scores = Scores.from_dict({"q": {"a": 1.0, "b": 3.0, "c": 2.0}})
    >>> top_documents(scores, depth=2).to_frame().values.tolist()
    [['q', 0, 'b'], ['q', 0, 'c']]
    """
    import pandas as pd

    columns: dict[str, Any] = {
        "qid": groups.qids[groups.row_query()],
        "group": groups.row_group(),
        "docno": groups.docnos[groups.codes],
    }
    if groups.positive is not None:
        columns["positive"] = groups.positive
    if groups.probabilities is not None:
        columns["probability"] = groups.probabilities
    return pd.DataFrame(columns)


def per_query_to_frame(values: PerQuery) -> Any:
    """One row per query: qid, name, unit, value; frames of several can be stacked."""
    import pandas as pd

    return pd.DataFrame(
        {
            "qid": values.qids,
            "name": values.name,
            "unit": values.unit,
            "value": values.values,
        }
    )


def _ranking(scores: Scores) -> tuple[Integers, Integers]:
    """Rows from best to worst in every query, and the rank of each, from 0."""
    query = scores.row_query()
    order = ranking(scores)
    return order, np.arange(len(order)) - scores.offsets[query]
