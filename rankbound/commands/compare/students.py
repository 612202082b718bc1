"""Students of a comparison: read once, one temperature, measured on every sampling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rankbound.catalogue import label
from rankbound.commands.compare.quantities import Measured, per_query
from rankbound.commands.compare.samplings import Loaded, Sampling
from rankbound.commands.measure.inputs import Rule
from rankbound.commands.measure.options import SourceOptions, StudentSource
from rankbound.commands.measure.students import (
    WARN_ABOVE,
    StudentFile,
    matched,
    student_file,
)
from rankbound.commands.measure.temperatures import (
    known_temperature,
    student_temperature,
)
from rankbound.data.groups import Booleans, Groups
from rankbound.estimators.group_terms import student_terms


@dataclass(frozen=True, slots=True, eq=False)
class Student:
    """A student that was read and has its temperature, the same for all samplings."""

    source: StudentSource
    file: StudentFile
    temperature: float
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class OnSampling:
    """A student's quantities on one sampling, and the groups that it could score."""

    measured: Measured
    groups: dict[str, Groups]
    dropped: dict[str, int]
    warnings: tuple[str, ...]


def read_students(options: SourceOptions, loaded: Loaded) -> tuple[Student, ...]:
    """Read every student; "fit" uses the pooled calibration queries, all pairs.

    Raises
    ------
    FormatError, UsageError, DomainError
        As for `rankbound measure`.
    """
    return tuple(_student(source, loaded) for source in options.students)


def measure_student(
    student: Student,
    sampling: Sampling,
    options: SourceOptions,
    *,
    pair_sets: Sequence[str],
) -> OnSampling:
    """Divergence and risk of a student on one sampling, for every pair set."""
    dropped: dict[str, int] = {}
    raw = student.file.on(sampling.groups)
    rule = Rule("all", options.missing)
    groups, keep = matched(student.source, raw, sampling.groups, rule, dropped)
    teacher = sampling.values[keep]
    with np.errstate(over="ignore"):  # refused with a message where it matters
        values = raw.values[keep] / student.temperature
    alone = len(options.students) == 1
    made: Measured = {}
    kept: dict[str, Groups] = {}
    for pairs in pair_sets:
        has = groups.count_known_pairs(pairs) > 0
        if not has.any():
            continue
        rows = np.repeat(has, groups.sizes)
        kept[pairs] = groups.keep_groups(has)
        terms = student_terms(
            kept[pairs],
            teacher[rows],
            values[rows],
            clip_at=options.score_range,
            pairs=pairs,
        )
        for quantity in ("divergence", "risk"):
            name = label(quantity, student.source.name, alone=alone)
            column = getattr(terms, quantity)
            made[name, pairs] = per_query(kept[pairs], column, name)
    return OnSampling(made, kept, dropped, _gaps(student, sampling, raw.found))


def _gaps(student: Student, sampling: Sampling, found: Booleans) -> tuple[str, ...]:
    missing = float(np.mean(~found))
    if missing <= WARN_ABOVE:
        return ()
    return (
        f"student {student.source.name!r} has no score for {missing:.1%} of the "
        f"documents of {sampling.name}; it is compared on those that it has, which "
        "are not a random choice and differ between samplings",
    )


def _student(source: StudentSource, loaded: Loaded) -> Student:
    file = student_file(source, loaded.embeddings, loaded.teacher.files)
    if source.temperature != "fit" or loaded.calibration is None:
        scale = known_temperature(
            None if source.temperature == "fit" else source.temperature,
            file.kind,
            who=f"student {source.name!r}",
            option="--student-temperature",
        )
        return Student(source, file, scale, file.warnings)
    raw = file.on(loaded.calibration.groups)
    pooled = loaded.calibration.groups.keep_rows(raw.found)
    scale, warning = student_temperature(
        pooled,
        loaded.calibration.values[raw.found],
        raw.values[raw.found],
        pairs="all",
        who=source.name,
    )
    said = () if warning is None else (warning,)
    return Student(source, file, scale, (*file.warnings, *said))
