"""Scores from margins: what differences of chosen pairs say about single documents.

A file of triples (query, positive, negative) with the teacher's margin
m = s(positive) - s(negative) contains no scores. But take the documents of a query as
nodes of a graph and its triples as edges. Along a path the margins add up to the
difference of the scores at its ends. In a connected part of the graph all differences
are therefore known, and the scores are known up to one constant of that part. Between
parts nothing is known.

Pairwise entropy, divergence and margin losses only use differences of scores, and a
softmax over a list does not change if a constant is added to all its scores. They can
be computed exactly for every group within one part, above all for a positive and its
negatives. A ranking of all documents of a query, and so its best `depth`, would compare
parts whose constants are unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from rankbound.data.columns import Floats, Integers
from rankbound.data.ordering import parts

# Relative to the margin and the scores at its ends, or absolute below 1. Printing and
# half precision cause errors of this size, which add up along a path.
TOLERANCE: Final = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Potentials:
    """Scores up to constants, for the distinct nodes of the edges.

    Attributes
    ----------
    nodes : int64 array, shape (n_nodes,)
        The distinct nodes, sorted.
    values : float64 array, shape (n_nodes,)
        In the unit of the margins; 0 at the upper node of the first edge of each part.
    parts : int64 array, shape (n_nodes,)
        Nodes with the same number are connected, so their differences are known.
    contradicted : int64 array
        Edges whose margin differs from what other edges imply by more than the
        tolerance.
    """

    nodes: Integers
    values: Floats
    parts: Integers
    contradicted: Integers


def potentials(upper: Integers, lower: Integers, margins: Floats) -> Potentials:
    """Solve value(upper) - value(lower) = margin along the edges of a graph.

    Parameters
    ----------
    upper, lower : int64 arrays, shape (n_edges,)
        Nodes, each a document of a query.
    margins : float64 array, shape (n_edges,)
        Finite.

    Returns
    -------
    Potentials

    Examples
    --------
    >>> upper, lower = np.array([7, 7, 3]), np.array([8, 9, 4])
    >>> found = potentials(upper, lower, np.array([2.0, 0.5, 1.0]))
    >>> dict(zip(found.nodes.tolist(), found.values.tolist()))
    {3: 0.0, 4: -1.0, 7: 0.0, 8: -2.0, 9: -0.5}
    >>> found.parts.tolist()
    [0, 0, 1, 1, 1]
    """
    from scipy.sparse import coo_array  # 30 MB, needed for margins only
    from scipy.sparse.csgraph import connected_components

    nodes, ends = np.unique(np.concatenate([upper, lower]), return_inverse=True)
    above, below = ends[: len(upper)], ends[len(upper) :]
    graph = coo_array(
        (np.ones(len(upper), dtype=np.int8), (above, below)),
        shape=(len(nodes), len(nodes)),
    )
    _, parts = connected_components(graph, directed=False)
    values = np.zeros(len(nodes))
    known = np.zeros(len(nodes), dtype=bool)
    _, first = np.unique(parts[above], return_index=True)
    known[above[first]] = True
    pending = np.arange(len(upper))
    while pending.size:
        _step(pending, above, below, margins, values, known)
        pending = pending[~(known[above[pending]] & known[below[pending]])]
    gaps = np.abs(values[above] - values[below] - margins)
    sizes = (np.abs(one) for one in (margins, values[above], values[below]))
    limits = TOLERANCE * np.maximum(1.0, np.maximum.reduce(list(sizes)))
    return Potentials(
        nodes, values, parts.astype(np.int64), np.flatnonzero(~(gaps <= limits))
    )


@dataclass(frozen=True, slots=True, eq=False)
class QueryPotentials:
    """Scores up to constants, for the distinct documents of each query.

    Attributes
    ----------
    queries, documents : integer arrays, shape (n_nodes,)
        Sorted by query, then by document.
    values, parts
        As in `Potentials`.
    contradicted : int64 array
        Edges as in `Potentials`, ascending.
    """

    queries: Integers
    documents: Integers
    values: Floats
    parts: Integers
    contradicted: Integers


def potentials_by_query(
    queries: Integers, upper: Integers, lower: Integers, margins: Floats
) -> QueryPotentials:
    """`potentials` of each query's documents, some queries at a time.

    Parameters
    ----------
    queries : integer array, shape (n_edges,), of one edge or more
        From 0 on.
    upper, lower : integer arrays, shape (n_edges,)
        Documents.
    margins : float64 array, shape (n_edges,)

    Examples
    --------
    >>> queries, upper, lower = np.array([[0, 0, 1], [7, 7, 3], [8, 9, 4]])
    >>> found = potentials_by_query(queries, upper, lower, np.array([2.0, 0.5, 1.0]))
    >>> found.documents.tolist(), found.values.tolist()
    ([7, 8, 9, 3, 4], [0.0, -2.0, -0.5, 0.0, -1.0])
    """
    order = None
    if (queries[1:] < queries[:-1]).any():
        order = np.argsort(queries, kind="stable")
        queries = queries[order]
    # Pages that are not written take no memory
    columns = [
        np.empty(2 * len(margins), dtype=dtype)
        for dtype in (queries.dtype, upper.dtype, np.float64, np.int64)
    ]
    wrong: list[Integers] = []
    size = known = 0
    for start, stop in parts(queries):
        rows = slice(start, stop) if order is None else order[start:stop]
        above, below = upper[rows].astype(np.int64), lower[rows].astype(np.int64)
        width = int(max(above.max(), below.max())) + 1
        begins = (queries[start:stop] - queries[start]).astype(np.int64) * width
        found = potentials(begins + above, begins + below, margins[rows])
        query, document = found.nodes // width + queries[start], found.nodes % width
        end = size + len(found.nodes)
        some = query, document, found.values, found.parts + known
        for column, piece in zip(columns, some, strict=True):
            column[size:end] = piece
        size = end
        known += int(found.parts.max()) + 1
        edges = found.contradicted
        wrong.append(edges + start if order is None else order[start + edges])
    query, document, values, part = (column[:size] for column in columns)
    contradicted = np.sort(np.concatenate(wrong))
    return QueryPotentials(query, document, values, part, contradicted)


def _step(
    pending: Integers,
    above: Integers,
    below: Integers,
    margins: Floats,
    values: Floats,
    known: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
) -> None:
    """Set the nodes that an edge joins to a known one; of several, the first counts."""
    top, bottom = known[above[pending]], known[below[pending]]
    down, up = pending[top & ~bottom], pending[bottom & ~top]
    edges = np.concatenate([down, up])
    targets = np.concatenate([below[down], above[up]])
    found = np.concatenate(
        [values[above[down]] - margins[down], values[below[up]] + margins[up]]
    )
    order = np.argsort(edges, kind="stable")
    new, first = np.unique(targets[order], return_index=True)
    values[new] = found[order][first]
    known[new] = True
