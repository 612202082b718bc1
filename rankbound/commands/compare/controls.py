"""Repeat the comparison with other scores: temperatures, ranks, negative controls.

A control is an input for which the theory gives the answer. Each control tests this
program on this data set, at an error rate of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

import numpy as np
from scipy.special import gammaln

from rankbound.bounds.certificate import LN2
from rankbound.bounds.limits import two_sided
from rankbound.catalogue import COMPARED, Difference, base
from rankbound.commands.compare.measured import (
    Compared,
    family,
    measure_pilot,
    measure_sampling,
)
from rankbound.commands.compare.quantities import (
    Measured,
    at_factors,
    entropies,
    space_quantities,
    teacher_quantities,
)
from rankbound.commands.compare.result import (
    Control,
    Controls,
    EntropyRow,
    Flip,
    RanksOnly,
    Sweep,
    SweepTable,
)
from rankbound.commands.compare.samplings import Sampling
from rankbound.data.clusters import Clusters, units_of
from rankbound.data.columns import Floats
from rankbound.data.draws import generator
from rankbound.data.embeddings import UNIT_SLACK, Embeddings
from rankbound.data.per_query import PerQuery
from rankbound.data.scores import Scores
from rankbound.estimators.group_terms import rank_values
from rankbound.progress import counted_items
from rankbound.validation.paired import common, compare_paired, smallest_margin, verdict

FACTORS: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
NOTE: Final = (
    "each temperature is a family of its own, whose verdicts hold together; the "
    "comparisons that were asked for are those in rows"
)
RANKS_NOTE: Final = (
    "scores are replaced by ranks within the group, scaled for all samplings so that "
    "the mean size of the reference's margins is kept. Any difference comes from the "
    "order of the scores, not from their sizes; over all pairs of groups of one size "
    "without ties there can be none"
)
# Probability that a control fails although nothing is wrong
FALSE_ALARM: Final = 1e-3
EXACT: Final = 1e-12
NOT_ASKED: Final = "not run; set `controls` to run them"
Transform = Callable[[Sampling], Floats]


def sweep(compared: Compared) -> Sweep:
    """Compare entropies at multiples of the teacher's temperature."""
    tables = tuple(_tables(compared))
    verdicts: dict[tuple[str, str], list[Difference]] = {}
    for table in tables:
        for row in table.rows:
            verdicts.setdefault((row.sampling, row.pairs), []).append(row.verdict)
    return Sweep(
        temperature=compared.loaded.temperature,
        factors=FACTORS,
        tables=tables,
        flips=tuple(
            Flip(
                sampling=name,
                pairs=pairs,
                verdicts=dict(zip(map(str, FACTORS), seen, strict=True)),
            )
            for (name, pairs), seen in verdicts.items()
            if len(set(seen)) > 1
        ),
        note=NOTE,
    )


def _tables(compared: Compared) -> Iterator[SweepTable]:
    """The comparison at each factor; that at 1 has been measured already."""
    pair_sets = compared.options.pair_sets
    others = [factor for factor in FACTORS if factor != 1.0]
    made = {
        one.name: at_factors(
            one.groups, one.values, others, pair_sets=pair_sets, names=["entropy"]
        )
        for one in compared.loaded.samplings
    }
    for factor in FACTORS:
        measured = {
            name: measures.measured if factor == 1.0 else next(made[name])
            for name, measures in compared.measures.items()
        }
        yield SweepTable(factor=factor, rows=_entropy_rows(compared, measured))


def verdicts_at(compared: Compared, scale: float) -> dict[str, str]:
    """The verdicts of the family at another temperature of the teacher, as one family.

    The students stay what they are. Distances do not depend on the temperature.
    """
    factor, options = scale / compared.loaded.temperature, compared.options
    loaded = replace(compared.loaded, embeddings=None)
    measures = {}
    for sampling in compared.loaded.samplings:
        values = _divided(factor)(sampling)
        measures[sampling.name] = measure_sampling(
            replace(sampling, values=values),
            None,
            compared.students,
            metric=options.metric,
            score_range=options.score_range,
            missing=options.missing,
        )
    asked = [
        one
        for one in compared.answers
        if COMPARED[base(one.question.quantity)].need != "vectors"
        and one.question.margin is not None
    ]
    if not asked:
        return {}
    pilots = {
        sampling.name: measure_pilot(
            replace(sampling, values=_divided(factor)(sampling)),
            None,
            compared.students,
            metric=options.metric,
            score_range=options.score_range,
            missing=options.missing,
        )
        for sampling in loaded.pilots
    }
    every = {
        (one.sampling, one.quantity, one.pairs): one
        for one in family(measures, loaded, options, pilots)
    }
    level = options.delta / len(compared.answers)
    found: dict[str, str] = {}
    for one in counted_items([*asked], "controls", "comparisons"):
        key = (one.question.sampling, one.question.quantity, one.question.pairs)
        ask = every[key]
        made = compare_paired(
            *common(ask.values, ask.reference, ask.clusters),
            bounds=ask.bounds,
            delta=level,
            rng=generator(options.seed, "intervals"),
            resamples=0,
            pilot=ask.pilot_differences,
        )
        label = f"{key[0]}, {key[1]} ({key[2]})"
        found[label] = made.verdict(ask.margin)
    return found


