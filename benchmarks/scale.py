"""`python -m benchmarks scale [--real|--kept]`: what blocks cost, and what of more.

Costs of one tile of queries are measured in this process with one thread, and those of
whole commands in processes of their own; seconds are processor time. From these follow
the time and the memory for the data of MS MARCO, and what is too much first. ``--real``
runs `inspect`, `measure` and `sample` on generated scores of the real size as well:
500,000 queries with 320 scores each, which take 6 GB of disk and most of an hour. Both
write `TABLE`. ``--kept`` measures what a kill can lose of `validate` and of `sample`,
and writes `KEPT_TABLE`. The page docs/guide/scale.md shows both tables.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks import commit
from benchmarks.commands import watched

ROOT: Final = Path(__file__).resolve().parents[1]
TABLE: Final = ROOT / "docs" / "measured" / "scale.md"
KEPT_TABLE: Final = TABLE.with_name("kept.md")
REAL, KEPT = "--real", "--kept"
SIZE, DIMENSIONS, VECTORS = 16, 768, 65_536
REPEATS: Final = 3
HOUR: Final = 3600.0
# The data that this is for
QUERIES, SCORED, DOCUMENTS = 500_000, 320, 8_800_000
PAIRS: Final = 10**9
ROWS: Final = (2_000_000, 20_000_000)
SOME: Final = 1_000_000  # documents that these score
BLOCK: Final = 500  # queries that are written at once
JUDGED: Final = (1_000, 4_000, 100_000)  # queries of a validation
DRAWN: Final = 2_000_000  # candidates that `sample` looks at together, about


@dataclass(frozen=True, slots=True)
class Cost:
    """What a piece of work costs.

    Attributes
    ----------
    what : str
    seconds : float
        Of `amount` pieces.
    amount : int
    unit : str
        In the plural.
    wanted : int
        Pieces of the real data.
    """

    what: str
    seconds: float
    amount: int
    unit: str
    wanted: int

    def line(self) -> str:
        """One line of the table.

        Examples
        --------
        >>> Cost("terms", 0.5, 1000, "queries", 500_000).line()
        '| terms | 1,000 queries | 0.500 s | 500,000 queries | 4.2 min |'
        """
        whole = self.seconds * self.wanted / self.amount
        return (
            f"| {self.what} | {self.amount:,} {self.unit} | {self.seconds:.3f} s | "
            f"{self.wanted:,} {self.unit} | {told(whole)} |"
        )


def told(seconds: float) -> str:
    """A time in one unit.

    Examples
    --------
    >>> told(12.34), told(250), told(9000)
    ('12.3 s', '4.2 min', '2.5 h')
    """
    if seconds < 2 * 60:
        return f"{seconds:.1f} s"
    if seconds < HOUR:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / HOUR:.1f} h"


def seconds_of(work: Callable[[], object]) -> float:
    """The median processor time of some runs, after one that is not timed."""
    work()
    found = []
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return statistics.median(found)


def timed(words: list[str], folder: Path) -> tuple[float, float]:
    """Processor time of a process and what it starts, and its anonymous MiB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _, memory = watched(words, folder)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent, memory


