"""Groups of 16 documents: the one sought and 15 negatives drawn in several ways.

The samplings of the catalogue draw from the first 50 wrong documents of a ranking, or
without one from the whole corpus. The relevant document is never a negative, and no
document stands twice in a group.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rankbound.catalogue import SAMPLINGS
from rankbound.commands.demo.retrieval import Ints

NEGATIVES = 15
MINING_DEPTH = 50


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups of one sampling, one row per query, the relevant document first.

    `docs` has shape (n_queries, 16); `filled` counts the queries whose ranking was too
    short, so that some of their negatives are random ones.
    """

    sampling: str
    docs: Ints
    filled: int


def random_negatives(positives: Ints, *, n_docs: int, rng: np.random.Generator) -> Ints:
    """15 documents per query, uniform over the corpus without the relevant one.

    Parameters
    ----------
    positives : array of int, shape (n_queries,)
        Code of the relevant document of each query.
    n_docs : int
        Size of the corpus, above 15.
    rng : numpy.random.Generator

    Returns
    -------
    array of int, shape (n_queries, 15)

    Examples
    --------
    >>> drawn = random_negatives(np.array([3]), n_docs=16, rng=np.random.default_rng(0))
    >>> sorted(drawn[0].tolist()) == [code for code in range(16) if code != 3]
    True
    """
    drawn = np.stack(
        [rng.choice(n_docs - 1, size=NEGATIVES, replace=False) for _ in positives]
    )
    # Codes from the positive on move up by one, which leaves exactly it out.
    return drawn + (drawn >= positives[:, None])


def mined_negatives(
    rankings: Sequence[Ints],
    positives: Ints,
    reserve: Ints,
    *,
    rng: np.random.Generator,
) -> tuple[Ints, int]:
    """15 documents per query, uniform over the first 50 wrong ones of a ranking.

    Parameters
    ----------
    rankings : sequence of arrays of int
        Document codes of each query, best first.
    positives : array of int, shape (n_queries,)
    reserve : array of int, shape (n_queries, 15)
        Random negatives; the first of them fill up what a short ranking leaves open.
    rng : numpy.random.Generator

    Returns
    -------
    tuple of (array of int, shape (n_queries, 15), int)
        The negatives, and how many queries had to be filled up.
    """
    rows, filled = [], 0
    for ranking, positive, spare in zip(rankings, positives, reserve, strict=True):
        wrong = ranking[ranking != positive][:MINING_DEPTH]
        drawn = rng.choice(wrong, size=min(NEGATIVES, wrong.size), replace=False)
        unused = spare[~np.isin(spare, drawn)]
        filled += int(drawn.size < NEGATIVES)
        rows.append(np.concatenate([drawn, unused])[:NEGATIVES])
    return np.stack(rows).astype(np.int64), filled


def draw_groups(
    rankings: Mapping[str, Sequence[Ints]],
    positives: Ints,
    reserve: Ints,
    *,
    rng: np.random.Generator,
) -> dict[str, Groups]:
    """Groups of 16 of all samplings for the same queries.

    Parameters
    ----------
    rankings : mapping of sequences of arrays of int
        By sampling, the rankings of every query; without one, negatives are random.
    positives : array of int, shape (n_queries,)
    reserve : array of int, shape (n_queries, 15)
        The random negatives, also used to fill up short rankings.
    rng : numpy.random.Generator
    """
    groups = {}
    for sampling in SAMPLINGS:
        negatives, filled = reserve, 0
        if sampling in rankings:
            negatives, filled = mined_negatives(
                rankings[sampling], positives, reserve, rng=rng
            )
        docs = np.column_stack([positives, negatives])
        groups[sampling] = Groups(sampling, docs, filled)
    return groups
