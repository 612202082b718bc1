"""The command `ablate`: students of every sampling, loss and architecture."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
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
from rankbound.bounds.certificate import LN2
from rankbound.bounds.limits import two_sided
from rankbound.bounds.wording import counted
from rankbound.catalogue import ABLATED
from rankbound.commands.ablate.answers import sentences
from rankbound.commands.ablate.augmenting import (
    AUGMENTATIONS,
    augmented,
    check_augmentations,
    foretold,
)
from rankbound.commands.ablate.before import terms_of
from rankbound.commands.ablate.by_torch import torch_library, train_by_torch
from rankbound.commands.ablate.collections import (
    AS_DRAWN,
    DOCSTRINGS,
    LAW,
    RANDOM,
    SPLITS,
    TEST,
    VALIDATION,
    NotTestedError,
    Rules,
    check_places,
    is_made,
    others_installed,
    read_abroad,
    read_collection,
)
from rankbound.commands.ablate.costs import Meter, Spent, bought, lacking, summed
from rankbound.commands.ablate.encoders import BATCH as GROUPS
from rankbound.commands.ablate.encoders import CHECKPOINTS as TUNED
from rankbound.commands.ablate.encoders import LENGTH, Encoder, transformers_library
from rankbound.commands.ablate.encoders import STEPS as TUNING
from rankbound.commands.ablate.judging import (
    TAUGHT,
    judged,
    judged_arms,
    judged_break_even,
    judged_foretold,
    judged_teachers,
)
from rankbound.commands.ablate.keeping import (
    BreakEven,
    Cell,
    Keeping,
    Known,
    Part,
    Prepared,
    is_kept,
)
from rankbound.commands.ablate.measuring import (
    DELTA,
    NDCG,
    Bench,
    Drawn,
    Limit,
    Measured,
    Student,
)
from rankbound.commands.ablate.result import (
    BASE,
    CHOOSING,
    COLUMNS,
    EFFECTIVENESS,
    IN_DOMAIN,
    KENDALL,
    MEASURED,
    MEASURING,
    NONE,
    OUT,
    QUERY_COLUMNS,
    SAMPLING,
    TEACHER,
    TERMS,
    TRAINING,
    Ablation,
    CellSummary,
    CollectionRow,
    Control,
    Cost,
    Foretold,
    LawRow,
    Mean,
    SamplingTerms,
    TeacherRow,
)
from rankbound.commands.ablate.students import (
    ARCHITECTURES,
    BATCH,
    CHECKPOINTS,
    KNOWN,
    LOSSES,
    RATES,
    STEPS,
    Lessons,
    jax_library,
    train,
)
from rankbound.commands.ablate.teaching import TEACHERS, retaught
from rankbound.commands.demo.retrieval import bm25_library
from rankbound.commands.sample.run import KEEP, REMOVE, Positives
from rankbound.commands.settings import check_numbers
from rankbound.data.columns import Floats
from rankbound.data.columns import strings as as_strings
from rankbound.errors import UsageError
from rankbound.memory import reading_within
from rankbound.progress import Progress, reported
from rankbound.provenance import Input, versions
from rankbound.read.source import Source, sha256
from rankbound.rows import Coded, Column, Rows, number_text
from rankbound.validation.configurations import HeldOut
from rankbound.writing import Replacing, check_outputs, holding

JAX, _ = BACKENDS = ("jax", "torch")
SAMPLINGS: Final = ("random", "bm25", "crossencoder", "ensemble", "stratified-width")
OF_POSITIVES: Final = ("marginmse", "lce")  # losses of pairs with the positive
SEEDS: Final = 5
SIZE: Final = 16
SEED: Final = 0  # of splits and teachers, which all students share
QID, ENTROPY, DIAMETER = "qid", "entropy", "diameter"
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
    "steps, pairs_scored": "of training one student: its steps, and the documents that "
    "it scores in them, again in every round",
    "half_limit, half_risk": "a certificate of a random half of the test queries, by "
    "the same range and stake, and the mean risk of the other half",
    "range_low, range_high, stake": "the range of the student's risk in nats, and the "
    "stake of the bets; none is a grid of them",
    "teacher, augmentation": "base is the teacher of the collection, and none no "
    "augmentation; terms of another teacher's students are by that teacher",
    "law_risk": "of a synthetic world, the risk of the same clipped student under the "
    "law that queries and groups are drawn by: a sum over all of them, in nats",
    "domain": "in, or out for the queries of a collection that no student was trained "
    "on, whose own teacher, groups and validation queries give the terms",
    "checkpoint": f"the one of {CHECKPOINTS} that validation queries chose, "
    f"{STEPS} steps of {counted(BATCH, 'group')} apart; the start is none of them",
}
ENCODERS: Final = {
    "checkpoint": f"the one of {TUNED} at equal intervals that validation queries "
    f"chose, of steps of {counted(GROUPS, 'group')}; the start is none of them",
    "seconds": "of fine-tuning all seeds, choosing and measuring, divided by the "
    "number of seeds",
    "bi, cross": "the cosine of means over the tokens of the encoder, and a linear "
    "form of the first token of query and document read together; texts are cut at "
    f"{LENGTH} tokens, and pairs at {2 * LENGTH}",
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
    encoder: str | None = None
    steps: int | None = None
    teachers: tuple[str, ...] = ()
    augmentations: tuple[str, ...] = ()
    rules: Rules = AS_DRAWN

    def __post_init__(self) -> None:
        known = {
            "samplings": tuple(ABLATED),
            "losses": LOSSES,
            "architectures": KNOWN if self.encoder is None else ARCHITECTURES,
            "backend": BACKENDS,
            "teachers": TEACHERS,
            "augmentations": AUGMENTATIONS,
        }
        for name, allowed in known.items():
            found = getattr(self, name)
            given = (found,) if isinstance(found, str) else found
            strange = [one for one in given if one not in allowed]
            lacking = not given and name not in ("teachers", "augmentations")
            if strange or lacking or len({*given}) < len(given):
                raise UsageError(
                    f"`{name}` must be of {', '.join(allowed)}, each at most once, got "
                    f"{', '.join(map(repr, given)) or 'nothing'}"
                )
        check_numbers("Design", seeds=self.seeds, group_size=self.group_size)
        check_numbers("Design", drop_suspected=self.rules.drop_suspected)
        if self.rules.positives not in (KEEP, REMOVE):
            raise UsageError(
                f"`positives` must be {KEEP!r} or {REMOVE!r}, got "
                f"{self.rules.positives!r}"
            )
        asking = [one for one in self.losses if one in OF_POSITIVES]
        if self.rules.positives == REMOVE and asking:
            raise UsageError(
                f"`losses` {' and '.join(asking)} compare a positive with the others, "
                "and `positives='remove'` takes it away; give of "
                f"{', '.join(one for one in LOSSES if one not in OF_POSITIVES)}"
            )
        if self.steps is not None:
            check_numbers("Design", steps=self.steps)
            if self.encoder is None:
                raise UsageError(
                    "`steps` are those of an encoder, and heads take "
                    f"{CHECKPOINTS * STEPS} always; give `encoder`, or leave it out"
                )

    def libraries(self) -> dict[str, str]:
        """What trains, with its version."""
        if self.encoder is not None:
            found = [torch_library("`encoder`"), transformers_library()]
        elif self.backend == JAX:
            found = [jax_library()]
        else:
            found = [torch_library("`backend='torch'`")]
        return {one.__name__: str(one.__version__) for one in found}

    @property
    def arms(self) -> tuple[tuple[str, str], ...]:
        """Teachers and augmentations besides those of the grid."""
        others = ((one, NONE) for one in self.teachers)
        return (*others, *((BASE, one) for one in self.augmentations))

    @property
    def steps_taken(self) -> int:
        """Steps of each student."""
        if self.encoder is None:
            return CHECKPOINTS * STEPS
        return TUNED * ((self.steps or TUNING) // TUNED)

    @property
    def per_step(self) -> int:
        """Groups of a step."""
        return BATCH if self.encoder is None else GROUPS

    @property
    def checkpoints(self) -> int:
        """Those that validation queries choose among."""
        return CHECKPOINTS if self.encoder is None else TUNED

    @property
    def per_collection(self) -> int:
        """Cells of one collection and of each of its arms."""
        return len(self.samplings) * len(self.losses) * len(self.architectures)

    def digest(self, cell: str, tested: Sequence[Bench]) -> str:
        """Everything that the numbers of a cell depend on, as a hash."""
        said = repr(
            (
                *(__version__, self.libraries(), versions(), self.steps),
                *(one.encoder and one.encoder.digest for one in tested),
                *(self.seeds, self.group_size, self.match_scale, self.architectures),
                self.rules,
                *(one.collection.digest for one in tested),
                *(cell, CHECKPOINTS, STEPS, BATCH, sorted(RATES.items()), SEED),
            )
        )
        return hashlib.sha256(said.encode()).hexdigest()


def ablate(  # noqa: PLR0913  each is a parameter of its own
    collections: Sequence[str | PathLike[str]],
    out: str | PathLike[str],
    *,
    out_of_domain: Sequence[str | PathLike[str]] | None = None,
    samplings: Sequence[str] = SAMPLINGS,
    losses: Sequence[str] = LOSSES,
    architectures: Sequence[str] = ARCHITECTURES,
    seeds: int = SEEDS,
    group_size: int = SIZE,
    backend: str = JAX,
    match_scale: bool = True,
    encoder: str | PathLike[str] | None = None,
    steps: int | None = None,
    teachers: Sequence[str] = (),
    augmentations: Sequence[str] = (),
    positives: Positives = KEEP,
    drop_suspected: float | None = None,
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
        them, "irds:ID" of ir_datasets, "docstrings", the installed docstrings of
        numpy, scipy and scikit-learn, or "synthetic" or "synthetic:SEED", a world of
        vectors whose law is known: `laws` and the column ``law_risk`` then say what is
        true beside what is estimated. Where a folder holds the teacher's scores
        (``teacher/teacher.scores.json``), vectors (``embeddings/NAME.corpus.npy``) or
        groups (``train/SAMPLING.*``), they are used; otherwise a teacher is trained on
        a quarter of the queries, and vectors are those of LSA.
    out : path
        The folder of the results: ``ablation.tsv``, ``ablation.json``, a run of each
        student in ``runs``, and what a later run goes on from in ``cells``.
    out_of_domain : sequence of path, optional
        Collections whose test queries students are tested on, too, by the vectors of
        the collection that they were trained on and with a teacher of their own;
        "docstrings" are those of matplotlib, pandas and SymPy. By default these, if
        `collections` has "docstrings" and one is installed, and otherwise none.
    samplings : sequence of str
        Of "random", "bm25", "dense", "crossencoder", "ensemble", "stratified-width",
        "stratified-count", "entropy", "entropy-middle" and "entropy-low", which
        `sample` draws; "dense" are the nearest vectors, "crossencoder" the teacher's
        best, and entropies of a pair with the positive are the upper half, the middle
        half and the lower half. "ensemble" fuses BM25 and the vectors, or the systems
        of ``hard-negatives.jsonl``, if a folder has it, as sentence-transformers does.
    losses : sequence of str
        Of "ranknet", "marginmse", "kl" and "lce".
    architectures : sequence of str
        "bi" is a bilinear form on frozen vectors, "bi-two-layer" two layers on both
        sides, and "cross" a perceptron over features of query and document together.
    seeds : int, default 5
        Students of each cell. A seed draws groups, the order of training, and where a
        cross-encoder starts.
    group_size : int, default 16
        Documents of a group with its positive.
    backend : {"jax", "torch"}
        What trains heads: jax all seeds at once, or torch one student at a time. Both
        give the same students, as far as single precision goes.
    match_scale : bool, default True
        Whether the scale that a student starts from is matched to the teacher's
        margins, in every cell. Otherwise it is 1, and losses differ by how far that is
        from the teacher's.
    encoder : path or str, optional
        A transformer that torch fine-tunes in the place of heads: a folder with
        ``config.json``, weights and a tokenizer, or the name of a model that the hub
        has. "bi" is then the cosine of means over tokens, and "cross" a linear form of
        the first token of query and document read together. Distances and diameters
        stay those of the vectors of the collection. Runs on a GPU where there is one.
    steps : int, optional
        Of fine-tuning, each with 8 groups; 240 by default. A quarter of them lies
        between two checkpoints.
    teachers : sequence of str, optional
        Teachers besides that of the collection, each of which teaches all cells, too:
        "overconfident" and "underconfident" have its order and log-odds four times as
        large, or a quarter; "noisy" adds noise of the spread that its log-odds have in
        a query; "stronger" is told what is relevant; "weaker" is the demo's model,
        which learns from training queries and reads what the vectors say alone;
        "ensemble" is the mean of its log-odds and those of its members, which are the
        files of ``teacher/members``, or three models that learn from a third each.
    augmentations : sequence of str, optional
        Each of which alters the training of all cells, too, by as many steps. Of
        inputs: "term-dropout" adds every query without 30 % of its words, "title" the
        first words of a relevant document and "summary" its first sentence, with the
        groups and scores of the query itself. Of targets: "temperature" divides
        log-odds by 2, "label-noise" and "ensembling" take those of the teachers "noisy"
        and "ensemble". What Theorem 5 foretells of them is written before any training.
    positives : {"keep", "remove"}
        Whether groups hold their positive. Without it all documents are drawn by the
        sampling, and "ranknet" and "kl" alone can learn.
    drop_suspected : float, optional
        Leave out negatives that the teacher scores above the positive (0), or less than
        this below it, in log-odds, as `sample` does: they may be relevant.
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
        encoder=None if encoder is None else str(encoder),
        steps=steps,
        teachers=_several(teachers),
        augmentations=_several(augmentations),
        rules=Rules(positives=positives, drop_suspected=drop_suspected),
    )
    places = _several(collections)
    others = abroad_of(
        places, None if out_of_domain is None else _several(out_of_domain)
    )
    with (
        reading_within(memory),
        reported(progress, total=n_stages(places, others, design)) as advance,
    ):
        return ablated(
            places,
            Path(out),
            design,
            out_of_domain=others,
            fresh=fresh,
            force=force,
            progress=advance,
        )


def abroad_of(places: Sequence[str], given: Sequence[str] | None) -> tuple[str, ...]:
    """The collections out of domain: those given, or else the other docstrings."""
    if given is not None:
        return tuple(given)
    return (DOCSTRINGS,) if DOCSTRINGS in places and others_installed() else ()


def _several(given: Sequence[str | PathLike[str]]) -> tuple[str, ...]:
    if isinstance(given, str | PathLike):
        return (str(given),)
    return tuple(map(str, given))


def n_stages(places: Sequence[str], abroad: Sequence[str], design: Design) -> int:
    """How often `ablated` tells its progress."""
    cells = design.per_collection * (1 + len(design.arms))
    own = 1 + len(abroad) + cells + len(design.architectures)
    return len(places) * own


def ablated(  # noqa: PLR0913  what is trained, and how it is kept
    places: Sequence[str],
    out: Path,
    design: Design,
    *,
    out_of_domain: Sequence[str] = (),
    fresh: bool = False,
    force: bool = False,
    command: str = "",
    progress: Progress = str,
) -> Ablation:
    """The same for the command line; everything is written."""
    design.libraries(), bm25_library()  # before any work
    encoder = None if design.encoder is None else Encoder.load(design.encoder)
    if not places:
        raise UsageError("`collections` must name at least one collection")
    check_places(places, out_of_domain)
    given = [Path(one) for one in (*places, *out_of_domain) if not is_made(one)]
    folders = [one for one in given if Source(one).dataset is None]
    replacing = Replacing(mine=_is_mine, inputs=folders, force=force)
    check_outputs(out, Ablation.outputs(), replacing)
    rows: list[CollectionRow] = []
    works: list[Worked] = []
    arms: list[WorkedArm] = []
    inputs: dict[str, Input] = {}
    keeping = Keeping(out, replacing, fresh)
    # Rounding depends on the number of threads that share a sum
    with threadpool_limits(limits=1), holding(out), closing(Meter()) as meter:
        for place in places:
            progress(f"reading and ranking {place}")
            with meter.stage(TEACHER):
                collection = read_collection(place, seed=SEED)
            collection = replace(collection, rules=design.rules)
            home = Bench(collection, encoder=encoder)
            check_augmentations(home, design.augmentations)
            with meter.stage(TEACHER):
                abroad, notes = _abroad(home, out_of_domain, progress)
            for one in (collection, *(bench.collection for bench in abroad)):
                for path in one.files:
                    inputs[str(path)] = Input(path=str(path), sha256=sha256(path))
            work = _Work(home, abroad, design, keeping, meter, notes)
            works.append(work.done(progress))
            rows += work.rows()
            for teacher, augmentation in design.arms:
                other = home
                if teacher != BASE:
                    with meter.stage(TEACHER):
                        other = home.taught(retaught(collection, teacher))
                arm = _Work(
                    *(other, (), design, keeping, meter), arm=(teacher, augmentation)
                )
                arms.append(arm.worked_arm(progress))
        rows.sort(key=lambda one: one.domain == OUT)
        made = _result(design, rows, works, arms, [*inputs.values()], command)
        made = msgspec.structs.replace(
            made, energy_missing_because=lacking(made.costs, meter)
        ).with_beside(**made.beside)
        made.write_into(out, force=force)
    return made


def _abroad(
    home: Bench, places: Sequence[str], progress: Progress
) -> tuple[list[Bench], list[str]]:
    """The collections that students of another are tested on, and why not others."""
    found: list[Bench] = []
    notes = []
    for place in places:
        progress(f"reading and ranking {place} out of domain")
        try:
            collection = replace(
                read_abroad(place, home.collection, seed=SEED),
                rules=home.collection.rules,
            )
        except NotTestedError as error:
            notes.append(f"students are not tested on {error}")
            continue
        if collection.digest == home.collection.digest:
            notes.append(f"{collection.name}: is {home.collection.name} itself")
            continue
        found.append(Bench(collection, home, home.encoder))
    return found, notes


@dataclass(frozen=True, slots=True)
class Worked:
    """What a collection has given: cells, controls, and the test queries by name."""

    cells: tuple[Cell, ...]
    controls: tuple[Control, ...]
    terms: tuple[SamplingTerms, ...]
    laws: tuple[LawRow, ...]
    foretold: tuple[Foretold, ...]
    sha256: str
    qids: Mapping[str, Sequence[str]]
    costs: tuple[Cost, ...]


@dataclass(frozen=True, slots=True)
class WorkedArm:
    """The cells of an arm, and nDCG@10 of its teacher."""

    teacher: str
    augmentation: str
    cells: tuple[Cell, ...]
    ndcg: float
    costs: tuple[Cost, ...]


def _is_mine(path: Path) -> bool:
    """Whether a file is of an earlier ablation: its result, a cell, or a run."""
    if path.name in Ablation.outputs():
        return Ablation.is_mine(path)
    return is_kept(path)


class _Work:
    """The cells of one collection, tested there and on others."""

    def __init__(  # noqa: PLR0913  what is trained, kept, measured and told
        self,
        bench: Bench,
        abroad: Sequence[Bench],
        design: Design,
        keeping: Keeping,
        meter: Meter,
        notes: Sequence[str] = (),
        *,
        arm: tuple[str, str] = (BASE, NONE),
    ) -> None:
        self._arm = arm
        self._bench, self._abroad, self._design = bench, tuple(abroad), design
        self._keeping, self._notes = keeping, tuple(notes)
        self._collection = bench.collection
        self._drawn: dict[str, dict[str, list[Drawn | None]]] = {}
        self._lessons: dict[str, Lessons] = {}
        self._terms_found: list[SamplingTerms] = []
        self._meter = meter
        self._costs: list[Cost] = []

    def done(self, progress: Progress) -> Worked:
        """All cells, and what they are compared with."""
        reading = self._meter.taken()
        told, sha256_of = self._foretold(progress)
        cells = (*self._cells(progress, reading),)
        benches = (self._bench, *self._abroad)
        return Worked(
            cells=cells,
            controls=(*self._controls(cells, progress),),
            terms=tuple(self._terms_found),
            laws=tuple(self._laws(cells)),
            foretold=told,
            sha256=sha256_of,
            qids={
                one.collection.name: one.collection.qids[
                    one.collection.splits[TEST]
                ].tolist()
                for one in benches
            },
            costs=tuple(self._costs),
        )

    def _cost(
        self, stage: str, spent: Mapping[str, Spent], architecture: str = ""
    ) -> Cost:
        """What a stage took; what was scored in it is added where it is known."""
        one = spent.get(stage, Spent())
        teacher, augmentation = self._arm
        return Cost(
            collection=self._collection.name,
            stage=stage,
            seconds=one.seconds,
            architecture=architecture,
            teacher=teacher,
            augmentation=augmentation,
            energy_kwh=one.energy_kwh,
        )

    def _prepared(self, spent: Mapping[str, Spent]) -> None:
        """The cost of the collection and its teacher, as it was the first time."""
        benches = (self._bench, *self._abroad)
        suffix = "".join(f".{one}" for one in self._arm if one not in (BASE, NONE))
        stem = f"{self._collection.name}{suffix}.prepared"
        digest = self._design.digest(stem, benches)
        found = self._keeping.of(stem, digest, Prepared)
        if found is None:
            scores = (len(one.collection.pool.teacher.values) for one in benches)
            cost = self._cost(TEACHER, spent)
            cost = msgspec.structs.replace(cost, teacher_pairs=sum(scores))
            found = Prepared(digest=digest, cost=cost)
            self._keeping.keep(stem, found)
        self._costs.append(found.cost)

    def _cells(
        self, progress: Progress, reading: Mapping[str, Spent]
    ) -> Iterator[Cell]:
        """All cells, those that are complete as they are."""
        design = self._design
        for sampling in design.samplings:
            self._forget()
            self._terms_found += self._terms(sampling)
            if sampling == design.samplings[0]:
                # Now that its groups can be drawn, so that nothing is left otherwise
                self._prepared(reading)
            for architecture, loss in product(design.architectures, design.losses):
                progress(f"{self._collection.name}: {architecture}, {loss}, {sampling}")
                yield self._cell(architecture, loss, sampling)

    def _laws(self, cells: Sequence[Cell]) -> Iterator[LawRow]:
        """What known laws say of each sampling, beside what its cells have found."""
        size = self._design.group_size
        for bench, sampling in product(
            (self._bench, *self._abroad), self._design.samplings
        ):
            known = bench.law(sampling, size=size)
            if known is None:
                continue
            name = bench.collection.name
            part = next(
                part
                for cell in cells
                for part in cell.parts
                if (part.summary.collection, part.summary.sampling) == (name, sampling)
            )
            held = part.column(ENTROPY)
            held = held[~np.isnan(held)]
            lower, upper = two_sided(held, low=0.0, high=LN2, delta=DELTA)
            yield known.row(
                bench.law(RANDOM, size=size) or known,
                collection=name,
                sampling=sampling,
                trained_on=self._collection.name,
                entropy_estimate=part.summary.means[ENTROPY].value,
                entropy_lower=lower,
                entropy_upper=upper,
                diameter_estimate=part.summary.means[DIAMETER].value,
            )

    def worked_arm(self, progress: Progress) -> WorkedArm:
        """The cells of an arm, which no control and no collection abroad belongs to."""
        design = self._design
        teacher, augmentation = self._arm
        if teacher != BASE:
            self._prepared(self._meter.taken())
        told = teacher if augmentation == NONE else augmentation
        cells = []
        for sampling in design.samplings:
            self._forget()
            for architecture, loss in product(design.architectures, design.losses):
                progress(
                    f"{self._collection.name}, {told}: {architecture}, {loss}, "
                    f"{sampling}"
                )
                cells.append(self._cell(architecture, loss, sampling))
        ndcg = float(self._bench.baseline("teacher").mean())
        costs = tuple(self._costs)
        return WorkedArm(teacher, augmentation, tuple(cells), ndcg, costs)

    def _foretold(self, progress: Progress) -> tuple[tuple[Foretold, ...], str]:
        """What Theorem 5 says of augmentations, in a file with its hash."""
        design = self._design
        if not design.augmentations:
            return (), ""
        progress(f"{self._collection.name}: foretelling augmentations")
        stem = f"{self._collection.name}.break-even"
        asked = repr((stem, design.samplings, design.augmentations))
        digest = design.digest(asked, [self._bench])
        found = self._keeping.of(stem, digest, BreakEven)
        if found is None:
            made: list[Foretold] = []
            for sampling in design.samplings:
                self._forget()
                made += foretold(
                    *(self._bench, design.architectures, sampling),
                    *(self._groups(sampling), design.augmentations),
                    match=design.match_scale,
                )
            found = BreakEven(digest=digest, foretold=tuple(made))
            self._keeping.keep(stem, found)
        return found.foretold, self._keeping.sha256(stem)

    def _terms(self, sampling: str) -> tuple[SamplingTerms, ...]:
        """What is known of a sampling before training."""
        design = self._design
        stem = f"{self._collection.name}.{sampling}.terms"
        digest = design.digest(stem, [self._bench])
        found = self._keeping.of(stem, digest, Known)
        if found is None:
            self._meter.taken()  # nothing before it belongs to it
            with self._meter.stage(SAMPLING):
                made = terms_of(
                    *(self._bench, design.architectures, sampling),
                    self._groups(sampling),
                    match=design.match_scale,
                )
                terms = tuple(made)
            cost = self._cost(SAMPLING, self._meter.taken())
            found = Known(digest=digest, terms=terms, costs=(cost,))
            self._keeping.keep(stem, found)
        self._costs += found.costs
        return found.terms

    def _controls(self, cells: Sequence[Cell], progress: Progress) -> Iterator[Control]:
        """The best cell of each architecture, taught by a shuffled teacher."""
        teacher = float(self._bench.baseline("teacher").mean())
        for architecture in self._design.architectures:
            progress(f"{self._collection.name}: {architecture}, a shuffled teacher")
            asked = [
                one.parts[0]
                for one in cells
                if one.parts[0].summary.architecture == architecture
                and one.parts[0].summary.loss in TAUGHT
            ]
            if not asked:
                continue
            best = max(asked, key=lambda one: one.summary.ndcg.value)
            of = best.summary
            self._forget()
            other = self._cell(architecture, of.loss, of.sampling, shuffled=True)
            (wrong,) = other.parts
            lower, upper = two_sided(
                best.column(NDCG) - wrong.column(NDCG), low=-1.0, high=1.0, delta=DELTA
            )
            yield Control(
                collection=of.collection,
                architecture=architecture,
                loss=of.loss,
                sampling=of.sampling,
                trained=of.ndcg.value,
                shuffled=wrong.summary.ndcg.value,
                untrained=self._start(self._bench, architecture),
                teacher=teacher,
                lower=lower,
                upper=upper,
            )

    def rows(self) -> Iterator[CollectionRow]:
        """The collections, and what ranks them without training."""
        for bench in (self._bench, *self._abroad):
            collection, mine = bench.collection, bench is self._bench
            parts = {name: len(collection.splits[name]) for name in SPLITS}
            train_queries, validation, test = parts.values()
            bm25, dense, teacher = (
                float(bench.baseline(one).mean())
                for one in ("bm25", "dense", "teacher")
            )
            yield CollectionRow(
                name=collection.name,
                domain=IN_DOMAIN if mine else OUT,
                n_documents=len(collection.docnos),
                n_train=train_queries if mine else 0,
                n_validation=validation,
                n_test=test,
                bm25=bm25,
                dense=dense,
                teacher=teacher,
                untrained={
                    one: self._start(bench, one) for one in self._design.architectures
                },
                notes=(*collection.notes, *(self._notes if mine else ())),
                trained_on=self._collection.name,
            )

    def _start(self, bench: Bench, architecture: str) -> float:
        """nDCG@10 of students before any step: the mean over seeds."""
        values = [
            bench.ndcg(self._bench.start(architecture, seed=seed), TEST).mean()
            for seed in range(self._design.seeds)
        ]
        return float(np.mean(values))

    def _forget(self) -> None:
        self._lessons.clear()
        self._drawn.clear()

    def _draws(self, bench: Bench, sampling: str) -> list[Drawn | None]:
        """Groups of every seed; None where another collection has none."""
        mine = self._drawn.setdefault(sampling, {})
        name = "" if bench is self._bench else bench.collection.name
        if name not in mine:
            mine[name] = []
            for seed in range(self._design.seeds):
                try:
                    drawn = bench.drawn(
                        sampling, size=self._design.group_size, seed=seed
                    )
                except NotTestedError:
                    if bench is self._bench:
                        raise
                    mine[name].append(None)
                else:
                    mine[name].append(drawn)
        return mine[name]

    def _groups(self, sampling: str) -> list[Drawn]:
        return [one for one in self._draws(self._bench, sampling) if one is not None]

    def _lessons_of(self, architecture: str, sampling: str) -> Lessons:
        drawn = self._groups(sampling)
        if architecture not in self._lessons:
            augmentation = self._arm[1]
            self._lessons[architecture] = (
                self._bench.lessons(architecture, drawn)
                if augmentation == NONE
                else augmented(self._bench, architecture, drawn, augmentation)
            )
        return self._lessons[architecture]

    def _cell(
        self, architecture: str, loss: str, sampling: str, *, shuffled: bool = False
    ) -> Cell:
        """A cell as it is kept, or trained."""
        stem = f"{self._collection.name}.{architecture}.{loss}.{sampling}"
        stem += ".shuffled" * shuffled
        stem += "".join(f".{one}" for one in self._arm if one not in (BASE, NONE))
        abroad = () if shuffled else self._abroad
        digest = self._design.digest(stem, [self._bench, *abroad])
        found = self._keeping.of(stem, digest, Cell)
        if found is not None and self._keeping.has(found.runs):
            return found
        self._meter.taken()  # nothing before it belongs to it
        with self._meter.stage(SAMPLING):
            lessons = self._lessons_of(architecture, sampling)
        if shuffled:
            lessons = lessons.shuffled()
        began = time.monotonic()
        found_of = self._students(architecture, loss, lessons)
        with self._meter.stage(CHOOSING):
            picked = [self._bench.chosen(checkpoints) for checkpoints in found_of]
        places, chosen = zip(*picked, strict=True)
        parts, runs = [], {}
        steps = self._design.steps_taken
        pairs_scored = steps * self._design.per_step * lessons.asked.shape[-1]
        taken = str(steps), str(pairs_scored)
        for bench in (self._bench, *abroad):
            with self._meter.stage(SAMPLING):
                groups = self._draws(bench, sampling)
            # Drawing them is no part of a cell
            began = began if bench is self._bench else time.monotonic()
            name = bench.collection.name
            ends = "" if bench is self._bench else f".on.{name}"
            with self._meter.stage(MEASURING):
                found_by_seed = [
                    bench.measured(student, drawn, key=f"{stem}.{seed}")
                    for seed, (student, drawn) in enumerate(
                        zip(chosen, groups, strict=True)
                    )
                ]
            seconds = (time.monotonic() - began) / self._design.seeds
            domain = IN_DOMAIN if bench is self._bench else OUT
            key = (name, domain, architecture, loss, sampling)
            parts.append(
                _part(
                    *(key, self._collection.name, found_by_seed, places, seconds),
                    (*self._arm, *taken),
                )
            )
            if not shuffled:
                for seed, one in enumerate(found_by_seed):
                    tag = f"{stem}.{seed}{ends}"
                    runs[f"{tag}.run.gz"] = [*bench.run_lines(one.ranking, tag)]
        made = Cell(
            digest=digest,
            runs={},
            parts=tuple(parts),
            steps=steps,
            pairs_scored=pairs_scored,
            costs=(*self._costs_of(architecture, loss, sampling, lessons, abroad),),
        )
        return self._keeping.keep_cell(stem, made, runs)

    def _costs_of(
        self,
        architecture: str,
        loss: str,
        sampling: str,
        lessons: Lessons,
        abroad: Sequence[Bench],
    ) -> Iterator[Cost]:
        """What a cell has taken, with the pairs that were scored in its stages."""
        design, spent = self._design, self._meter.taken()
        change = msgspec.structs.replace
        benches = (self._bench, *abroad)
        draws = [
            (bench, drawn)
            for bench in benches
            for drawn in self._draws(bench, sampling)
        ]
        yield change(
            self._cost(SAMPLING, spent),
            teacher_pairs=sum(
                int(drawn.groups.sizes.sum()) for _, drawn in draws if drawn is not None
            ),
        )
        each = design.steps_taken * design.per_step
        n_groups, k = lessons.asked.shape[1:]
        yield change(
            self._cost(TRAINING, spent, architecture),
            steps=design.seeds * design.steps_taken,
            teacher_pairs=design.seeds * min(n_groups, each) * k * (loss in TAUGHT),
            student_pairs=design.seeds * each * k,
        )
        validation = self._bench.n_scored(architecture, VALIDATION)
        yield change(
            self._cost(CHOOSING, spent, architecture),
            student_pairs=design.seeds * design.checkpoints * validation,
        )
        asked, scored = 0, 0
        for bench, drawn in draws:
            asked += sum(len(codes) for codes, _ in bench.by_teacher)
            scored += bench.n_scored(architecture, TEST)
            if drawn is not None and drawn.law is not None:
                scored += bench.n_scored(architecture, LAW)
            if drawn is not None:
                ends = (drawn.parts[one].sizes.sum() for one in (VALIDATION, TEST))
                asked += int(sum(ends))
                scored += bench.n_scored(architecture, VALIDATION)
        yield change(
            self._cost(MEASURING, spent, architecture),
            teacher_pairs=asked,
            student_pairs=scored,
        )

    def _students(
        self, architecture: str, loss: str, lessons: Lessons
    ) -> Iterator[Iterable[Student]]:
        """The checkpoints of every seed."""
        match, encoder = self._design.match_scale, self._bench.encoder
        if encoder is None:
            by = train if self._design.backend == JAX else train_by_torch
            with self._meter.stage(TRAINING):
                made = by(architecture, loss, lessons, match=match)
            yield from made
            return
        steps = self._design.steps or TUNING
        for seed in range(self._design.seeds):
            students = encoder.checkpoints(
                *(architecture, loss, lessons), seed=seed, steps=steps, match=match
            )
            yield self._meter.each(TRAINING, students)


def _part(
    key: tuple[str, str, str, str, str],
    trained_on: str,
    found: Sequence[Measured],
    places: Sequence[int],
    seconds: float,
    last: tuple[str, str, str, str],
) -> Part:
    return Part(
        rows=tuple(
            (
                *(*key, str(seed), *_texts(one), f"{seconds:.3f}", str(place + 1)),
                *(("", "") if one.half is None else _half(one.half)),
                trained_on,
                *last,
                "" if one.law_risk is None else number_text(one.law_risk),
                *(("", "", "") if one.limit is None else _range(one.limit)),
            )
            for seed, (one, place) in enumerate(zip(found, places, strict=True))
        ),
        summary=_summary(key, trained_on, found),
        columns={
            name: tuple(
                None if np.isnan(value) else value
                for value in _over_seeds(found, name).tolist()
            )
            for name in MEASURED
        },
    )


def _half(one: HeldOut) -> tuple[str, str]:
    return number_text(one.certificate), number_text(one.risk)


def _range(limit: Limit) -> tuple[str, str, str]:
    """The cells that `LIMIT` names."""
    stake = "" if limit.stake is None else number_text(limit.stake)
    return number_text(limit.span.low), number_text(limit.span.high), stake


def _over_seeds(found: Sequence[Measured], name: str) -> Floats:
    """The mean over the seeds that have a number, by query; NaN where none has."""
    values = np.stack([one.columns[name] for one in found])
    known = ~np.isnan(values)
    total = np.where(known, values, 0.0).sum(axis=0)
    count = known.sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _texts(one: Measured) -> Iterator[str]:
    """The cells of a student's row, up to its seconds; blank where there is none."""
    means = {
        name: float(values[~np.isnan(values)].mean())
        for name, values in one.columns.items()
        if not np.isnan(values).all()
    }
    for name in (*EFFECTIVENESS, *TERMS):
        yield number_text(means[name]) if name in means else ""
    yield "" if one.upper is None else number_text(one.upper)
    yield "" if one.upper is None else str(int(one.vacuous))
    yield number_text(means[KENDALL])


