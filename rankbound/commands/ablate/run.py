"""The command `ablate`: students of every sampling, loss and architecture."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from os import PathLike
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from scipy.special import stdtrit

# No stubs exist for it; scikit-learn installs it.
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from rankbound import __version__
from rankbound.bounds.limits import two_sided
from rankbound.bounds.wording import counted
from rankbound.catalogue import ABLATED
from rankbound.commands.ablate.answers import sentences
from rankbound.commands.ablate.collections import (
    DOCSTRINGS,
    SPLITS,
    TEST,
    Collection,
    read_collection,
)
from rankbound.commands.ablate.measuring import (
    DELTA,
    KENDALL,
    NDCG,
    Bench,
    Drawn,
    Measured,
)
from rankbound.commands.ablate.result import (
    COLUMNS,
    EFFECTIVENESS,
    IN_DOMAIN,
    TERMS,
    Ablation,
    CellSummary,
    CollectionRow,
    Difference,
    Mean,
)
from rankbound.commands.ablate.students import (
    ARCHITECTURES,
    BATCH,
    CHECKPOINTS,
    LOSSES,
    RATES,
    STEPS,
    Lessons,
    jax_library,
    train,
    untrained,
)
from rankbound.commands.demo.prepare import write_lines
from rankbound.commands.demo.retrieval import bm25_library
from rankbound.commands.settings import check_numbers
from rankbound.data.columns import Floats
from rankbound.decoding import decoded, schema_in
from rankbound.errors import FormatError, UsageError
from rankbound.memory import reading_within
from rankbound.progress import Progress, reported
from rankbound.provenance import Input, versions
from rankbound.read.source import Source, sha256
from rankbound.results import Record
from rankbound.rows import Rows, number_text
from rankbound.writing import (
    Replacing,
    check_outputs,
    filling,
    holding,
    json_text,
)

JAX: Final = "jax"
SAMPLINGS: Final = ("random", "bm25", "crossencoder", "ensemble", "stratified-width")
SEEDS: Final = 5
SIZE: Final = 16
SEED: Final = 0  # of splits and teachers, which all students share
REFERENCE: Final = "random"
CELLS, RUNS = "cells", "runs"
CELL_SCHEMA: Final = "rankbound.ablation-cell"
MEASURED: Final = (*EFFECTIVENESS, *TERMS, KENDALL)
DEFINITIONS: Final = {
    "ndcg@10, ap, rr@10": "of the run of a student on test queries, whose 100 best "
    "documents are kept; a bi-encoder ranks every document, and a cross-encoder ranks "
    "again what BM25 and the vectors find",
    "risk, divergence": "in nats, means over test queries of groups drawn by the "
    "sampling that the student was trained on, over all pairs, of scores clipped at a "
    "range that validation queries chose",
    "entropy": "the teacher's on the same pairs, in nats",
    "diameter": "the largest distance of two documents of a group, in the unit of the "
    "vectors: a mean over test queries",
    "upper_bound": "95 % limit of the mean risk by betting, whose range and stake "
    "validation queries chose; each student's limit holds by itself",
    "vacuous": "1 if that limit is at least ln 2, else 0",
    "kendall_teacher": "Kendall's tau-b of the student's and the teacher's scores of "
    "the documents that the teacher scored, by query",
    "seconds": "of training all seeds, choosing and measuring, divided by the number "
    "of seeds; the first cell of an architecture and a loss compiles, too",
    "checkpoint": f"the one of {CHECKPOINTS} that validation queries chose, "
    f"{STEPS} steps of {counted(BATCH, 'group')} apart; the start is none of them",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """The grid of an ablation; `ablate` documents each part."""

    samplings: tuple[str, ...] = SAMPLINGS
    losses: tuple[str, ...] = LOSSES
    architectures: tuple[str, ...] = ARCHITECTURES
    seeds: int = SEEDS
    group_size: int = SIZE
    backend: str = JAX
    match_scale: bool = True

    def __post_init__(self) -> None:
        known = {
            "samplings": tuple(ABLATED),
            "losses": LOSSES,
            "architectures": ARCHITECTURES,
            "backend": (JAX,),
        }
        for name, allowed in known.items():
            found = getattr(self, name)
            given = (found,) if isinstance(found, str) else found
            strange = [one for one in given if one not in allowed]
            if strange or not given or len({*given}) < len(given):
                raise UsageError(
                    f"`{name}` must be of {', '.join(allowed)}, each at most once, got "
                    f"{', '.join(map(repr, given)) or 'nothing'}"
                )
        check_numbers("Design", seeds=self.seeds, group_size=self.group_size)

    @property
    def per_collection(self) -> int:
        """Cells of one collection."""
        return len(self.samplings) * len(self.losses) * len(self.architectures)

    def digest(self, collection: Collection, cell: str) -> str:
        """Everything that the numbers of a cell depend on, as a hash."""
        said = repr(
            (
                *(__version__, jax_library().__version__, versions()),
                *(self.seeds, self.group_size, self.match_scale, collection.digest),
                *(cell, CHECKPOINTS, STEPS, BATCH, sorted(RATES.items()), SEED),
            )
        )
        return hashlib.sha256(said.encode()).hexdigest()


class Cell(
    Record,
    frozen=True,
    kw_only=True,
    tag_field="schema",
    tag=f"{CELL_SCHEMA}/1",
):
    """A cell as it is kept: it is not trained again while its `digest` is the same.

    `rows` are those of the table, `runs` the hashes of its runs by file, and `ndcg` has
    the mean over seeds of every test query.
    """

    digest: str
    rows: tuple[tuple[str, ...], ...]
    runs: dict[str, str]
    summary: CellSummary
    ndcg: tuple[float, ...]


def ablate(  # noqa: PLR0913  each is a parameter of its own
    collections: Sequence[str | PathLike[str]],
    out: str | PathLike[str],
    *,
    samplings: Sequence[str] = SAMPLINGS,
    losses: Sequence[str] = LOSSES,
    architectures: Sequence[str] = ARCHITECTURES,
    seeds: int = SEEDS,
    group_size: int = SIZE,
    backend: str = JAX,
    match_scale: bool = True,
    fresh: bool = False,
    force: bool = False,
    memory: int | str | None = None,
    progress: bool | Progress = False,
) -> Ablation:
    """Train students of every sampling, loss and architecture, and measure them all.

    All students of a collection learn from the same teacher and the same training
    queries, are chosen by the same validation queries, and are measured on the same
    test queries. A cell, which is the students of all seeds, is trained once: a run
    that was ended in between goes on with the first cell that is not complete.

    Parameters
    ----------
    collections : sequence of path
        Folders with ``corpus.jsonl``, ``queries.jsonl`` and judgements as BEIR has
        them, or "docstrings", the installed docstrings of numpy, scipy and
        scikit-learn. Where a folder holds the teacher's scores
        (``teacher/teacher.scores.json``), vectors (``embeddings/NAME.corpus.npy``) or
        groups of random negatives (``train/random.*``), they are used; otherwise a
        teacher is trained on a quarter of the queries, and vectors are those of LSA.
    out : path
        The folder of the results: ``ablation.tsv``, ``ablation.json``, a run of each
        student in ``runs``, and what a later run goes on from in ``cells``.
    samplings : sequence of str
        Of "random", "bm25", "dense", "crossencoder", "ensemble", "stratified-width",
        "stratified-count" and "entropy", which `sample` draws; "dense" are the nearest
        vectors, and "crossencoder" the teacher's best.
    losses : sequence of str
        Of "ranknet", "marginmse", "kl" and "lce".
    architectures : sequence of str
        "bi" is a bilinear form on frozen vectors, "cross" a perceptron over features of
        query and document together.
    seeds : int, default 5
        Students of each cell. A seed draws groups, the order of training, and where a
        cross-encoder starts.
    group_size : int, default 16
        Documents of a group with its positive.
    backend : {"jax"}
        What trains.
    match_scale : bool, default True
        Whether the scale that a student starts from is matched to the teacher's
        margins, in every cell. Otherwise it is 1, and losses differ by how far that is
        from the teacher's.
    fresh : bool, default False
        Train all cells again, whatever is there.
    force : bool, default False
        Replace files in `out` that are no earlier results; inputs never are.
    memory : int or str, optional
        The most memory that reading may take, in bytes or such as "2GiB"; by default
        three quarters of what the machine or its container gives.
    progress : bool or callable, default False
        True shows a bar on a terminal, and elsewhere a line every 30 seconds; a
        callable is called with a few words before each cell.

    Returns
    -------
    Ablation
        With the table ``beside["students"]``, a row for each student.

    Raises
    ------
    UsageError
        When jax or bm25s is not installed, for an unknown name, for a folder that is no
        collection, or when `out` cannot be written to.
    DomainError
        When a number lies outside its range.
    FormatError
        When a file breaks its format.

    See Also
    --------
    sample : How groups are drawn.
    measure : Everything about the certificate of one student.
    validate : Whether terms go with effectiveness, query by query.

    Examples
    --------
    >>> found = ablate(["docstrings"], "ablated", seeds=2)  # doctest: +SKIP
    >>> [(one.label, one.ndcg.value) for one in found.cells]  # doctest: +SKIP
    [('ranknet on random', 0.41), ...]
    """
    design = Design(
        samplings=_several(samplings),
        losses=_several(losses),
        architectures=_several(architectures),
        seeds=seeds,
        group_size=group_size,
        backend=backend,
        match_scale=match_scale,
    )
    places = _several(collections)
    with (
        reading_within(memory),
        reported(progress, total=n_stages(places, design)) as advance,
    ):
        return ablated(
            places, Path(out), design, fresh=fresh, force=force, progress=advance
        )


def _several(given: Sequence[str | PathLike[str]]) -> tuple[str, ...]:
    if isinstance(given, str | PathLike):
        return (str(given),)
    return tuple(map(str, given))


def n_stages(places: Sequence[str], design: Design) -> int:
    """How often `ablated` tells its progress."""
    return len(places) * (1 + design.per_collection)


def ablated(  # noqa: PLR0913  what is trained, and how it is kept
    places: Sequence[str],
    out: Path,
    design: Design,
    *,
    fresh: bool = False,
    force: bool = False,
    command: str = "",
    progress: Progress = str,
) -> Ablation:
    """The same for the command line; everything is written."""
    jax_library(), bm25_library()  # before any work
    if not places:
        raise UsageError("`collections` must name at least one collection")
    folders = [Path(one) for one in places if one != DOCSTRINGS]
    replacing = Replacing(mine=_is_mine, inputs=folders, force=force)
    check_outputs(out, Ablation.outputs(), replacing)
    rows: list[CollectionRow] = []
    cells: list[Cell] = []
    inputs: list[Input] = []
    # Rounding depends on the number of threads that share a sum
    with threadpool_limits(limits=1), holding(out):
        for place in places:
            progress(f"reading and ranking {place}")
            collection = read_collection(place, seed=SEED)
            if collection.name in [one.name for one in rows]:
                raise UsageError(
                    f"two collections are called {collection.name!r}; rename a folder"
                )
            inputs += [
                Input(path=str(one), sha256=sha256(one)) for one in collection.files
            ]
            work = _Work(Bench(collection), design, out, replacing, fresh=fresh)
            cells += work.cells(progress)
            rows.append(work.row())
        made = _result(design, rows, cells, inputs, command)
        made.write_into(out, force=force)
    return made


def _is_mine(path: Path) -> bool:
    """Whether a file is of an earlier ablation: its result, a cell, or a run."""
    if path.name in Ablation.outputs():
        return Ablation.is_mine(path)
    if path.parent.name == CELLS:
        return schema_in(path).partition("/")[0] == CELL_SCHEMA
    name, dot, suffix = path.name.partition(".run.")
    if path.parent.name != RUNS or not dot or suffix != "gz" or not path.is_file():
        return False
    try:
        first = next(iter(Source(path).lines({})), (0, b""))[1]
    except FormatError:
        return False
    return first.split()[-1:] == [name.encode()]


class _Work:
    """The cells of one collection."""

    def __init__(
        self,
        bench: Bench,
        design: Design,
        out: Path,
        replacing: Replacing,
        *,
        fresh: bool,
    ) -> None:
        self._bench, self._design, self._out = bench, design, out
        self._replacing, self._fresh = replacing, fresh
        self._collection = bench.collection
        self._drawn: dict[str, list[Drawn]] = {}
        self._lessons: dict[str, Lessons] = {}

    def cells(self, progress: Progress) -> Iterator[Cell]:
        """All cells, those that are complete as they are."""
        design = self._design
        for sampling in design.samplings:
            self._lessons.clear()
            self._drawn.clear()
            for architecture, loss in product(design.architectures, design.losses):
                stem = f"{self._collection.name}.{architecture}.{loss}.{sampling}"
                progress(f"{self._collection.name}: {architecture}, {loss}, {sampling}")
                digest = design.digest(self._collection, stem)
                found = None if self._fresh else self._kept(stem, digest)
                yield found or self._trained(stem, digest, architecture, loss, sampling)

    def row(self) -> CollectionRow:
        """The collection, and what ranks it without training."""
        collection, bench = self._collection, self._bench
        sampling = self._design.samplings[0]
        parts = {name: len(collection.splits[name]) for name in SPLITS}
        train_queries, validation, test = parts.values()
        starts = {}
        for architecture in self._design.architectures:
            lessons = self._lessons_of(architecture, sampling)
            values = [
                bench.ndcg(
                    untrained(architecture, lessons, seed=seed, match=False), TEST
                ).mean()
                for seed in range(self._design.seeds)
            ]
            starts[architecture] = float(np.mean(values))
        bm25, dense, teacher = (
            float(bench.baseline(name).mean()) for name in ("bm25", "dense", "teacher")
        )
        return CollectionRow(
            name=collection.name,
            domain=IN_DOMAIN,
            n_documents=len(collection.docnos),
            n_train=train_queries,
            n_validation=validation,
            n_test=test,
            bm25=bm25,
            dense=dense,
            teacher=teacher,
            untrained=starts,
            notes=collection.notes,
        )

    def _kept(self, stem: str, digest: str) -> Cell | None:
        """A cell that an earlier run has left, if nothing has changed since."""
        path = self._out / CELLS / f"{stem}.json"
        if not path.is_file():
            return None
        try:
            found = decoded(path, Cell)
        except FormatError:
            return None
        files = {self._out / RUNS / name: hash for name, hash in found.runs.items()}
        same = all(one.is_file() and sha256(one) == is_ for one, is_ in files.items())
        return found if same and found.digest == digest else None

    def _draws(self, sampling: str) -> list[Drawn]:
        if sampling not in self._drawn:
            self._lessons.clear()
            design = self._design
            self._drawn[sampling] = [
                self._bench.drawn(sampling, size=design.group_size, seed=seed)
                for seed in range(design.seeds)
            ]
        return self._drawn[sampling]

    def _lessons_of(self, architecture: str, sampling: str) -> Lessons:
        drawn = self._draws(sampling)
        if architecture not in self._lessons:
            self._lessons[architecture] = self._bench.lessons(architecture, drawn)
        return self._lessons[architecture]

    def _trained(
        self, stem: str, digest: str, architecture: str, loss: str, sampling: str
    ) -> Cell:
        bench, design = self._bench, self._design
        drawn = self._draws(sampling)
        lessons = self._lessons_of(architecture, sampling)
        began = time.monotonic()
        students = train(architecture, loss, lessons, match=design.match_scale)
        places = [bench.chosen(checkpoints) for checkpoints in students]
        found = [
            bench.measured(checkpoints[place], groups)
            for checkpoints, place, groups in zip(students, places, drawn, strict=True)
        ]
        seconds = (time.monotonic() - began) / design.seeds
        key = (self._collection.name, IN_DOMAIN, architecture, loss, sampling)
        rows = tuple(
            (*key, str(seed), *_texts(one), f"{seconds:.3f}", str(place + 1))
            for seed, (one, place) in enumerate(zip(found, places, strict=True))
        )
        with filling(self._out, self._replacing) as aside:
            runs = {}
            for seed, one in enumerate(found):
                name = f"{stem}.{seed}"
                path = aside / RUNS / f"{name}.run.gz"
                write_lines(path, bench.run_lines(one.ranking, name))
                runs[path.name] = sha256(path)
            cell = Cell(
                digest=digest,
                rows=rows,
                runs=runs,
                summary=_summary(key, found),
                ndcg=tuple(np.mean([_ndcg(one) for one in found], axis=0).tolist()),
            )
            path = aside / CELLS / f"{stem}.json"
            path.parent.mkdir()
            path.write_text(json_text(msgspec.to_builtins(cell)), encoding="utf-8")
        return cell


def _ndcg(one: Measured) -> Floats:
    return one.columns[NDCG]


def _texts(one: Measured) -> Iterator[str]:
    """The cells of a student's row, up to its seconds."""
    means = {name: float(values.mean()) for name, values in one.columns.items()}
    for name in (*EFFECTIVENESS, *TERMS):
        yield number_text(means[name])
    yield number_text(one.upper)
    yield str(int(one.vacuous))
    yield number_text(means[KENDALL])


