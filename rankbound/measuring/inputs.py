"""Read the files of a measurement and match them: groups, teacher scores, vectors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from estimators.embeddings import Embeddings
from estimators.groups import (
    Booleans,
    Groups,
    shares_queries,
    top_documents,
    with_judged_positives,
)
from estimators.kinds import infer_kind, is_rank_only, to_logits
from estimators.scores import Floats, Kind, Scores
from rankbound.errors import UsageError
from rankbound.formats.embeddings import read_embeddings
from rankbound.formats.groups import read_groups
from rankbound.formats.lookup import read_scores
from rankbound.formats.trec import read_qrels
from rankbound.measuring.matching import thin_out
from rankbound.measuring.options import MeasureOptions, SourceOptions

DEFAULT_DEPTH = 16


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """What was read, matched to one set of groups.

    `teacher` holds logits where the file held probabilities; `kind` and `evidence` say
    what the file held; `values` (n_rows,) are the teacher's scores of the groups' rows;
    `target` are the groups of the target law, whose documents may lack scores.
    `dropped` counts by reason what does not appear; `warnings` are for the reader.
    """

    groups: Groups
    teacher: Scores
    kind: Kind
    evidence: str
    values: Floats
    qrels: Scores | None
    embeddings: Embeddings | None
    dropped: dict[str, int]
    warnings: tuple[str, ...]
    paths: tuple[Path, ...]
    target: Groups | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """What was read but the groups; attributes as in `Inputs`."""

    teacher: Scores
    kind: Kind
    evidence: str
    warnings: tuple[str, ...]
    qrels: Scores | None
    embeddings: Embeddings | None


@dataclass(frozen=True, slots=True)
class Rule:
    """Which pairs a group must have, and what happens to documents without scores."""

    pairs: str
    missing: str | None


def load_inputs(options: MeasureOptions) -> Inputs:
    """Read everything but the students, and form the groups.

    Raises
    ------
    FormatError, UsageError, DomainError
        When a file or the match between files breaks a rule.
    """
    sources = read_sources(options)
    groups = _groups(options, sources.teacher, sources.qrels)
    rule = Rule(options.pairs, options.missing)
    matched = match_groups(groups, sources, rule)
    target = None
    if options.target_groups is not None:
        target = read_groups(options.target_groups)
    given = (options.teacher, options.groups, options.target_groups, options.qrels)
    vectors = (options.embeddings, options.ids)
    paths = tuple(path for path in (*given, *vectors) if path is not None)
    return replace(matched, paths=paths, target=target)


def read_sources(options: SourceOptions) -> Sources:
    """Read the teacher, as logits where the file holds probabilities, and the rest."""
    read = read_scores(options.teacher)
    teacher, evidence = declared(read, options.teacher_kind)
    embeddings = None
    if options.embeddings is not None and options.ids is not None:
        embeddings = read_embeddings(options.embeddings, options.ids)
    return Sources(
        teacher=to_logits(teacher),
        kind=teacher.kind,
        evidence=evidence,
        warnings=doubts(teacher, evidence),
        qrels=None if options.qrels is None else read_qrels(options.qrels),
        embeddings=embeddings,
    )


def match_groups(groups: Groups, sources: Sources, rule: Rule) -> Inputs:
    """The groups with the teacher's scores, without documents that lack something.

    Raises
    ------
    UsageError
        When a document lacks a score or vector and the rule does not drop it, or when
        no group is left.
    """
    dropped: dict[str, int] = {}
    values, scored = groups.scores_of(sources.teacher)
    what = (sources.teacher.name, "teacher_score")
    groups, rows = _thinned(groups, scored, what, rule, dropped)
    values = values[rows]
    embeddings = sources.embeddings
    if embeddings is not None:
        held = (embeddings.rows(groups.docnos) >= 0)[groups.codes]
        groups, rows = _thinned(
            groups, held, (embeddings.name, "vector"), rule, dropped
        )
        values = values[rows]
    if groups.n_groups == 0:
        raise UsageError(
            f"{groups.name}: no group is left with a pair of the wanted kind "
            f"({rule.pairs}); dropped: {dropped}"
        )
    return Inputs(
        groups=groups,
        teacher=sources.teacher,
        kind=sources.kind,
        evidence=sources.evidence,
        values=values,
        qrels=sources.qrels,
        embeddings=embeddings,
        dropped=dropped,
        warnings=sources.warnings,
        paths=(),
    )


def declared(scores: Scores, kind: Kind | None) -> tuple[Scores, str]:
    """Scores with the kind that the user said, or that the values suggest, and why."""
    if kind is not None:
        return scores.with_kind(kind), "as given"
    guess = infer_kind(scores)
    return scores.with_kind(guess.kind), f"inferred: {guess.evidence}"


def doubts(scores: Scores, evidence: str) -> tuple[str, ...]:
    """What speaks against a kind that the user gave, as warnings."""
    if evidence != "as given" or not is_rank_only(scores):
        return ()
    return (
        f"{scores.name}: taken for {scores.kind.value} scores as told, but they are "
        "the same function of the rank in every query; entropy and margins are then "
        "the same constant for every query",
    )


def groups_of(path: Path, teacher: Scores) -> Groups:
    """The groups of a file, which must share queries with the teacher."""
    groups = read_groups(path)
    if not shares_queries(groups, teacher):
        raise UsageError(
            f"{groups.where(0)[0]}: none of the queries of this file is in "
            f"{teacher.name}; the ids look like {groups.qids[0]!r} there and "
            f"{teacher.qids[0]!r} here"
        )
    return groups


def _groups(options: MeasureOptions, teacher: Scores, qrels: Scores | None) -> Groups:
    if options.groups is not None:
        return groups_of(options.groups, teacher)
    groups = top_documents(teacher, depth=options.depth or DEFAULT_DEPTH)
    if qrels is None or options.pairs == "all":
        return groups
    if not shares_queries(groups, qrels):
        raise UsageError(
            f"{qrels.name}: none of its queries is in {teacher.name}; the ids look "
            f"like {qrels.qids[0]!r} there and {teacher.qids[0]!r} here"
        )
    return with_judged_positives(groups, qrels, least_grade=1)


def _thinned(
    groups: Groups,
    found: Booleans,
    source: tuple[str, str],
    rule: Rule,
    dropped: dict[str, int],
) -> tuple[Groups, Booleans]:
    """Groups of found documents only; without --missing drop, all must be found."""
    name, what = source
    if not found.all() and rule.missing != "drop":
        where, qid, docno = groups.where(int(np.argmin(found)))
        lacking = what.replace("teacher_", "")
        raise UsageError(
            f"{where}: document {docno!r} of query {qid!r} has no {lacking} in {name} "
            f"({int((~found).sum()):,} of {len(found):,} group documents have none); "
            "complete the file, or pass --missing drop to leave them out"
        )
    reason = f"documents_without_{what}"
    return thin_out(groups, found, reason=reason, pairs=rule.pairs, dropped=dropped)