def ranks_only(compared: Compared) -> RanksOnly:
    """Compare entropies when only the order of the scores is kept."""
    loaded = compared.loaded
    first = loaded.sampling(compared.options.baseline)
    wanted = first.mean(compared.measures[first.name].measured["margin", "all"])
    ranks = rank_values(first.groups, first.values)
    of_ranks = teacher_quantities(
        first.groups, ranks, pair_sets=("all",), names=["margin"]
    )
    own = first.mean(of_ranks["margin", "all"])
    scale = wanted / own if own > 0 else 1.0

    def ranked(sampling: Sampling) -> Floats:
        if sampling is first:
            return scale * ranks
        return scale * rank_values(sampling.groups, sampling.values)

    rows = entropy_rows(compared, ranked)
    return RanksOnly(scale=scale, rows=rows, note=RANKS_NOTE)


def entropy_rows(
    compared: Compared, transform: Transform, *, delta: float | None = None
) -> tuple[EntropyRow, ...]:
    """Compare entropies with other teacher scores, as one family.

    Parameters
    ----------
    compared : Compared
    transform : callable
        Returns the scores of the rows of a sampling, divided by the temperature.
    delta : float, optional
        Error probability of the whole family; by default that of the comparison.
    """
    made = {
        s.name: entropies(s.groups, transform(s), pair_sets=compared.options.pair_sets)
        for s in compared.loaded.samplings
    }
    return _entropy_rows(compared, made, delta=delta)


def _entropy_rows(
    compared: Compared, made: Mapping[str, Measured], *, delta: float | None = None
) -> tuple[EntropyRow, ...]:
    """`entropy_rows` of the entropies of each sampling."""
    options = compared.options
    reference = made[options.baseline]
    asked = [
        (name, pairs)
        for name in options.names
        for pairs in options.pair_sets
        if name != options.baseline
        and ("entropy", pairs) in made[name]
        and ("entropy", pairs) in reference
    ]
    level = (options.delta if delta is None else delta) / max(1, len(asked))
    margin = options.margin("entropy")
    rows = []
    for name, pairs in asked:
        key = ("entropy", pairs)
        found = compare_paired(
            *common(made[name][key], reference[key], compared.loaded.clusters),
            bounds=(-LN2, LN2),
            delta=level,
            rng=generator(options.seed, "intervals"),
            resamples=0,
        )
        rows.append(
            EntropyRow(
                sampling=name,
                pairs=pairs,
                n=found.n,
                mean=found.mean,
                reference_mean=found.reference_mean,
                difference=found.difference,
                lower=found.lower,
                upper=found.upper,
                smallest_margin=smallest_margin(found.lower, found.upper),
                verdict=verdict(found.lower, found.upper, margin=margin),
            )
        )
    return tuple(rows)


def _divided(factor: float) -> Transform:
    def transform(sampling: Sampling) -> Floats:
        with np.errstate(over="ignore"):  # refused later, with a message
            return sampling.values / factor

    return transform


def controls(compared: Compared) -> Controls:
    """Run the negative controls, if they were asked for."""
    if not compared.options.controls:
        return Controls(rows=(), passed=None, missing_because=NOT_ASKED)
    rows = (
        shuffled_teacher(compared),
        constant_teacher(compared),
        random_embeddings(compared),
    )
    return Controls(
        rows=rows,
        passed=all(row.passed is not False for row in rows),
        false_alarm=FALSE_ALARM,
        missing_because=None,
    )


def shuffled_teacher(compared: Compared) -> Control:
    """Permute scores among the pooled documents of a query: no sampling may differ.

    Every pair of every sampling is then a random pair of the pool, so its expected
    entropy is that of the pool for all samplings and pair sets.
    """
    rng = generator(compared.options.seed, "shuffled teacher")
    shuffled = shuffled_scores(compared.loaded.pool, rng)

    def transform(sampling: Sampling) -> Floats:
        return sampling.groups.scores_of(shuffled)[0]

    rows = entropy_rows(compared, transform, delta=FALSE_ALARM)
    missed = [row for row in rows if not row.lower <= 0 <= row.upper]
    worst = max((abs(row.difference) for row in rows), default=0.0)
    return Control(
        control="shuffled teacher",
        expected="no two samplings differ in entropy: every interval contains 0",
        found=f"{len(rows) - len(missed)} of {len(rows)} intervals contain 0; largest "
        f"difference {worst:.4f} nats",
        passed=not missed,
    )


