"""A distillation experiment in memory: rankings, teacher, groups and students.

The teacher is trained on its own queries and the students on others. Both then score
held-out queries, since a certificate needs queries that were not used for training.
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
from rankbound.commands.demo.retrieval import (
    Floats,
    Ints,
    Retrieved,
    bm25_library,
    retrieve,
)
from rankbound.commands.demo.sampling import (
    HELD_OUT,
    STUDENT,
    TEACHER,
    Groups,
    Plan,
    Sizes,
    draw_groups,
    plan_queries,
    random_negatives,
)


@dataclass(frozen=True, slots=True)
class Judged:
    """Teacher scores of candidate documents, by query code.

    `pools` holds the sorted candidates of every query, and `logits` their log-odds
    (nats), for queries on which the teacher was not trained.
    """

    pools: list[Ints]
    logits: Mapping[int, Floats]

    def scores(self, query: int, docs: Ints) -> Floats:
        """Return log-odds (nats) of candidates of one query, in the order of `docs`."""
        logits: Floats = self.logits[query]
        return logits[np.searchsorted(self.pools[query], docs)]

    def ranking(self, query: int) -> Ints:
        """Return the candidates of one query, best first."""
        order = np.argsort(-self.logits[query], kind="stable")
        ranked: Ints = self.pools[query][order]
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


def judge(retrieved: Retrieved, plan: Plan, reserve: Ints, *, seed: int) -> Judged:
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
    reserve: Ints,
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
    retrieved: Retrieved, judged: Judged, queries: Ints, docs: Ints
) -> Lessons:
    """Collect vectors and teacher scores of groups of shape (n_queries, 16)."""
    rows = zip(queries.tolist(), docs, strict=True)
    return Lessons(
        queries=retrieved.query_vectors[queries].astype(np.float64),
        documents=retrieved.doc_vectors[docs].astype(np.float64),
        teacher=np.stack([judged.scores(query, row) for query, row in rows]),
    )
