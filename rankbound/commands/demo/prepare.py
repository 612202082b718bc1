"""Write the files of the demo, in the formats that users have.

All of them but the texts are about held-out queries: a folder that held the groups of
training queries, too, would be no data set that `validate` and `study` can read. The
teacher's file has the whole pool of each query, from which `sample` draws the groups.
The same content always gives the same bytes: compressed files contain no time or name,
lines end in a line feed on every system, and numbers are written so that they are read
back exactly.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

# No stubs exist for it; scikit-learn installs it.
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from rankbound.catalogue import SAMPLINGS
from rankbound.commands.demo.corpus import FRESH, PACKAGES
from rankbound.commands.demo.experiment import (
    HELD_OUT,
    TEACHER,
    UNIFORM,
    Experiment,
    Pool,
    Sizes,
    run_experiment,
)
from rankbound.commands.demo.models import Student, project
from rankbound.commands.demo.retrieval import DEPTH
from rankbound.data.columns import Booleans, positions, strings
from rankbound.data.ordering import ranking
from rankbound.data.scores import Scores
from rankbound.read.source import SUFFIXES, packed

# Names of runs whose file has another one: validate takes no run called "random" for a
# student, and `sample` knows a sampling of that name
FILE_OF_RUN: Final = {UNIFORM: "random"}
STUDENTS: Final = {sampling: f"student-{sampling}" for sampling in SAMPLINGS}
# Level 6 takes half the time of level 9, and files are two per cent larger.
_COMPRESSION = 6
_LINES_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """The paths of all files relative to `root`, and how much they hold.

    `groups` (where `sample` will write them) and `query_vectors` (of one student each)
    are keyed by sampling, and `runs` by system; "uniform" holds documents drawn from
    the whole corpus, and "teacher" what the teacher makes of those that BM25 and LSA
    found. A student's score is the dot product of its query vector with the corpus
    vector; `students` are the names of their runs by sampling. `n_queries` counts the
    queries of each split, and `n_fresh` the documents that held-out queries were drawn
    from, of the packages `fresh`.
    """

    root: Path
    corpus: str
    query_texts: str
    qrels: str
    runs: Mapping[str, str]
    teacher: str
    groups: Mapping[str, str]
    corpus_vectors: str
    corpus_ids: str
    query_vectors: Mapping[str, str]
    query_ids: str
    students: Mapping[str, str]
    packages: tuple[str, ...]
    fresh: tuple[str, ...]
    n_documents: int
    n_fresh: int
    n_queries: Mapping[str, int]
    n_teacher_scores: int


def prepare(  # noqa: PLR0913  what is built, and how
    out: Path,
    *,
    seed: int,
    progress: Callable[[str], object],
    packages: Sequence[str] = PACKAGES,
    fresh: Sequence[str] = FRESH,
    sizes: Sizes | None = None,
    workers: int = 1,
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
    packages, fresh : sequence of str
        Packages to read, and those whose queries are held out; those that are not
        installed are skipped.
    sizes : Sizes, optional
    workers : int
        Processes that share the reading of packages.

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
            packages,
            fresh=fresh,
            sizes=sizes or Sizes(),
            seed=seed,
            workers=workers,
            progress=progress,
        )
        progress("writing files")
        return write_experiment(out, experiment)


def write_experiment(out: Path, experiment: Experiment) -> DemoFiles:
    """Write everything that was built, and return the paths."""
    plan, pool = experiment.plan, experiment.pools[HELD_OUT]
    write_scores(out / "teacher/teacher.scores.json.gz", pool.teacher)
    _write_texts(out, experiment)
    (out / "groups").mkdir(exist_ok=True)
    return DemoFiles(
        root=out,
        corpus="corpus.jsonl",
        query_texts="queries.jsonl",
        qrels="qrels.trec",
        runs=_write_runs(out, experiment, pool),
        teacher="teacher/teacher.scores.json.gz",
        groups={name: f"groups/{name}.16.jsonl.gz" for name in SAMPLINGS},
        corpus_vectors="embeddings/lsa.corpus.npy",
        corpus_ids="embeddings/lsa.corpus.ids.txt",
        query_vectors=_write_vectors(out, experiment),
        query_ids="embeddings/queries.ids.txt",
        students=STUDENTS,
        packages=experiment.packages,
        fresh=experiment.fresh,
        n_documents=len(experiment.documents),
        n_fresh=sum(document.fresh for document in experiment.documents),
        n_queries={split: codes.size for split, codes in plan.splits.items()},
        n_teacher_scores=len(pool.teacher.values),
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


def _write_runs(out: Path, experiment: Experiment, pool: Pool) -> dict[str, str]:
    runs = {**pool.runs, TEACHER: _reranked(pool)}
    runs |= {
        STUDENTS[sampling]: _retrieved(experiment, student)
        for sampling, student in experiment.students.items()
    }
    paths = {}
    for name, run in runs.items():
        paths[name] = f"runs/{FILE_OF_RUN.get(name, name)}.run.gz"
        write_run(out / paths[name], run, tag=FILE_OF_RUN.get(name, name))
    return paths


def _retrieved(experiment: Experiment, student: Student) -> Scores:
    """The documents that a student scores highest, of all, for the held-out queries."""
    heldout = experiment.plan.heldout
    queries = experiment.retrieved.query_vectors[heldout].astype(np.float64)
    vectors = project(student, queries)
    scores = vectors.astype(np.float64) @ experiment.retrieved.doc_vectors.T
    depth = min(DEPTH, scores.shape[1])
    best = np.argpartition(-scores, depth - 1, axis=1)[:, :depth]
    return Scores.from_rows(
        np.repeat(np.arange(heldout.size), depth),
        strings([experiment.plan.qids[query] for query in heldout.tolist()]),
        best.ravel(),
        strings(experiment.docnos),
        np.take_along_axis(scores, best, axis=1).ravel(),
        name="student",
    )


def _reranked(pool: Pool) -> Scores:
    """The teacher's scores of what was found, without the documents that were added."""
    found = [_among(pool.teacher, pool.runs[name]) for name in ("bm25", "lsa")]
    return pool.teacher.keep_rows(np.logical_or(*found))