def shuffled_scores(pool: Sampling, rng: np.random.Generator) -> Scores:
    """Permute the pool's scores within every query."""
    groups = pool.groups
    query = groups.row_query()
    source = np.lexsort((rng.random(len(query)), query))
    place = np.lexsort((np.arange(len(query)), query))
    values = np.empty(len(query))
    values[place] = pool.values[source]
    return Scores.from_rows(
        query, groups.qids, groups.codes, groups.docnos, values, name="shuffled teacher"
    )


def constant_teacher(compared: Compared) -> Control:
    """Make all scores equal: every pair must tie and have the entropy ln 2."""
    worst, ties = 0.0, True
    for sampling in compared.loaded.samplings:
        made = teacher_quantities(
            sampling.groups,
            np.zeros(len(sampling.values)),
            pair_sets=compared.options.pair_sets,
            names=["entropy", "ties"],
        )
        for (name, _), column in made.items():
            if name == "entropy":
                worst = max(worst, float(np.abs(column.values - LN2).max()))
            if name == "ties":
                ties = ties and bool((column.values == 1).all())
    return Control(
        control="constant teacher",
        expected="every pair ties, and every entropy is ln 2",
        found=f"largest distance from ln 2: {worst:.1e} nats; "
        f"{'all' if ties else 'not all'} pairs tie",
        passed=ties and worst <= EXACT,
    )


def random_embeddings(compared: Compared) -> Control:
    """Draw vectors at random: distances may not depend on the sampling.

    For every sampling and pair set, the mean distance must be that of independent
    directions.
    """
    embeddings, options = compared.loaded.embeddings, compared.options
    clusters = compared.loaded.clusters
    expected = "the mean distance is that of independent directions, in every sampling"
    if embeddings is None:
        found = "not run: there are no vectors; give `embeddings`"
        return Control(
            control="random embeddings", expected=expected, found=found, passed=None
        )
    rng = generator(options.seed, "random embeddings")
    docnos = compared.loaded.pool.groups.docnos
    vectors = rng.normal(size=(len(docnos), embeddings.dim))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    drawn = Embeddings(docnos, vectors, "random embeddings")
    made = {
        s.name: space_quantities(
            s.groups,
            s.values,
            drawn,
            metric=options.metric,
            pair_sets=options.pair_sets,
        ).measured
        for s in compared.loaded.samplings
    }
    angular = options.metric == "angular"
    centre = math.pi / 2 if angular else mean_chord(embeddings.dim)
    high = math.pi if angular else 2 * (1 + UNIT_SLACK)
    checks = [
        (_of_units(column, clusters), centre, 0.0, high)
        for measured in made.values()
        for (name, _), column in measured.items()
        if name == "mean_distance"
    ]
    reference = made[options.baseline]
    for name in options.names:
        for key, column in made[name].items():
            if (
                name != options.baseline
                and key[0] == "mean_distance"
                and key in reference
            ):
                first, second = common(column, reference[key], clusters)
                checks.append((first - second, 0.0, -high, high))
    held = sum(_holds(*check, delta=FALSE_ALARM / len(checks)) for check in checks)
    return Control(
        control="random embeddings",
        expected=f"{expected} ({centre:.4f}), and differs between no two",
        found=f"{held} of {len(checks)} intervals contain the value",
        passed=held == len(checks),
    )


def _of_units(column: PerQuery, clusters: Clusters | None) -> Floats:
    return units_of(column.qids, clusters).means(column.values)


def mean_chord(dim: int) -> float:
    """Expected distance of two independent, uniformly distributed unit vectors.

    Examples
    --------
    >>> round(mean_chord(2) - 4 / math.pi, 12), round(mean_chord(3), 6)
    (0.0, 1.333333)
    """
    logs = (dim - 1) * LN2 + 2 * gammaln(dim / 2) - gammaln(dim - 0.5)
    return float(np.exp(logs - 0.5 * math.log(math.pi)))


def _holds(
    values: Floats, centre: float, low: float, high: float, *, delta: float
) -> bool:
    lower, upper = two_sided(values, low=low, high=high, delta=delta)
    return lower <= centre <= upper
