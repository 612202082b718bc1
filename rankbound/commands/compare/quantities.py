"""Per-query quantities of one sampling, and the ranges known for them.

Each group is measured by itself. The groups of a query are then averaged, since the
query is the unit of every comparison.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from rankbound.catalogue import COMPARED, Range, base, label, needing
from rankbound.commands.measure.choosing import group_range
from rankbound.data.clusters import Clusters, units_of
from rankbound.data.columns import (
    Booleans,
    Floats,
    Integers,
    distinct_codes,
    sorted_places,
)
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups
from rankbound.data.per_query import PerQuery, query_means
from rankbound.engine import joined, over_tiles, tiles
from rankbound.estimators.distances import check_metric
from rankbound.estimators.group_terms import (
    Block,
    block_distances,
    blocks,
    check_span,
    pair_choice,
    steepest,
    vector_rows,
)
from rankbound.estimators.pairs import PairChoice, pair_mean, selected_pairs
from rankbound.estimators.shape import DistanceCurve
from rankbound.estimators.spread import clip_below_best

UNKNOWN: Final = "its range is not known in advance, so betting does not apply"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class GroupMeans(PerQuery):
    """The mean over the groups of each query, and the largest value of its groups.

    Samplings are compared by the means, since the query is the unit. A supremum over
    groups cannot be computed from means, so `largest`, shape (n,), is kept too.
    `by_group`, shape (n_groups,), has the values of the groups, NaN where one has no
    pair of the set.
    """

    largest: Floats
    by_group: Floats


# (quantity, pair set) to one number per query
Measured = dict[tuple[str, str], GroupMeans]
Keys = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """Distances of one sampling.

    `measured` holds the quantities. `lipschitz` is the steepest teacher margin per
    distance in the sample, which is below the Lipschitz constant. `undefined` counts
    the groups whose intrinsic dimension is undefined. `curve` is the distribution of
    the distances of all pairs, in which every query has the same weight.
    """

    measured: Measured
    lipschitz: float
    undefined: int
    curve: DistanceCurve | None = None


def teacher_quantities(
    groups: Groups,
    values: Floats,
    *,
    pair_sets: Sequence[str],
    names: Sequence[str] | None = None,
) -> Measured:
    """Measure what needs the teacher's scores alone.

    Parameters
    ----------
    groups : Groups
        Each with at least two documents.
    values : float64 array, shape (n_rows,)
        Teacher scores divided by the temperature.
    pair_sets : sequence of {"all", "pos-neg", "neg-neg"}
        A group without a pair of a set is left out of that set.
    names : sequence of str, optional
        The quantities to compute; by default all that need only scores.

    Returns
    -------
    dict of (quantity, pair set) to GroupMeans
        Entropy in nats, margin in temperatures, ties as a share; each sorted by qid.

    Examples
    --------
    >>> from rankbound.data.groups import top_documents
    >>> from rankbound.data.scores import Scores
    >>> scores = Scores.from_dict({"q": {"a": 2.0, "b": 0.0, "c": 0.0}})
    >>> groups = top_documents(scores, depth=3)
    >>> values, _ = groups.scores_of(scores)
    >>> made = teacher_quantities(groups, values, pair_sets=("all",))
    >>> {name: round(column.mean(), 6) for (name, _), column in made.items()}
    {'entropy': 0.474605, 'margin': 1.333333, 'ties': 0.333333}
    """
    return next(at_factors(groups, values, (1.0,), pair_sets=pair_sets, names=names))


def at_factors(
    groups: Groups,
    values: Floats,
    factors: Sequence[float],
    *,
    pair_sets: Sequence[str],
    names: Sequence[str] | None = None,
) -> Iterator[Measured]:
    """`teacher_quantities` at multiples of the temperature, from one pass.

    Parameters
    ----------
    groups, values, pair_sets, names
        As in `teacher_quantities`.
    factors : sequence of float
        Positive. Scores are divided by each of them.

    Yields
    ------
    dict of (quantity, pair set) to GroupMeans
        For each factor what `teacher_quantities` gives for `values / factor`.
    """
    labels = {name: name for name in (names or needing("scores"))}
    return _of_scores(
        groups, [values], labels=labels, pair_sets=pair_sets, factors=tuple(factors)
    )


def entropies(groups: Groups, values: Floats, *, pair_sets: Sequence[str]) -> Measured:
    """Measure the entropy alone; parameters as in `teacher_quantities`."""
    return teacher_quantities(groups, values, pair_sets=pair_sets, names=["entropy"])


def student_quantities(
    groups: Groups,
    teacher: Floats,
    student: Floats,
    *,
    clip_at: float,
    pair_sets: Sequence[str],
    who: str = "",
) -> Measured:
    """Measure what needs a student's scores.

    Parameters
    ----------
    groups : Groups
    teacher, student : float64 arrays, shape (n_rows,)
        Scores divided by the temperature of their model.
    clip_at : float
        B. Student scores are raised to at least B below the best score of their group.
    pair_sets : sequence of {"all", "pos-neg", "neg-neg"}
    who : str
        The student's name in the labels; empty if there is only one student.
    """
    labels = {name: label(name, who, alone=not who) for name in needing("student")}
    found = _of_scores(
        groups, [teacher, student], labels=labels, pair_sets=pair_sets, clip_at=clip_at
    )
    return next(found)


def _of_scores(
    groups: Groups,
    scores: Sequence[Floats],
    *,
    labels: Mapping[str, str],
    pair_sets: Sequence[str],
    clip_at: float | None = None,
    factors: tuple[float, ...] = (1.0,),
) -> Iterator[Measured]:
    """Measure the groups that have a pair of each set, and average them by query.

    All scores are divided by each of the factors in turn. Pair sets that the same
    groups have share one pass over these.
    """
    parts: list[tuple[Booleans, Keys, Floats]] = []
    for keep, sets in _by_groups(groups, pair_sets):
        kept, inside = groups, list(scores)
        if not keep.all():
            rows = np.repeat(keep, groups.sizes)
            kept, inside = groups.keep_groups(keep), [values[rows] for values in scores]
        check_span(_divided(inside[-1], min(factors)))
        keys = tuple(
            (name, pairs)
            for pairs in sets
            for name in labels
            if pairs in COMPARED[name].pair_sets
        )
        found = over_tiles(
            quantities_of_tile,
            kept,
            *inside,
            keys=keys,
            clip_at=clip_at,
            factors=factors,
        )
        parts.append((keep, keys, found.values.reshape(-1, len(factors), len(keys))))
    for which in range(len(factors)):
        made: Measured = {}
        for keep, keys, values in parts:
            columns = {}
            for place, (name, pairs) in enumerate(keys):
                column = columns[labels[name], pairs] = np.full(groups.n_groups, np.nan)
                column[keep] = values[:, which, place]
            made |= per_queries(groups, columns)
        yield {
            (labels[name], pairs): made[labels[name], pairs]
            for pairs in pair_sets
            for name in labels
            if (labels[name], pairs) in made
        }


def _by_groups(
    groups: Groups, pair_sets: Sequence[str]
) -> Iterator[tuple[Booleans, list[str]]]:
    """The groups that have a pair of some sets, and these sets."""
    found: dict[bytes, tuple[Booleans, list[str]]] = {}
    for pairs in pair_sets:
        keep = groups.count_known_pairs(pairs) > 0
        if keep.any():
            found.setdefault(keep.tobytes(), (keep, []))[1].append(pairs)
    yield from found.values()


def _divided(values: Floats, factor: float) -> Floats:
    if factor == 1.0:
        return values
    with np.errstate(over="ignore"):  # refused by `check_span`
        return values / factor


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Quantities of groups: `values`, shape (n_groups, n_quantities)."""

    values: Floats


