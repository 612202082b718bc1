"""A student's scores of the group documents, as its file gives them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from rankbound.commands.measure.files import Files
from rankbound.commands.measure.given import Given, vectors_of
from rankbound.commands.measure.inputs import Inputs, declared, doubts
from rankbound.commands.measure.origins import check_comparable
from rankbound.commands.measure.sources import StudentSource
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Booleans, Groups
from rankbound.data.scores import Floats, Kind, Scores
from rankbound.errors import UsageError
from rankbound.estimators.group_terms import dot_product_scores
from rankbound.estimators.kinds import to_logits


@dataclass(frozen=True, slots=True, eq=False)
class RawScores:
    """Scores of the group rows as the student's file gives them."""

    values: Floats
    found: Booleans
    kind: Kind
    evidence: str
    name: str
    paths: tuple[Given, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class StudentFile:
    """A student's file, read: `scores` (as logits), or `queries` times `documents`."""

    kind: Kind
    evidence: str
    name: str
    paths: tuple[Given, ...]
    warnings: tuple[str, ...] = ()
    scores: Scores | None = None
    queries: Embeddings | None = None
    documents: Embeddings | None = None

    def on(self, groups: Groups) -> RawScores:
        """The student's scores of the rows of some groups."""
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
    """Read a student's file, or multiply its query vectors, for the groups' rows.

    Raises
    ------
    FormatError, UsageError, DomainError
        When a file breaks a rule, or its scores are of a kind that is refused.
    """
    return student_file(source, inputs.embeddings, inputs.files).on(inputs.groups)


def student_file(
    source: StudentSource, documents: Embeddings | None, files: Files
) -> StudentFile:
    """Read a student; errors as for `raw_scores`."""
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
            "documents' --embeddings"
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
