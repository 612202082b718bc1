"""Bring each student onto the groups: read, match, find its temperature, evaluate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rankbound.commands.measure.given import Given
from rankbound.commands.measure.inputs import Inputs, Rule
from rankbound.commands.measure.matching import thin_out
from rankbound.commands.measure.options import MeasureOptions
from rankbound.commands.measure.sources import StudentSource
from rankbound.commands.measure.student_scores import RawScores, raw_scores
from rankbound.commands.measure.temperatures import (
    Split,
    known_temperature,
    student_temperature,
)
from rankbound.data.groups import Booleans, Groups
from rankbound.data.scores import Floats, Kind
from rankbound.errors import UsageError
from rankbound.estimators.group_terms import (
    StudentTerms,
    TeacherTerms,
    student_terms,
    teacher_terms,
)

WARN_ABOVE = 0.1  # share of a student's documents that are missing


@dataclass(frozen=True, slots=True, eq=False)
class Student:
    """A student evaluated on its groups.

    Attributes
    ----------
    name, kind, evidence, temperature
        Who it is and in which unit its margins are.
    groups : Groups
        The groups without the documents it has no score for.
    calibration : boolean array, shape (n_groups,)
        Which of these groups were set aside.
    teacher : TeacherTerms
        On these groups.
    terms : StudentTerms
        Divergence and risk of the clipped student.
    clipped_share : float
        Share of the certificate's documents whose score was clipped.
    dropped : dict
        Counts by reason, over all queries.
    missing_share : float
        Share of the certificate's group documents without a score.
    warnings : tuple of str
    paths : tuple
        Files, or what objects held.
    """

    name: str
    kind: Kind
    evidence: str
    temperature: float
    groups: Groups
    calibration: Booleans
    teacher: TeacherTerms
    terms: StudentTerms
    clipped_share: float
    dropped: dict[str, int]
    missing_share: float
    warnings: tuple[str, ...]
    paths: tuple[Given, ...]


def evaluate_student(
    source: StudentSource,
    inputs: Inputs,
    split: Split,
    options: MeasureOptions,
    *,
    teacher_scale: float,
) -> Student:
    """Read one student and compute its terms on every group.

    `teacher_scale` is the teacher's temperature.

    Raises
    ------
    FormatError, UsageError, DomainError
        When its file or its match with the groups breaks a rule.
    """
    raw = raw_scores(source, inputs)
    dropped: dict[str, int] = {}
    rule = Rule(options.pairs, options.missing)
    groups, keep = matched(source, raw, inputs.groups, rule, dropped)
    values = raw.values[keep]
    teacher = _scaled(inputs.values[keep], teacher_scale)
    calibration = _calibration_of(groups, inputs.groups, split)
    if calibration.all():
        raise UsageError(
            f"student {source.name!r} has no query left for the certificate: it scores "
            "too few of the group documents"
        )
    missing = _missing_share(raw.found, inputs.groups, split)
    warnings = raw.warnings + _missing_warning(source, missing)
    scale, warning = _scale(
        source, raw, groups, calibration, (teacher, values), options.pairs
    )
    terms = student_terms(
        groups,
        teacher,
        _scaled(values, scale),
        clip_at=options.score_range,
        pairs=options.pairs,
    )
    certified = ~calibration
    return Student(
        name=source.name,
        kind=raw.kind,
        evidence=raw.evidence,
        temperature=scale,
        groups=groups,
        calibration=calibration,
        teacher=teacher_terms(groups, teacher, pairs=options.pairs),
        terms=terms,
        clipped_share=float(
            terms.n_clipped[certified].sum() / groups.sizes[certified].sum()
        ),
        dropped=dropped,
        missing_share=missing,
        warnings=warnings + (() if warning is None else (warning,)),
        paths=raw.paths,
    )


def matched(
    source: StudentSource,
    raw: RawScores,
    groups: Groups,
    rule: Rule,
    dropped: dict[str, int],
) -> tuple[Groups, Booleans]:
    """The groups without unscored documents, and which original rows they hold."""
    found = raw.found
    if found.all():
        return groups, found
    where, qid, docno = groups.where(int(np.argmin(found)))
    what = (
        f"document {docno!r} of query {qid!r} has no score in {raw.name} "
        f"({int((~found).sum()):,} of {len(found):,} group documents have none)"
    )
    if not found.any():
        raise UsageError(
            f"{where}: student {source.name!r} scores no document of any group; "
            f"{what}; do the ids agree?"
        )
    if rule.missing == "error":
        raise UsageError(
            f"{where}: student {source.name!r}: {what}; score them, or pass --missing "
            "drop to leave them out of its groups"
        )
    left, rows = thin_out(
        groups,
        found,
        reason="documents_without_student_score",
        pairs=rule.pairs,
        dropped=dropped,
    )
    if left.n_groups == 0:
        raise UsageError(
            f"student {source.name!r}: no group keeps a pair once documents without "
            f"its score are left out; {what}"
        )
    return left, rows


def _calibration_of(groups: Groups, original: Groups, split: Split) -> Booleans:
    """Which groups belong to queries that were set aside."""
    aside = np.zeros(len(original.qids), dtype=bool)
    aside[original.queries[split.calibration]] = True
    return np.asarray(aside[groups.queries])


def _scaled(values: Floats, temperature: float) -> Floats:
    with np.errstate(over="ignore"):  # refused with a message where it matters
        return values / temperature


def _missing_share(found: Booleans, groups: Groups, split: Split) -> float:
    """Share of unscored documents in the certificate's groups."""
    certified = ~np.repeat(split.calibration, groups.sizes)
    return float(np.mean(~found[certified]))


def _missing_warning(source: StudentSource, share: float) -> tuple[str, ...]:
    if share <= WARN_ABOVE:
        return ()
    return (
        f"student {source.name!r} has no score for {share:.1%} of the group documents; "
        "its terms are those of the documents it has, which are not a random choice",
    )


def _scale(
    source: StudentSource,
    raw: RawScores,
    groups: Groups,
    calibration: Booleans,
    scores: tuple[Floats, Floats],
    pairs: str,
) -> tuple[float, str | None]:
    if source.temperature != "fit":
        known = known_temperature(
            source.temperature,
            raw.kind,
            who=f"student {source.name!r}",
            option="--student-temperature",
        )
        return known, None
    rows = np.repeat(calibration, groups.sizes)
    teacher, student = scores
    return student_temperature(
        groups.keep_groups(calibration),
        teacher[rows],
        student[rows],
        pairs=pairs,
        who=source.name,
    )