def quantities_of_tile(
    groups: Groups,
    *scores: Floats,
    keys: Keys,
    clip_at: float | None,
    factors: tuple[float, ...],
) -> Table:
    """Quantities of scores of groups that are computed together, by factor and key."""
    values = np.empty((groups.n_groups, len(factors), len(keys)))
    alone = _first_alone(groups)
    for paired in (False, True):
        sets = {of for _, of in keys if paired == (of != "all" and not alone)}
        places = {of: [i for i, key in enumerate(keys) if key[1] == of] for of in sets}
        for block in blocks(groups, paired=paired) if places else ():
            for which, factor in enumerate(factors):
                data = _data(block, scores, factor, clip_at)
                for pairs, wanted in places.items():
                    names = [keys[place][0] for place in wanted]
                    found = _computed(names, data, **pair_choice(block, pairs))
                    for place, column in zip(wanted, found, strict=True):
                        values[block.groups, which, place] = column
    return Table(values.reshape(groups.n_groups, -1))


def _data(
    block: Block, scores: Sequence[Floats], factor: float, clip_at: float | None
) -> list[Floats]:
    """Scores of a block, divided by a factor; the last of them clipped."""
    data = [_divided(one[block.rows], factor) for one in scores]
    if clip_at is not None:
        last = clip_below_best(data[-1], score_range=clip_at, mask=block.padded)
        data[-1] = last
    return data


