"""The command `sample`: training groups drawn from scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, fields, replace
from itertools import pairwise
from os import PathLike
from pathlib import Path
from typing import Any, Final, Literal, cast

import numpy as np

from rankbound.commands.convert.run import target_format
from rankbound.commands.convert.storing import check_target, store
from rankbound.commands.measure.answers import temperature_answer
from rankbound.commands.measure.given import Files, Given, as_given, inputs_of
from rankbound.commands.measure.inputs import (
    Rule,
    Sources,
    Split,
    TemperatureFit,
    groups_of,
    match_groups,
    teacher_fit,
)
from rankbound.commands.measure.options import (
    Temperature,
    by_name,
    check_answers,
    check_temperature_option,
)
from rankbound.commands.sample.result import Sample
from rankbound.commands.settings import check_settings
from rankbound.data.columns import (
    Booleans,
    Floats,
    Integers,
    Strings,
    distinct_codes,
    positions,
)
from rankbound.data.draws import id_numbers, mixed
from rankbound.data.groups import Groups, top_documents
from rankbound.data.ordering import ranking, windows
from rankbound.data.scores import Kind, Scores
from rankbound.errors import UsageError
from rankbound.estimators.kinds import to_logits
from rankbound.estimators.samplings import (
    AND,
    CLOSED,
    LAWS,
    NEED_POSITIVE_SCORE,
    NEED_SCALE,
    UNRANKED,
    Candidates,
    Law,
    check_law,
    draw,
    strata_of,
    suspected,
)
from rankbound.memory import filed, reading_within
from rankbound.progress import Progress, reported
from rankbound.provenance import versions
from rankbound.read.contents import Contents
from rankbound.read.scales import TEACHER, Answers, MissingValues, RunTags
from rankbound.read.source import sha256, watching
from rankbound.writing import Replacing, check_outputs, filling, json_text

PURPOSE: Final = "sample"
BLOCK: Final = 1 << 21  # candidates that are looked at together
N_STAGES: Final = 3
Positives = Literal["keep", "remove"]
STRATIFIED: Final = ("stratified", "stratified-count")
KEEP: Final = "keep"
REMOVE: Final = "remove"
BEST: Final = "the teacher's best"
BY_STRATUM: Final = "the number drawn from a stratum, divided by its size"
NOT_KNOWN: Final = (
    "not known, since what a mixture draws later depends on what it has drawn"
)
ASSUMED: Final = (
    "no judgements or groups name positives, so the teacher's best document of each "
    "query stands for one; give `qrels` or `groups` for real ones"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleOptions:
    """Settings of `rankbound.sample`, which documents each of them."""

    teacher: Any
    sampling: str
    size: int = 16
    runs: Mapping[str, Any] = field(default_factory=dict)
    qrels: Any = None
    groups: Any = None
    relevant: int = 1
    depth: int | None = None
    strata: int = 5
    band: tuple[float, float] = (0.5, 1.0)
    drop_suspected: float | None = None
    positives: Positives = KEEP
    temperature: Temperature = None
    missing_value: MissingValues = None
    run_tag: RunTags = None
    seed: int = 0
    formats: Mapping[str, str] = field(default_factory=dict)
    command: str = ""

    def __post_init__(self) -> None:
        check_settings(self)
        for name, part in (("teacher", "scores"), ("qrels", "qrels"), ("groups",) * 2):
            object.__setattr__(self, name, as_given(getattr(self, name), part, name))
        runs = {one: as_given(of, "scores", one) for one, of in self.runs.items()}
        object.__setattr__(self, "runs", runs)
        check_temperature_option(self.temperature, "`temperature`")
        if self.temperature == "fit" and self.qrels is None and self.groups is None:
            raise UsageError(
                "`temperature='fit'` needs pairs whose better document is known; give "
                "`qrels`, `groups` that mark positives, or a number"
            )
        if self.qrels is not None and self.groups is not None:
            raise UsageError(
                "positives come from `qrels` or from `groups`; give one of them"
            )
        for name in self.runs:
            if name in LAWS or AND in name or not name:
                raise UsageError(
                    f"a run cannot be called {name!r}, which names a sampling or holds "
                    f"{AND!r}; rename it"
                )
        if self.positives not in (KEEP, REMOVE):
            raise UsageError(
                f"`positives` must be {KEEP!r} or {REMOVE!r}, got {self.positives!r}"
            )
        check_law(self.law, self.n_drawn, self.runs)
        self._check_used()
        files = [str(one) for one in self.inputs() if isinstance(one, Path)]
        check_answers(self.answers, [TEACHER, *self.runs, *files])

    def _check_used(self) -> None:
        """Raise for a setting that has no effect on this sampling."""
        parts = {*self.law.parts}
        settings = (
            (
                "depth",
                "'top', 'fusion' and runs",
                parts & {"top", "fusion", *self.runs},
            ),
            ("strata", "'stratified' samplings", parts & {*STRATIFIED}),
            ("band", "'entropy'", parts & {"entropy"}),
            ("relevant", "`qrels`", self.qrels is not None),
        )
        defaults = {one.name: one.default for one in fields(self)}
        for name, owner, used in settings:
            if getattr(self, name) != defaults[name] and not used:
                raise UsageError(
                    f"`{name}` is a setting of {owner}, and would change nothing here "
                    f"(`sampling` is {self.sampling!r}); leave it out"
                )

    @property
    def answers(self) -> Answers:
        """What was said about the scores of all files."""
        return Answers(
            missing_value=by_name(self.missing_value), run_tag=by_name(self.run_tag)
        )

    @property
    def law(self) -> Law:
        """The sampling with its settings."""
        return Law(
            name=self.sampling,
            depth=self.depth,
            strata=self.strata,
            band=self.band,
            drop_suspected=self.drop_suspected,
        )

    @property
    def n_drawn(self) -> int:
        """Documents that the sampling draws for a group: all, or all but a positive."""
        return self.size - int(self.positives == KEEP)

    @property
    def words(self) -> str:
        """What is drawn.

        Examples
        --------
        >>> SampleOptions(teacher="t.run", sampling="top+random", depth=50).words
        'the 50 that the teacher scores highest, and any candidate'
        """
        return ", and ".join(map(self._part, self.law.parts))

    def _part(self, name: str) -> str:
        top = "those" if self.depth is None else f"the {self.depth}"
        low, high = self.band
        fused = [*self.runs, *(["the teacher"] if len(self.runs) < 2 else [])]
        words = {
            "random": "any candidate",
            "top": f"{top} that the teacher scores highest",
            "fusion": f"{top} with the largest sum of reciprocal ranks in "
            f"{' and '.join(fused)}",
            "stratified": f"evenly from {self.strata} strata of equal width over the "
            "teacher's scores",
            "stratified-count": f"evenly from {self.strata} strata of equally many "
            "candidates",
            "entropy": "candidates whose pair with the positive has an entropy between "
            f"the quantiles {low:g} and {high:g}",
        }
        return words.get(name, f"{top} that {name} ranks highest")

    def check_scale(self, teacher: Scores) -> None:
        """Raise if the sampling needs what the teacher's scores do not tell."""
        if teacher.origins is not None or teacher.kind is Kind.MARGIN_ONLY:
            raise UsageError(
                f"{teacher.name}: holds margins, which do not rank the documents of a "
                "query; give scores"
            )
        needs = NEED_SCALE | NEED_POSITIVE_SCORE
        needed = needs & {*self.law.parts} or self.drop_suspected is not None
        if teacher.kind is Kind.RANK_ONLY and needed:
            raise UsageError(
                f"{teacher.name}: holds ranks without scores, so differences mean "
                "nothing; give scores, or sample by 'stratified-count', 'top' or "
                "'random'"
            )

    @watching()
    def drawn(
        self,
        *,
        out: Path | None = None,
        to: str | None = None,
        record: Path | None = None,
        force: bool = False,
        progress: Progress = str,
    ) -> Sample:
        """Do what `sample` does, with these settings.

        The result goes to `record`, together with the groups where both lie in one
        folder, so that it never describes other groups than those beside it. In another
        folder it is ready before the groups are moved to their place, and follows them:
        a process that is killed just in between leaves new groups and the result of the
        earlier ones, whose hash differs; run it again.
        """
        given = [one for one in self.inputs() if isinstance(one, Path)]
        replacing = Replacing(
            mine=lambda path: path == record and Sample.is_mine(path),
            inputs=given,
            force=force,
        )
        if out is not None:
            check_target(out, replacing, folder=False)
        drawn = self.draw(progress)
        found = drawn.groups
        made = Sample(
            sampling=self.sampling,
            law=self.words,
            size=self.size,
            seed=self.seed,
            positives=drawn.positives,
            positives_kept=self.positives == KEEP,
            n_groups=found.n_groups,
            n_queries=len(distinct_codes(found.queries)),
            n_documents=len(found.codes),
            n_short=int((found.sizes < self.size).sum()),
            dropped=drawn.dropped,
            suspected=drawn.suspected,
            probabilities=NOT_KNOWN if self.law.mixes else BY_STRATUM,
            notes=drawn.notes,
            temperature=drawn.temperature,
            file=None,
            inputs=inputs_of(self.inputs()),
            command=self.command,
            versions=versions(),
            warnings=drawn.warnings,
        ).with_groups(replace(found, inclusion=None))
        if out is None:
            return made
        progress("writing")
        return _written(made, drawn, out, to, record, replacing)

    def draw(self, progress: Progress = str) -> Drawn:
        """The groups alone, without an account of files and versions."""
        ready = self._ready(progress)
        progress("drawing")
        found = ready.drawing.drawn()
        dropped = {why: n for why, n in (ready.dropped | found.dropped).items() if n}
        teacher, positives = ready.teacher, ready.positives
        if found.groups.n_groups == 0:
            raise UsageError(
                f"{teacher.name}: no group could be drawn; dropped: "
                f"{', '.join(f'{words} {n:,}' for words, n in dropped.items())}"
            )
        return Drawn(
            teacher=teacher,
            groups=found.groups,
            positives=positives,
            dropped=dropped,
            suspected=found.suspected,
            notes=(
                *ready.notes,
                *((ASSUMED,) if positives == BEST else ()),
                *ready.fitted,
            ),
            temperature=ready.scale,
            warnings=ready.warnings,
        )

    def pools(self) -> Pools:
        """Everything that may be drawn into each group: the law of the groups.

        Raises
        ------
        DomainError
            For mixtures, whose pairs have no known law.
        """
        ready = self._ready(str)
        found = ready.drawing.drawn(whole=True)
        if found.strata is None:  # they were asked for
            raise AssertionError("no strata of whole pools")
        return Pools(found.groups, found.strata)

    def _ready(self, progress: Progress) -> _Ready:
        """What was read, and what draws from it."""
        progress("reading")
        files = Files(self.formats, self.teacher, self.answers)
        read = files.scores(
            self.teacher, None, of=TEACHER, keep=True, scale_matters=False
        )
        teacher = read.scores
        self.check_scale(teacher)
        wanted, positives, dropped = _positives(
            teacher,
            files,
            qrels=self.qrels,
            groups=self.groups,
            relevant=self.relevant,
        )
        runs = _rankings(self.runs, teacher, files)
        scale, fitted = self._scale(teacher, files)
        drawing = _Drawing(
            self.scaled_law(scale),
            teacher,
            runs,
            wanted,
            negatives=self.n_drawn,
            seed=self.seed,
            positives=self.positives,
        )
        return _Ready(
            teacher=teacher,
            drawing=drawing,
            positives=positives,
            dropped=dropped,
            notes=read.notes,
            scale=scale,
            fitted=fitted,
            warnings=files.warnings(),
        )

    def scaled_law(self, scale: float) -> Law:
        """The sampling with `drop_suspected` in the unit of the scores."""
        law = self.law
        if law.drop_suspected is None:
            return law
        return replace(law, drop_suspected=scale * law.drop_suspected)

    def _scale(self, teacher: Scores, files: Files) -> tuple[float, tuple[str, ...]]:
        """The teacher's temperature, and what a fit says of it."""
        if self.temperature != "fit":
            return float(self.temperature or 1.0), ()
        groups = qrels = None
        if self.groups is not None:
            groups = groups_of(self.groups, teacher, files)
        if self.qrels is not None:
            qrels = cast(Scores, files.part(self.qrels, "qrels", keep=True).qrels)
        if groups is None:
            groups = top_documents(teacher, depth=max(2, int(teacher.sizes.max())))
        sources = Sources(
            teacher=to_logits(teacher),
            kind=teacher.kind,
            evidence="",
            warnings=(),
            qrels=qrels,
            embeddings=None,
            files=files,
        )
        inputs = match_groups(groups, sources, Rule("all", "drop"))
        n_queries = len(distinct_codes(inputs.groups.queries))
        every = Split(np.ones(inputs.groups.n_groups, dtype=bool), n_queries, 0)
        fit = cast(TemperatureFit, teacher_fit(inputs, every, "fit"))
        said = temperature_answer(fit, fit.value, kind=teacher.kind.value)
        return fit.value, (said.sentence,)

    def inputs(self) -> tuple[Given, ...]:
        """All files and objects."""
        found = (self.teacher, *self.runs.values(), self.qrels, self.groups)
        return tuple(one for one in found if one is not None)


