"""A student's scores of the group documents, as its file gives them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from estimators.embeddings import Embeddings
from estimators.group_terms import dot_product_scores
from estimators.groups import Booleans
from estimators.kinds import to_logits
from estimators.scores import Floats, Kind, Scores
from rankbound.errors import UsageError
from rankbound.formats.embeddings import read_embeddings
from rankbound.measuring.given import Given
from rankbound.measuring.inputs import Inputs, declared, doubts
from rankbound.measuring.options import StudentSource
from rankbound.measuring.origins import check_comparable


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


def raw_scores(source: StudentSource, inputs: Inputs) -> RawScores:
    """Read a student's file, or multiply its query vectors, for the groups' rows.

    Raises
    ------
    FormatError, UsageError, DomainError
        When a file breaks a rule, or its scores are of a kind that is refused.
    """
    if source.scores is not None:
        read = cast(Scores, inputs.files.part(source.scores, "scores").scores)
        scores, evidence = declared(read, source.kind)
        kind = scores.kind
        scores = to_logits(scores, differences=True)
        check_comparable(inputs.groups, scores)
        values, found = inputs.groups.scores_of(scores)
        warnings = doubts(scores, evidence)
        path = source.scores
        return RawScores(values, found, kind, evidence, scores.name, (path,), warnings)
    lone = isinstance(source.queries, Path) and source.query_ids is None
    if source.queries is None or lone or inputs.embeddings is None:
        raise UsageError(
            f"student {source.name!r} needs a score file, or query vectors with "
            "--query-ids and the documents' --embeddings"
        )
    queries = read_embeddings(source.queries, source.query_ids)
    values, found = dot_product_scores(inputs.groups, inputs.embeddings, queries)
    kind, evidence = _dot_kind(inputs.embeddings, queries)
    if source.kind is not None:
        kind, evidence = source.kind, "as given"
    if kind is Kind.PROBABILITY:
        raise UsageError(
            f"student {source.name!r}: dot products are no probabilities; say cosine, "
            "dot or logit"
        )
    paths = tuple(p for p in (source.queries, source.query_ids) if p is not None)
    return RawScores(values, found, kind, evidence, queries.name, paths)


def _dot_kind(documents: Embeddings, queries: Embeddings) -> tuple[Kind, str]:
    share = min(documents.unit_norm_share(), queries.unit_norm_share())
    if share == 1.0:
        return Kind.COSINE, "inferred: dot products of unit vectors"
    return Kind.DOT, f"inferred: dot products, {share:.0%} of the vectors have length 1"