def _first_alone(groups: Groups) -> bool:
    """Whether the first document of every group is its only positive."""
    positive = groups.positive
    return (
        positive is not None
        and bool(positive[groups.offsets[:-1]].all())
        and np.count_nonzero(positive) == groups.n_groups
    )


def _computed(
    names: Sequence[str],
    data: Sequence[Floats],
    *,
    mask: Booleans | None,
    positive: Booleans | None,
    pairs: str,
) -> list[Floats]:
    """Quantities of a block of groups, from no more pairs than enter them.

    Where the first document of every group is its only positive, which groups in order
    have, pairs of negatives are all pairs of the others, and those of the positive are
    lists of two.
    """
    quantities = [COMPARED[name] for name in names]
    alone = positive is not None and positive[:, 0].all() and not positive[:, 1:].any()
    if pairs == "all" or not alone:
        kind: PairChoice = {"mask": mask, "positive": positive, "pairs": pairs}
        return [np.asarray(one.computed(*data, **kind)) for one in quantities]
    valid = None if mask is None else mask[:, 1:]
    every: PairChoice = {"mask": None, "positive": None, "pairs": "all"}
    if pairs == "neg-neg":
        others, every["mask"] = [d[:, 1:] for d in data], valid
        return [np.asarray(one.computed(*others, **every)) for one in quantities]
    two = [np.stack(np.broadcast_arrays(d[:, :1], d[:, 1:]), axis=-1) for d in data]
    if valid is not None:  # padding may hold anything
        two = [np.where(valid[..., None], d, 0.0) for d in two]
    return [
        np.asarray(pair_mean(one.computed(*two, **every), valid)) for one in quantities
    ]


def space_quantities(  # noqa: PLR0913  what is computed in the one pass
    groups: Groups,
    values: Floats,
    embeddings: Embeddings,
    *,
    metric: str,
    pair_sets: Sequence[str],
    curve: DistanceCurve | None = None,
    clusters: Clusters | None = None,
) -> Space:
    """Measure distances for all pair sets in one pass.

    Parameters
    ----------
    groups, values, pair_sets
        As in `teacher_quantities`.
    embeddings : Embeddings
        Vectors of all documents of the groups.
    metric : {"euclidean", "angular"}
        The distance; angles are in radians.
    curve : DistanceCurve, optional
        The distances of all pairs are added to it.
    clusters : Clusters, optional
        They have the same weight in it then, instead of the queries.
    """
    pair_sets = [p for p in pair_sets if groups.count_known_pairs(p).any()]
    keys = tuple(
        (name, pairs)
        for pairs in pair_sets
        for name in needing("vectors")
        if pairs in COMPARED[name].pair_sets
    )
    n_groups = np.bincount(groups.queries, minlength=len(groups.qids))
    weight = np.ones(len(groups.qids))
    present = np.flatnonzero(n_groups)
    weight[present] = units_of(groups.qids[present], clusters).shares
    parts: list[Table] = []
    steepest_of = 0.0
    check_metric(metric)
    for one in tiles(
        space_of_tile,
        groups,
        vector_rows(groups, embeddings),
        values,
        each=((weight / np.maximum(1, n_groups))[groups.queries],),
        what="distances",
        vectors=embeddings,
        metric=metric,
        keys=keys,
        top=None if curve is None else curve.top,
    ):
        parts.append(Table(one.values))
        steepest_of = max(steepest_of, float(one.slopes.max(initial=0.0)))
        if curve is not None:
            curve.add(one.mass)
    found = joined(parts).values
    table = {key: found[:, place] for place, key in enumerate(keys)}
    measured = {
        key: per_query(groups, column, key[0])
        for key, column in sorted(table.items(), key=_documents_last)
        if np.isfinite(column).any()
    }
    dimension = table.get(("two_nn", "all"), np.empty(0))
    return Space(measured, steepest_of, int(np.isnan(dimension).sum()), curve)


@dataclass(frozen=True, slots=True, eq=False)
class SpaceOfTile:
    """What distances of some groups give.

    Attributes
    ----------
    values : float64 array, shape (n_groups, n_keys)
        NaN where a group has no such pair.
    slopes : float64 array, shape (n_blocks,)
        The largest rise of a score for a distance.
    mass : float64 array
        The bins of a `DistanceCurve`; empty without one.
    """

    values: Floats
    slopes: Floats
    mass: Floats


