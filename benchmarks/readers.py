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
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from rankbound.data.scores import Scores

QUERIES, DEPTH, DOCUMENTS = 5_000, 1_000, 1_000_000
KEYS = ("query_id", "doc_id_a", "doc_id_b")
REPEATS = 5
GROUPS, SIZE = 200_000, 16
MIXED = 0x9E3779B97F4A7C15  # makes digits of a number that look random
STRINGS = "ours with ids as strings"
DICTIONARIES = "pyarrow's dictionaries"
BY_LINES = "ours line by line"
INFLATE = "inflating alone"


def table(rng: np.random.Generator, queries: int) -> Iterator[tuple[str, Any, Any]]:
    """Queries with documents and scores, best first, as a reranker leaves them."""
    for query in range(queries):
        docnos = rng.choice(DOCUMENTS, DEPTH, replace=False).tolist()
        scores = np.sort(rng.normal(0, 5, DEPTH))[::-1]
        yield f"{1_000_000 + 37 * query}", docnos, scores.astype(np.float32).tolist()


def write_run(
    path: Path, queries: int, *, distinct: bool = False, words: bool = False
) -> None:
    """A gzipped TREC run with six decimals, as Anserini and Pyserini write it.

    Documents are numbers, or `words` of 16 hexadecimal digits, and come back in many
    queries, or are `distinct` in the whole file.
    """
    numbers = np.random.default_rng(1).permutation(queries * DEPTH).tolist()
    with gzip.open(path, "wb", compresslevel=6) as stream:
        for place, (qid, docnos, scores) in enumerate(
            table(np.random.default_rng(0), queries)
        ):
            if distinct:
                docnos = numbers[place * DEPTH : (place + 1) * DEPTH]
            if words:
                docnos = [f"d{number * MIXED % 2**64:016x}" for number in docnos]
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


def write_groups(path: Path, queries: int) -> None:
    """Training groups as JSON lines, gzipped where the name says so."""
    rng = np.random.default_rng(0)
    opened = partial(gzip.open, compresslevel=6) if path.suffix == ".gz" else open
    with opened(path, "wt") as stream:
        for query in range(queries):
            docnos = rng.choice(DOCUMENTS, SIZE, replace=False).astype(str).tolist()
            row = {"query_id": str(1_000_000 + 37 * query), "doc_id_a": docnos[0]}
            stream.write(json.dumps({**row, "doc_id_b": docnos[1:]}) + "\n")


def our_groups(path: str) -> object:
    """Columns with codes, every group checked for a document that stands twice."""
    from rankbound.read.reading import read_groups

    return read_groups(path)


def our_lines(path: str) -> object:
    """The same from the careful reader, which takes over where lines are irregular."""
    from rankbound.read.json.groups import read_lines
    from rankbound.read.source import Source

    return read_lines(Source(Path(path)))


def group_loop(path: str) -> object:
    """`json.loads` for every line, and only the ids collected."""
    found: list[list[Any]] = [[], [], []]
    opened = gzip.open if path.endswith(".gz") else open
    with opened(path, "rt") as stream:
        for line in stream:
            row = json.loads(line)
            for column, key in zip(found, KEYS, strict=True):
                column.append(row[key])
    return found


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


def dictionaries(path: str) -> object:
    """Columns with sorted dictionaries of ids: no order of rows, and no checks."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.csv as pacsv

    names = ["qid", "q0", "docno", "rank", "score", "tag"]
    ids = pa.dictionary(pa.int32(), pa.string())
    found = pacsv.read_csv(
        path,
        read_options=pacsv.ReadOptions(column_names=names),
        parse_options=pacsv.ParseOptions(delimiter=" ", quote_char=False),
        convert_options=pacsv.ConvertOptions(
            include_columns=["qid", "docno", "score"],
            column_types={"qid": ids, "docno": ids, "score": pa.float64()},
        ),
    )
    docnos = found["docno"].unify_dictionaries().chunk(0).dictionary
    return found, pc.sort_indices(docnos)


def ir_measures_run(path: str) -> object:
    """The peer that evaluation scripts use, into the same dict of dicts."""
    import ir_measures

    run: dict[str, dict[str, float]] = {}
    for row in ir_measures.read_trec_run(path):
        run.setdefault(row.query_id, {})[row.doc_id] = row.score
    return run


def ranx_run(path: str) -> object:
    """The peer that is fastest at evaluating, where it is installed."""
    from ranx import Run

    return Run.from_file(path, kind="trec")


def inflate(path: str) -> object:
    """The limit: unpacking the bytes alone, with the library that is there."""
    try:
        from isal import igzip as library
    except ImportError:
        library = gzip
    with library.open(path) as stream:
        while stream.read(1 << 20):
            pass
    return None


def json_load(path: str) -> object:
    """The standard library's parser."""
    with gzip.open(path) as stream:
        return json.load(stream)