def sample(  # noqa: PLR0913  each is an option of the command
    teacher: Any,
    *,
    sampling: str,
    size: int = 16,
    runs: Mapping[str, Any] | None = None,
    qrels: Any = None,
    groups: Any = None,
    relevant: int = 1,
    depth: int | None = None,
    strata: int = 5,
    band: tuple[float, float] = (0.5, 1.0),
    drop_suspected: float | None = None,
    positives: Positives = KEEP,
    temperature: Temperature = None,
    missing_value: MissingValues = None,
    run_tag: RunTags = None,
    seed: int = 0,
    out: str | PathLike[str] | None = None,
    to: str | None = None,
    force: bool = False,
    formats: Mapping[str, str] | None = None,
    memory: int | str | None = None,
    progress: bool | Progress = False,
) -> Sample:
    """Draw training groups: one positive each, and negatives by a sampling.

    Negatives come from the documents of the query that the teacher has scored, without
    those judged relevant. They are drawn evenly and without replacement, by numbers
    that only the seed and the ids decide, so that the order of files changes nothing.

    Parameters
    ----------
    teacher : path or object
        The teacher's scores, as `rankbound.measure` takes them.
    sampling : str
        "random" (any candidate), "top" (the teacher's best), the name of one of `runs`
        (the best of that ranking), "fusion" (the best by reciprocal ranks summed over
        all runs; a lone run is joined with the teacher's ranking), "stratified" (evenly
        from strata of equal width over the teacher's scores), "stratified-count" (from
        strata of equally many candidates), "entropy" (candidates whose pair with the
        positive has an entropy in a band), or several joined by "+", which share the
        documents of each group evenly.
    size : int, default 16
        Documents of a group, a positive that it holds included; at least 2.
    runs : mapping of str to path or object, optional
        Rankings by name.
    qrels : path or object, optional
        Judgements; each relevant document makes a group.
    groups : path or object, optional
        Groups whose positives are kept and whose negatives are drawn anew.
    relevant : int, default 1
        The smallest relevant grade.
    depth : int, optional
        The top of a ranking has so many candidates, from which negatives are drawn; by
        default as many as are needed, so that nothing is left to chance.
    strata : int, default 5
        Number of strata.
    band : tuple of float, default (0.5, 1)
        Ends of the entropy band, as quantiles of the group's candidates.
    drop_suspected : float, optional
        Leave out candidates that the teacher scores above the positive (0), or less
        than this below it, in temperatures: they may be relevant.
    positives : {"keep", "remove"}
        Whether a group holds its positive. Without it, all `size` documents are drawn
        by the sampling, and nothing marks what is better: a teacher alone orders them.
    temperature : float or "fit", optional
        Divides the teacher's margins, which matters to `drop_suspected` alone: a
        number, or the one that all judged pairs, or else pairs of a positive and a
        negative of `groups`, make most likely; by default 1.
    missing_value : float, sequence of float or mapping, optional
        Scores that stand for missing ones, such as -10000: such documents are no
        candidates. "none" says that a repeated value is a score. A mapping has the
        values of runs by name, of "teacher" or of files by path.
    run_tag : str or mapping, optional
        The system to read of a run whose lines have several tags, by name as above;
        "*" takes all lines for one system.
    seed : int, default 0
    out : path, optional
        The file to write; its suffix names the format, as for `rankbound.convert`.
    to : str, optional
        The name of the format, instead of the suffix.
    force : bool, default False
        Replace `out` if it exists; it never is an input.
    formats : mapping of str to str, optional
        The format of each file by its path, and "" for the teacher's.
    memory : int or str, optional
        The most memory that reading may take, in bytes or such as "2GiB"; by default
        three quarters of what the machine or its container gives.
    progress : bool or callable, default False
        True shows a bar on a terminal, and elsewhere a line every 30 seconds; a
        callable is called with a few words before each stage.

    Returns
    -------
    Sample
        Its `groups` are the groups drawn.

    Raises
    ------
    UsageError
        When settings contradict each other or the files do not fit together, and when
        `out` is an input or exists, without `force`.
    DomainError
        When a number lies outside its range, or the sampling is not known.
    FormatError
        When a file breaks its format, or the format of `out` cannot hold the groups.

    See Also
    --------
    compare : Whether samplings differ in the teacher's entropy and other quantities.
    cut : Keep the groups of some queries.

    Examples
    --------
    >>> scores = {"q1": {"a": 3.0, "b": 2.0, "c": 1.0, "d": 0.0}}
    >>> made = sample(scores, sampling="stratified", size=3, qrels={"q1": {"a": 1}})
    >>> made.n_groups, made.n_documents
    (1, 3)
    """
    options = SampleOptions(
        teacher=teacher,
        sampling=sampling,
        size=size,
        runs={} if runs is None else runs,
        qrels=qrels,
        groups=groups,
        relevant=relevant,
        depth=depth,
        strata=strata,
        band=(band[0], band[1]),
        drop_suspected=drop_suspected,
        positives=positives,
        temperature=temperature,
        missing_value=missing_value,
        run_tag=run_tag,
        seed=seed,
        formats={} if formats is None else formats,
    )
    with reading_within(memory), reported(progress, total=N_STAGES) as advance:
        return options.drawn(
            out=None if out is None else Path(out),
            to=to,
            force=force,
            progress=advance,
        )


