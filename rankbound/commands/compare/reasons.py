"""Explain a comparison: parts of the change, orders, target form, floors, laws.

Each function describes all samplings at once. None of them decides a verdict.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from msgspec.structs import asdict, replace

from rankbound.bounds.lemmas import cut_ratio_all_pairs
from rankbound.bounds.limits import two_sided
from rankbound.bounds.shift import (
    law_distances,
)
from rankbound.bounds.wording import counted
from rankbound.catalogue import COMPARED, PAIR_SETS, needing
from rankbound.commands.compare.measured import Compared, Measures
from rankbound.commands.compare.result import (
    Change,
    Coupling,
    Floor,
    OrderMeans,
    Shape,
    Shift,
    Space,
    Target,
    TargetRow,
)
from rankbound.commands.measure.choosing import group_sizes
from rankbound.commands.measure.shift import QueryLaws, joined, laws
from rankbound.commands.measure.space import shape_of
from rankbound.data.clusters import Clusters, Units, units_of
from rankbound.data.columns import (
    Booleans,
    Floats,
    Integers,
    Strings,
    distinct_codes,
    positions,
    sorted_places,
)
from rankbound.data.per_query import PerQuery, query_means
from rankbound.data.scores import Scores
from rankbound.errors import UsageError
from rankbound.estimators.pairwise import NATS_PER_BIT, PairMass, entropy_change
from rankbound.estimators.shape import DistanceCurve, VectorShape
from rankbound.estimators.spread import entropy_floor
from rankbound.results import Named
from rankbound.validation.paired import common

PARTS = ("pos-neg", "neg-neg")
# The remaining pairs: two positives of a group that has several
REST = "pos-pos"
EMPTY = 1e-12  # a smaller share is due to rounding
METHOD = (
    "exact and symmetric: a change of a share counts at the mean of the two entropies, "
    "a change of an entropy at the mean of the two shares; spread is the change of the "
    "entropy of pairs that do not tie; all parts add up to the difference"
)
NO_FLOORS = "no vectors were given, so there are no floors from distances"
DIAGNOSTIC = (
    "diagnostic: the steepest teacher margin per distance of these samples is smaller "
    "than the teacher's Lipschitz constant, so that the floors from distances may lie "
    "above the true ones; the floor from the mean margin needs no such constant"
)
# Mining changes the three differently, and each appears in another statement
STATEMENTS: Final = {
    "supremum": "over groups: for the diameter the plug-in of the essential supremum "
    "of Theorems 1 and 2, of which no upper limit can be read off a sample",
    "mean": "over queries, of the mean over a query's groups: the floor of Theorem 4 "
    "(a)",
    "root_mean_square": "over queries, likewise: the complexity of Lemma 4, for "
    "rms_distance",
}
NO_KAPPA = (
    "the groups of one of the samplings have no probabilities; a ratio of drawn "
    "frequencies or of scores is not kappa"
)


def decomposition(compared: Compared) -> Named[Change]:
    """Decompose the change of the all-pairs entropy from the reference, in nats.

    There is one entry for each sampling except the reference, over the queries that
    both have. A sampling whose positive documents are not known has no entry.
    """
    options = compared.options
    masses = {
        name: pair_masses(measures)
        for name, measures in compared.measures.items()
        if measures.sampling.groups.positive is not None
    }
    if options.baseline not in masses:
        return Named()
    base_qids, base = masses[options.baseline]
    found = []
    for name in options.names:
        if name == options.baseline or name not in masses:
            continue
        qids, mine = masses[name]
        left, right = _common(qids, base_qids)
        old = {key: _rows(mass, right) for key, mass in base.items()}
        new = {key: _rows(mass, left) for key, mass in mine.items()}
        if not (old[REST].share.any() or new[REST].share.any()):
            del old[REST], new[REST]
        change = entropy_change(old, new)
        units = units_of(qids[left], compared.loaded.clusters)
        mean = _averaging(units)
        found.append(
            Change(
                sampling=name,
                n=len(units),
                difference=mean(change.total),
                composition=mean(change.composition),
                spread={k: mean(v) for k, v in change.spread.items()},
                ties={k: mean(v) for k, v in change.ties.items()},
                share_pos_neg=mean(new["pos-neg"].share),
                reference_share_pos_neg=mean(old["pos-neg"].share),
            )
        )
    return Named(found)


def _averaging(units: Units) -> Callable[[Floats], float]:
    """The mean over independent units of values of their queries."""
    return lambda values: float(units.means(values).mean())


def pair_masses(measures: Measures) -> tuple[Strings, dict[str, PairMass]]:
    """Return sorted qids, and the share, entropy and ties of each query by pair set."""
    groups, measured = measures.sampling.groups, measures.measured
    every = groups.count_pairs("all")
    present = distinct_codes(groups.queries)
    order = present[sorted_places(groups.qids[present])]

    def means(column: Floats) -> Floats:
        found = query_means(groups.queries, column, n_queries=len(groups.qids))
        return np.asarray(found[order])

    def by_group(quantity: str, pairs: str) -> Floats:
        column = measured.get((quantity, pairs))
        if column is None:
            return np.zeros(groups.n_groups)
        return np.nan_to_num(column.by_group, nan=0.0)

    masses = {}
    for pairs in PARTS:
        share = groups.count_known_pairs(pairs) / every
        columns = (share * by_group(name, pairs) for name in ("entropy", "ties"))
        masses[pairs] = PairMass(means(share), *map(means, columns))
    entropy, ties = (means(by_group(name, "all")) for name in ("entropy", "ties"))
    known = list(masses.values())
    rest = (
        1 - np.sum([mass.share for mass in known], axis=0),
        entropy - np.sum([mass.entropy for mass in known], axis=0),
        ties - np.sum([mass.ties for mass in known], axis=0),
    )
    masses[REST] = PairMass(*(np.where(rest[0] > EMPTY, c, 0.0) for c in rest))
    return groups.qids[order], masses


def order_means(compared: Compared) -> dict[str, OrderMeans]:
    """Mean entropy and margin of every sampling on the queries that all have.

    The result is keyed by pair set, without those that a sampling lacks or for which
    there is no common query.
    """
    found, clusters = {}, compared.loaded.clusters
    measured = {name: m.measured for name, m in compared.measures.items()}
    for pairs in PAIR_SETS:
        if any(("entropy", pairs) not in columns for columns in measured.values()):
            continue
        shared = _shared([c["entropy", pairs].qids for c in measured.values()])
        if len(shared):
            entropy, margin = (
                {
                    name: _mean_of(columns[quantity, pairs], shared, clusters)
                    for name, columns in measured.items()
                }
                for quantity in ("entropy", "margin")
            )
            n = len(units_of(shared, clusters))
            found[pairs] = OrderMeans(n=n, entropy=entropy, margin=margin)
    return found


def orders(means: Mapping[str, OrderMeans]) -> dict[str, tuple[str, ...]]:
    """Sort the samplings from least to most entropy, by pair set; ties by name.

    Examples
    --------
    >>> means = OrderMeans(n=9, entropy={"random": 0.5, "bm25": 0.4}, margin={})
    >>> orders({"all": means})
    {'all': ('bm25', 'random')}
    """
    return {
        pairs: tuple(sorted(row.entropy, key=lambda name: (row.entropy[name], name)))
        for pairs, row in means.items()
    }


def _shared(several: Sequence[Strings]) -> Strings:
    """The ids that all columns have, in the order of the first."""
    found = several[0]
    for qids in several[1:]:
        found = found[positions(qids, found) >= 0]
    return found


def _mean_of(column: PerQuery, qids: Strings, clusters: Clusters | None) -> float:
    keep = positions(qids, column.qids) >= 0
    units = units_of(column.qids[keep], clusters)
    return float(units.means(column.values[keep]).mean())


def _common(first: Strings, second: Strings) -> tuple[np.ndarray, np.ndarray]:
    _, left, right = np.intersect1d(first, second, return_indices=True)
    return left, right


def _rows(mass: PairMass, rows: np.ndarray) -> PairMass:
    return PairMass(mass.share[rows], mass.entropy[rows], mass.ties[rows])


def target_form(compared: Compared) -> Target:
    """Estimate the entropy over the reference law of pairs, common to all samplings."""
    options, clusters = compared.options, compared.loaded.clusters
    rows = []
    for pairs in PAIR_SETS:
        column = compared.target.get(("entropy", pairs))
        if column is None:
            continue
        values = units_of(column.qids, clusters).means(column.values)
        lower, upper = two_sided(
            values, low=0.0, high=NATS_PER_BIT, delta=options.delta
        )
        sampled = {
            name: _excess(measures.measured["entropy", pairs], column, clusters)
            for name, measures in compared.measures.items()
            if ("entropy", pairs) in measures.measured
        }
        rows.append(
            TargetRow(
                pairs=pairs,
                n=len(values),
                entropy=float(np.mean(values)),
                lower=lower,
                upper=upper,
                sampled_minus_target=sampled,
            )
        )
    given = options.target
    return Target(
        law="the union of the documents of all samplings, every pair of a query "
        "with the same weight"
        if given is None
        else f"the groups of {given.name}, every pair of a group with the same weight",
        rows=tuple(rows),
        difference_between_samplings=0.0,
        because="the law of the pairs is fixed, and the teacher does not depend on "
        "the sampling (theorem-4c)",
    )


def _excess(sampled: PerQuery, target: PerQuery, clusters: Clusters | None) -> float:
    """Mean sampled entropy minus that of the target, over their common queries."""
    first, second = common(sampled, target, clusters)
    return float((first - second).mean())


def coupling(compared: Compared) -> Coupling:
    """Lower bounds of every entropy from the mean margin and from distances."""
    slopes = [m.space.lipschitz for m in compared.measures.values() if m.space]
    steepest = max(slopes, default=None)
    return Coupling(
        statement="theorem-4a: no teacher with these margins has less entropy",
        lipschitz=steepest,
        lipschitz_status=NO_FLOORS if steepest is None else DIAGNOSTIC,
        rows=tuple(
            _floors(measures, pairs, steepest)
            for measures in compared.measures.values()
            for pairs in PAIR_SETS
            if ("entropy", pairs) in measures.measured
        ),
    )


def _floors(measures: Measures, pairs: str, steepest: float | None) -> Floor:
    made, mean = measures.measured, measures.sampling.mean
    margin = mean(made["margin", pairs])
    floor = Floor(
        sampling=measures.sampling.name,
        pairs=pairs,
        entropy=mean(made["entropy", pairs]),
        mean_margin=margin,
        floor=_floor(margin),
        floor_mean_distance=None,
        floor_diameter=None,
        cut_ratio=None,
    )
    if steepest is None or ("diameter", pairs) not in made:
        return floor
    ratio = _cut_ratio(measures, pairs)
    return replace(
        floor,
        floor_mean_distance=_floor(steepest * mean(made["mean_distance", pairs])),
        floor_diameter=_floor(ratio * steepest * mean(made["diameter", pairs])),
        cut_ratio=ratio,
    )


def _cut_ratio(measures: Measures, pairs: str) -> float:
    """c_E of the smallest group; 1 for pos-neg pairs, which one cut separates."""
    groups, _ = measures.sampling.with_pairs(pairs)
    if pairs == "pos-neg":
        return 1.0
    return cut_ratio_all_pairs(int(group_sizes(groups, pairs).min()))


def _floor(mean_margin: float) -> float:
    return float(entropy_floor(np.array(mean_margin)))


def spaces(compared: Compared) -> tuple[Space, ...] | None:
    """Summarise distances by sampling, quantity and pair set; None without vectors."""
    if compared.loaded.embeddings is None:
        return None
    return tuple(
        found
        for name, measures in compared.measures.items()
        for quantity in sorted(needing("vectors"), key=compared.options.place)
        for pairs in PAIR_SETS
        if (found := _three(name, measures, quantity, pairs)) is not None
    )


def _three(name: str, measures: Measures, quantity: str, pairs: str) -> Space | None:
    column = measures.measured.get((quantity, pairs))
    if column is None:
        return None
    units = units_of(column.qids, measures.sampling.clusters)
    return Space(
        sampling=name,
        quantity=quantity,
        pairs=pairs,
        n=len(units),
        supremum=float(column.largest.max()),
        mean=float(units.means(column.values).mean()),
        root_mean_square=float(np.sqrt(np.mean(units.means(column.values**2)))),
        unit=COMPARED[quantity].unit,
    )


def shapes(compared: Compared) -> Named[Shape] | None:
    """Describe distances and vectors of every sampling; None without vectors."""
    if compared.loaded.embeddings is None:
        return None
    return Named(
        _shape(name, measures.space.curve, measures.shape)
        for name, measures in compared.measures.items()
        if measures.space and measures.space.curve and measures.shape
    )


def _shape(name: str, curve: DistanceCurve, shape: VectorShape) -> Shape:
    return Shape(sampling=name, **asdict(shape_of(curve, shape)))


def overlap(compared: Compared) -> Named[Shift]:
    """Compare the samplings with the reference as laws of documents.

    The groups of a query define its law, which is uniform if they have no
    probabilities. The distance is then that of the documents drawn, which is larger
    than that of the laws they were drawn from.
    """
    options, loaded = compared.options, compared.loaded
    found = {}
    for sampling in loaded.samplings:
        try:
            found[sampling.name] = laws(sampling.groups)
        except UsageError as error:
            return Named([Shift(sampling=sampling.name, missing_because=str(error))])
    known = all(
        loaded.sampling(options.baseline).groups.probabilities is not None
        and s.groups.probabilities is not None
        for s in loaded.samplings
    )
    theirs = found[options.baseline]
    return Named(
        _covering(_against(name, law, theirs, known=known), law, loaded.qrels)
        for name, law in found.items()
    )


def _against(name: str, mine: QueryLaws, theirs: QueryLaws, *, known: bool) -> Shift:
    """Distances of the laws, and kappa, over the queries that both have.

    kappa is the largest ratio of the reference's probability to the sampling's. It
    bounds the risk under the reference by the risk on this sampling's pairs.
    """
    found: list[tuple[Floats, ...]] = []
    if mine is theirs:  # of which nothing need be computed
        none, whole = np.zeros(len(mine.qids)), np.ones(len(mine.qids))
        found = [(none, none, whole, whole, whole)]
    for both in () if mine is theirs else joined(theirs, mine):
        apart = law_distances(*both.chances, both.sizes)
        reference, own = both.held
        shared = both.counts(reference & own)
        overlap, covered = shared / both.sizes, shared / both.counts(reference)
        found.append((*apart, overlap, covered))
    if not found:
        return Shift(sampling=name, n=0, missing_because=None)
    first, pair, kappa, overlap, covered = map(np.concatenate, zip(*found, strict=True))
    infinite = int(np.isinf(kappa).sum())
    return Shift(
        sampling=name,
        n=len(kappa),
        total_variation=_mean(first),
        pair_total_variation=_mean(pair),
        kappa=float(kappa.max()) if known and not infinite else None,
        kappa_missing_because=None
        if known and not infinite
        else NO_KAPPA
        if not known
        else counted(infinite, "query has", "queries have")
        + " a document that this sampling never draws",
        document_overlap=_mean(overlap),
        reference_covered=_mean(covered),
        missing_because=None,
    )


def _covering(shift: Shift, law: QueryLaws, qrels: Scores | None) -> Shift:
    """Add which judged and relevant documents of each query the groups contain."""
    if qrels is None:
        missing = "no judgements were given; give `qrels`"
        return replace(shift, judged_missing_because=missing)
    query = positions(law.qids, qrels.qids)[qrels.row_query()]
    document = positions(law.docnos, qrels.docnos)[qrels.codes]
    width = max(1, len(law.docnos))
    held = law.queries * width + law.codes
    inside = np.isin(query * width + document, held) & (query >= 0) & (document >= 0)
    judged, good = query >= 0, qrels.values >= 1

    def counts(rows: Booleans) -> Integers:
        return np.bincount(query[rows & judged], minlength=len(law.qids))

    n, relevant = counts(judged), counts(good)
    any_, some = n > 0, relevant > 0
    return replace(
        shift,
        judged_covered=_mean(counts(inside)[any_] / n[any_]),
        relevant_covered=_mean(counts(inside & good)[some] / relevant[some]),
        documents_judged=_mean(counts(inside)[any_] / law.sizes[any_]),
        judged_missing_because=None
        if any_.any()
        else "none of the queries has judgements",
    )


def _mean(values: Floats) -> float | None:
    return math.fsum(values) / len(values) if len(values) else None
