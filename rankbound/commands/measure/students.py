"""Evaluate each student on the groups: read, match, find its temperature, compute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np

from rankbound.catalogue import proviso
from rankbound.commands.measure.choosing import (
    FACTORS,
    Choices,
    RowScores,
    Wanted,
    fixed_choices,
    least_size,
    pilot_choices,
    too_small,
)
from rankbound.commands.measure.given import Files, Given, vectors_of
from rankbound.commands.measure.inputs import (
    Inputs,
    Rule,
    Split,
    check_comparable,
    count,
    doubts,
    known_temperature,
    student_temperature,
    thin_out,
)
from rankbound.commands.measure.options import StudentSource
from rankbound.commands.measure.result import TrainedOn
from rankbound.data.clusters import Clusters, Units, units_of
from rankbound.data.columns import Booleans, Floats, distinct_codes
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups
from rankbound.data.per_query import query_means
from rankbound.data.scores import Kind, Scores
from rankbound.errors import UsageError
from rankbound.estimators.group_terms import (
    StudentTerms,
    TeacherTerms,
    check_span,
    dot_product_scores,
    floored,
    student_risks,
    student_terms,
    teacher_terms,
)
from rankbound.estimators.kinds import CONVERTED, to_logits
from rankbound.memory import filed

LEAST_COMMON: Final = 0.9  # share of the documents that all students must score
UNCLIPPED: Final = 1e300  # a range that no score exceeds
WARN_ABOVE = 0.1  # share of a student's documents that are missing


@dataclass(frozen=True, slots=True, eq=False)
class Student:
    """A student evaluated on its groups.

    Attributes
    ----------
    source : StudentSource
        Where it was read.
    raw : RawScores
        Its scores of the rows of all groups of the measurement.
    kind, evidence
        The kind of its scores, and why it is taken for that.
    choices : Choices
        Temperature, score range, stake and group size, and how they were chosen.
    groups : Groups
        All groups, or those without the documents that the student does not score.
    calibration : boolean array, shape (n_groups,)
        Which of these groups were set aside.
    left_out : boolean array, shape (n_groups,)
        Which belong to other queries with too small a group.
    teacher : TeacherTerms
        On these groups.
    terms : StudentTerms
        Divergence and risk of the clipped student.
    unscored : str
        What was done with documents that it does not score.
    clipped_share : float
        Share of the certificate's documents whose score was clipped.
    tied_share : float
        Share of them at the floor, by clipping or for want of a score.
    unclipped_risk : float or None
        Mean risk in nats of the student without clipping, on the documents that it
        scores; no certificate is about it. None where it scores no pair.
    dropped : dict
        What was left out, counted by reason over all queries.
    missing_share : float
        Share of the certificate's group documents without a score.
    warnings : tuple of str
    paths : tuple
        Its files, or the contents of objects.
    trained_on : TrainedOn or None
        How many of the queries it was trained on; None if that is not known.
    clustered : bool
        Whether clusters of queries are what is independent.
    """

    source: StudentSource
    raw: RawScores
    kind: Kind
    evidence: str
    choices: Choices
    groups: Groups
    calibration: Booleans
    left_out: Booleans
    teacher: TeacherTerms
    terms: StudentTerms
    unscored: str
    clipped_share: float
    tied_share: float
    unclipped_risk: float | None
    dropped: dict[str, int]
    missing_share: float
    warnings: tuple[str, ...]
    paths: tuple[Given, ...]
    trained_on: TrainedOn | None = None
    clustered: bool = False

    @property
    def proviso(self) -> str:
        """What its limits take for granted."""
        return proviso(trained=self.trained_on is not None, clustered=self.clustered)

    @property
    def name(self) -> str:
        """The student's name in tables."""
        return self.source.name

    @property
    def temperature(self) -> float:
        """What divides its margins."""
        return self.choices.temperature

    @property
    def certified(self) -> Booleans:
        """Which of its groups the certificate is computed from, shape (n_groups,)."""
        return ~(self.calibration | self.left_out)


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """What the students of a measurement are evaluated on.

    Attributes
    ----------
    inputs : Inputs
    split : Split
    teacher_scale : float
        The teacher's temperature.
    unscored : {"floor", "common", "drop", "error"}
        What to do with documents that a student does not score.
    """

    inputs: Inputs
    split: Split
    teacher_scale: float
    unscored: str