def _rankings(
    given: Mapping[str, Given], teacher: Scores, files: Files
) -> dict[str, Scores]:
    """The rankings by name, each of which shares a query with the teacher."""
    runs = {
        name: files.scores(run, None, of=name, scale_matters=False).scores
        for name, run in given.items()
    }
    for name, run in runs.items():
        if (positions(teacher.qids, run.qids) < 0).all():
            raise UsageError(
                f"{run.name}: none of the queries of run {name!r} is in "
                f"{teacher.name}; the ids look like {run.qids[0]!r} there and "
                f"{teacher.qids[0]!r} here"
            )
    return runs


@dataclass(frozen=True, slots=True, eq=False)
class _Wanted:
    """The groups to draw: their queries and positives, and what is never a negative.

    `query` and `closed_query` are positions in the teacher's qids; `positive` and
    `closed` are docnos; `again` counts earlier groups of the same query and positive.
    """

    query: Integers
    positive: Strings
    again: Integers
    closed_query: Integers
    closed: Strings


def _positives(
    teacher: Scores,
    files: Files,
    *,
    qrels: Given | None,
    groups: Given | None,
    relevant: int,
) -> tuple[_Wanted, str, dict[str, int]]:
    """The groups to draw, where positives come from, and counts of what is left out."""
    if groups is not None:
        given = groups_of(groups, teacher, files)
        if given.positive is None:
            raise UsageError(f"{given.name}: marks no positives; give `qrels` instead")
        rows, source = np.flatnonzero(given.positive), "groups"
        names = given.group_qids()[given.row_group()[rows]]
        documents = given.docnos[given.codes[rows]]
    elif qrels is not None:
        judged = cast(Scores, files.part(qrels, "qrels", keep=True).qrels)
        rows, source = np.flatnonzero(judged.values >= relevant), "judgements"
        names = judged.qids[judged.row_query()[rows]]
        documents = judged.docnos[judged.codes[rows]]
        if not len(rows):
            raise UsageError(
                f"{judged.name}: no document has a grade of {relevant} or more; "
                "give a smaller `relevant`"
            )
        if (positions(teacher.qids, judged.qids) < 0).all():
            raise UsageError(
                f"{judged.name}: none of its queries is in {teacher.name}; the ids "
                f"look like {judged.qids[0]!r} there and {teacher.qids[0]!r} here"
            )
    else:
        rows, source = ranking(teacher)[teacher.offsets[:-1]], BEST
        names, documents = teacher.qids, teacher.docnos[teacher.codes[rows]]
    query = positions(teacher.qids, names)
    known = query >= 0
    dropped = {
        "positives of queries without scores": int((~known).sum()),
        "queries without a positive": teacher.n_queries - len(np.unique(query[known])),
    }
    query, chosen = query[known], documents[known]
    of_document, of_query = _rank(chosen), _rank(teacher.qids)[query]
    order = np.lexsort((of_document, of_query))
    pair = np.stack([of_query, of_document])[:, order]
    new = np.append(True, (np.diff(pair) != 0).any(axis=0))
    start = np.maximum.accumulate(np.where(new, np.arange(len(order)), 0))
    again = np.arange(len(order)) - start
    wanted = _Wanted(query[order], chosen[order], again, query, chosen)
    return wanted, source, dropped