def _among(scores: Scores, held: Scores) -> Booleans:
    """Which rows of scores are documents that the same query has elsewhere."""
    query = positions(scores.qids, held.qids)[held.row_query()]
    document = positions(scores.docnos, held.docnos)[held.codes]
    keys = query * scores.n_docs + document
    return np.isin(scores.row_query() * scores.n_docs + scores.codes, keys)


def _write_vectors(out: Path, experiment: Experiment) -> dict[str, str]:
    """Write the corpus vectors, and each student's vectors of held-out queries."""
    retrieved, plan = experiment.retrieved, experiment.plan
    heldout = plan.heldout
    write_vectors(out / "embeddings/lsa.corpus.npy", retrieved.doc_vectors)
    write_lines(out / "embeddings/lsa.corpus.ids.txt", experiment.docnos)
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


def write_run(path: Path, run: Scores, *, tag: str) -> None:
    """Write rankings in six columns, `qid Q0 docno rank score tag`."""
    write_lines(path, _run_lines(run, tag))


def write_scores(path: Path, scores: Scores) -> None:
    """Write `{qid: {docno: score}}` as one JSON object, with one query per line."""
    write_lines(path, _lookup_lines(scores))


def write_vectors(path: Path, vectors: NDArray[np.float32]) -> None:
    """Write a matrix of vectors, one row each, as `.npy`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.ascontiguousarray(vectors), allow_pickle=False)


def _run_lines(run: Scores, tag: str) -> Iterator[str]:
    order = ranking(run)
    qids = run.qids[run.row_query()[order]].tolist()
    ranks = np.arange(len(order)) - np.repeat(run.offsets[:-1], run.sizes) + 1
    docnos = run.docnos[run.codes[order]].tolist()
    # The repr of a Python float is the shortest text that reads back exactly
    values = run.values[order].tolist()
    for row in zip(qids, docnos, ranks.tolist(), values, strict=True):
        yield "{} Q0 {} {} {!r} {}".format(*row, tag)


def _lookup_lines(scores: Scores) -> Iterator[str]:
    opening = "{"
    docnos, values = scores.docnos[scores.codes].tolist(), scores.values.tolist()
    for place, qid in enumerate(scores.qids):
        rows = slice(scores.offsets[place], scores.offsets[place + 1])
        row = dict(zip(docnos[rows], values[rows], strict=True))
        yield f"{opening}{json.dumps(qid)}: {json.dumps(row)}"
        opening = ","
    yield "}"


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