def tile_costs(folder: Path) -> Iterator[Cost]:
    """Costs of one tile of queries, and of its block on the disk."""
    from rankbound.commands.measure.space import survey_of_tile
    from rankbound.data.columns import strings
    from rankbound.data.embeddings import Embeddings
    from rankbound.data.groups import Groups
    from rankbound.engine import TILE, Blocks, Identity
    from rankbound.estimators.group_terms import (
        student_terms_of_tile,
        teacher_terms_of_tile,
    )
    from rankbound.estimators.shape import vector_facts

    rng = np.random.default_rng(0)
    rows = rng.integers(0, VECTORS, (TILE, SIZE)).reshape(-1)
    groups = Groups(
        queries=np.arange(TILE),
        qids=strings([str(n) for n in range(TILE)]),
        offsets=np.arange(0, TILE * SIZE + 1, SIZE),
        codes=np.zeros(TILE * SIZE, dtype=np.int64),
        docnos=strings(["d"]),
    )
    teacher, student = rng.normal(0, 3, (2, TILE * SIZE))
    held = np.lib.format.open_memmap(
        folder / "docs.npy", "w+", np.float16, (VECTORS, DIMENSIONS)
    )
    held[:] = rng.normal(size=(VECTORS, DIMENSIONS)).astype(np.float16)
    names = strings([str(n) for n in range(VECTORS)])
    vectors = Embeddings(names, held)

    def terms() -> object:
        return teacher_terms_of_tile(groups, teacher, pairs="all"), made()

    def made() -> Any:
        return student_terms_of_tile(groups, teacher, student, clip_at=5.0, pairs="all")

    def distances() -> object:
        return survey_of_tile(
            groups,
            rows,
            student,
            np.ones(TILE),
            np.full(TILE, 1 / TILE),
            vectors=vectors,
            metric="euclidean",
            pairs="all",
            top=100.0,
            floor=0.0,
        )

    blocks = Blocks(
        folder / ".scale.blocks", lambda: Identity(settings={}, inputs={}, versions={})
    )
    block = made()

    def kept() -> object:
        blocks.keep("0", block)
        return blocks.found("0", type(block))

    n_pairs = TILE * SIZE * (SIZE - 1) // 2
    yield Cost(
        "entropy and risk of a tile", seconds_of(terms), TILE, "queries", QUERIES
    )
    yield Cost(
        "the same, by pairs", seconds_of(terms), n_pairs, "pairs of documents", PAIRS
    )
    spent = seconds_of(distances)
    yield Cost("distances of a tile", spent, TILE, "queries", QUERIES)
    yield Cost("the same, by pairs", spent, n_pairs, "pairs of documents", PAIRS)
    yield Cost(
        "lengths and digests of vectors",
        seconds_of(lambda: vector_facts(held)),
        VECTORS,
        "vectors",
        DOCUMENTS,
    )
    yield Cost("a block written and read", seconds_of(kept), TILE, "queries", QUERIES)


def write_run(
    path: Path, queries: int, scored: int, *, documents: int = DOCUMENTS
) -> None:
    """A run of distinct documents with falling scores, made from a seed."""
    import polars as pl

    rng = np.random.default_rng(0)
    apart = documents // scored
    with path.open("wb") as stream:
        for start in range(0, queries, BLOCK):
            count = min(BLOCK, queries - start)
            docs = rng.integers(0, apart, (count, scored)) + np.arange(scored) * apart
            scores = -np.sort(-rng.normal(0, 3, docs.shape), axis=1)
            size = docs.size
            pl.DataFrame(
                {
                    "qid": np.repeat(np.arange(start, start + count), scored),
                    "Q0": ["Q0"] * size,
                    "docno": docs.reshape(-1),
                    "rank": np.tile(np.arange(1, scored + 1), count),
                    "score": scores.reshape(-1),
                    "tag": ["made"] * size,
                }
            ).write_csv(stream, separator=" ", include_header=False, float_precision=6)


def command_lines(folder: Path, path: Path, *, memory: str) -> dict[str, list[str]]:
    """The command lines of `inspect`, `measure` and `sample` of one run."""
    program = [sys.executable, "-m", "rankbound"]
    measured = ["measure", "--teacher", path.name, "--teacher-kind", "logit"]
    more = ["--memory", memory, "--quiet"]
    out = ["--out", str(folder / "out"), "--force"]
    return {
        "inspect": [*program, "inspect", path.name, *more],
        "measure": [*program, *measured, *more, *out],
        "sample": [
            *(*program, "sample", "--teacher", path.name, "--sampling", "random"),
            *("--out", str(folder / "groups.jsonl"), "--force", *more),
        ],
    }


