"""A distillation experiment in memory: rankings, teacher, groups and students.

The teacher is trained on its own queries and the students on others. Both then score
held-out queries, since a certificate needs queries that were not used for training.
A group has one relevant document and 15 negatives, which a sampling draws from the 50
best non-relevant documents of a ranking, or from the whole corpus. No document is in a
group twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rankbound.bounds.wording import counted
from rankbound.catalogue import SAMPLINGS
from rankbound.commands.demo.corpus import (
    Document,
    collect,
    package_roots,
    sample_documents,
)
from rankbound.commands.demo.models import (
    Lessons,
    Student,
    candidates,
    learn,
    score,
    train_student,
)
from rankbound.commands.demo.retrieval import Retrieved, bm25_library, retrieve
from rankbound.data.columns import Floats, Integers

TEACHER, STUDENT, HELD_OUT = SPLITS = ("teacher", "student", "heldout")
NEGATIVES = 15
MINING_DEPTH = 50  # non-relevant documents of a ranking


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
    positives: Integers
    splits: Mapping[str, Integers]

    @property
    def heldout(self) -> Integers:
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
    docs: Integers
    filled: int


def random_negatives(
    positives: Integers, *, n_docs: int, rng: np.random.Generator
) -> Integers:
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
    rankings: Sequence[Integers],
    positives: Integers,
    reserve: Integers,
    *,
    rng: np.random.Generator,
) -> tuple[Integers, int]:
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
    rankings: Mapping[str, Sequence[Integers]],
    positives: Integers,
    reserve: Integers,
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


@dataclass(frozen=True, slots=True)
class Judged:
    """Teacher scores of candidate documents, by query code.

    `pools` holds the sorted candidates of every query, and `logits` their log-odds
    (nats), for queries on which the teacher was not trained.
    """

    pools: list[Integers]
    logits: Mapping[int, Floats]

    def scores(self, query: int, docs: Integers) -> Floats:
        """Return log-odds (nats) of candidates of one query, in the order of `docs`."""
        logits: Floats = self.logits[query]
        return logits[np.searchsorted(self.pools[query], docs)]

    def ranking(self, query: int) -> Integers:
        """Return the candidates of one query, best first."""
        order = np.argsort(-self.logits[query], kind="stable")
        ranked: Integers = self.pools[query][order]
        return ranked


@dataclass(frozen=True, slots=True)
class Experiment:
    """Everything that was built, before any of it is written.

    `groups` is keyed by split ("student", "heldout") and then by sampling, and
    `students` by sampling.
    """

    packages: tuple[str, ...]
    documents: list[Document]
    plan: Plan
    retrieved: Retrieved
    judged: Judged
    groups: Mapping[str, Mapping[str, Groups]]
    students: Mapping[str, Student]


def run_experiment(
    packages: Sequence[str],
    *,
    sizes: Sizes,
    seed: int,
    progress: Callable[[str], object],
) -> Experiment:
    """Read the docstrings of the packages and distil one student per sampling.

    Parameters
    ----------
    packages : sequence of str
        Packages to read; those that are not installed are skipped.
    sizes : Sizes
    seed : int
        At least 0.
    progress : callable
        Called with a short description before each stage.

    Raises
    ------
    UsageError
        When bm25s is not installed.
    """
    bm25_library()  # fails before minutes of work if it is missing
    # One stream for each use, so that a change in one does not affect the others.
    of_documents, of_splits, of_reserve, of_mining = np.random.default_rng(seed).spawn(
        4
    )
    progress("reading docstrings")
    roots = package_roots(packages)
    documents = sample_documents(collect(roots), size=sizes.documents, rng=of_documents)
    plan = plan_queries(len(documents), sizes=sizes, rng=of_splits)

    progress(
        f"ranking {counted(len(documents), 'document')} for "
        f"{counted(len(plan.qids), 'query')}"
    )
    retrieved = retrieve(
        [document.text for document in documents],
        [documents[code].summary for code in plan.positives.tolist()],
        dimensions=sizes.dimensions,
        seed=seed,
    )
    progress("training the teacher")
    reserve = random_negatives(plan.positives, n_docs=len(documents), rng=of_reserve)
    judged = judge(retrieved, plan, reserve, seed=seed)

    progress("drawing groups")
    groups = {
        split: _draw(retrieved, judged, plan, reserve, split=split, rng=of_mining)
        for split in (STUDENT, HELD_OUT)
    }
    students = {}
    for sampling in SAMPLINGS:
        progress(f"distilling a student from {sampling} groups")
        docs = groups[STUDENT][sampling].docs
        lessons = _lessons(retrieved, judged, plan.splits[STUDENT], docs)
        students[sampling] = train_student(lessons)
    return Experiment(
        tuple(roots), documents, plan, retrieved, judged, groups, students
    )


def judge(retrieved: Retrieved, plan: Plan, reserve: Integers, *, seed: int) -> Judged:
    """Train the teacher on its own queries, and score the other queries with it.

    Parameters
    ----------
    retrieved : Retrieved
    plan : Plan
    reserve : array of int, shape (n_queries, n)
        Documents that are candidates of each query, in addition to the relevant one and
        those found by a run.
    seed : int
    """
    pools = [
        candidates(retrieved, query, others=np.append(reserve[query], positive))
        for query, positive in enumerate(plan.positives.tolist())
    ]
    own = plan.splits[TEACHER].tolist()
    teacher = learn(retrieved, plan.positives, pools, queries=own, seed=seed)
    others = [*plan.splits[STUDENT].tolist(), *plan.heldout.tolist()]
    scored = score(teacher, retrieved, pools, queries=others)
    return Judged(pools, dict(zip(others, scored, strict=True)))


def _draw(
    retrieved: Retrieved,
    judged: Judged,
    plan: Plan,
    reserve: Integers,
    *,
    split: str,
    rng: np.random.Generator,
) -> dict[str, Groups]:
    queries = plan.splits[split]
    codes = queries.tolist()
    rankings = {}
    for name, sampling in SAMPLINGS.items():
        if sampling.ranking:
            run = judged
            if sampling.ranking != "teacher":
                run = getattr(retrieved, sampling.ranking)
            rankings[name] = [run.ranking(query) for query in codes]
    return draw_groups(rankings, plan.positives[queries], reserve[queries], rng=rng)


def _lessons(
    retrieved: Retrieved, judged: Judged, queries: Integers, docs: Integers
) -> Lessons:
    """Collect vectors and teacher scores of groups of shape (n_queries, 16)."""
    rows = zip(queries.tolist(), docs, strict=True)
    return Lessons(
        queries=retrieved.query_vectors[queries].astype(np.float64),
        documents=retrieved.doc_vectors[docs].astype(np.float64),
        teacher=np.stack([judged.scores(query, row) for query, row in rows]),
    )
