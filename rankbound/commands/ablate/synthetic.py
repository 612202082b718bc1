"""Synthetic worlds: a collection that is drawn from a known law.

A world has finitely many kinds of queries with known probabilities, and documents, all
of whose vectors have unit length. The teacher's log-odds are a bilinear form of both
vectors plus bounded noise, which is part of the law: a kind and a document have one
score. What is drawn are queries, independently, and their groups, by the samplings of
`sample`. So the essential diameter, the teacher's entropy, the density ratios of
samplings, and the risk of any student that scores kinds and documents are finite sums,
which `GroupLaw` computes. Texts are words that lie near the vectors, so that BM25 finds
what the teacher likes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rankbound.commands.sample.run import SampleOptions
from rankbound.data.columns import Booleans, Floats, Integers, Strings, positions
from rankbound.data.columns import strings as as_strings
from rankbound.data.scores import Kind, Scores
from rankbound.errors import UsageError
from rankbound.validation.group_laws import GroupLaw

SYNTHETIC: Final = "synthetic"
KINDS, DOCUMENTS, DRAWN = 48, 160, 480
WIDTH: Final = 8  # of vectors
NEAR: Final = 0.2  # noise of a query's vector around the document that it seeks
SLOPE, OFFSET, NOISE = 8.0, 5.0, 1.5  # of the teacher's log-odds
TURN: Final = np.pi / 3  # between what the teacher and what students see of a query
WORDS: Final = ["".join(one) for one in product("bdgk", "aeiou", "lmnr", "aio")]
OF_DOCUMENT, OF_QUERY = 10, 2  # words of a text


def seed_of(place: str) -> int | None:
    """The seed of "synthetic" or "synthetic:SEED"; None for other places.

    Raises
    ------
    UsageError
        For a seed that is no number of at least 0.

    Examples
    --------
    >>> seed_of("synthetic"), seed_of("synthetic:7"), seed_of("data/synthetic")
    (0, 7, None)
    """
    name, colon, seed = place.partition(":")
    if name != SYNTHETIC:
        return None
    if not colon:
        return 0
    if not seed.isascii() or not seed.isdigit():
        raise UsageError(
            f"{place}: a seed must be a whole number of at least 0, got {seed!r}; give "
            f"such as '{SYNTHETIC}:7'"
        )
    return int(seed)


def name_of(seed: int) -> str:
    """The name of a world: "synthetic", or such as "synthetic-7"."""
    return f"{SYNTHETIC}-{seed}" if seed else SYNTHETIC


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """The law: kinds of queries with their probabilities, and documents.

    Attributes
    ----------
    seed : int
        Equal seeds give equal worlds.
    weights : float64 array, shape (n_kinds,)
        Probability of each kind.
    queries, documents : float64 arrays, shape (n_kinds, dim) and (n_documents, dim)
        Of unit length, as the teacher sees them. Students see queries turned by a
        rotation that is the same in all worlds, which a bilinear form can learn.
    teacher : float64 array, shape (n_kinds, n_documents)
        Log-odds.
    sought : int64 array, shape (n_kinds,)
        The relevant document of each kind.

    Examples
    --------
    >>> world = World.of(0)
    >>> world.teacher.shape, round(float(world.weights.sum()), 9)
    ((48, 160), 1.0)
    >>> law = world.law("random", size=8)
    >>> round(law.entropy(world.in_pools(law, world.teacher)), 3)
    0.225
    """

    seed: int
    weights: Floats
    queries: Floats
    documents: Floats
    teacher: Floats
    sought: Integers

    @classmethod
    def of(cls, seed: int) -> World:
        """Draw the law itself."""
        rng = np.random.default_rng([seed, 20])
        documents = _unit(rng.normal(size=(DOCUMENTS, WIDTH)))
        sought = rng.permutation(DOCUMENTS)[:KINDS]
        near = NEAR * rng.normal(size=(KINDS, WIDTH))
        queries = _unit(documents[sought] + near)
        noise = rng.uniform(-NOISE, NOISE, (KINDS, DOCUMENTS))
        common = 1 / np.sqrt(np.arange(1.0, KINDS + 1))
        return cls(
            seed=seed,
            weights=common / common.sum(),
            queries=queries,
            documents=documents,
            teacher=SLOPE * queries @ documents.T - OFFSET + noise,
            sought=sought.astype(np.int64),
        )

    @property
    def name(self) -> str:
        """Such as "synthetic-7"."""
        return name_of(self.seed)

    @property
    def docnos(self) -> Strings:
        """Ids of the documents, in their order."""
        return as_strings([f"d{one:03}" for one in range(len(self.documents))])

    @property
    def kinds(self) -> Strings:
        """Ids of the kinds, in their order: of a query that stands for each."""
        return as_strings([f"kind{one:02}" for one in range(len(self.weights))])

    @property
    def seen(self) -> NDArray[np.float64]:
        """The vectors of the kinds as students see them, shape (n_kinds, dim)."""
        turn = np.eye(self.queries.shape[1])
        for one in range(0, len(turn) // 2, 2):
            turn[one : one + 2, one : one + 2] = [
                [np.cos(TURN), -np.sin(TURN)],
                [np.sin(TURN), np.cos(TURN)],
            ]
        found: NDArray[np.float64] = self.queries @ turn
        return found

    def drawn(self, n: int, rng: np.random.Generator) -> Mapping[str, int]:
        """Queries drawn independently: the kind of each by its id."""
        found = rng.choice(len(self.weights), size=n, p=self.weights)
        return {f"q{place:04}": kind for place, kind in enumerate(found.tolist())}

    def scored(self, drawn: Mapping[str, int], scores: Floats) -> Scores:
        """A model's scores of the documents for queries, from those for kinds."""
        docnos, n_docs = self.docnos, len(self.documents)
        return Scores.from_rows(
            np.repeat(np.arange(len(drawn)), n_docs),
            as_strings([*drawn]),
            np.tile(np.arange(n_docs), len(drawn)),
            docnos,
            scores[[*drawn.values()]].ravel(),
            name=self.name,
        ).with_kind(Kind.LOGIT)

    def judged(self, drawn: Mapping[str, int]) -> dict[str, dict[str, float]]:
        """The relevant document of each query."""
        docnos = self.docnos
        return {qid: {docnos[self.sought[kind]]: 1.0} for qid, kind in drawn.items()}

    def sampled(
        self,
        drawn: Mapping[str, int],
        sampling: str,
        *,
        size: int,
        depth: int | None = None,
        seed: int = 0,
    ) -> SampleOptions:
        """What draws a group for every query, by a sampling of `sample`."""
        return SampleOptions(
            teacher=self.scored(drawn, self.teacher),
            sampling=sampling,
            size=size,
            qrels=self.judged(drawn),
            depth=depth,
            seed=seed,
        )

    def law(self, sampling: str, *, size: int, depth: int | None = None) -> GroupLaw:
        """The law of the groups of a sampling."""
        of = {qid: kind for kind, qid in enumerate(self.kinds.tolist())}
        return law_of(
            self.sampled(of, sampling, size=size, depth=depth),
            dict(zip(of, self.weights.tolist(), strict=True)),
        )

    def in_pools(self, law: GroupLaw, scores: Floats) -> Floats:
        """Scores, shape (n_kinds, n_documents), by row of the pools."""
        kinds = positions(self.kinds, law.pools.group_qids())[law.pools.row_group()]
        documents = positions(self.docnos, law.pools.docnos)[law.pools.codes]
        return scores[kinds, documents]

    def vectors_in_pools(self, law: GroupLaw) -> Floats:
        """Vectors of the documents, by row of the pools."""
        return self.documents[positions(self.docnos, law.pools.docnos)[law.pools.codes]]

    def texts(self) -> tuple[list[str], list[str]]:
        """Texts of the kinds and of the documents: the words nearest to each."""
        near = _unit(np.random.default_rng(20).normal(size=(len(WORDS), WIDTH)))

        def of(vectors: Floats, n: int) -> list[str]:
            best = np.argsort(-vectors @ near.T, axis=1, kind="stable")[:, :n]
            return [" ".join(WORDS[word] for word in row) for row in best.tolist()]

        return of(self.queries, OF_QUERY), of(self.documents, OF_DOCUMENT)


def law_of(sampled: SampleOptions, weights: Mapping[str, float]) -> GroupLaw:
    """The law of groups that are drawn for queries of known probabilities.

    Pools with fewer documents than a group has are left out, as their groups are.
    """
    pools = sampled.pools()
    groups = pools.groups
    each = np.array([weights.get(qid, 0.0) for qid in groups.group_qids()])
    keep: Booleans = (each > 0) & (groups.sizes >= sampled.size)
    full = np.bincount(groups.row_group(), weights=groups.inclusion)
    keep &= np.rint(full) == sampled.size
    rows = keep[groups.row_group()]
    kept = groups.keep_groups(keep)
    # A query with several positives has as many groups, which its mean is over
    shares = each[keep] / np.bincount(kept.queries)[kept.queries]
    return GroupLaw(kept, pools.strata[rows], shares / shares.sum())


def _unit(vectors: Floats) -> Floats:
    found: Floats = vectors / np.linalg.norm(vectors, axis=1)[:, None]
    return found