class Placed(NamedTuple):
    """A student's scores on the groups that it is evaluated on, before any choice.

    Attributes
    ----------
    groups : Groups
    teacher, values : float64 arrays, shape (n_rows,)
        The teacher's scores, divided by its temperature, and the student's, as read.
    found : boolean array, shape (n_rows,)
        Which documents the student scores.
    calibration, left_out, certified : boolean arrays, shape (n_groups,)
    least : int or None
        Documents that a group needs.
    scale : float
        The student's temperature, given or fitted.
    warning : str or None
        About that.
    dropped : dict of str to int
        What was left out.
    """

    groups: Groups
    teacher: Floats
    values: Floats
    found: Booleans
    calibration: Booleans
    left_out: Booleans
    certified: Booleans
    least: int | None
    scale: float
    warning: str | None
    dropped: dict[str, int]


def check_student(
    source: StudentSource, setting: Setting, wanted: Wanted, *, raw: RawScores
) -> None:
    """Raise what `evaluate_student` would, which takes ten times as long."""
    made = _placed(source, raw, setting, wanted)
    check_span(made.teacher)
    check_span(_scaled(made.values[made.found], made.scale))


def _placed(
    source: StudentSource, raw: RawScores, setting: Setting, wanted: Wanted
) -> Placed:
    inputs, split = setting.inputs, setting.split
    dropped: dict[str, int] = {}
    groups, keep, found = _scored(source, raw, setting, wanted.pairs, dropped)
    values = raw.values[keep]
    teacher = _scaled(inputs.values[keep], setting.teacher_scale)
    calibration = _calibration_of(groups, inputs.groups, split)
    least = least_size(groups, calibration, split, wanted.pairs)
    left_out = too_small(groups, calibration, least, wanted.pairs)
    _count_left_out(groups, left_out, least, wanted.pairs, dropped)
    certified = ~(calibration | left_out)
    if not certified.any():
        raise UsageError(
            f"student {source.name!r} has no query left for the certificate: it scores "
            "too few of the group documents"
        )
    scale, warning = _scale(
        source, raw, groups, calibration, (teacher, values, found), wanted.pairs
    )
    return Placed(
        groups,
        teacher,
        values,
        found,
        calibration,
        left_out,
        certified,
        least,
        scale,
        warning,
        dropped,
    )


