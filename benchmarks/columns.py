"""`python -m benchmarks.columns [FORMAT ...]`: from every format into our Arrow file.

For each format, a file of `QUERIES` x 1,000 scores is made from a seed, converted,
read, and measured, each in a process of its own. The table has seconds, the largest
memory that a process ever held, and what that is for each score, beyond what the
interpreter and its imports take. The file itself is mapped, and its pages count.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.readers import DEPTH, table, write_run

QUERIES: Final = int(os.environ.get("RANKBOUND_BENCH_QUERIES", "2000"))

CHILD = """
import resource, sys, time
import rankbound as rb
from rankbound.read.registry import formats
rb.measure, rb.convert, formats()
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before, start = peak(), time.perf_counter()
what, *paths = sys.argv[1:]
if what == "convert":
    rb.convert(*paths, force=True)
elif what == "measure":
    rb.measure(*paths, teacher_kind="logit")
else:
    held = rb.read_scores(*paths)
print(time.perf_counter() - start, before, peak())
"""


def _rows(queries: int) -> Iterator[tuple[str, Any, Any]]:
    return table(np.random.default_rng(0), queries)


def write_text(path: Path, queries: int) -> None:
    """A TREC run as Anserini writes it, not packed."""
    with path.open("w") as stream:
        for qid, docnos, scores in _rows(queries):
            pairs = enumerate(zip(docnos, scores, strict=True), start=1)
            stream.writelines(f"{qid} Q0 {d} {r} {s:.6f} bm25\n" for r, (d, s) in pairs)


def write_frame(path: Path, queries: int, *, between: str) -> None:
    """A frame of PyTerrier as pandas writes it."""
    with path.open("w") as stream:
        stream.write(f"{between.join(('qid', 'docno', 'score'))}\n")
        for qid, docnos, scores in _rows(queries):
            pairs = zip(docnos, scores, strict=True)
            stream.writelines(
                f"{qid}{between}{docno}{between}{score!r}\n" for docno, score in pairs
            )


def write_lookup(path: Path, queries: int) -> None:
    """``{qid: {docno: score}}``, as ``json.dump`` writes it."""
    with path.open("w") as stream:
        for place, (qid, docnos, scores) in enumerate(_rows(queries)):
            row = json.dumps(dict(zip(map(str, docnos), scores, strict=True)))
            stream.write(f'{", " if place else "{"}"{qid}": {row}')
        stream.write("}")


def write_lines(path: Path, queries: int) -> None:
    """An object for each score, one a line."""
    with path.open("w") as stream:
        for qid, docnos, scores in _rows(queries):
            for docno, score in zip(docnos, scores, strict=True):
                stream.write(f'{{"qid": "{qid}", "docno": "{docno}", ')
                stream.write(f'"score": {score!r}}}\n')


def _write_pickle(path: Path, queries: int, of: Callable[[Any], Any]) -> None:
    known = [of(number) for number in range(1_000_000)]  # one object for each id
    held = {
        of(qid): dict(zip((known[docno] for docno in docnos), scores, strict=True))
        for qid, docnos, scores in _rows(queries)
    }
    with path.open("wb") as stream:
        pickle.dump(held, stream, protocol=4)


def write_numbers(path: Path, queries: int) -> None:
    """A pickle whose ids are whole numbers, as of sentence-transformers."""
    _write_pickle(path, queries, int)


def write_words(path: Path, queries: int) -> None:
    """A pickle whose ids are text."""
    _write_pickle(path, queries, str)


WRITERS: Final[dict[str, Callable[[Path, int], None]]] = {
    "run": write_text,
    "run.gz": write_run,
    "csv": partial(write_frame, between=","),
    "tsv": partial(write_frame, between="\t"),
    "json": write_lookup,
    "jsonl": write_lines,
    "pkl": write_numbers,
    "text.pkl": write_words,
}


def _made(name: str, path: Path) -> None:
    """Write a file in another process, whose memory would count for those it starts."""
    code = "import sys; from benchmarks.columns import *; from pathlib import Path\n"
    code += "WRITERS[sys.argv[1]](Path(sys.argv[2]), QUERIES)"
    subprocess.run([sys.executable, "-c", code, name, str(path)], check=True)


def measured(what: str, *paths: Path) -> tuple[float, float, float]:
    """Seconds, memory before and at most, in MiB, of one piece of work."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, what, *map(str, paths)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE"},
    )
    seconds, before, peak = map(float, done.stdout.split())
    return seconds, before, peak


def cell(seconds: float, before: float, peak: float, scores: int) -> str:
    """Seconds, the peak, and bytes for each score.

    Examples
    --------
    >>> cell(1.25, 100.0, 300.0, 1 << 22)
    '1.2 s, 300 MiB, 50 bytes'
    """
    each = (peak - before) * 2**20 / scores
    return f"{seconds:.1f} s, {peak:.0f} MiB, {each:.0f} bytes"


def rows(names: list[str] | None = None) -> Iterator[str]:
    """Lines of the table, one for each format."""
    scores = QUERIES * DEPTH
    for name in names or WRITERS:
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder, f"x.{name}"), Path(folder, "x.arrow")
            _made(name, source)
            direct = measured("read", source)
            converted = measured("convert", source, target)
            size = target.stat().st_size / source.stat().st_size
            source.unlink()
            mapped, used = measured("read", target), measured("measure", target)
            cells = [cell(*one, scores) for one in (direct, converted, mapped, used)]
            yield (
                f"| {name}, {scores:,} scores | {' | '.join(cells)} | "
                f"{direct[0] / mapped[0]:.1f}x | {size:.2f}x |"
            )


HEADER: Final = (
    "| file | read | convert | read the Arrow file | measure it | faster | size |\n"
    "| --- | --- | --- | --- | --- | --- | --- |\n"
)


def main(words: list[str]) -> None:
    """Print the table of some formats, or of all."""
    sys.stdout.write(HEADER)
    for line in rows(words):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
