"""Per-query quantities of the groups to be cut, those set aside for fits included."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rankbound.bounds.limits import two_sided
from rankbound.catalogue import COMPARED, Range, base
from rankbound.commands.compare.measured import (
    OnSampling,
    measure_student,
    read_students,
)
from rankbound.commands.compare.quantities import (
    Measured,
    space_quantities,
    teacher_quantities,
    value_range,
    widest_distance,
)
from rankbound.commands.compare.samplings import Loaded, Sampling
from rankbound.commands.cut.options import CutOptions
from rankbound.commands.cut.result import Change, Side
from rankbound.commands.measure.inputs import Inputs, split_queries, teacher_temperature
from rankbound.data.columns import Booleans, Floats
from rankbound.data.groups import Groups
from rankbound.data.per_query import PerQuery
from rankbound.validation.paired import paired_t


@dataclass(frozen=True, slots=True, eq=False)
class Queries:
    """All quantities of all queries.

    Attributes
    ----------
    measured : dict of (quantity, pair set) to PerQuery
    ranges : dict of (quantity, pair set) to tuple or None
        Where one value lies, if that is known before looking.
    temperature : float
        The teacher's.
    warnings : tuple of str
    """

    measured: Measured
    ranges: dict[tuple[str, str], Range | None]
    temperature: float
    warnings: tuple[str, ...]


def measure_queries(options: CutOptions, inputs: Inputs) -> Queries:
    """Measure every query that has the scores and vectors for it.

    Temperatures are fitted as by `measure`; the queries that they are fitted on are
    cut like all others, since a cut certifies nothing.
    """
    pair_sets = tuple(dict.fromkeys(("all", options.pairs)))
    split = split_queries(inputs.groups, fits=options.fits, seed=options.seed)
    scale = teacher_temperature(inputs, split, options.temperature)
    everything = _part(inputs, scale, np.ones(inputs.groups.n_groups, dtype=bool))
    measured = teacher_quantities(
        everything.groups, everything.values, pair_sets=pair_sets
    )
    if inputs.embeddings is not None:
        space = space_quantities(
            everything.groups,
            everything.values,
            inputs.embeddings,
            metric=options.metric,
            pair_sets=pair_sets,
        )
        measured.update(space.measured)
    fitted = _part(inputs, scale, split.calibration) if options.fits else None
    loaded = Loaded(
        samplings=(everything,),
        pool=everything,
        target=everything,
        calibration=fitted,
        temperature=scale,
        teacher=inputs,
        qrels=inputs.qrels,
        embeddings=inputs.embeddings,
        paths=inputs.paths,
    )
    students = read_students(options, loaded)
    theirs = {
        student.source.name: measure_student(
            student, everything, options, pair_sets=pair_sets
        )
        for student in students
    }
    for found in theirs.values():
        measured.update(found.measured)
    widest = widest_distance(inputs.embeddings, options.metric)
    ranges = {
        (name, pairs): value_range(
            name,
            _groups(name, pairs, everything, theirs),
            pairs=pairs,
            score_range=options.score_range,
            widest=widest,
        )
        for name, pairs in measured
    }
    said = tuple(warning for student in students for warning in student.warnings)
    return Queries(measured, ranges, scale, said)


def _groups(
    name: str, pairs: str, everything: Sampling, theirs: dict[str, OnSampling]
) -> Groups:
    """The groups behind a quantity: a student may lack documents."""
    if COMPARED[base(name)].need != "student":
        return everything.groups
    student = name.partition(":")[2] or next(iter(theirs))
    return theirs[student].groups[pairs]


def _part(inputs: Inputs, scale: float, keep: Booleans) -> Sampling:
    rows = np.repeat(keep, inputs.groups.sizes)
    with np.errstate(over="ignore"):  # refused with a message where it matters
        values = inputs.values[rows] / scale
    return Sampling("groups", inputs.groups.keep_groups(keep), values, inputs.dropped)


def change(
    column: PerQuery,
    kept: set[str],
    *,
    band: str,
    pairs: str,
    bounds: Range | None,
    delta: float,
) -> Change | None:
    """Compare a quantity over all queries with that over the kept ones of a band.

    None where none of the kept queries has a value.
    """
    there = np.array([qid in kept for qid in column.qids])
    if not there.any():
        return None
    before = _side(column.values, bounds, delta / 2)
    after = _side(column.values[there], bounds, delta / 2)
    return Change(
        kept=band,
        quantity=column.name,
        pairs=pairs,
        unit=column.unit,
        before=before,
        after=after,
        difference=after.mean - before.mean,
        lower=_minus(after.lower, before.upper),
        upper=_minus(after.upper, before.lower),
        method="t" if bounds is None else "betting",
    )


def _minus(end: float | None, other: float | None) -> float | None:
    return None if end is None or other is None else end - other


def _side(values: Floats, bounds: Range | None, delta: float) -> Side:
    mean = float(values.mean())
    sd = float(values.std(ddof=1)) if len(values) > 1 else None
    if bounds is None:
        made = paired_t(values, delta=delta)
        return Side(len(values), mean, sd, made.lower, made.upper)
    lower, upper = two_sided(values, low=bounds[0], high=bounds[1], delta=delta)
    return Side(len(values), mean, sd, lower, upper)