def _summary(
    key: tuple[str, str, str, str, str], trained_on: str, found: Sequence[Measured]
) -> CellSummary:
    collection, domain, architecture, loss, sampling = key
    uppers = [one.upper for one in found if one.upper is not None]
    halves = [one.half for one in found if one.half is not None]
    risks = [one.law_risk for one in found if one.law_risk is not None]
    return CellSummary(
        collection=collection,
        domain=domain,
        architecture=architecture,
        loss=loss,
        sampling=sampling,
        n_seeds=len(found),
        n_queries=len(found[0].columns[NDCG]),
        upper_bound=float(np.mean(uppers)) if uppers else None,
        n_vacuous=sum(one.vacuous for one in found),
        means={
            name: mean for name in MEASURED if (mean := _mean(found, name)) is not None
        },
        trained_on=trained_on,
        n_checked=len(halves),
        n_inside=sum(one.holds for one in halves),
        n_refuted=sum(one.refuted for one in halves),
        law_risk=float(np.mean(risks)) if risks else None,
        n_known=len(risks),
        n_covered=sum(bool(one.covered) for one in found),
    )


def _mean(found: Sequence[Measured], name: str) -> Mean | None:
    """The mean over seeds and queries; None where there are no numbers."""
    by_seed = [one.columns[name] for one in found]
    held = [values[~np.isnan(values)] for values in by_seed]
    held = [values for values in held if len(values)]
    if not held:
        return None
    over_seeds = _student(np.array([values.mean() for values in held]))
    by_query = _over_seeds(found, name)
    lower, upper = _student(by_query[~np.isnan(by_query)]) or (math.nan, math.nan)
    return Mean(
        value=float(np.mean([values.mean() for values in held])),
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


def _result(
    design: Design,
    rows: Sequence[CollectionRow],
    works: Sequence[Worked],
    arms: Sequence[WorkedArm],
    inputs: Sequence[Input],
    command: str,
) -> Ablation:
    cells = [cell for work in works for cell in work.cells]
    parts = [part for cell in cells for part in cell.parts]
    terms = tuple(one for work in works for one in work.terms)
    laws = tuple(one for work in works for one in work.laws)
    others = [
        (one.teacher, one.augmentation, part)
        for one in arms
        for cell in one.cells
        for part in cell.parts
    ]
    compared = judged_arms(parts, others)
    told = tuple(one for work in works for one in work.foretold)
    checked = tuple(judged_foretold(parts, others, told))
    found = judged(parts, terms)
    trained = (*cells, *(cell for one in arms for cell in one.cells))
    made = Ablation(
        collections=tuple(rows),  # type: ignore[arg-type]
        cells=tuple(part.summary for part in parts),
        differences=found.differences,
        group_size=design.group_size,
        seeds=design.seeds,
        backend=design.backend,
        match_scale=design.match_scale,
        delta=DELTA,
        sentences=(),
        definitions=DEFINITIONS if design.encoder is None else DEFINITIONS | ENCODERS,
        inputs=tuple(inputs),
        command=command,
        encoder=design.encoder or "",
        versions={**versions(), **design.libraries()},
        controls=tuple(one for work in works for one in work.controls),
        terms=terms,
        predicted=found.predicted,
        choices=found.choices,
        claims=(  # type: ignore[arg-type]
            *(*found.claims, *judged_teachers(parts, others)),
            *judged_break_even(told, checked),
        ),
        teachers=tuple(_teachers(rows, parts, arms)),
        arms=compared,
        foretold=told,
        foretold_sha256=tuple(work.sha256 for work in works if work.sha256),
        checked=checked,
        costs=summed(
            trained,
            [
                *(cost for work in works for cost in work.costs),
                *(cost for arm in arms for cost in arm.costs),
            ],
        ),
        bought=tuple(bought(trained, rows)),
        laws=laws,
    )
    every = (*parts, *(part for _, _, part in others))
    table = [row for part in every for row in part.rows]
    columns = zip(COLUMNS, zip(*table, strict=True), strict=True)
    students = Rows({name: [*column] for name, column in columns})
    qids = {name: of for work in works for name, of in work.qids.items()}
    said = msgspec.structs.replace(made, sentences=tuple(sentences(made)))
    return said.with_beside(students=students, queries=_by_query(parts, qids))


def _teachers(
    rows: Sequence[CollectionRow], parts: Sequence[Part], arms: Sequence[WorkedArm]
) -> Iterator[TeacherRow]:
    """That of each collection, if there are others, and these."""
    if not arms:
        return
    for row in rows:
        if row.domain != OUT:
            yield _teacher(row.name, BASE, row.teacher, parts)
    for one in arms:
        held = [part for cell in one.cells for part in cell.parts]
        if one.teacher != BASE:
            name = held[0].summary.collection
            yield _teacher(name, one.teacher, one.ndcg, held)


def _teacher(
    collection: str, teacher: str, ndcg: float, parts: Sequence[Part]
) -> TeacherRow:
    by_sampling = {
        part.summary.sampling: part.summary.means[ENTROPY].value
        for part in parts
        if (part.summary.collection, part.summary.domain) == (collection, IN_DOMAIN)
    }
    return TeacherRow(
        collection=collection,
        teacher=teacher,
        ndcg=ndcg,
        entropy=float(np.mean([*by_sampling.values()])),
    )


def _by_query(parts: Sequence[Part], qids: Mapping[str, Sequence[str]]) -> Rows:
    """The table of queries: means over the seeds of a cell."""
    counts = [len(qids[part.summary.collection]) for part in parts]
    columns: dict[str, Column] = {}
    for name in QUERY_COLUMNS[: QUERY_COLUMNS.index(QID)]:
        words = [getattr(part.summary, name) for part in parts]
        known = sorted({*words})
        codes = np.array([known.index(word) for word in words])
        columns[name] = Coded(as_strings(known), np.repeat(codes, counts))
    columns[QID] = [qid for part in parts for qid in qids[part.summary.collection]]
    for name in MEASURED:
        columns[name] = np.concatenate([part.column(name) for part in parts])
    return Rows(columns)