def _summary(
    key: tuple[str, str, str, str, str], found: Sequence[Measured]
) -> CellSummary:
    collection, domain, architecture, loss, sampling = key
    return CellSummary(
        collection=collection,
        domain=domain,
        architecture=architecture,
        loss=loss,
        sampling=sampling,
        n_seeds=len(found),
        n_queries=len(_ndcg(found[0])),
        upper_bound=float(np.mean([one.upper for one in found])),
        n_vacuous=sum(one.vacuous for one in found),
        means={
            name: _mean(np.stack([one.columns[name] for one in found]))
            for name in MEASURED
        },
    )


def _mean(values: Floats) -> Mean:
    """The mean of numbers by seed and query, shape (n_seeds, n_queries)."""
    over_seeds = _student(values.mean(axis=1))
    lower, upper = _student(values.mean(axis=0)) or (math.nan, math.nan)
    return Mean(
        value=float(values.mean()),
        seeds_lower=over_seeds and over_seeds[0],
        seeds_upper=over_seeds and over_seeds[1],
        queries_lower=lower,
        queries_upper=upper,
    )


def _student(values: Floats) -> tuple[float, float] | None:
    """Student's interval of a mean at 1 - delta; None for one value."""
    if len(values) < 2:
        return None
    error = values.std(ddof=1) / math.sqrt(len(values))
    reach = float(stdtrit(len(values) - 1, 1 - DELTA / 2) * error)
    return float(values.mean()) - reach, float(values.mean()) + reach


