"""Write the files of the demo, in the formats that users have.

Runs, judgements, query vectors and the groups in `groups/` belong to held-out queries
only; `train/` holds the groups on which the students were trained. The same content
always gives the same bytes: compressed files contain no time or name, lines end in a
line feed on every system, and numbers are written so that they are read back exactly.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# No stubs exist for it; scikit-learn installs it.
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from rankbound.catalogue import SAMPLINGS
from rankbound.commands.demo.corpus import PACKAGES
from rankbound.commands.demo.experiment import (
    HELD_OUT,
    STUDENT,
    Experiment,
    Sizes,
    run_experiment,
)
from rankbound.commands.demo.models import project
from rankbound.commands.demo.retrieval import Run
from rankbound.data.columns import Integers
from rankbound.read.source import SUFFIXES, packed

_FOLDER_OF_SPLIT = {STUDENT: "train", HELD_OUT: "groups"}
# Level 6 takes half the time of level 9, and files are two per cent larger.
_COMPRESSION = 6
_LINES_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """The paths of all files relative to `root`, and how much they hold.

    `groups` (held-out queries), `train` (the students' training queries) and
    `query_vectors` (held-out queries, one student per sampling) are keyed by sampling,
    and `runs` by system. A student's score is the dot product of its query vector with
    the corpus vector. `n_queries` counts the queries of each split. `n_filled` counts
    the held-out queries of each sampling whose ranking was too short, so that their
    groups contain random documents.
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
        The folder to write into. Files of an earlier run are overwritten.
    seed : int
        At least 0. The same seed and installation give the same bytes.
    progress : callable
        Called with a short description before each stage.
    packages : sequence of str
        Packages to read; those that are not installed are skipped.
    sizes : Sizes, optional

    Returns
    -------
    DemoFiles

    Raises
    ------
    ValueError
        When the packages have too few docstrings.
    """
    # Rounding depends on the number of threads that share a sum, so the demo uses one,
    # however many this process may use.
    with threadpool_limits(limits=1):
        experiment = run_experiment(
            packages, sizes=sizes or Sizes(), seed=seed, progress=progress
        )
        progress("writing files")
        return write_experiment(out, experiment)


def write_experiment(out: Path, experiment: Experiment) -> DemoFiles:
    """Write everything that was built, and return the paths."""
    plan, drawn = experiment.plan, experiment.groups
    lookup = _teacher_lookup(experiment)
    write_scores(out / "teacher/teacher.scores.json.gz", lookup)
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
    # The name of the function is left out of the title, since it often repeats the
    # query.
    write_records(
        out / "corpus.jsonl",
        (
            {"_id": document.docno, "title": "", "text": document.text}
            for document in documents
        ),
    )
    write_records(
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
    write_qrels(
        out / "qrels.trec",
        ((plan.qids[query], sought[query].docno) for query in heldout),
    )


def _write_runs(out: Path, experiment: Experiment) -> dict[str, str]:
    retrieved, plan = experiment.retrieved, experiment.plan
    paths = {}
    for run in (retrieved.bm25, retrieved.lsa, retrieved.rrf):
        paths[run.name] = f"runs/{run.name}.run.gz"
        write_run(
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
        write_groups(
            out / paths[sampling],
            groups.docs,
            queries=plan.splits[split],
            qids=plan.qids,
            docnos=_docnos(experiment),
        )
    return paths


def _write_vectors(out: Path, experiment: Experiment) -> dict[str, str]:
    """Write the corpus vectors, and each student's vectors of held-out queries."""
    retrieved, plan = experiment.retrieved, experiment.plan
    heldout = plan.heldout
    write_vectors(out / "embeddings/lsa.corpus.npy", retrieved.doc_vectors)
    write_lines(out / "embeddings/lsa.corpus.ids.txt", _docnos(experiment))
    write_lines(
        out / "embeddings/queries.ids.txt",
        (plan.qids[query] for query in heldout.tolist()),
    )
    paths = {}
    for sampling, student in experiment.students.items():
        paths[sampling] = f"embeddings/{sampling}.queries.npy"
        queries = retrieved.query_vectors[heldout].astype(np.float64)
        write_vectors(out / paths[sampling], project(student, queries))
    return paths


def _teacher_lookup(experiment: Experiment) -> dict[str, dict[str, float]]:
    """Look up the teacher score of every document of a group, by names."""
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


def write_lines(path: Path, lines: Iterable[str]) -> None:
    r"""Write lines as UTF-8, compressed if the name ends in `.gz`.

    Missing folders are created.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_lines(Path(folder) / "a" / "b.txt", ["one", "two"])
    ...     (Path(folder) / "a" / "b.txt").read_bytes()
    b'one\ntwo\n'
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    packing = SUFFIXES.get(path.suffix, "none")
    with packed(path, packing, level=_COMPRESSION) as stream:
        stream.writelines(_encoded(lines))


def write_records(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """Write one JSON object per line, the format of BEIR's corpus and queries."""
    write_lines(path, (json.dumps(record, ensure_ascii=False) for record in records))


def write_qrels(path: Path, relevant: Iterable[tuple[str, str]]) -> None:
    """Write judgements `qid 0 docno 1`, one for each relevant document."""
    write_lines(path, (f"{qid} 0 {docno} 1" for qid, docno in relevant))


def write_run(
    path: Path,
    run: Run,
    *,
    queries: Integers,
    qids: Sequence[str],
    docnos: Sequence[str],
) -> None:
    """Write the rankings of some queries in six columns, `qid Q0 docno rank score tag`.

    Parameters
    ----------
    path : pathlib.Path
    run : Run
    queries : array of int
        Codes of the queries to write, in the order to write them.
    qids, docnos : sequences of str
        Names of all queries and documents, by code.
    """
    write_lines(path, _run_lines(run, queries, qids, docnos))


def write_groups(
    path: Path,
    docs: Integers,
    *,
    queries: Integers,
    qids: Sequence[str],
    docnos: Sequence[str],
) -> None:
    """Write groups: the query, its relevant document, and the list of its negatives.

    `docs` has shape (n_queries, group_size), with the relevant document first. Its rows
    are those of `queries`.
    """
    write_records(
        path,
        (
            {
                "query_id": qids[query],
                "doc_id_a": docnos[row[0]],
                "doc_id_b": [docnos[code] for code in row[1:]],
            }
            for query, row in zip(queries.tolist(), docs.tolist(), strict=True)
        ),
    )


def write_scores(path: Path, scores: Mapping[str, Mapping[str, float]]) -> None:
    """Write `{qid: {docno: score}}` as one JSON object, with one query per line."""
    write_lines(path, _lookup_lines(scores))


def write_vectors(path: Path, vectors: NDArray[np.float32]) -> None:
    """Write a matrix of vectors, one row each, as `.npy`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.ascontiguousarray(vectors), allow_pickle=False)


def _run_lines(
    run: Run, queries: Integers, qids: Sequence[str], docnos: Sequence[str]
) -> Iterator[str]:
    for query in queries.tolist():
        part = slice(run.offsets[query], run.offsets[query + 1])
        # The repr of a Python float is the shortest text that reads back exactly
        ranked = zip(run.docs[part].tolist(), run.scores[part].tolist(), strict=True)
        for rank, (code, score) in enumerate(ranked, start=1):
            yield f"{qids[query]} Q0 {docnos[code]} {rank} {score!r} {run.name}"


def _lookup_lines(scores: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    opening = "{"
    for qid, row in scores.items():
        yield f"{opening}{json.dumps(qid)}: {json.dumps(row)}"
        opening = ","
    yield "}" if scores else "{}"


def _encoded(lines: Iterable[str]) -> Iterator[bytes]:
    """Join lines in batches, since compressing line by line is slow."""
    batch: list[str] = []
    for line in lines:
        batch.append(line)
        if len(batch) == _LINES_AT_ONCE:
            yield ("\n".join(batch) + "\n").encode()
            batch = []
    if batch:
        yield ("\n".join(batch) + "\n").encode()