RIVALS: dict[str, Callable[[str], object]] = {
    "ours": ours,
    STRINGS: ours_and_strings,
    "loop": loop,
    DICTIONARIES: dictionaries,
    "ir_measures": ir_measures_run,
    "ranx": ranx_run,
    INFLATE: inflate,
    "json.load": json_load,
    "our groups": our_groups,
    BY_LINES: our_lines,
    "json.loads": group_loop,
}
FOR_GROUPS = ("our groups", BY_LINES, "json.loads")
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
        if name in FOR_GROUPS:
            write_groups(path, 1)
            RIVALS[name](str(path))
            return
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


def rows() -> Iterator[str]:
    """Lines of the table: ours, and each rival's time and memory as multiples."""
    scores = f"{QUERIES * DEPTH:,} scores"
    there = () if find_spec("ranx") is None else ("ranx",)
    runs = ("ours", STRINGS, "loop", "ir_measures", *there, INFLATE)
    lookups = ("ours", STRINGS)
    yield compared(f"run.gz, {scores}", "run.gz", write_run, QUERIES, runs)
    names = (*lookups, "json.load", INFLATE)
    yield compared(f"lookup json.gz, {scores}", "l.gz", write_lookup, QUERIES, names)
    yield from group_rows()


def id_rows() -> Iterator[str]:
    """The lines about runs with ids of every kind."""
    for words in (False, True):
        for distinct in (False, True):
            kind = "all distinct" if distinct else "shared"
            kind += " words" if words else " numbers"
            title = f"run.gz, {QUERIES * DEPTH:,} scores, {kind}"
            write = partial(write_run, distinct=distinct, words=words)
            yield compared(title, "run.gz", write, QUERIES, ("ours", DICTIONARIES))


def group_rows() -> Iterator[str]:
    """The lines about training groups alone."""
    for name in ("groups.jsonl", "groups.jsonl.gz"):
        title = f"{name}, {GROUPS:,} x {SIZE}"
        yield compared(title, name, write_groups, GROUPS, FOR_GROUPS)


def compared(
    title: str,
    name: str,
    write: Callable[..., None],
    queries: int,
    names: tuple[str, ...],
) -> str:
    """One line of the table: rivals in turn, the first of which is ours."""
    found: dict[str, list[tuple[float, float]]] = {rival: [] for rival in names}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        write(path, queries)
        for _ in range(REPEATS):
            for rival in names:
                found[rival].append(measured(rival, path))
    medians = {
        rival: [statistics.median(column) for column in zip(*runs, strict=True)]
        for rival, runs in found.items()
    }
    return line(title, medians)


def line(title: str, medians: dict[str, list[float]]) -> str:
    """One line of the table.

    Examples
    --------
    >>> line("x", {"ours": [0.5, 100.0], "loop": [2.0, 300.0]})
    '| x | 0.50 s, 100 MiB | loop 4.0x the time, 3.0x the memory |'
    """
    ours, *rivals = medians
    seconds, memory = medians[ours]
    others = "; ".join(
        f"{name} {medians[name][0] / seconds:.1f}x the time, "
        f"{medians[name][1] / memory:.1f}x the memory"
        for name in rivals
    )
    return f"| {title} | {seconds:.2f} s, {memory:.0f} MiB | {others} |"
