"""What `inspect` says about vectors: lengths, zeros, duplicates, values not finite."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rankbound.bounds.wording import counted
from rankbound.commands.inspect.result import Finding, VectorCounts, share
from rankbound.data.columns import Floats, Integers
from rankbound.data.embeddings import Embeddings
from rankbound.estimators.shape import (
    VectorFacts,
    equal_sets,
    near_pairs,
    vector_facts,
)


@dataclass(frozen=True, slots=True, eq=False)
class Vectors:
    """Vectors with everything that a pass over them found.

    `sets` are the rows of each set of equal vectors; `near` the pairs that are closer
    than a thousandth of the median length, with their distances, or None where they
    are too many to look for.
    """

    embeddings: Embeddings
    facts: VectorFacts
    sets: list[Integers]
    near: tuple[Integers, Floats] | None

    def counts(self) -> VectorCounts:
        """The facts of the result."""
        return VectorCounts(
            dim=self.embeddings.dim,
            dtype=str(self.embeddings.vectors.dtype),
            norms=_ends(self.facts.norms[self.facts.finite]),
            unit_share=self.facts.unit_share,
            zero=len(self.facts.zero),
            not_finite=int(np.sum(~self.facts.finite)),
            equal_sets=len(self.sets),
            equal_vectors=sum(len(rows) for rows in self.sets),
            near_pairs=None if self.near is None else len(self.near[0]),
        )

    def id_of(self, row: int) -> str:
        """The id of a row."""
        return str(self.embeddings.ids[row])


def _ends(norms: Floats) -> tuple[float, float, float] | None:
    """Least, mean and largest length."""
    if not norms.size:
        return None
    return float(norms.min()), float(norms.mean()), float(norms.max())


def survey(embeddings: Embeddings) -> Vectors:
    """Look at all vectors once, and for near duplicates once more."""
    facts = vector_facts(embeddings.vectors)
    finite = np.flatnonzero(facts.finite)
    sets = [finite[rows] for rows in equal_sets(facts.digests[finite])]
    near = near_pairs(embeddings.vectors, facts)
    return Vectors(embeddings, facts, sets, near)


def vector_findings(vectors: Vectors) -> list[Finding | None]:
    """Findings on vectors by themselves."""
    return [
        _not_finite(vectors),
        _zero(vectors),
        _equal(vectors),
        _near(vectors),
        _lengths(vectors),
    ]


def _not_finite(vectors: Vectors) -> Finding | None:
    bad = np.flatnonzero(~vectors.facts.finite)
    if not len(bad):
        return None
    return Finding(
        "not-finite",
        "error",
        len(bad),
        f"{share(len(bad), len(vectors.facts.finite))} vectors hold NaN or infinity",
        "embed these texts again",
        f"id {vectors.id_of(bad[0])!r}",
    )


def _zero(vectors: Vectors) -> Finding | None:
    zero = vectors.facts.zero
    if not len(zero):
        return None
    return Finding(
        "zero-vectors",
        "warning",
        len(zero),
        f"{share(len(zero), len(vectors.facts.norms))} vectors are zero",
        "embed these texts again: a zero vector has no direction",
        f"id {vectors.id_of(zero[0])!r}",
    )


def _equal(vectors: Vectors) -> Finding | None:
    if not vectors.sets:
        return None
    count = sum(len(rows) for rows in vectors.sets)
    largest = max(vectors.sets, key=len)
    names = ", ".join(repr(vectors.id_of(row)) for row in largest[:4])
    return Finding(
        "equal-vectors",
        "warning",
        count,
        f"{counted(count, 'vector')} in {counted(len(vectors.sets), 'set')} are "
        "equal to "
        f"another one, up to {len(largest):,} at once: duplicate or empty texts",
        "remove duplicates: they are pairs at distance 0",
        names,
    )


def _near(vectors: Vectors) -> Finding | None:
    if vectors.near is None:
        return Finding(
            "near-duplicates-unknown",
            "note",
            len(vectors.facts.norms),
            "too many vectors, or too many in one place, to look for near duplicates",
            "look at a sample of them",
        )
    pairs, distances = vectors.near
    if not len(pairs):
        return None
    names = " and ".join(repr(vectors.id_of(row)) for row in pairs[0])
    return Finding(
        "near-duplicate-vectors",
        "note",
        len(pairs),
        f"{counted(len(pairs), 'pair')} of vectors less than a thousandth of their "
        f"length apart, the closest by {float(distances.min()):.2g}",
        "take them for duplicates: one text embedded in two batches, or nearly",
        names,
    )


def _lengths(vectors: Vectors) -> Finding | None:
    unit = vectors.facts.unit_share
    if unit in (0.0, 1.0) or not vectors.facts.finite.any():
        return None
    norms = vectors.facts.norms[vectors.facts.finite]
    return Finding(
        "mixed-lengths",
        "note",
        int(np.sum(np.abs(norms - 1) > 1e-2)),
        f"{unit:.1%} of the vectors have length 1, others from {norms.min():.4g} to "
        f"{norms.max():.4g}",
        "normalise all vectors or none",
    )
