"""Splits of the queries, and groups: a relevant document and 15 sampled negatives.

No query is in two splits: one split trains the teacher, one the students, and one is
held out. A sampling draws negatives from the 50 best non-relevant documents of a
ranking, or from the whole corpus. A group contains no document twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rankbound.catalogue import SAMPLINGS
from rankbound.commands.demo.retrieval import Ints

TEACHER, STUDENT, HELD_OUT = SPLITS = ("teacher", "student", "heldout")
NEGATIVES = 15
MINING_DEPTH = 50


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes of a demo; with too few docstrings, all splits shrink in proportion."""

    documents: int = 9000
    teacher_queries: int = 1000
    student_queries: int = 4000
    heldout_queries: int = 1500
    dimensions: int = 192


@dataclass(frozen=True, slots=True)
class Plan:
    """The queries: their names, the documents that they seek, and their splits.

    `positives` holds the document of each query, shape (n_queries,). It is increasing,
    so that queries are numbered in the order of their documents. `splits` maps
    "teacher", "student" and "heldout" to increasing query codes.
    """

    qids: list[str]
    positives: Ints
    splits: Mapping[str, Ints]

    @property
    def heldout(self) -> Ints:
        """The queries that are not used for training."""
        return self.splits[HELD_OUT]


def plan_queries(n_docs: int, *, sizes: Sizes, rng: np.random.Generator) -> Plan:
    """Choose the documents that are sought, and assign their queries to splits.

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
    # Integer arithmetic, so that with enough documents the sizes are exact.
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


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of one sampling, one row per query, with the relevant document first.

    `docs` has shape (n_queries, 16). `filled` counts the queries whose ranking was too
    short, so that some of their negatives are random.
    """

    sampling: str
    docs: Ints
    filled: int


def random_negatives(positives: Ints, *, n_docs: int, rng: np.random.Generator) -> Ints:
    """Draw 15 negatives per query, uniformly from the corpus.

    Parameters
    ----------
    positives : array of int, shape (n_queries,)
        Code of the relevant document of each query, which is never drawn.
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
    # Codes from the positive on are shifted by one, so that it is never drawn.
    return drawn + (drawn >= positives[:, None])


def mined_negatives(
    rankings: Sequence[Ints],
    positives: Ints,
    reserve: Ints,
    *,
    rng: np.random.Generator,
) -> tuple[Ints, int]:
    """Draw 15 negatives per query, uniformly from the 50 best of its ranking.

    Parameters
    ----------
    rankings : sequence of arrays of int
        Document codes of each query, best first.
    positives : array of int, shape (n_queries,)
    reserve : array of int, shape (n_queries, 15)
        Random negatives, the first of which complete the negatives of a short ranking.
    rng : numpy.random.Generator

    Returns
    -------
    tuple of (array of int, shape (n_queries, 15), int)
        The negatives, and the number of queries that needed random ones.
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
    """Draw groups of 16 by all samplings for the same queries.

    Parameters
    ----------
    rankings : mapping of sequences of arrays of int
        By sampling, the rankings of every query. A sampling without rankings has
        random negatives.
    positives : array of int, shape (n_queries,)
    reserve : array of int, shape (n_queries, 15)
        The random negatives, which also complete those of short rankings.
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