def evaluate_student(
    source: StudentSource, setting: Setting, wanted: Wanted, *, raw: RawScores
) -> Student:
    """Compute the terms of one student on every group.

    `wanted` holds what is not left to the pilot queries; `raw` are the student's
    scores of the rows of the setting's groups.

    Raises
    ------
    UsageError, DomainError
        When its scores do not fit the groups.
    """
    inputs, split = setting.inputs, setting.split
    made = _placed(source, raw, setting, wanted)
    groups, teacher, values, found, calibration, left_out, certified = made[:7]
    choices = fixed_choices(made.scale, wanted)
    if split.pilot and calibration.any():
        aside = np.repeat(calibration, groups.sizes)
        pilot = RowScores(
            groups.keep_groups(calibration),
            teacher[aside],
            values[aside],
            found[aside],
            inputs.clusters,
        )
        fitted = source.temperature == "fit" and made.warning is None
        choices = pilot_choices(
            pilot,
            [made.scale * factor for factor in FACTORS] if fitted else [made.scale],
            wanted=wanted,
            least=made.least,
            n_certificate=len(_units(groups, certified, inputs.clusters)),
        )
    scaled = _scaled(values, choices.temperature)
    clip_at = choices.score_range
    terms = student_terms(
        groups,
        teacher,
        floored(groups, scaled, found, clip_at=clip_at),
        clip_at=clip_at,
        pairs=wanted.pairs,
    )
    terms = replace(terms, values=filed(terms.values))
    missing = _missing_share(raw.found, inputs.groups, split, left_out, groups)
    n_documents = groups.sizes[certified].sum()
    scored = np.add.reduceat(found.astype(np.int64), groups.offsets[:-1])
    unscored = (groups.sizes - scored)[certified]
    # Where nothing is scored, all documents are tied and none is below another
    low = np.where(
        scored[certified] > 0, terms.n_clipped[certified], groups.sizes[certified]
    )
    return Student(
        source=source,
        raw=raw,
        kind=raw.kind,
        evidence=raw.evidence,
        choices=choices,
        groups=groups,
        calibration=calibration,
        left_out=left_out,
        teacher=teacher_terms(groups, teacher, pairs=wanted.pairs),
        terms=terms,
        unscored=setting.unscored,
        clipped_share=float((low - unscored).sum() / n_documents),
        tied_share=float(low.sum() / n_documents),
        unclipped_risk=_plain_risk(
            groups,
            (teacher, scaled, found),
            certified,
            wanted.pairs,
            inputs.clusters,
        ),
        dropped=made.dropped,
        missing_share=missing,
        warnings=(
            *raw.warnings,
            *_missing_warning(source, missing, setting.unscored),
            *(() if made.warning is None else (made.warning,)),
        ),
        paths=raw.paths,
        clustered=inputs.clusters is not None,
    )


def _scored(
    source: StudentSource,
    raw: RawScores,
    setting: Setting,
    pairs: str,
    dropped: dict[str, int],
) -> tuple[Groups, Booleans, Booleans]:
    """The student's groups, which rows they keep, and which of these have a score."""
    groups = setting.inputs.groups
    if setting.unscored == "floor" and raw.found.any():
        return groups, np.ones_like(raw.found), raw.found
    missing = "error" if setting.unscored == "error" else "drop"
    remedy = "`unscored='floor'` to place them below all others, as not retrieved"
    rule = Rule(pairs, missing, remedy)
    left, keep = matched(source, raw, groups, rule, dropped)
    return left, keep, np.ones(int(keep.sum()), dtype=bool)


def common_documents(
    inputs: Inputs, raws: Sequence[RawScores], names: Sequence[str], *, pairs: str
) -> tuple[Inputs, Booleans]:
    """The inputs on the documents that all students score, and which rows these are.

    Raises
    ------
    UsageError
        When they are less than 90 % of the documents, or no group keeps a pair.
    """
    found = np.logical_and.reduce([raw.found for raw in raws])
    share = float(found.mean())
    if share < LEAST_COMMON:
        shares = [float(raw.found.mean()) for raw in raws]
        worst = int(np.argmin(shares))
        raise UsageError(
            f"`unscored='common'` needs {LEAST_COMMON:.0%} of the group documents to "
            f"be scored by every student, and {share:.1%} are ({names[worst]!r} scores "
            f"{shares[worst]:.1%}); score them, or give `unscored='floor'`"
        )
    dropped = dict(inputs.dropped)
    groups, rows = thin_out(
        inputs.groups,
        found,
        reason="documents_without_a_score_of_every_student",
        pairs=pairs,
        dropped=dropped,
    )
    if not groups.n_groups:
        raise UsageError(
            f"no group keeps a pair ({pairs}) on the documents that all students "
            "score; give `unscored='floor'`"
        )
    made = replace(inputs, groups=groups, values=inputs.values[rows], dropped=dropped)
    return made, rows


def _plain_risk(
    groups: Groups,
    scores: tuple[Floats, Floats, Booleans],
    certified: Booleans,
    pairs: str,
    clusters: Clusters | None,
) -> float | None:
    """Mean risk of the unclipped student on scored documents; None without a pair."""
    teacher, student, found = scores
    rows = np.repeat(certified, groups.sizes)
    left, kept = thin_out(
        groups.keep_groups(certified),
        found[rows],
        reason="",
        pairs=pairs,
        dropped={},
    )
    if not left.n_groups:
        return None
    risk = student_risks(
        left,
        teacher[rows][kept],
        student[rows][kept],
        clip_at=UNCLIPPED,
        pairs=pairs,
    )
    means = query_means(left.queries, risk, n_queries=len(left.qids))
    present = distinct_codes(left.queries)
    units = units_of(left.qids[present], clusters)
    return float(units.means(means[present]).mean())