def space_of_tile(  # noqa: PLR0913  what the one pass needs
    groups: Groups,
    rows: Integers,
    scores: Floats,
    share: Floats,
    *,
    vectors: Embeddings,
    metric: str,
    keys: tuple[tuple[str, str], ...],
    top: float | None,
) -> SpaceOfTile:
    """Distances in groups that are computed together; `share` is a group's weight."""
    values = np.full((groups.n_groups, len(keys)), np.nan)
    curve = None if top is None else DistanceCurve(top)
    slopes: list[float] = []
    for block, distances, chosen in block_distances(
        groups, rows, vectors, metric=metric, pairs="all"
    ):
        slopes.append(steepest(block, scores, distances, chosen)[0])
        if curve is not None:
            each = share[block.groups] / chosen.sum(axis=-1)
            weights = np.broadcast_to(each[:, None], chosen.shape)
            curve.feed(distances[chosen], weights[chosen])
        for pairs in dict.fromkeys(of for _, of in keys):
            inside = selected_pairs(
                block.rows, mask=block.mask, positive=block.positive, pairs=pairs
            )
            has = inside.any(axis=-1)
            if not has.any():
                continue
            for place, (name, of) in enumerate(keys):
                if of == pairs:
                    found = COMPARED[name].computed(distances[has], inside[has])
                    values[block.groups[has], place] = found
    mass = np.empty(0) if curve is None else curve.mass
    return SpaceOfTile(values, np.array(slopes), mass)


def _documents_last(entry: tuple[tuple[str, str], object]) -> bool:
    """Sort key: quantities of a group's documents follow those of its pairs."""
    (name, _), _ = entry
    return len(COMPARED[name].pair_sets) == 1


def per_query(groups: Groups, values: Floats, name: str) -> GroupMeans:
    """Average the groups of each query, ignoring groups whose value is NaN.

    Parameters
    ----------
    groups : Groups
    values : float64 array, shape (n_groups,)
    name : str
        A quantity of the catalogue, or its label; it determines the unit.
    """
    return per_queries(groups, {(name, ""): values})[name, ""]


def per_queries(groups: Groups, columns: Mapping[tuple[str, str], Floats]) -> Measured:
    """`per_query` of several columns by name and pair set, ordering queries once."""
    made: Measured = {}
    known: Booleans | None = None
    for (name, pairs), values in columns.items():
        good = np.isfinite(values)
        if known is None or not np.array_equal(good, known):
            known, queries = good, groups.queries[good]
            present = distinct_codes(queries)
            order = present[sorted_places(groups.qids[present])]
            qids = groups.qids[order]
        means = query_means(queries, values[good], n_queries=len(groups.qids))
        largest = np.full(len(groups.qids), -np.inf)
        np.maximum.at(largest, queries, values[good])
        unit = COMPARED[base(name)].unit
        made[name, pairs] = GroupMeans(
            name, unit, qids, means[order], largest[order], values
        )
    return made


def value_range(
    name: str, groups: Groups, *, pairs: str, score_range: float, widest: float | None
) -> Range | None:
    """Range of one query's value, or None if it is not known in advance.

    Parameters
    ----------
    name : str
        The label of a quantity.
    groups : Groups
        The smallest group size enters the range of divergence and risk (Lemma 2c).
    pairs : str
    score_range : float
        B, at which students are clipped.
    widest : float or None
        An upper bound of every distance; None if there is none.
    """
    known = COMPARED[base(name)]
    lemma = None
    if known.is_bounded_by_lemma:
        found = group_range(groups, pairs=pairs, score_range=score_range)
        lemma = found.low, found.high
    return known.limits(lemma=lemma, widest=widest)


def difference_range(first: Range | None, second: Range | None) -> Range | None:
    """Range of the difference of two values; None if either range is not known.

    Examples
    --------
    >>> difference_range((0.0, 1.0), (0.0, 2.0))
    (-2.0, 1.0)
    """
    if first is None or second is None:
        return None
    return first[0] - second[1], first[1] - second[0]


def widest_distance(embeddings: Embeddings | None, metric: str) -> float | None:
    """A bound of all distances that does not depend on the sample, or None.

    Angles are at most pi, and unit vectors are at most 2 apart. The largest distance
    of a sample would be no such bound.
    """
    if embeddings is None:
        return None
    return embeddings.widest_distance(metric)
