"""`python -m benchmarks readers`: time and memory of reading large files, as ratios.

Every rival reads the same file in a fresh process, in turn; medians of their seconds
and of the largest memory that the process ever held. The files are made from a seed.
"""

from __future__ import annotations

import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from rankbound.data.scores import Scores

QUERIES, DEPTH, DOCUMENTS = 5_000, 1_000, 1_000_000
REPEATS = 5
STRINGS = "ours with ids as strings"


def table(rng: np.random.Generator, queries: int) -> Iterator[tuple[str, Any, Any]]:
    """Queries with documents and scores, best first, as a reranker leaves them."""
    for query in range(queries):
        docnos = rng.choice(DOCUMENTS, DEPTH, replace=False).tolist()
        scores = np.sort(rng.normal(0, 5, DEPTH))[::-1]
        yield f"{1_000_000 + 37 * query}", docnos, scores.astype(np.float32).tolist()


def write_run(path: Path, queries: int) -> None:
    """A gzipped TREC run with six decimals, as Anserini and Pyserini write it."""
    with gzip.open(path, "wb", compresslevel=6) as stream:
        for qid, docnos, scores in table(np.random.default_rng(0), queries):
            pairs = enumerate(zip(docnos, scores, strict=True), start=1)
            lines = (f"{qid} Q0 {d} {rank} {s:.6f} bm25\n" for rank, (d, s) in pairs)
            stream.write("".join(lines).encode())


def write_lookup(path: Path, queries: int) -> None:
    """A gzipped ``{qid: {docno: score}}``, as ``json.dump`` writes it."""
    with gzip.open(path, "wb", compresslevel=6) as stream:
        for place, (qid, docnos, scores) in enumerate(
            table(np.random.default_rng(0), queries)
        ):
            row = json.dumps(dict(zip(map(str, docnos), scores, strict=True)))
            stream.write(f'{", " if place else "{"}"{qid}": {row}'.encode())
        stream.write(b"}")


def ours(path: str) -> Scores:
    """Columns, sorted and checked for repeats; ids are strings when asked for."""
    from rankbound.read.reading import read_scores

    return read_scores(path)


def ours_and_strings(path: str) -> object:
    """The same, and every distinct document id as a Python string."""
    scores = ours(path)
    return scores, scores.docnos


def loop(path: str) -> object:
    """Split every line into a dict of dicts, as research scripts do."""
    run: dict[str, dict[str, float]] = {}
    with gzip.open(path, "rt") as stream:
        for line in stream:
            qid, _, docno, _, score, _ = line.split()
            run.setdefault(qid, {})[docno] = float(score)
    return run


def ir_measures_run(path: str) -> object:
    """The peer that evaluation scripts use, into the same dict of dicts."""
    import ir_measures

    run: dict[str, dict[str, float]] = {}
    for row in ir_measures.read_trec_run(path):
        run.setdefault(row.query_id, {})[row.doc_id] = row.score
    return run


def json_load(path: str) -> object:
    """The standard library's parser."""
    with gzip.open(path) as stream:
        return json.load(stream)


RIVALS: dict[str, Callable[[str], object]] = {
    "ours": ours,
    STRINGS: ours_and_strings,
    "loop": loop,
    "ir_measures": ir_measures_run,
    "json.load": json_load,
}
# In a fresh process: imports stand outside the clock, their memory counts
CHILD = """
import resource, sys, time
from benchmarks.readers import RIVALS, warm
warm(sys.argv[1])
start = time.perf_counter()
held = RIVALS[sys.argv[1]](sys.argv[2])
seconds = time.perf_counter() - start
print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def warm(name: str) -> None:
    """Import what a rival needs by having it read a small file of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "small.gz")
        (write_lookup if name == "json.load" else write_run)(path, 1)
        RIVALS[name](str(path))
        if name.startswith("ours"):
            write_lookup(path, 1)
            ours(str(path))


def measured(name: str, path: Path) -> tuple[float, float]:
    """Seconds and peak memory in MiB of one reading in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, name, str(path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE"},
    )
    seconds, memory = done.stdout.split()
    return float(seconds), float(memory)


def rows(queries: int = QUERIES, repeats: int = REPEATS) -> Iterator[str]:
    """Lines of the table: ours, and each rival's time and memory as multiples."""
    cases = (
        ("run.gz", write_run, ("ours", STRINGS, "loop", "ir_measures")),
        ("lookup json.gz", write_lookup, ("ours", STRINGS, "json.load")),
    )
    with tempfile.TemporaryDirectory() as folder:
        for title, write, names in cases:
            path = Path(folder, "file.gz")
            write(path, queries)
            found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
            for _ in range(repeats):
                for name in names:
                    found[name].append(measured(name, path))
            medians = {
                name: [statistics.median(column) for column in zip(*runs, strict=True)]
                for name, runs in found.items()
            }
            yield line(f"{title}, {queries * DEPTH:,} scores", medians)


def line(title: str, medians: dict[str, list[float]]) -> str:
    """One line of the table.

    Examples
    --------
    >>> line("x", {"ours": [0.5, 100.0], "loop": [2.0, 300.0]})
    '| x | 0.50 s, 100 MiB | loop 4.0x the time, 3.0x the memory |'
    """
    seconds, memory = medians["ours"]
    others = "; ".join(
        f"{name} {theirs[0] / seconds:.1f}x the time, "
        f"{theirs[1] / memory:.1f}x the memory"
        for name, theirs in medians.items()
        if name != "ours"
    )
    return f"| {title} | {seconds:.2f} s, {memory:.0f} MiB | {others} |"
