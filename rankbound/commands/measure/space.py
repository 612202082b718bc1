"""Distances within all groups, in one pass: diameters, Lipschitz constants, shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from rankbound.commands.measure.result import Norms, Shape, TwoNn
from rankbound.data.clusters import Clusters, units_of
from rankbound.data.columns import Booleans, Floats, Integers
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups
from rankbound.engine import joined, tiles
from rankbound.estimators.distances import (
    TailQuantile,
    check_metric,
    diameter,
    mean_distance,
)
from rankbound.estimators.group_terms import (
    Geometry,
    block_distances,
    steepest,
    vector_rows,
)
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
    check_metric(metric)
    shape = vector_shape(groups, embeddings, metric=metric, facts=facts)
    tail, curve = TailQuantile(QUANTILE), DistanceCurve(shape.top(metric))
    per_query = np.bincount(groups.queries[counted], minlength=len(groups.qids))
    present = np.flatnonzero(per_query)
    units = units_of(groups.qids[present], clusters)
    share = np.zeros(len(groups.qids))
    share[present] = units.shares / (len(units) * per_query[present])
    made: list[Surveyed] = []
    for one in tiles(
        survey_of_tile,
        groups,
        vector_rows(groups, embeddings),
        *students.values(),
        each=(counted, share[groups.queries]),
        hints=lambda: {"floor": tail.floor},
        what="distances",
        vectors=embeddings,
        metric=metric,
        pairs=pairs,
        top=shape.top(metric),
    ):
        tail.feed(one.tail, one.tail_weights)
        curve.add(one.mass)
        nothing = np.empty(0)
        made.append(replace(one, tail=nothing, tail_weights=nothing, mass=nothing))
    found = joined(made)
    slopes = found.slopes.max(axis=0, initial=0.0).tolist()
    apart = found.apart.sum(axis=0).tolist()
    return Space(
        groups=Geometry(found.diameter, found.mean_distance),
        largest=float(found.diameter[counted].max()),
        quantile_99=tail.value(),
        rms_distance=float(np.sqrt(sum(found.squares.tolist()))),
        steepness={
            name: Steepness(slope, number)
            for name, slope, number in zip(students, slopes, apart, strict=True)
        },
        curve=curve,
        shape=shape,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Surveyed:
    """What the pass finds in some groups.

    Attributes
    ----------
    diameter, mean_distance : float64 arrays, shape (n_groups,)
    squares : float64 array, shape (n_blocks,)
        Sums of squared distances of the certificate's pairs, with their weights.
    slopes, apart : arrays, shape (n_blocks, n_students)
        What `steepest` gives.
    tail, tail_weights : float64 arrays, shape (n,)
        Distances that may be the quantile, and their weights.
    mass : float64 array
        The bins of a `DistanceCurve`.
    """

    diameter: Floats
    mean_distance: Floats
    squares: Floats
    slopes: Floats
    apart: Integers
    tail: Floats
    tail_weights: Floats
    mass: Floats


def survey_of_tile(  # noqa: PLR0913  what the one pass needs
    groups: Groups,
    rows: Integers,
    *columns: Floats,
    vectors: Embeddings,
    metric: str,
    pairs: str,
    top: float,
    floor: float,
) -> Surveyed:
    """The pass over groups that are computed together.

    `columns` are the students' scores, then `counted` and the weight of each group's
    query. The quantile is at least `floor`.
    """
    *students, counted, share = columns
    largest, mean = np.empty(groups.n_groups), np.empty(groups.n_groups)
    tail, curve = TailQuantile(QUANTILE, floor), DistanceCurve(top)
    squares: list[float] = []
    slopes: list[list[float]] = []
    apart: list[list[int]] = []
    for block, distances, chosen in block_distances(
        groups, rows, vectors, metric=metric, pairs=pairs
    ):
        largest[block.groups] = diameter(distances, chosen)
        mean[block.groups] = mean_distance(distances, chosen)
        use = chosen & (counted[block.groups] > 0)[:, None]
        weights = share[block.groups] / np.maximum(1, chosen.sum(axis=-1))
        spread = np.broadcast_to(weights[:, None], use.shape)[use]
        tail.feed(distances[use], spread)
        curve.feed(distances[use], spread)
        squares.append(float(np.sum(distances[use] ** 2 * spread)))
        steep = [steepest(block, values, distances, use) for values in students]
        slopes.append([slope for slope, _ in steep])
        apart.append([number for _, number in steep])
    values, weights = tail.kept()
    return Surveyed(
        diameter=largest,
        mean_distance=mean,
        squares=np.array(squares),
        slopes=np.array(slopes).reshape(len(squares), len(students)),
        apart=np.array(apart, dtype=np.int64).reshape(len(squares), len(students)),
        tail=values,
        tail_weights=weights,
        mass=curve.mass,
    )