def measured_rows(folder: Path) -> Iterator[str]:
    """Time and memory of `measure` and `sample` at two sizes, with one limit."""
    found: dict[str, list[float]] = {"measure": [], "sample": []}
    for rows in ROWS:
        path = folder / f"{rows}.run"
        write_run(path, rows // 1000, 1000, documents=SOME)
        for name, words in command_lines(folder, path, memory="1GiB").items():
            if name in found:
                seconds, memory = timed(words, folder)
                found[name].append(memory)
                took = f"{told(seconds)} | {memory:.0f} MiB"
                yield f"| `{name} --memory 1GiB` | {rows:,} | {took} |"
        path.unlink()
    for name, held in found.items():
        yield f"| `{name}`, the second by the first | | | {held[1] / held[0]:.2f} |"


def real_rows(folder: Path) -> Iterator[str]:
    """Both commands at the real size."""
    path = folder / "teacher.run"
    write_run(path, QUERIES, SCORED)
    for name, words in command_lines(folder, path, memory="20GiB").items():
        seconds, memory = timed(words, folder)
        yield (
            f"| `{name}`, {QUERIES:,} queries x {SCORED} | {QUERIES * SCORED:,} | "
            f"{told(seconds)} | {memory:.0f} MiB |"
        )


def piece_rows() -> Iterator[str]:
    """Time of the work that `validate` keeps, and of the draws that `sample` does not.

    A student has eight terms and eight measures, as with vectors and four measures.
    """
    from rankbound.estimators.samplings import Candidates, Law, draw
    from rankbound.validation.association import Effort, Panel
    from rankbound.validation.distances import FEWER, PIECE, moved_products
    from rankbound.validation.drawn import drawn_associations

    rng = np.random.default_rng(0)
    for n in JUDGED:
        panel = Panel(
            rng.normal(size=(n, 8)),
            rng.normal(size=(n, 8)),
            rng.normal(size=(n, 3)),
            np.ones((8, 3), dtype=bool),
        )
        spent = once(
            lambda panel=panel: drawn_associations(
                panels=(panel,),
                further=(None,),
                keys=(("measured",),),
                seed=0,
                effort=Effort(),
                delta=0.05,
            )
        )
        yield f"| associations of a student | {n:,} queries | {spent:.1f} s |"
        orders = rng.permuted(
            np.tile(np.arange(n), (min(FEWER, max(1, PIECE // n)), 1)), axis=1
        )
        x, y = rng.normal(size=(2, n))
        spent = once(
            lambda x=x, y=y, orders=orders: moved_products(x=x, y=y, orders=orders)
        )
        yield (
            f"| {len(orders)} of {FEWER} permutations of distances | {n:,} queries | "
            f"{spent:.1f} s |"
        )
    groups = DRAWN // SCORED
    pool = Candidates(
        sizes=np.full(groups, SCORED),
        scores=rng.normal(size=groups * SCORED),
        positive=rng.normal(size=groups),
        numbers=rng.integers(0, 2**63, groups * SCORED, dtype=np.uint64),
    )
    spent = seconds_of(lambda: draw(pool, Law(name="random"), SIZE - 1))
    for rows in (DRAWN, ROWS[-1], QUERIES * SCORED):
        took = told(spent * rows / DRAWN)
        what = "draws of `sample`" + ("" if rows == DRAWN else ", by the first")
        yield f"| {what} | {rows:,} candidates | {took} |"


def once(work: Callable[[], object]) -> float:
    """The processor time of one run."""
    start = time.process_time()
    work()
    return time.process_time() - start


def kept_lines() -> Iterator[str]:
    """The table of what a kill can lose."""
    from benchmarks.__main__ import machine

    yield f"Made by `python -m benchmarks scale {KEPT}` at {commit()}: {machine()}.\n"
    yield "| work | of | processor time |"
    yield "| --- | ---: | ---: |"
    yield from piece_rows()


def lines(*, real: bool) -> Iterator[str]:
    """The page's tables."""
    from benchmarks.__main__ import machine

    asked = f"python -m benchmarks scale{f' {REAL}' if real else ''}"
    yield f"Made by `{asked}` at {commit()}: {machine()}.\n"
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name)
        yield "| work of one process | measured | takes | the real data | take |"
        yield "| --- | ---: | ---: | ---: | ---: |"
        yield from (cost.line() for cost in tile_costs(folder))
        yield f"\nCommands with `--memory 1GiB` have scores of {SOME:,} documents.\n"
        yield "| command | scores | processor time | anonymous memory |"
        yield "| --- | ---: | ---: | ---: |"
        yield from measured_rows(folder)
        if real:
            yield from real_rows(folder)


def main(words: list[str]) -> None:
    """Print the tables, and keep them."""
    told_lines = []
    kept = KEPT in words
    for line in kept_lines() if kept else lines(real=REAL in words):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        told_lines.append(line)
    (KEPT_TABLE if kept else TABLE).write_text(
        "\n".join(told_lines) + "\n", encoding="utf-8"
    )
