"""`python -m benchmarks commands`: whole commands against reading their inputs.

Each command and each reading runs in a process of its own, in turn; a line has the
median of the seconds, their ratio to the fastest reading of the same files by a
library, and the most anonymous memory that the command held (pages of mapped files can
be dropped, so they do not count). The files are made from a seed, as the README names
them: a table of a teacher's scores and groups as JSON, a student's run, vectors.

The last line has two workers against one, with one thread each, and how much two
processes of nothing but arithmetic do in the time of one: more is not to be had.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

QUERIES, SIZE, DOCUMENTS, DIMENSIONS = 200_000, 16, 1_000_000, 768
REPEATS: Final = 3
SAMPLED: Final = 0.02  # seconds between two looks at the memory
BLOCK: Final = 10_000  # queries that are made and written at once
STAGE: Final = 1 << 16  # vectors that are made at once
SETTINGS: Final = {"OMP_WAIT_POLICY": "PASSIVE", "PYTHONHASHSEED": "0"}
ONE_THREAD: Final = {"OMP_NUM_THREADS": "1"}
ARITHMETIC: Final = """
import numpy as np
numbers = np.random.default_rng(0).random(100_000)
for _ in range(15_000):
    np.exp(numbers)
"""


def write_inputs(
    folder: Path, queries: int = QUERIES, *, vectors: int = DOCUMENTS
) -> None:
    """Files of a measurement and a comparison.

    Two groups for each query, which share the first document: one of documents that lie
    close to it and are scored higher, as a miner leaves them, and one of any.

    Parameters
    ----------
    folder : Path
        Gets ``teacher.json.gz`` and ``student.run.gz``, which score the documents of
        ``near.jsonl.gz``; ``both.json.gz``, which scores those of ``random.jsonl.gz``,
        too; ``docs.npy`` (float16) and ``docs.ids.txt``.
    queries : int
    vectors : int
        Number of documents.
    """
    from isal import igzip

    rng = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    with (
        igzip.open(folder / "teacher.json.gz", "wb", compresslevel=2) as teacher,
        igzip.open(folder / "both.json.gz", "wb", compresslevel=2) as both,
        igzip.open(folder / "student.run.gz", "wb", compresslevel=2) as student,
        igzip.open(folder / "near.jsonl.gz", "wb", compresslevel=2) as near,
        igzip.open(folder / "random.jsonl.gz", "wb", compresslevel=2) as other,
    ):
        for start in range(0, queries, BLOCK):
            count = min(BLOCK, queries - start)
            docs = _distinct(rng, count, 2 * SIZE - 1, vectors)
            scores = rng.normal(0, 3, docs.shape)
            scores[:, 0] += 4
            scores[:, 1:SIZE] += 2
            seen = 0.7 * scores + rng.normal(0, 1.5, docs.shape)
            table = zip(docs.tolist(), scores.tolist(), seen.tolist(), strict=True)
            for query, (ids, true, own) in enumerate(table, start):
                qid = f"{1_000_000 + 37 * query}"
                pairs = [f'"{d}": {s:.6f}' for d, s in zip(ids, true, strict=True)]
                for stream, some in ((teacher, pairs[:SIZE]), (both, pairs)):
                    row = f'"{qid}": {{{", ".join(some)}}}'
                    stream.write(f"{', ' if query else '{'}{row}".encode())
                best = zip(own[:SIZE], ids[:SIZE], strict=True)
                lines = (
                    f"{qid} Q0 {d} {rank} {s:.6f} student\n"
                    for rank, (s, d) in enumerate(sorted(best, reverse=True), start=1)
                )
                student.write("".join(lines).encode())
                for stream, chosen in ((near, ids[1:SIZE]), (other, ids[SIZE:])):
                    group = {"query_id": qid, "doc_id_a": str(ids[0])}
                    line = json.dumps({**group, "doc_id_b": [*map(str, chosen)]})
                    stream.write(f"{line}\n".encode())
        for stream in (teacher, both):
            stream.write(b"}")
    write_vectors(folder, vectors)


def _distinct(rng: np.random.Generator, rows: int, size: int, below: int) -> Any:
    """Rows of distinct numbers below a bound; what stands twice is drawn again."""
    found = rng.integers(0, below, (rows, size))
    while True:
        ordered = np.sort(found, axis=1)
        twice = (ordered[:, 1:] == ordered[:, :-1]).any(axis=1)
        if not twice.any():
            return found
        found[twice] = rng.integers(0, below, (int(twice.sum()), size))


def write_vectors(folder: Path, count: int) -> None:
    """Unit vectors around a common direction, and their ids."""
    rng = np.random.default_rng(1)
    shape = (count, DIMENSIONS)
    path = folder / "docs.npy"
    made = np.lib.format.open_memmap(path, "w+", dtype=np.float16, shape=shape)
    for start in range(0, count, STAGE):
        rows = rng.standard_normal(
            (min(STAGE, count - start), DIMENSIONS), dtype=np.float32
        )
        rows[:, 0] += 20
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        made[start : start + len(rows)] = rows
    made.flush()
    (folder / "docs.ids.txt").write_text("\n".join(map(str, range(count))) + "\n")


def read_table(path: Path) -> object:
    """A table of scores in JSON, by msgspec into dicts of floats."""
    import msgspec
    from isal import igzip

    data = igzip.decompress(path.read_bytes())
    return msgspec.json.decode(data, type=dict[str, dict[str, float]])


def read_run(path: Path) -> object:
    """A run, by polars into columns."""
    import polars as pl

    return pl.read_csv(
        path,
        separator=" ",
        has_header=False,
        quote_char=None,
        columns=[0, 2, 4],
        schema_overrides={"column_1": pl.String, "column_3": pl.String},
    )


def read_lines(path: Path) -> object:
    """Groups in JSON, one a line, by msgspec into dicts."""
    import msgspec
    from isal import igzip

    return msgspec.json.Decoder(dict[str, Any]).decode_lines(
        igzip.decompress(path.read_bytes())
    )


def read_vectors(path: Path) -> object:
    """All vectors once, through the map, and their ids by polars."""
    import polars as pl

    held = np.load(path, mmap_mode="r")
    words = held.reshape(-1).view(np.uint64)  # added as they lie, at the bandwidth
    total = int(words.sum())
    ids = path.with_name("docs.ids.txt")
    return total, pl.read_csv(ids, has_header=False, infer_schema=False)


READERS: Final[dict[str, Callable[[Path], object]]] = {
    "teacher.json.gz": read_table,
    "both.json.gz": read_table,
    "student.run.gz": read_run,
    "near.jsonl.gz": read_lines,
    "random.jsonl.gz": read_lines,
    "docs.npy": read_vectors,
}
MODELS: Final = ("--teacher", "teacher.json.gz", "--student", "s=student.run.gz")
VECTORS: Final = ("--embeddings", "docs.npy", "--ids", "docs.ids.txt")
COMMANDS: Final[dict[str, tuple[str, ...]]] = {
    "measure": ("measure", *MODELS, "--groups", "near.jsonl.gz", *VECTORS),
    "compare": (
        "compare",
        "--teacher",
        "both.json.gz",
        "--groups",
        "near=near.jsonl.gz",
        "random=random.jsonl.gz",
    ),
}


def run_reader(names: list[str]) -> None:
    """Read files of the working folder one after the other, keeping none."""
    for name in names:
        READERS[name](Path(name))


def watched(
    words: list[str], folder: Path, settings: Mapping[str, str] = SETTINGS
) -> tuple[float, float]:
    """Seconds of a process, and the most anonymous MiB that it held.

    `settings` are variables of its environment.

    Raises
    ------
    RuntimeError
        When the process fails.
    """
    start, most = time.perf_counter(), 0
    root = str(Path(__file__).parents[1])
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            words,
            cwd=folder,
            env={**os.environ, **settings, "PYTHONPATH": root},
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
        while process.poll() is None:
            most = max(most, anonymous(process.pid))
            time.sleep(SAMPLED)
        if process.returncode:
            said.seek(0)
            raise RuntimeError(said.read().decode()[-2000:])
    return time.perf_counter() - start, most / 1024


def anonymous(process: int) -> int:
    """KiB of anonymous memory of a process; 0 once it is gone."""
    try:
        text = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    found = [line.split()[1] for line in text.splitlines() if "RssAnon" in line]
    return int(found[0]) if found else 0


def command(name: str, folder: Path) -> list[str]:
    """The words of a command."""
    out = ("--out", str(folder / f"out-{name}"), "--quiet", "--force")
    return [sys.executable, "-m", "rankbound", *COMMANDS[name], *out]


def compared(name: str, folder: Path) -> str:
    """One line: a command, and the reading of its inputs."""
    words = COMMANDS[name]
    program = command(name, folder)
    files = [file for word in words if (file := word.split("=")[-1]) in READERS]
    code = "import sys; from benchmarks.commands import run_reader"
    reading = [sys.executable, "-c", f"{code}; run_reader(sys.argv[1:])", *files]
    found: dict[str, list[tuple[float, float]]] = {"read": [], "ours": []}
    for _ in range(REPEATS):
        found["read"].append(watched(reading, folder))
        found["ours"].append(watched(program, folder))
    seconds = {
        who: statistics.median(s for s, _ in runs) for who, runs in found.items()
    }
    memory = max(held for _, held in found["ours"])
    return told(name, seconds["ours"], seconds["read"], memory)


def told(name: str, ours: float, read: float, memory: float) -> str:
    """One line of the table.

    Examples
    --------
    >>> told("measure", 6.0, 4.0, 512.4)
    '| measure | 6.0 s, 512 MiB anonymous | 1.50 times the 4.0 s of reading |'
    """
    return (
        f"| {name} | {ours:.1f} s, {memory:.0f} MiB anonymous | "
        f"{ours / read:.2f} times the {read:.1f} s of reading |"
    )


def shared(name: str, folder: Path) -> str:
    """One line: a command with two workers against one, with one thread each."""
    program = command(name, folder)
    alone: list[float] = []
    both: list[float] = []
    most: list[float] = []
    for _ in range(REPEATS):
        for workers, found in ((1, alone), (2, both)):
            words = [*program, "--workers", str(workers)]
            found.append(watched(words, folder, {**SETTINGS, **ONE_THREAD})[0])
        most.append(2 * arithmetic(1) / arithmetic(2))
    one, two = statistics.median(alone), statistics.median(both)
    return (
        f"| {name} with 2 workers | {two:.1f} s | {one / two:.2f} times as fast as "
        f"with 1 ({one:.1f} s); arithmetic: {statistics.median(most):.2f} times |"
    )


def arithmetic(count: int) -> float:
    """Seconds of some processes at once that do nothing but arithmetic."""
    environment = {**os.environ, **SETTINGS, **ONE_THREAD}
    words = [sys.executable, "-c", ARITHMETIC]
    start = time.perf_counter()
    made = [subprocess.Popen(words, env=environment) for _ in range(count)]
    failed = [process for process in made if process.wait()]
    if failed:
        raise RuntimeError(f"arithmetic failed with code {failed[0].returncode}")
    return time.perf_counter() - start


def rows() -> Iterator[str]:
    """The lines of all commands."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        write_inputs(folder)
        for name in COMMANDS:
            yield compared(name, folder)
        yield shared("measure", folder)
