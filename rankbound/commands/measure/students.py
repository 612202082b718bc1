"""Evaluate each student on the groups: read, match, find its temperature, compute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from rankbound.commands.measure.given import Files, Given, vectors_of
from rankbound.commands.measure.inputs import (
    Inputs,
    Rule,
    Split,
    check_comparable,
    declared,
    doubts,
    known_temperature,
    student_temperature,
    thin_out,
)
from rankbound.commands.measure.options import StudentSource
from rankbound.data.columns import Booleans, Floats
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups
from rankbound.data.scores import Kind, Scores
from rankbound.errors import UsageError
from rankbound.estimators.group_terms import (
    StudentTerms,
    TeacherTerms,
    dot_product_scores,
    student_terms,
    teacher_terms,
)
from rankbound.estimators.kinds import to_logits

WARN_ABOVE = 0.1  # share of a student's documents that are missing


@dataclass(frozen=True, slots=True, eq=False)
class Student:
    """A student evaluated on its groups.

    Attributes
    ----------
    source : StudentSource
        Where it was read.
    kind, evidence, temperature
        The kind of its scores, why it is taken for that, and what divides its margins.
    groups : Groups
        The groups without the documents that the student does not score.
    calibration : boolean array, shape (n_groups,)
        Which of these groups were set aside.
    teacher : TeacherTerms
        On these groups.
    terms : StudentTerms
        Divergence and risk of the clipped student.
    clipped_share : float
        Share of the certificate's documents whose score was clipped.
    dropped : dict
        What was left out, counted by reason over all queries.
    missing_share : float
        Share of the certificate's group documents without a score.
    warnings : tuple of str
    paths : tuple
        Its files, or the contents of objects.
    """

    source: StudentSource
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

    @property
    def name(self) -> str:
        """The student's name in tables."""
        return self.source.name


def evaluate_student(
    source: StudentSource,
    inputs: Inputs,
    split: Split,
    rule: Rule,
    *,
    teacher_scale: float,
    score_range: float,
) -> Student:
    """Read one student and compute its terms on every group.

    `teacher_scale` is the teacher's temperature; `score_range` is B, at which the
    student is clipped, in temperatures.

    Raises
    ------
    FormatError, UsageError, DomainError
        When its file breaks the format or does not fit the groups.
    """
    raw = raw_scores(source, inputs)
    dropped: dict[str, int] = {}
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
        source, raw, groups, calibration, (teacher, values), rule.pairs
    )
    terms = student_terms(
        groups,
        teacher,
        _scaled(values, scale),
        clip_at=score_range,
        pairs=rule.pairs,
    )
    certified = ~calibration
    return Student(
        source=source,
        kind=raw.kind,
        evidence=raw.evidence,
        temperature=scale,
        groups=groups,
        calibration=calibration,
        teacher=teacher_terms(groups, teacher, pairs=rule.pairs),
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
    """The groups without unscored documents, and which of the rows they keep."""
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
            f"{where}: student {source.name!r}: {what}; score them, or pass "
            "`missing='drop'` to leave them out of its groups"
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
    with np.errstate(over="ignore"):  # overflow is refused later, with a message
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
            option="`StudentSource.temperature`",
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


@dataclass(frozen=True, slots=True, eq=False)
class RawScores:
    """A student's scores of the group rows, as read: neither scaled nor clipped."""

    values: Floats
    found: Booleans
    kind: Kind
    evidence: str
    name: str
    paths: tuple[Given, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class StudentFile:
    """The content of a student's file: `scores`, or `queries` and `documents`.

    Scores that were probabilities are logits here; the scores of a bi-encoder are dot
    products of `queries` and `documents`.
    """

    kind: Kind
    evidence: str
    name: str
    paths: tuple[Given, ...]
    warnings: tuple[str, ...] = ()
    scores: Scores | None = None
    queries: Embeddings | None = None
    documents: Embeddings | None = None

    def on(self, groups: Groups) -> RawScores:
        """The student's scores of the rows of the groups."""
        if self.scores is not None:
            check_comparable(groups, self.scores)
            found = groups.scores_of(self.scores)
        elif self.queries is not None and self.documents is not None:
            found = dot_product_scores(groups, self.documents, self.queries)
        else:
            raise UsageError(f"{self.name}: neither scores nor vectors were read")
        return RawScores(
            *found, self.kind, self.evidence, self.name, self.paths, self.warnings
        )


def raw_scores(source: StudentSource, inputs: Inputs) -> RawScores:
    """Read a student and give its scores of the groups' rows.

    Raises
    ------
    FormatError, UsageError, DomainError
        When a file breaks its format, or holds a kind of score that is refused.
    """
    return student_file(source, inputs.embeddings, inputs.files).on(inputs.groups)


def student_file(
    source: StudentSource, documents: Embeddings | None, files: Files
) -> StudentFile:
    """Read a student; raises the errors of `raw_scores`."""
    if source.scores is not None:
        read = cast(Scores, files.part(source.scores, "scores").scores)
        scores, evidence = declared(read, source.kind)
        return StudentFile(
            kind=scores.kind,
            evidence=evidence,
            name=scores.name,
            paths=(source.scores,),
            warnings=doubts(scores, evidence),
            scores=to_logits(scores, differences=True),
        )
    if source.queries is None or documents is None:
        raise UsageError(
            f"student {source.name!r} needs a score file, or query vectors and the "
            "documents' `embeddings`"
        )
    queries = files.vectors(source.queries, source.query_ids)
    kind, evidence = _dot_kind(documents, queries)
    if source.kind is not None:
        kind, evidence = source.kind, "as given"
    if kind is Kind.PROBABILITY:
        raise UsageError(
            f"student {source.name!r}: dot products are no probabilities; say cosine, "
            "dot or logit"
        )
    return StudentFile(
        kind=kind,
        evidence=evidence,
        name=queries.name,
        paths=vectors_of(source.queries, source.query_ids),
        queries=queries,
        documents=documents,
    )


def _dot_kind(documents: Embeddings, queries: Embeddings) -> tuple[Kind, str]:
    share = min(documents.unit_norm_share(), queries.unit_norm_share())
    if share == 1.0:
        return Kind.COSINE, "inferred: dot products of unit vectors"
    return Kind.DOT, f"inferred: dot products, {share:.0%} of the vectors have length 1"
