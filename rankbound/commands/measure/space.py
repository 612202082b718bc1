"""Distances within all groups, in one pass: diameters, Lipschitz constants, shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rankbound.commands.measure.result import Norms, Shape, TwoNn
from rankbound.data.clusters import Clusters, units_of
from rankbound.data.columns import Booleans, Floats
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups
from rankbound.estimators.distances import TailQuantile
from rankbound.estimators.group_terms import Block, Geometry, geometry, steepest
from rankbound.estimators.shape import (
    DistanceCurve,
    VectorFacts,
    VectorShape,
    vector_shape,
)

QUANTILE = 0.99


@dataclass(frozen=True, slots=True)
class Steepness:
    """A plug-in Lipschitz constant: descriptive, never inside a certificate.

    `lipschitz` is the largest |f_i - f_j| / d_ij over pairs at a positive distance, in
    temperatures per unit of distance; `n_apart` counts the pairs at distance 0 with
    different scores, for which no Lipschitz constant exists.
    """

    lipschitz: float
    n_apart: int


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """Distances in the certificate's groups.

    Attributes
    ----------
    groups : Geometry
        Diameter and mean distance of every group.
    largest : float
        Largest distance of a pair of the certificate's groups.
    quantile_99 : float
        Smallest distance that 99 % of the pairs do not exceed, with equal weights of
        queries: the 0.99-essential diameter of the sample.
    rms_distance : float
        Root mean square distance, with equal weights of queries.
    steepness : dict of str to Steepness
        By student.
    curve : DistanceCurve
        Of the pairs' distances, with equal weights of queries.
    shape : VectorShape
        Of the vectors of all documents, those of calibration groups included.
    """

    groups: Geometry
    largest: float
    quantile_99: float
    rms_distance: float
    steepness: dict[str, Steepness]
    curve: DistanceCurve
    shape: VectorShape


def shape_of(curve: DistanceCurve, shape: VectorShape) -> Shape:
    """The record of distances and vectors that the figures of diameters show."""
    distances, shares = curve.points()
    edges, counts = shape.norm_counts()
    log_ratio, minus_log_rest = shape.fit_points()
    return Shape(
        distances=tuple(distances.tolist()),
        shares=tuple(shares.tolist()),
        share_at_distance_0=curve.zero,
        documents=len(shape.facts.norms),
        equal_documents=shape.n_equal,
        norms=Norms(edges=tuple(edges.tolist()), counts=tuple(counts.tolist())),
        two_nn=TwoNn(
            dimension=shape.dimension,
            documents=len(shape.ratios),
            log_ratio=tuple(log_ratio.tolist()),
            minus_log_rest=tuple(minus_log_rest.tolist()),
        ),
    )


def survey(  # noqa: PLR0913  what is computed in the one pass
    groups: Groups,
    embeddings: Embeddings,
    *,
    metric: str,
    pairs: str,
    counted: Booleans,
    students: Mapping[str, Floats],
    clusters: Clusters | None = None,
    facts: VectorFacts | None = None,
) -> Space:
    """Compute everything about distances in one pass over the pairs.

    Parameters
    ----------
    groups, embeddings, metric, pairs
        As in `estimators.group_terms.geometry`.
    counted : boolean array, shape (n_groups,)
        Groups of the certificate; for others, only diameters are computed.
    students : mapping of str to float64 array, shape (n_rows,)
        Clipped scores of the students, for their Lipschitz constants.
    clusters : Clusters, optional
        They have the same weight then, instead of the queries.
    facts : VectorFacts, optional
        Those of all vectors, where they are known.
    """
    shape = vector_shape(groups, embeddings, metric=metric, facts=facts)
    tail, curve = TailQuantile(QUANTILE), DistanceCurve(shape.top(metric))
    squares = [0.0]
    slopes = {name: [0.0] for name in students}
    apart = dict.fromkeys(students, 0)
    per_query = np.bincount(groups.queries[counted], minlength=len(groups.qids))
    present = np.flatnonzero(per_query)
    units = units_of(groups.qids[present], clusters)
    share = np.zeros(len(groups.qids))
    share[present] = units.shares / (len(units) * per_query[present])

    def visit(block: Block, distances: Floats, chosen: Booleans) -> None:
        use = chosen & counted[block.groups][:, None]
        weights = share[groups.queries[block.groups]] / np.maximum(
            1, chosen.sum(axis=-1)
        )
        spread = np.broadcast_to(weights[:, None], use.shape)[use]
        tail.feed(distances[use], spread)
        curve.feed(distances[use], spread)
        squares.append(float(np.sum(distances[use] ** 2 * spread)))
        for name, values in students.items():
            slope, n_apart = steepest(block, values, distances, use)
            slopes[name].append(slope)
            apart[name] += n_apart

    found = geometry(groups, embeddings, metric=metric, pairs=pairs, visit=visit)
    return Space(
        groups=found,
        largest=float(found.diameter[counted].max()),
        quantile_99=tail.value(),
        rms_distance=float(np.sqrt(sum(squares))),
        steepness={n: Steepness(max(s), apart[n]) for n, s in slopes.items()},
        curve=curve,
        shape=shape,
    )