def _rank(names: Strings) -> Integers:
    """The place of each name among the distinct ones, sorted."""
    return np.unique(names, return_inverse=True)[1]


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    groups: Groups
    dropped: dict[str, int]
    suspected: int | None
    strata: Integers | None


@dataclass(frozen=True, slots=True, eq=False)
class Pools:
    """Everything that may be drawn into each group, a positive that it holds first.

    Attributes
    ----------
    groups : Groups
        `inclusion` holds the probability of each document, 1 for the positive.
    strata : int64 array, shape (n_rows,)
        0 for the positive. A group takes as many documents of each stratum as their
        probabilities add up to, at random and without replacement.
    """

    groups: Groups
    strata: Integers


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Ready:
    """What a drawing needs, and what is told of it."""

    teacher: Scores
    drawing: _Drawing
    positives: str
    dropped: dict[str, int]
    notes: tuple[str, ...]
    scale: float
    fitted: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Drawn:
    """Groups, and how they came about.

    Attributes
    ----------
    teacher : Scores
    groups : Groups
        Their `inclusion` holds the probability of each draw, where it is known.
    positives : str
    dropped : dict of str to int
    suspected : int or None
    notes, warnings : tuple of str
    temperature : float
        As in `Sample`.
    """

    teacher: Scores
    groups: Groups
    positives: str
    dropped: dict[str, int]
    suspected: int | None
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    temperature: float


