"""Per-query quantities of one sampling, and the ranges that are known of them.

Groups are measured first; then the groups of a query are averaged, since the query is
the unit of every comparison.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from rankbound.bounds.certificate import LN2
from rankbound.catalogue import COMPARED, PAIR_SETS, base
from rankbound.commands.measure.certifying import group_range
from rankbound.data.columns import Booleans, Floats
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups
from rankbound.data.per_query import PerQuery, query_means
from rankbound.estimators.blocks import Block
from rankbound.estimators.dimension import (
    knn_log_density,
    neighbour_distances,
    two_nn_dimension,
)
from rankbound.estimators.distances import diameter, mean_distance
from rankbound.estimators.group_terms import (
    geometry,
    group_entropies,
    steepest,
    teacher_terms,
    tie_shares,
)
from rankbound.estimators.pairs import selected_pairs
from rankbound.estimators.shape import DistanceCurve

Range = tuple[float, float]
# Lengths of unit vectors are checked up to this, as `Embeddings.unit_norm_share` does
UNIT_SLACK: Final = 1e-2
DISTANCES: Final = ("diameter", "mean_distance", "rms_distance")
UNKNOWN: Final = "its range is not known in advance, so betting does not apply"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class GroupMeans(PerQuery):
    """A number per query, the mean over its groups, and the largest of its groups.

    The mean is what samplings are compared by, since the query is the unit. A supremum
    over groups cannot be had from it: `largest`, shape (n,), is for that.
    """

    largest: Floats


# (quantity, pair set) to one number per query
Measured = dict[tuple[str, str], GroupMeans]


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """Distances of one sampling.

    `measured` holds the quantities; `lipschitz` the steepest teacher margin per
    distance (a plug-in, too small); `undefined` how many groups have no intrinsic
    dimension. `curve` are the distances of all pairs, queries weighing the same.
    """

    measured: Measured
    lipschitz: float
    undefined: int
    curve: DistanceCurve | None = None


def quantities(
    groups: Groups,
    values: Floats,
    *,
    pair_sets: Sequence[str] = PAIR_SETS,
    embeddings: Embeddings | None = None,
    metric: str = "euclidean",
) -> Measured:
    """What the teacher, and vectors where given, say about one sampling.

    Parameters
    ----------
    groups : Groups
        At least two documents each.
    values : float64 array, shape (n_rows,)
        Teacher scores in temperatures.
    pair_sets : sequence of {"all", "pos-neg", "neg-neg"}
        Groups without such a pair are left out of that pair set.
    embeddings : Embeddings, optional
        Adds diameters, distances and intrinsic dimension.
    metric : {"euclidean", "angular"}

    Returns
    -------
    dict of (quantity, pair set) to GroupMeans
        Entropy in nats, margin in temperatures, ties as a share; distances in the
        metric's unit. Sorted by qid.

    Examples
    --------
    >>> from rankbound.data.groups import top_documents
    >>> from rankbound.data.scores import Scores
    >>> scores = Scores.from_dict({"q": {"a": 2.0, "b": 0.0, "c": 0.0}})
    >>> groups = top_documents(scores, depth=3)
    >>> made = quantities(groups, groups.scores_of(scores)[0], pair_sets=("all",))
    >>> {name: round(column.mean(), 6) for (name, _), column in made.items()}
    {'entropy': 0.474605, 'margin': 1.333333, 'ties': 0.333333}
    """
    made = teacher_quantities(groups, values, pair_sets=pair_sets)
    if embeddings is not None:
        space = space_quantities(
            groups, values, embeddings, metric=metric, pair_sets=pair_sets
        )
        made.update(space.measured)
    return made


def teacher_quantities(
    groups: Groups, values: Floats, *, pair_sets: Sequence[str]
) -> Measured:
    """Entropy, mean margin and ties; arguments as for `quantities`."""
    made: Measured = {}
    for pairs, kept, inside in _by_pairs(groups, values, pair_sets):
        terms = teacher_terms(kept, inside, pairs=pairs)
        ties = tie_shares(kept, inside, pairs=pairs)
        found = {"entropy": terms.entropy, "margin": terms.mean_margin, "ties": ties}
        made.update(
            ((name, pairs), per_query(kept, column, name))
            for name, column in found.items()
        )
    return made


def entropies(groups: Groups, values: Floats, *, pair_sets: Sequence[str]) -> Measured:
    """Entropy alone; arguments as for `quantities`."""
    return {
        ("entropy", pairs): per_query(
            kept, group_entropies(kept, inside, pairs=pairs), "entropy"
        )
        for pairs, kept, inside in _by_pairs(groups, values, pair_sets)
    }


def _by_pairs(
    groups: Groups, values: Floats, pair_sets: Sequence[str]
) -> Iterator[tuple[str, Groups, Floats]]:
    """For each pair set that occurs: the groups that have it, and their scores."""
    for pairs in pair_sets:
        keep = groups.count_known_pairs(pairs) > 0
        if keep.any():
            inside = values[np.repeat(keep, groups.sizes)]
            yield pairs, groups.keep_groups(keep), inside


def space_quantities(
    groups: Groups,
    values: Floats,
    embeddings: Embeddings,
    *,
    metric: str,
    pair_sets: Sequence[str],
    curve: DistanceCurve | None = None,
) -> Space:
    """Distances of all pair sets in one pass; arguments as for `quantities`.

    A `curve` is fed with the distances of all pairs.
    """
    pair_sets = [p for p in pair_sets if groups.count_known_pairs(p).any()]
    table = {
        (name, pairs): np.full(groups.n_groups, np.nan)
        for pairs in pair_sets
        for name in DISTANCES
    }
    nature = {
        (name, "all"): np.full(groups.n_groups, np.nan)
        for name in ("two_nn", "knn_density")
    }
    slopes = [0.0]
    n_groups = np.bincount(groups.queries, minlength=len(groups.qids))

    def visit(block: Block, distances: Floats, chosen: Booleans) -> None:
        near = neighbour_distances(distances, chosen)
        dimension = two_nn_dimension(near)
        nature["two_nn", "all"][block.groups] = dimension
        nature["knn_density", "all"][block.groups] = knn_log_density(near, dimension)
        slopes.append(steepest(block, values, distances, chosen)[0])
        if curve is not None:
            share = 1 / n_groups[groups.queries[block.groups]] / chosen.sum(axis=-1)
            weights = np.broadcast_to(share[:, None], chosen.shape)
            curve.feed(distances[chosen], weights[chosen])
        for pairs in pair_sets:
            inside = selected_pairs(
                block.rows, mask=block.mask, positive=block.positive, pairs=pairs
            )
            has = inside.any(axis=-1)
            rows, apart, use = block.groups[has], distances[has], inside[has]
            table["diameter", pairs][rows] = diameter(apart, use)
            if has.any():
                table["mean_distance", pairs][rows] = mean_distance(apart, use)
                squares = mean_distance(apart**2, use)
                table["rms_distance", pairs][rows] = np.sqrt(squares)

    geometry(groups, embeddings, metric=metric, pairs="all", visit=visit)
    columns = {**table, **nature} if "all" in pair_sets else table
    measured = {
        key: per_query(groups, column, key[0])
        for key, column in columns.items()
        if np.isfinite(column).any()
    }
    undefined = int(np.isnan(nature["two_nn", "all"]).sum())
    return Space(measured, max(slopes), undefined, curve)


def per_query(groups: Groups, values: Floats, name: str) -> GroupMeans:
    """Average the groups of each query, leaving out groups whose value is NaN.

    Parameters
    ----------
    groups : Groups
    values : float64 array, shape (n_groups,)
    name : str
        A quantity of the catalogue, or its label; gives the unit.
    """
    good = np.isfinite(values)
    queries = groups.queries[good]
    means = query_means(queries, values[good], n_queries=len(groups.qids))
    largest = np.full(len(groups.qids), -np.inf)
    np.maximum.at(largest, queries, values[good])
    present = np.unique(queries)
    order = present[np.argsort(groups.qids[present])]
    unit = COMPARED[base(name)].unit
    return GroupMeans(name, unit, groups.qids[order], means[order], largest[order])


def value_range(
    name: str, groups: Groups, *, pairs: str, score_range: float, widest: float | None
) -> Range | None:
    """Range of one query's value; None where there is none.

    Parameters
    ----------
    name : str
        A label of a quantity.
    groups : Groups
        Their smallest size enters the range of divergence and risk (Lemma 2c).
    pairs : str
    score_range : float
        B, at which students are clipped.
    widest : float or None
        No distance is larger; None where the space has no known scale.
    """
    quantity = base(name)
    if quantity == "entropy":
        return 0.0, LN2
    if quantity == "ties":
        return 0.0, 1.0
    if quantity in DISTANCES:
        return None if widest is None else (0.0, widest)
    if quantity in ("divergence", "risk"):
        lemma = group_range(groups, pairs=pairs, score_range=score_range)
        return (lemma.low if quantity == "risk" else 0.0), lemma.high
    return None


def difference_range(first: Range | None, second: Range | None) -> Range | None:
    """Range of the difference of two values.

    Examples
    --------
    >>> difference_range((0.0, 1.0), (0.0, 2.0))
    (-2.0, 1.0)
    """
    if first is None or second is None:
        return None
    return first[0] - second[1], first[1] - second[0]


def widest_distance(embeddings: Embeddings | None, metric: str) -> float | None:
    """A distance that no pair exceeds, whatever the sample; None if not known.

    Angles are at most pi and unit vectors at most 2 apart. The largest distance of the
    sample would be no such number.
    """
    if embeddings is None:
        return None
    if metric == "angular":
        return math.pi
    if embeddings.unit_norm_share(tolerance=UNIT_SLACK) == 1.0:
        return 2.0 * (1 + UNIT_SLACK)
    return None
