"""Scores from margins: what differences of chosen pairs say about single documents.

A file of triples (query, positive, negative) with the teacher's margin
m = s(positive) - s(negative) holds no score, but more than it seems. Take the documents
of a query as nodes and its triples as edges. Along a path the margins add up to the
difference of the scores at its ends, so in a connected part of the graph all
differences are known, and the scores are known up to one constant of that part. Between
parts nothing is known.

Pairwise entropy, divergence and margin losses use differences of scores only, and a
softmax over a list does not change when one constant is added to all its scores. Thus
they are computable, and exact, for every group that lies in one part: above all for the
group of a positive and its negatives, which share that positive. A ranking of all
documents of a query, and so its best `depth`, would compare parts whose constants are
unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from rankbound.data.columns import Floats, Integers

# Relative to the margin and the scores at its ends, or absolute below 1: printing and
# half precision leave so much, and it adds up along a path
TOLERANCE: Final = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Potentials:
    """Scores up to constants, for the distinct nodes of the edges.

    Attributes
    ----------
    nodes : int64 array, shape (n_nodes,)
        The distinct nodes, sorted.
    values : float64 array, shape (n_nodes,)
        In the unit of the margins. The upper node of the first edge of each part has 0.
    parts : int64 array, shape (n_nodes,)
        Nodes of the same number are connected; their differences are known.
    contradicted : int64 array
        Edges whose margin is not the difference that other edges give, beyond the
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
        Nodes: a document of a query each.
    margins : float64 array, shape (n_edges,)
        Finite.

    Examples
    --------
    >>> upper, lower = np.array([7, 7, 3]), np.array([8, 9, 4])
    >>> found = potentials(upper, lower, np.array([2.0, 0.5, 1.0]))
    >>> dict(zip(found.nodes.tolist(), found.values.tolist()))
    {3: 0.0, 4: -1.0, 7: 0.0, 8: -2.0, 9: -0.5}
    >>> found.parts.tolist()
    [0, 0, 1, 1, 1]
    """
    from scipy.sparse import coo_array  # 30 MB, for margins alone
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


def _step(
    pending: Integers,
    above: Integers,
    below: Integers,
    margins: Floats,
    values: Floats,
    known: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
) -> None:
    """Give values to nodes that an edge joins to a known one; the first edge counts."""
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