class _Drawing:
    """Draws block by block, so that candidates of all groups never lie side by side."""

    def __init__(  # noqa: PLR0913  what is drawn from, and how
        self,
        law: Law,
        teacher: Scores,
        runs: Mapping[str, Scores],
        wanted: _Wanted,
        *,
        negatives: int,
        seed: int,
        positives: Positives,
    ) -> None:
        self._leads = int(positives == KEEP)
        self._law, self._teacher, self._wanted = law, teacher, wanted
        self._negatives, self._margin = negatives, law.drop_suspected
        purpose = f"{PURPOSE} {law.name}"
        self._qid_numbers = id_numbers(teacher.qids, seed=seed, purpose=purpose)
        self._doc_numbers = id_numbers(teacher.docnos, seed=seed, purpose=purpose)
        of_positives = id_numbers(wanted.positive, seed=seed, purpose=purpose)
        self._group_numbers = mixed(of_positives, wanted.again.astype(np.uint64))
        ranked = dict(runs)
        if "fusion" in law.parts and len(runs) == 1:
            ranked["top"] = teacher  # ranked among all documents, as in the run
        self._places = {name: self._places_in(run) for name, run in ranked.items()}
        self._closed = self._closed_keys()
        row = positions(teacher.docnos, wanted.positive)
        values, found = teacher.lookup(
            wanted.query, teacher.qids, np.maximum(row, 0), teacher.docnos
        )
        self._positive_score = np.where(found & (row >= 0), values, np.nan)

    def _places_in(self, run: Scores) -> Integers:
        """The place of each row of the teacher in a run's ranking; -1 for none."""
        order = ranking(run)
        place = np.empty(len(order))
        place[order] = np.arange(len(order)) - run.offsets[run.row_query()[order]]
        del order
        numbers, teacher = run.with_values(place, kind=Kind.UNKNOWN), self._teacher
        made = np.empty(len(teacher.codes), dtype=np.int64)
        for first, last in windows(teacher.offsets, BLOCK):
            start, stop = teacher.offsets[[first, last]].tolist()
            query = np.repeat(np.arange(first, last), teacher.sizes[first:last])
            codes = teacher.codes[start:stop]
            places, found = numbers.lookup(query, teacher.qids, codes, teacher.docnos)
            made[start:stop] = np.where(found, places, UNRANKED)
        return filed(made)

    def _closed_keys(self) -> Integers:
        """The positives of queries that the teacher has scored, as sorted keys."""
        teacher, wanted = self._teacher, self._wanted
        codes = positions(teacher.docnos, wanted.closed)
        scored = codes >= 0
        return np.unique(wanted.closed_query[scored] * teacher.n_docs + codes[scored])

    def _is_closed(self, query: Integers, codes: Integers) -> Booleans:
        """Whether documents of the teacher are positives of their query."""
        closed, keys = self._closed, query * self._teacher.n_docs + codes
        if not len(closed):
            return np.zeros(len(keys), dtype=bool)
        place = np.minimum(np.searchsorted(closed, keys), len(closed) - 1)
        return np.asarray(closed[place] == keys)

    def drawn(self, *, whole: bool = False) -> _Found:
        """All groups, or of each the `whole` pool that it is drawn from."""
        sizes = self._teacher.sizes[self._wanted.query]
        ends = np.cumsum(sizes)
        starts, start = [0], 0
        while start < len(sizes):
            before = ends[start - 1] if start else 0
            start = max(start + 1, int(np.searchsorted(ends, before + BLOCK)))
            starts.append(min(start, len(sizes)))
        parts = [
            self._block(np.arange(first, last), whole=whole)
            for first, last in pairwise(starts)
        ]
        return self._joined(parts)

    def _block(self, groups: Integers, *, whole: bool) -> _Part:
        teacher = self._teacher
        query = self._wanted.query[groups]
        sizes = teacher.sizes[query]
        offsets = np.cumsum(sizes) - sizes
        rows = np.arange(sizes.sum()) + np.repeat(
            teacher.offsets[query] - offsets, sizes
        )
        group = np.repeat(groups, sizes)
        of_query, codes = self._wanted.query[group], teacher.codes[rows]
        numbers = mixed(
            self._qid_numbers[of_query],
            self._doc_numbers[codes],
            self._group_numbers[group],
        )
        pool = Candidates(
            sizes=sizes,
            scores=teacher.values[rows],
            positive=self._positive_score[groups],
            numbers=numbers,
            ranks={name: places[rows] for name, places in self._places.items()},
        )
        keep = ~self._is_closed(of_query, codes)
        n_suspected = 0
        if self._margin is not None:
            doubtful = suspected(pool, self._margin) & keep
            n_suspected = int(doubtful.sum())
            keep &= ~doubtful
        if self._needs_positive_score:
            keep &= ~np.isnan(pool.positive[pool.group])
        pool, rows = pool.where(keep), rows[keep]
        drawn = draw(pool, self._law, self._negatives)
        chosen, chances, strata = drawn.chosen, drawn.probabilities, None
        if whole:
            strata = strata_of(pool, self._law, self._negatives)
            chosen = strata != CLOSED
        return _Part(
            rows=rows[chosen],
            sizes=np.bincount(pool.group[chosen], minlength=len(groups)),
            numbers=pool.numbers[chosen],
            chances=None if chances is None else chances[chosen],
            n_suspected=n_suspected,
            strata=None if strata is None else strata[chosen] + 1,
        )

    @property
    def _needs_positive_score(self) -> bool:
        named = NEED_POSITIVE_SCORE & {*self._law.parts}
        return bool(named) or self._margin is not None

    def _joined(self, parts: Sequence[_Part]) -> _Found:
        teacher, wanted = self._teacher, self._wanted
        sizes = np.concatenate([part.sizes for part in parts])
        rows = np.concatenate([part.rows for part in parts])
        unscored = np.isnan(self._positive_score)
        lost = int(unscored.sum()) if self._needs_positive_score else 0
        empty = int((sizes == 0).sum()) - lost
        kept = sizes > 0
        # The positive comes first, then the negatives in the order of their numbers
        group = np.repeat(np.arange(len(sizes)), sizes)
        numbers = np.concatenate([part.numbers for part in parts])
        rows = rows[np.lexsort((numbers, group))]
        order = np.lexsort((numbers, group))
        docnos = np.unique(np.concatenate([teacher.docnos, wanted.positive]))
        place = positions(docnos, teacher.docnos)
        ends = np.cumsum(sizes[kept] + self._leads)
        offsets = np.concatenate([[0], ends]).astype(np.int64)
        positive = np.zeros(offsets[-1], dtype=bool)
        positive[offsets[:-1]] = self._leads
        codes = np.empty(len(positive), dtype=np.int64)
        if self._leads:
            codes[positive] = positions(docnos, wanted.positive)[kept]
        codes[~positive] = place[teacher.codes[rows]]
        chances: Floats | None = None
        if all(part.chances is not None for part in parts):
            chances = np.ones(len(positive))
            found = [cast(Floats, part.chances) for part in parts]
            chances[~positive] = np.concatenate(found)[order]
        strata: Integers | None = None
        if all(part.strata is not None for part in parts):
            strata = np.zeros(len(positive), dtype=np.int64)
            of_parts = [cast(Integers, part.strata) for part in parts]
            strata[~positive] = np.concatenate(of_parts)[order]
        queries = wanted.query[kept]
        used = np.unique(queries)
        groups = Groups(
            queries=np.searchsorted(used, queries),
            qids=teacher.qids[used],
            offsets=offsets,
            codes=codes,
            docnos=docnos,
            positive=positive if self._leads else None,
            name=f"groups by {self._law.name}",
            inclusion=chances,
        )
        asked = self._margin is not None
        return _Found(
            groups=groups,
            dropped={
                "groups whose positive has no score": lost,
                "groups without a candidate": empty,
            },
            suspected=sum(part.n_suspected for part in parts) if asked else None,
            strata=strata,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """The negatives of some groups; rows are those of the teacher."""

    rows: Integers
    sizes: Integers
    numbers: np.ndarray
    chances: Floats | None
    n_suspected: int
    strata: Integers | None


def _written(
    made: Sample,
    drawn: Drawn,
    out: Path,
    to: str | None,
    record: Path | None,
    replacing: Replacing,
) -> Sample:
    contents = Contents("groups", out, groups=made.groups)
    entry = target_format(out, to, contents)
    if {"scores", "ranks"} & {*entry.keeps}:
        contents = replace(contents, scores=_scores_of(made.groups, drawn.teacher))
    chances = entry.name == "groups" and drawn.groups.inclusion is not None
    if chances:
        contents = replace(contents, groups=drawn.groups)
    done: list[Sample] = []

    apart: list[Path] = []

    def texts(aside: Path) -> dict[str, str]:
        digest = sha256(aside)
        found = made.at(out, format=entry.name, digest=digest, chances=chances)
        done.append(found)
        if record is None:
            return {}
        text = json_text(found.to_dict())
        for folder in apart:
            (folder / record.name).write_text(text, encoding="utf-8", newline="")
        return {} if apart else {record.name: text}

    with ExitStack() as stack:
        if record is not None and record.parent.resolve() != out.parent.resolve():
            check_outputs(record.parent, [record.name], replacing)
            apart.append(stack.enter_context(filling(record.parent, replacing)))
        store(contents, entry, out, lossy=True, replacing=replacing, texts=texts)
    [found] = done
    return found


def _scores_of(groups: Groups, teacher: Scores) -> Scores:
    """The teacher's scores of the groups' documents alone."""
    values, found = groups.scores_of(teacher)
    if not found.all():
        where, qid, docno = groups.where(int(np.argmin(found)))
        raise UsageError(
            f"{where}: document {docno!r} of query {qid!r} has no score in "
            f"{teacher.name}, and the format holds scores; choose another with `to`"
        )
    keys = groups.row_query() * len(groups.docnos) + groups.codes
    _, first = np.unique(keys, return_index=True)
    return Scores.from_rows(
        groups.row_query()[first],
        groups.qids,
        groups.codes[first],
        groups.docnos,
        values[first],
        name=teacher.name,
    )
