"""A distillation experiment in memory: rankings, teacher, groups and students.

The teacher is trained on its own queries and the students on others. Both then score
held-out queries, since a certificate needs queries that were not used for training. A
group has one relevant document and 15 negatives, which `sample` draws from the
documents of the query that the teacher has scored: those that a run found, the relevant
one, and some from anywhere in the corpus.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

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
from rankbound.commands.demo.retrieval import Retrieved, Run, bm25_library, retrieve
from rankbound.commands.sample.run import SampleOptions
from rankbound.data.columns import Floats, Integers, positions, strings
from rankbound.data.groups import Groups
from rankbound.data.scores import Scores

TEACHER, STUDENT, HELD_OUT = SPLITS = ("teacher", "student", "heldout")
NEGATIVES: Final = 15
UNIFORM: Final = "uniform"  # the run of documents from anywhere in the corpus


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes of a demo; with too few docstrings, all splits shrink in proportion."""

    documents: int = 7000
    teacher_queries: int = 800
    student_queries: int = 2500
    heldout_queries: int = 600
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


def plan_queries(
    n_docs: int,
    *,
    sizes: Sizes,
    rng: np.random.Generator,
    fresh: Integers | None = None,
) -> Plan:
    """Choose the documents that are sought, and assign their queries to splits.

    Parameters
    ----------
    n_docs : int
    sizes : Sizes
    rng : numpy.random.Generator
    fresh : array of int, optional
        Codes of the documents whose queries may be held out; by default all. Queries of
        the others of them are used for training like any other.

    Raises
    ------
    ValueError
        When there are too few documents for groups of 16 or for three splits.

    Examples
    --------
    >>> sizes = Sizes(teacher_queries=2, student_queries=8, heldout_queries=4)
    >>> rng = np.random.default_rng(0)
    >>> plan = plan_queries(100, sizes=sizes, rng=rng, fresh=np.arange(90, 100))
    >>> {split: len(codes) for split, codes in plan.splits.items()}
    {'teacher': 2, 'student': 8, 'heldout': 4}
    >>> plan.qids[0], int(plan.positives[plan.heldout].min()) >= 90
    ('q0001', True)
    """
    eligible = np.arange(n_docs) if fresh is None else fresh
    wanted = (sizes.teacher_queries, sizes.student_queries, sizes.heldout_queries)
    # Integer arithmetic, so that with enough documents the sizes are exact.
    usable = min(n_docs, sum(wanted))
    if sizes.heldout_queries:
        usable = min(usable, eligible.size * sum(wanted) // sizes.heldout_queries)
    counts = [count * usable // sum(wanted) for count in wanted]
    if n_docs <= NEGATIVES or min(counts) == 0:
        measured = "" if fresh is None else f", {eligible.size} of which are for those"
        raise ValueError(
            f"the demo needs at least {NEGATIVES + 1} documents and a query in each of "
            f"its three splits, the last of which is measured, found {n_docs} "
            f"docstrings{measured}; install more of numpy, scipy, scikit-learn, sympy, "
            "matplotlib and pandas, with their sources"
        )
    heldout = rng.permutation(eligible)[: counts[-1]]
    others = np.setdiff1d(np.arange(n_docs), heldout)
    chosen = np.append(rng.permutation(others)[: sum(counts[:-1])], heldout)
    positives = np.sort(chosen)
    codes = np.split(np.searchsorted(positives, chosen), np.cumsum(counts)[:-1])
    return Plan(
        qids=[f"q{number:04d}" for number in range(1, positives.size + 1)],
        positives=positives,
        splits={
            split: np.sort(part) for split, part in zip(SPLITS, codes, strict=True)
        },
    )


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


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """What the groups of the queries of one split are drawn from.

    Attributes
    ----------
    teacher : Scores
        Log-odds (nats) of the candidates of each query.
    runs : mapping of str to Scores
        Rankings by name: "bm25", "lsa", "rrf", and "uniform", which holds 15 documents
        drawn from the whole corpus, in random order.
    relevant : Scores
        The document that each query seeks, of grade 1.
    """

    teacher: Scores
    runs: Mapping[str, Scores]
    relevant: Scores

    def draw(self, sampling: str, *, seed: int) -> Groups:
        """The groups of one sampling, with the probabilities of their documents."""
        made = sample_options(
            sampling,
            teacher=self.teacher,
            runs=self.runs,
            qrels=self.relevant,
            seed=seed,
        )
        return made.draw().groups


def sample_options(
    sampling: str,
    *,
    teacher: Any,
    runs: Mapping[str, Any],
    qrels: Any,
    seed: int,
    command: str = "",
) -> SampleOptions:
    """What `sample` is told to draw by a sampling, from objects or from files."""
    how = SAMPLINGS[sampling]
    return SampleOptions(
        teacher=teacher,
        sampling=how.law,
        size=NEGATIVES + 1,
        runs={name: runs[name] for name in how.runs},
        qrels=qrels,
        depth=how.depth,
        seed=seed,
        command=command,
    )


@dataclass(frozen=True, slots=True)
class Experiment:
    """Everything that was built, before any of it is written.

    `pools` are keyed by split ("student", "heldout"), and `students` by sampling.
    """

    packages: tuple[str, ...]
    fresh: tuple[str, ...]
    documents: list[Document]
    plan: Plan
    retrieved: Retrieved
    pools: Mapping[str, Pool]
    students: Mapping[str, Student] = field(default_factory=dict)

    @property
    def docnos(self) -> list[str]:
        """The names of the documents, by code."""
        return [document.docno for document in self.documents]

    def lessons(self, split: str, groups: Groups) -> Lessons:
        """Vectors and teacher scores of the groups of a split that have 16 documents.

        A group of a query for which rankings hold too few documents is shorter.
        """
        full = groups.keep_groups(groups.sizes == NEGATIVES + 1)
        queries = positions(strings(self.plan.qids), full.group_qids())
        codes = positions(strings(self.docnos), full.docnos)[full.codes]
        values, _ = full.scores_of(self.pools[split].teacher)
        shape = (full.n_groups, NEGATIVES + 1)
        vectors = self.retrieved.doc_vectors[codes.reshape(shape)]
        return Lessons(
            queries=self.retrieved.query_vectors[queries].astype(np.float64),
            documents=vectors.astype(np.float64),
            teacher=values.reshape(shape),
        )


def run_experiment(
    packages: Sequence[str],
    *,
    fresh: Sequence[str] = (),
    sizes: Sizes,
    seed: int,
    workers: int = 1,
    progress: Callable[[str], object],
) -> Experiment:
    """Read the docstrings of the packages and distil one student per sampling.

    Parameters
    ----------
    packages : sequence of str
        Packages to read; those that are not installed are skipped.
    fresh : sequence of str
        Packages whose docstrings took part in no choice. If there are any, held-out
        queries are theirs.
    sizes : Sizes
    seed : int
        At least 0.
    workers : int
        Processes that share the reading.
    progress : callable
        Called with a short description before each stage.

    Raises
    ------
    UsageError
        When bm25s is not installed.
    ValueError
        When the packages have too few docstrings.
    """
    bm25_library()  # fails before minutes of work if it is missing
    # One stream for each use, so that a change in one does not affect the others.
    of_documents, of_splits, of_reserve = np.random.default_rng(seed).spawn(3)
    progress("reading docstrings")
    roots, new = package_roots(packages), package_roots(fresh)
    found = collect(roots, fresh=new, workers=workers)
    documents = sample_documents(found, size=sizes.documents, rng=of_documents)
    held = np.flatnonzero([document.fresh for document in documents])
    plan = plan_queries(
        len(documents), sizes=sizes, rng=of_splits, fresh=held if fresh else None
    )
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
    docnos = [document.docno for document in documents]
    pools = judge(retrieved, plan, reserve, docnos=docnos, seed=seed)
    made = Experiment(tuple(roots), tuple(new), documents, plan, retrieved, pools)
    students = {}
    for sampling in SAMPLINGS:
        progress(f"distilling a student from {sampling} groups")
        groups = pools[STUDENT].draw(sampling, seed=seed)
        students[sampling] = train_student(made.lessons(STUDENT, groups))
    return replace(made, students=students)


def judge(
    retrieved: Retrieved,
    plan: Plan,
    reserve: Integers,
    *,
    docnos: Sequence[str],
    seed: int,
) -> dict[str, Pool]:
    """Train the teacher on its own queries, and score those of the other splits.

    Parameters
    ----------
    retrieved : Retrieved
    plan : Plan
    reserve : array of int, shape (n_queries, n)
        Documents that are candidates of each query, in addition to the relevant one and
        those found by a run.
    docnos : sequence of str
        Names of the documents, by code.
    seed : int
    """
    pools = [
        candidates(retrieved, query, others=np.append(reserve[query], positive))
        for query, positive in enumerate(plan.positives.tolist())
    ]
    own = plan.splits[TEACHER].tolist()
    teacher = learn(retrieved, plan.positives, pools, queries=own, seed=seed)
    made = {}
    for split in (STUDENT, HELD_OUT):
        queries = plan.splits[split].tolist()
        names = Names([plan.qids[query] for query in queries], docnos)
        logits = score(teacher, retrieved, pools, queries=queries)
        drawn = [reserve[query] for query in queries]
        falling = np.arange(reserve.shape[1], 0, -1.0)
        runs = {UNIFORM: names.scores(UNIFORM, drawn, [falling] * len(queries))}
        runs |= {
            run.name: names.scores(run.name, *tops(run, queries))
            for run in (retrieved.bm25, retrieved.lsa, retrieved.rrf)
        }
        sought = [plan.positives[query : query + 1] for query in queries]
        made[split] = Pool(
            names.scores(TEACHER, [pools[query] for query in queries], logits),
            runs,
            names.scores("judgements", sought, [np.ones(1)] * len(queries)),
        )
    return made


def tops(run: Run, queries: Iterable[int]) -> tuple[list[Integers], list[Floats]]:
    """What a run ranked for some queries, and the scores."""
    parts = [slice(run.offsets[q], run.offsets[q + 1]) for q in queries]
    return [run.docs[part] for part in parts], [run.scores[part] for part in parts]


@dataclass(frozen=True, slots=True)
class Names:
    """The names of some queries, and of all documents by code."""

    qids: Sequence[str]
    docnos: Sequence[str]

    def scores(
        self, name: str, docs: Sequence[Integers], values: Sequence[Floats]
    ) -> Scores:
        """Scores of documents given query by query; some queries may have none."""
        sizes = np.array([len(part) for part in docs])
        held = np.flatnonzero(sizes)
        return Scores.from_rows(
            np.repeat(np.arange(held.size), sizes[held]),
            strings([self.qids[place] for place in held.tolist()]),
            np.concatenate(docs),
            strings(self.docnos),
            np.concatenate(values),
            name=name,
        )
