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

TEACHER, STUDENT, HELD_OUT = SPLITS = ("teacher", "student", "heldout")


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything; fewer docstrings shrink the three splits alike."""

    documents: int = 9000
    teacher_queries: int = 1000
    student_queries: int = 4000
    heldout_queries: int = 1500
    dimensions: int = 192


@dataclass(frozen=True, slots=True)
class Plan:
    """Queries by code: their names, the documents they seek, and their splits.

    `positives` has shape (n_queries,) and is increasing, so queries are numbered in
    the order of their documents, whatever split they are in. `splits` maps "teacher",
    "student" and "heldout" to increasing query codes.
    """

    qids: list[str]
    positives: Ints
    splits: Mapping[str, Ints]

    @property
    def heldout(self) -> Ints:
        """Queries that trained nothing."""
        return self.splits[HELD_OUT]


def plan_queries(n_docs: int, *, sizes: Sizes, rng: np.random.Generator) -> Plan:
    """Choose the documents that are sought, and share their queries out.

    Raises
    ------
    ValueError
        When there are too few documents for groups of 16 or for three splits.

    Examples
    --------
    >>> sizes = Sizes(teacher_queries=2, student_queries=8, heldout_queries=4)
    >>> plan = plan_queries(100, sizes=sizes, rng=np.random.default_rng(0))
    >>> {split: len(codes) for split, codes in plan.splits.items()}
    {'teacher': 2, 'student': 8, 'heldout': 4}
    >>> plan.qids[0]
    'q0001'
    """
    wanted = (sizes.teacher_queries, sizes.student_queries, sizes.heldout_queries)
    # In whole numbers, so that enough documents give exactly what was wanted.
    usable = min(n_docs, sum(wanted))
    counts = [count * usable // sum(wanted) for count in wanted]
    if n_docs <= NEGATIVES or min(counts) == 0:
        raise ValueError(
            f"the demo needs at least {NEGATIVES + 1} documents and a query in each of "
            f"its three splits, found {n_docs} docstrings; install more of numpy, "
            "scipy, scikit-learn, sympy, matplotlib and pandas"
        )
    chosen = rng.permutation(n_docs)[: sum(counts)]
    positives = np.sort(chosen)
    codes = np.split(np.searchsorted(positives, chosen), np.cumsum(counts)[:-1])
    return Plan(
        qids=[f"q{number:04d}" for number in range(1, positives.size + 1)],
        positives=positives,
        splits={
            split: np.sort(part) for split, part in zip(SPLITS, codes, strict=True)
        },
    )


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
