"""A student's scores of the group documents, as its file gives them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from estimators.embeddings import Embeddings
from estimators.group_terms import dot_product_scores
from estimators.groups import Booleans, Groups
from estimators.kinds import to_logits
from estimators.scores import Floats, Kind, Scores
from rankbound.errors import UsageError
from rankbound.formats.embeddings import read_embeddings
from rankbound.formats.lookup import read_scores
from rankbound.measuring.inputs import Inputs, declared, doubts
from rankbound.measuring.options import StudentSource


@dataclass(frozen=True, slots=True, eq=False)
class RawScores:
    """Scores of the group rows as the student's file gives them."""

    values: Floats
    found: Booleans
    kind: Kind
    evidence: str
    name: str
    paths: tuple[Path, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class StudentFile:
    """A student's file, read: `scores` (as logits), or `queries` times `documents`."""

    kind: Kind
    evidence: str
    name: str
    paths: tuple[Path, ...]
    warnings: tuple[str, ...] = ()
    scores: Scores | None = None
    queries: Embeddings | None = None
    documents: Embeddings | None = None

    def on(self, groups: Groups) -> RawScores:
        """The student's scores of the rows of some groups."""
        if self.scores is not None:
            found = groups.scores_of(self.scores)
        elif self.queries is not None and self.documents is not None:
            found = dot_product_scores(groups, self.documents, self.queries)
        else:
            raise UsageError(f"{self.name}: neither scores nor vectors were read")
        return RawScores(
            *found, self.kind, self.evidence, self.name, self.paths, self.warnings
        )


def raw_scores(source: StudentSource, inputs: Inputs) -> RawScores:
    """Read a student's file, or multiply its query vectors, for the groups' rows.

    Raises
    ------
    FormatError, UsageError, DomainError
        When a file breaks a rule, or its scores are of a kind that is refused.
    """
    return student_file(source, inputs.embeddings).on(inputs.groups)


def student_file(source: StudentSource, documents: Embeddings | None) -> StudentFile:
    """Read a student; errors as for `raw_scores`."""
    if source.scores is not None:
        scores, evidence = declared(read_scores(source.scores), source.kind)
        return StudentFile(
            kind=scores.kind,
            evidence=evidence,
            name=scores.name,
            paths=(source.scores,),
            warnings=doubts(scores, evidence),
            scores=to_logits(scores),
        )
    if source.queries is None or source.query_ids is None or documents is None:
        raise UsageError(
            f"student {source.name!r} needs a score file, or query vectors with "
            "--query-ids and the documents' --embeddings"
        )
    queries = read_embeddings(source.queries, source.query_ids)
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
        paths=(source.queries, source.query_ids),
        queries=queries,
        documents=documents,
    )


def _dot_kind(documents: Embeddings, queries: Embeddings) -> tuple[Kind, str]:
    share = min(documents.unit_norm_share(), queries.unit_norm_share())
    if share == 1.0:
        return Kind.COSINE, "inferred: dot products of unit vectors"
    return Kind.DOT, f"inferred: dot products, {share:.0%} of the vectors have length 1"