def _units(groups: Groups, chosen: Booleans, clusters: Clusters | None) -> Units:
    """The independent units of the queries of the chosen groups."""
    return units_of(groups.qids[distinct_codes(groups.queries[chosen])], clusters)


def _count_left_out(
    groups: Groups,
    left_out: Booleans,
    least: int | None,
    pairs: str,
    dropped: dict[str, int],
) -> None:
    what = "documents" if pairs == "all" else "negatives"
    number = len(distinct_codes(groups.queries[left_out]))
    count(dropped, f"queries_with_fewer_than_{least}_{what}_in_a_group", number)


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
            f"{rule.remedy}"
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


def _missing_share(
    found: Booleans, original: Groups, split: Split, left_out: Booleans, groups: Groups
) -> float:
    """Share of unscored documents in the groups of the certificate's queries."""
    small = np.zeros(len(original.qids), dtype=bool)
    small[groups.queries[left_out]] = True
    used = ~(split.calibration | small[original.queries])
    return float(np.mean(~found[np.repeat(used, original.sizes)]))


def _missing_warning(
    source: StudentSource, share: float, unscored: str
) -> tuple[str, ...]:
    if share <= WARN_ABOVE:
        return ()
    then = (
        "they lie B below its best document of the group, as not retrieved"
        if unscored == "floor"
        else "its terms are those of the documents it has, which are not a random "
        "choice"
    )
    return (
        f"student {source.name!r} has no score for {share:.1%} of the group documents; "
        f"{then}",
    )


def _scale(
    source: StudentSource,
    raw: RawScores,
    groups: Groups,
    calibration: Booleans,
    scores: tuple[Floats, Floats, Booleans],
    pairs: str,
) -> tuple[float, str | None]:
    """The temperature given or fitted where the student has scores, and a warning."""
    if source.temperature != "fit":
        known = known_temperature(
            source.temperature,
            raw.kind,
            who=f"student {source.name!r}",
            option="`StudentSource.temperature`",
        )
        return known, None
    teacher, student, found = scores
    rows = np.repeat(calibration, groups.sizes)
    left, kept = thin_out(
        groups.keep_groups(calibration), found[rows], reason="", pairs=pairs, dropped={}
    )
    return student_temperature(
        left,
        teacher[rows][kept],
        student[rows][kept],
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

    def only(self, rows: Booleans) -> RawScores:
        """The scores of some of the rows, a boolean array of shape (n_rows,)."""
        return replace(self, values=self.values[rows], found=self.found[rows])


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
            *filed(found),
            self.kind,
            self.evidence,
            self.name,
            self.paths,
            self.warnings,
        )


def raw_scores(source: StudentSource, inputs: Inputs) -> RawScores:
    """Read a student and give its scores of the groups' rows.

    Raises
    ------
    FormatError, UsageError, DomainError
        When a file breaks its format, or holds a kind of score that is refused.
    """
    file = student_file(source, inputs.embeddings, inputs.files, inputs.qrels)
    return file.on(inputs.groups)


def student_file(
    source: StudentSource,
    documents: Embeddings | None,
    files: Files,
    qrels: Scores | None = None,
) -> StudentFile:
    """Read a student; raises the errors of `raw_scores`."""
    if source.scores is not None:
        read = files.scores(source.scores, source.kind, of=source.name)
        files.compare(scores=read.scores, qrels=qrels)
        scores, evidence = read.scores, read.evidence
        return StudentFile(
            kind=scores.kind,
            evidence=evidence,
            name=scores.name,
            paths=(source.scores,),
            warnings=(*read.notes, *doubts(scores, evidence)),
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
    if kind in CONVERTED:
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
