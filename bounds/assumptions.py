"""The assumptions of the theory: what a user asserts by asking for a bound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from rankbound.bounds.errors import DomainError


@dataclass(frozen=True, slots=True)
class Assumption:
    """One assumption: its name, what it says, and how it fails in practice."""

    name: str
    title: str
    text: str
    breaks_when: str


_ALL: Final = (
    Assumption(
        "A0",
        "exogeneity",
        "The queries are distinct, independent and identically distributed; teacher, "
        "temperature, distance, sampler, students and every constant are fixed "
        "independently of them.",
        "The teacher, the students or an adaptive miner were trained on these queries; "
        "a range or a diameter was read off the sample; several rows share a query; "
        "the queries are paraphrases of each other.",
    ),
    Assumption(
        "A1",
        "Lipschitz student",
        "The student's scores of two documents of one query differ by at most L times "
        "their distance, for almost every pair that enters the loss.",
        "The distance is one minus a cosine, which is no metric: no bi-encoder is "
        "Lipschitz in it.",
    ),
    Assumption(
        "A1'",
        "bounded student margins",
        "The absolute student margin of almost every pair is at most B. Clipped "
        "scores give it without embeddings; A1 gives it with B = L * diameter.",
        "B is the largest margin of the sample, or unclipped dot products are used.",
    ),
    Assumption(
        "A2",
        "bounded teacher margins",
        "The absolute teacher margin of almost every pair is at most A; A may be "
        "infinite, which asserts nothing.",
        "A is the largest teacher margin of the sample.",
    ),
    Assumption(
        "A2L",
        "Lipschitz teacher",
        "The teacher's scores of two documents of one query differ by at most L_g "
        "times their distance, for almost every pair that enters the loss.",
        "L_g is the largest ratio of the sample, which is too small.",
    ),
    Assumption(
        "A3",
        "bounded density ratio",
        "The target law of the documents of a query has a density of at most kappa "
        "with respect to the sampling law, and documents are drawn independently.",
        "The sampler gives some target document probability zero, or raw scores are "
        "taken for probabilities.",
    ),
    Assumption(
        "A3'",
        "common ranges",
        "A1, A1' and A2 hold, each where it is used, with the same constants for pairs "
        "of documents of the target law, of the sampling law, or one of each. A3 "
        "implies it.",
        "The diameter or the score range was established under one of the two laws, "
        "and the other has documents that the first never draws.",
    ),
    Assumption(
        "A4i",
        "pointwise calibration",
        "Given the query and the two documents, the first is truly preferred with the "
        "teacher's probability p.",
        "Only marginal calibration, given the value p, was checked.",
    ),
    Assumption(
        "A4ii",
        "sign-conditional calibration",
        "Given p and the sign of the student margin, the first document is truly "
        "preferred with probability p.",
        "Only marginal calibration, given the value p, was checked.",
    ),
    Assumption(
        "BIL",
        "bilinear class",
        "Students are bilinear forms of frozen embeddings with a Frobenius norm fixed "
        "in advance.",
        "The encoder is fine-tuned, or the norm is the trained one.",
    ),
    Assumption(
        "PDIM",
        "bounded pseudo-dimension",
        "The losses of one query, over the students of the class, have at most the "
        "given pseudo-dimension.",
        "A count of parameters is taken for the pseudo-dimension, or an order of "
        "magnitude for a bound.",
    ),
    Assumption(
        "IID-DOCS",
        "independent documents",
        "The documents of a query are independent draws, each kind from its law, and "
        "the scorers are fixed independently of them.",
        "The documents are the best of a retriever, a fixed pool, or mined with the "
        "scorer.",
    ),
)

ASSUMPTIONS: Final[Mapping[str, Assumption]] = MappingProxyType(
    {entry.name: entry for entry in _ALL}
)


def assumption(name: str) -> Assumption:
    """Return an assumption by name.

    Raises
    ------
    DomainError
        If no assumption has that name; the message lists the names.

    Examples
    --------
    >>> assumption("A1'").title
    'bounded student margins'
    """
    if name not in ASSUMPTIONS:
        raise DomainError(
            f"unknown assumption {name!r}; the assumptions are {', '.join(ASSUMPTIONS)}"
        )
    return ASSUMPTIONS[name]