def _differences(cells: Sequence[Cell]) -> Iterator[Difference]:
    """Every sampling against random negatives, with simultaneous intervals."""

    def key(cell: Cell) -> tuple[str, str, str]:
        one = cell.summary
        return one.collection, one.architecture, one.loss

    reference = {key(one): one for one in cells if one.summary.sampling == REFERENCE}
    asked = [
        one
        for one in cells
        if one.summary.sampling != REFERENCE and key(one) in reference
    ]
    for one in asked:
        values = np.array(one.ndcg) - np.array(reference[key(one)].ndcg)
        lower, upper = two_sided(
            values, low=-1.0, high=1.0, delta=DELTA, n_students=len(asked)
        )
        yield Difference(
            collection=one.summary.collection,
            architecture=one.summary.architecture,
            loss=one.summary.loss,
            sampling=one.summary.sampling,
            reference=REFERENCE,
            value=float(values.mean()),
            lower=lower,
            upper=upper,
            verdict="better" if lower > 0 else "worse" if upper < 0 else "open",
        )


def _result(
    design: Design,
    rows: Sequence[CollectionRow],
    cells: Sequence[Cell],
    inputs: Sequence[Input],
    command: str,
) -> Ablation:
    table = [row for cell in cells for row in cell.rows]
    made = Ablation(
        collections=tuple(rows),  # type: ignore[arg-type]
        cells=tuple(cell.summary for cell in cells),
        differences=tuple(_differences(cells)),
        group_size=design.group_size,
        seeds=design.seeds,
        backend=design.backend,
        match_scale=design.match_scale,
        delta=DELTA,
        sentences=(),
        definitions=DEFINITIONS,
        inputs=tuple(inputs),
        command=command,
        versions={**versions(), JAX: jax_library().__version__},
    )
    columns = zip(COLUMNS, zip(*table, strict=True), strict=True)
    students = Rows({name: [*column] for name, column in columns})
    said = msgspec.structs.replace(made, sentences=tuple(sentences(made)))
    return said.with_beside(students=students)
