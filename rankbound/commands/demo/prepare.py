"""The files of the demonstration: what people usually bring themselves.

Runs, judgements, query vectors and the groups in `groups/` belong to held-out queries
only; `train/` holds the groups that the students learned from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

# No stubs exist for it; scikit-learn brings it along.
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from rankbound.catalogue import SAMPLINGS
from rankbound.commands.demo import files
from rankbound.commands.demo.corpus import PACKAGES
from rankbound.commands.demo.experiment import Experiment, run_experiment
from rankbound.commands.demo.plan import HELD_OUT, STUDENT, Sizes
from rankbound.commands.demo.student import project

_FOLDER_OF_SPLIT = {STUDENT: "train", HELD_OUT: "groups"}


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """Where everything lies, relative to `root`, and how much there is of it.

    `groups` (held-out queries), `train` (the students' training queries) and
    `query_vectors` (held-out queries, one student per sampling) are keyed by sampling,
    `runs` by system. A student's score is the dot product of its query vector with the
    corpus vector. `queries` counts the queries of each split, `filled` the held-out
    queries of each sampling whose groups hold random documents for want of others.
    """

    root: Path
    corpus: str
    query_texts: str
    qrels: str
    runs: Mapping[str, str]
    teacher: str
    groups: Mapping[str, str]
    train: Mapping[str, str]
    corpus_vectors: str
    corpus_ids: str
    query_vectors: Mapping[str, str]
    query_ids: str
    packages: tuple[str, ...]
    n_documents: int
    n_queries: Mapping[str, int]
    n_teacher_scores: int
    n_filled: Mapping[str, int]


def prepare(
    out: Path,
    *,
    seed: int,
    progress: Callable[[str], object],
    packages: Sequence[str] = PACKAGES,
    sizes: Sizes | None = None,
) -> DemoFiles:
    """Build the collection, its rankings, teacher and students, and write them.

    Parameters
    ----------
    out : pathlib.Path
        Folder to write into; files of an earlier run are overwritten.
    seed : int
        At least 0. The same seed and installation give the same bytes.
    progress : callable
        Called with a few words before each stage.
    packages : sequence of str
        Packages to read; those that are not installed are passed over.
    sizes : Sizes, optional

    Returns
    -------
    DemoFiles

    Raises
    ------
    ValueError
        When the packages have too few docstrings.
    """
    # Rounding depends on how many threads share a sum; one thread gives the same bytes
    # however many are lent to this process.
    with threadpool_limits(limits=1):
        experiment = run_experiment(
            packages, sizes=sizes or Sizes(), seed=seed, progress=progress
        )
        progress("writing files")
        return write_experiment(out, experiment)


def write_experiment(out: Path, experiment: Experiment) -> DemoFiles:
    """Write everything that was built, and say where it lies."""
    plan, drawn = experiment.plan, experiment.groups
    lookup = _teacher_lookup(experiment)
    files.write_scores(out / "teacher/teacher.scores.json.gz", lookup)
    _write_texts(out, experiment)
    return DemoFiles(
        root=out,
        corpus="corpus.jsonl",
        query_texts="queries.jsonl",
        qrels="qrels.trec",
        runs=_write_runs(out, experiment),
        teacher="teacher/teacher.scores.json.gz",
        groups=_write_groups(out, experiment, split=HELD_OUT),
        train=_write_groups(out, experiment, split=STUDENT),
        corpus_vectors="embeddings/lsa.corpus.npy",
        corpus_ids="embeddings/lsa.corpus.ids.txt",
        query_vectors=_write_vectors(out, experiment),
        query_ids="embeddings/queries.ids.txt",
        packages=experiment.packages,
        n_documents=len(experiment.documents),
        n_queries={split: codes.size for split, codes in plan.splits.items()},
        n_teacher_scores=sum(map(len, lookup.values())),
        n_filled={sampling: drawn[HELD_OUT][sampling].filled for sampling in SAMPLINGS},
    )


def _write_texts(out: Path, experiment: Experiment) -> None:
    documents, plan = experiment.documents, experiment.plan
    split_of = {
        query: split for split, codes in plan.splits.items() for query in codes.tolist()
    }
    sought = [documents[code] for code in plan.positives.tolist()]
    # The docstring's place stays out of the title: it often names the document's task,
    # and the query would find it there.
    files.write_records(
        out / "corpus.jsonl",
        (
            {"_id": document.docno, "title": "", "text": document.text}
            for document in documents
        ),
    )
    files.write_records(
        out / "queries.jsonl",
        (
            {
                "_id": plan.qids[query],
                "text": document.summary,
                "metadata": {"split": split_of[query]},
            }
            for query, document in enumerate(sought)
        ),
    )
    heldout = plan.heldout.tolist()
    files.write_qrels(
        out / "qrels.trec",
        ((plan.qids[query], sought[query].docno) for query in heldout),
    )


def _write_runs(out: Path, experiment: Experiment) -> dict[str, str]:
    retrieved, plan = experiment.retrieved, experiment.plan
    paths = {}
    for run in (retrieved.bm25, retrieved.lsa, retrieved.rrf):
        paths[run.name] = f"runs/{run.name}.run.gz"
        files.write_run(
            out / paths[run.name],
            run,
            queries=plan.heldout,
            qids=plan.qids,
            docnos=_docnos(experiment),
        )
    return paths


def _write_groups(out: Path, experiment: Experiment, *, split: str) -> dict[str, str]:
    plan = experiment.plan
    paths = {}
    for sampling, groups in experiment.groups[split].items():
        paths[sampling] = f"{_FOLDER_OF_SPLIT[split]}/{sampling}.16.jsonl.gz"
        files.write_groups(
            out / paths[sampling],
            groups.docs,
            queries=plan.splits[split],
            qids=plan.qids,
            docnos=_docnos(experiment),
        )
    return paths


def _write_vectors(out: Path, experiment: Experiment) -> dict[str, str]:
    """Write corpus vectors and every student's vectors of the held-out queries."""
    retrieved, plan = experiment.retrieved, experiment.plan
    heldout = plan.heldout
    files.write_vectors(out / "embeddings/lsa.corpus.npy", retrieved.doc_vectors)
    files.write_lines(out / "embeddings/lsa.corpus.ids.txt", _docnos(experiment))
    files.write_lines(
        out / "embeddings/queries.ids.txt",
        (plan.qids[query] for query in heldout.tolist()),
    )
    paths = {}
    for sampling, student in experiment.students.items():
        paths[sampling] = f"embeddings/{sampling}.queries.npy"
        queries = retrieved.query_vectors[heldout].astype(np.float64)
        files.write_vectors(out / paths[sampling], project(student, queries))
    return paths


def _teacher_lookup(experiment: Experiment) -> dict[str, dict[str, float]]:
    """Teacher scores of every document in any group, by name."""
    docnos, plan = _docnos(experiment), experiment.plan
    lookup = {}
    for split in (HELD_OUT, STUDENT):
        drawn = [experiment.groups[split][sampling].docs for sampling in SAMPLINGS]
        rows: Iterable[tuple[int, np.ndarray]] = zip(
            plan.splits[split].tolist(), np.concatenate(drawn, axis=1), strict=True
        )
        for query, row in rows:
            docs = np.unique(row)
            scores = experiment.judged.scores(query, docs).tolist()
            names = [docnos[code] for code in docs.tolist()]
            lookup[plan.qids[query]] = dict(zip(names, scores, strict=True))
    return dict(sorted(lookup.items()))


def _docnos(experiment: Experiment) -> list[str]:
    return [document.docno for document in experiment.documents]
