"""Whether commands can run on the files, by a trial, and with which options."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Container, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.catalogue import EACH
from rankbound.commands.compare.options import TARGET, CompareOptions
from rankbound.commands.compare.samplings import load
from rankbound.commands.inspect.examined import Examined
from rankbound.commands.inspect.result import Readiness, Ready
from rankbound.commands.inspect.roles import Cast, share_scored
from rankbound.commands.measure.given import Before
from rankbound.commands.measure.inputs import (
    load_inputs,
    split_queries,
    teacher_temperature,
)
from rankbound.commands.measure.options import (
    MeasureOptions,
    SourceOptions,
    StudentSource,
    Temperature,
)
from rankbound.commands.settings import check_settings
from rankbound.commands.validate.folders import Folder, cases_of, files_of, run_name
from rankbound.data.columns import positions
from rankbound.data.scores import Kind
from rankbound.errors import FormatError, UsageError
from rankbound.estimators.kinds import NEEDS_TEMPERATURE
from rankbound.read.contents import Contents
from rankbound.read.json.lists import systems_joined
from rankbound.read.registry import detect
from rankbound.read.scales import TEACHER, Answers, number_words
from rankbound.read.source import SUFFIXES

if TYPE_CHECKING:
    from rankbound.commands.compare.measured import Measures, Student

Words = list[str]
TRIED: Final = "nDCG@10"  # a measure to try judgements with
NO_TEACHER = "teacher scores: a run or a {qid: {docno: score}} file"
NO_QRELS = (
    "relevance judgements (`qrels`) to fit the temperature that {kind} scores need, or "
    "a number for `temperature`"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a command will be told, as far as readiness depends on it.

    The fields are parameters of `measure` and `compare`.
    """

    temperature: Temperature = None
    clusters: Path | None = None
    missing: Literal["drop", "error"] | None = None
    pairs: str = "all"
    depth: int | None = None

    def __post_init__(self) -> None:
        check_settings(self)

    def words(self, *, depth: bool = False) -> Words:
        """Those that are not the defaults, as options; `missing` stands elsewhere."""
        found: Words = []
        if isinstance(self.temperature, float | int):
            found += ["--temperature", f"{self.temperature:g}"]
        if self.clusters is not None:
            found += ["--clusters", str(self.clusters)]
        if depth and self.depth is not None:
            found += ["--depth", str(self.depth)]
        return [*found, "--pairs", self.pairs] if self.pairs != "all" else found


DEFAULTS = Settings()


@dataclass(frozen=True, slots=True)
class Trial:
    """What `measure` was told in a trial, and what it refused."""

    told: MeasureOptions
    notes: tuple[str, ...]
    lacking: tuple[str, ...]
    refused: dict[str, str]

    @property
    def files(self) -> Words:
        """Options for vectors, judgements and missing scores."""
        return file_words(
            embeddings=self.told.embeddings,
            ids=self.told.ids,
            qrels=self.told.qrels,
            missing=self.told.missing,
        )

    @property
    def students(self) -> list[StudentSource]:
        """The students that are not refused."""
        return [one for one in self.told.students if one.name not in self.refused]

    def all_notes(self, cast: Cast, command: str) -> tuple[str, ...]:
        """Notes on the files, and what is left out."""
        others = [str(one.path) for one in cast.groups[1:]]
        return (
            *self.notes,
            *(f"student {one} is left out: {why}" for one, why in self.refused.items()),
            *(
                [f"{command} reads one file of groups; also given: {', '.join(others)}"]
                if others
                else []
            ),
        )


def trial(cast: Cast, settings: Settings) -> Trial | None:
    """Do all that precedes the computation of `measure`; None without a teacher."""
    if cast.teacher is None:
        return None
    options, notes = _options(cast, cast.groups[:1], settings)
    lacking = _lacking(cast, options.temperature)
    refusal, refused = (None, {}) if lacking else rehearse(options, read_before(cast))
    return Trial(options, notes, lacking if refusal is None else (refusal,), refused)


def readiness(cast: Cast, folder: Path | None, settings: Settings = DEFAULTS) -> Ready:
    """What can be run on the files, or on the folder of a data set that holds them."""
    tried = trial(cast, settings)
    if folder is not None:
        validate: Readiness | None = validate_readiness(cast, folder, settings)
    else:
        validate = _validate(cast, settings, tried)
    return Ready(
        measure=_measure(cast, settings, tried),
        compare=compare_readiness(cast, settings),
        validate=validate,
    )


def _measure(cast: Cast, settings: Settings, tried: Trial | None) -> Readiness:
    if tried is None:
        words = ["rankbound", "measure", "--teacher", _no_teacher(cast)]
        if cast.groups:
            words += ["--groups", str(cast.groups[0].path)]
        if cast.qrels is not None:
            words += ["--qrels", str(cast.qrels.path)]
        command = shlex.join([*words, "--out", "measured"])
        return Readiness(False, (_missing_teacher(cast),), command, ())
    options, lacking = tried.told, tried.lacking
    words = measure_words(
        cast,
        options.teacher,
        options.temperature,
        groups=options.groups,
        students=tried.students,
        files=tried.files,
    )
    words += settings.words(depth=not cast.groups)
    words += [*_placeholders(cast, options.temperature), "--out", "measured"]
    notes = tried.all_notes(cast, "measure")
    return Readiness(not lacking, lacking, shlex.join(words), notes)


def _validate(cast: Cast, settings: Settings, tried: Trial | None) -> Readiness | None:
    """The same for `validate` on files; None without judgements and a student."""
    if tried is None or cast.qrels is None or not tried.students:
        return None
    options, lacking = tried.told, tried.lacking
    runs = runs_of(cast)
    rankings = {
        one.name: runs[one.name].path
        for one in tried.students
        if one.queries is not None and one.name in runs
    }
    if cast.ranking is not None:
        rankings[TEACHER] = cast.ranking.path
    if not lacking:
        lacking = tuple(_unjudged(cast, {one.name for one in tried.students}))
    words = command_words(
        "validate",
        cast,
        options.teacher,
        options.temperature,
        groups=_named_groups(options.groups),
        students=tried.students,
        files=tried.files,
    )
    if rankings:
        words += ["--ranking", *(f"{one}={path}" for one, path in rankings.items())]
    words += settings.words(depth=not cast.groups)
    words += [*_placeholders(cast, options.temperature), "--out", "validated"]
    notes = tried.all_notes(cast, "validate")
    return Readiness(not lacking, lacking, shlex.join(words), notes)


def _unjudged(cast: Cast, students: Container[str]) -> Iterator[str]:
    """Why `validate` would refuse judgements, or rankings of the teacher and students.

    Ranking all documents by their vectors is left to the command.
    """
    # It loads the measures, which an inspection of files alone does not need
    from rankbound.commands.validate.effectiveness import Judge

    if cast.qrels is None or cast.qrels.qrels is None:
        return
    try:
        Judge(cast.qrels.qrels, (TRIED,), missing="zero")
    except MISTAKES as error:
        yield _line(error)
        return
    ranked = [one for name, one in runs_of(cast).items() if name in students]
    for one in (cast.ranking or cast.teacher, *ranked):
        if one is None or one.scores is None:
            continue
        if (positions(cast.qrels.qrels.qids, one.scores.scores.qids) < 0).all():
            yield f"{one.path}: none of its queries is judged in {cast.qrels.path}"


def _named_groups(groups: Path | None) -> Words:
    """The groups by their name, since that of a file may hold what parts the two."""
    return [] if groups is None else ["--groups", f"{stem(groups)}={groups}"]


def _missing_teacher(cast: Cast) -> str:
    """What is missing: scores, or the repair of a file that might hold them."""
    if not cast.broken:
        return NO_TEACHER
    names = ", ".join(str(one.path) for one in cast.broken)
    return f"teacher scores that can be read: mend {names} first"


def _no_teacher(cast: Cast) -> str:
    """What stands for the teacher in a command."""
    return str(cast.broken[0].path) if len(cast.broken) == 1 else "TEACHER"


def compare_readiness(cast: Cast, settings: Settings = DEFAULTS) -> Readiness:
    """Whether `compare` can run: with a teacher and at least two samplings."""
    missing: list[str] = []
    if cast.teacher is None:
        missing.append(_missing_teacher(cast))
    parted = _parted(cast)
    if len(cast.groups) < 2:
        found = "one was given" if cast.groups else "none was given"
        if parted:
            found += (
                f", with the negatives of {len(parted)} systems; the command writes "
                "those of each to a file first"
            )
        missing.append(f"groups of at least two samplings; {found}")
    # The others are compared with the first sampling
    groups = sorted(cast.groups, key=lambda one: "random" not in one.path.name)
    named = _named([one.path for one in groups])
    shown = [(system, path) for system, path, _ in parted] or named
    words = ["--groups", *(f"{name}={path}" for name, path in shown)]
    words += [] if parted else [f"NAME{n}=GROUPS{n}" for n in range(len(groups) + 1, 3)]
    if cast.teacher is None:
        words = ["rankbound", "compare", "--teacher", _no_teacher(cast), *words]
        words += ["--out", "compared"]
        return Readiness(False, tuple(missing), shlex.join(words), ())
    options, notes = _options(cast, cast.groups, settings)
    missing += _lacking(cast, options.temperature)
    refused: dict[str, str] = {}
    if not missing:
        comparison = CompareOptions(
            groups=tuple(named),
            pairs=EACH if settings.pairs == "all" else settings.pairs,
            **{name: getattr(options, name) for name in SHARED},
        )
        formats = _formats(cast, comparison.inputs())
        comparison = replace(comparison, formats=formats)
        refusal, refused = rehearse_comparison(comparison, read_before(cast))
        missing += [] if refusal is None else [refusal]
    notes += tuple(
        f"student {name} is left out: {why}" for name, why in refused.items()
    )
    line = command_words(
        "compare",
        cast,
        options.teacher,
        options.temperature,
        groups=words,
        students=[one for one in options.students if one.name not in refused],
        files=file_words(
            embeddings=options.embeddings,
            ids=options.ids,
            qrels=options.qrels,
            missing=options.missing,
        ),
    )
    line += settings.words()
    line += [*_placeholders(cast, options.temperature), "--out", "compared"]
    lines = [*(convert for _, _, convert in parted), shlex.join(line)]
    return Readiness(not missing, tuple(missing), " && ".join(lines), notes)


def _parted(cast: Cast) -> list[tuple[str, Path, str]]:
    """Each system of the only file of groups: a file for it, and how to write that."""
    contents = cast.groups[0].given.contents if len(cast.groups) == 1 else None
    if contents is None:
        return []
    path = cast.groups[0].path
    systems = sorted(
        systems_joined(contents.notes), key=lambda system: "random" not in system
    )
    files = [Path(f"{stem(path)}.{system}.jsonl") for system in systems]
    return [
        (
            f"{system}-groups" if system == TARGET else system,
            file,
            shlex.join(
                (
                    *("rankbound", "convert", str(path), str(file)),
                    *("--format", f"{contents.format}:{system}"),
                )
            ),
        )
        for system, file in zip(systems, files, strict=True)
    ]


def validate_readiness(
    cast: Cast, folder: Path, settings: Settings = DEFAULTS
) -> Readiness:
    """Whether `validate` can run on the folder of a data set, by a trial."""
    # These load SymPy, which an inspection of files alone does not need
    from rankbound.commands.validate.options import ValidateOptions
    from rankbound.commands.validate.run import gathered

    name = stem(Path(folder.resolve().name)).replace(":", "-")
    words = ["rankbound", "validate", "--datasets", f"{name}:{folder}"]
    if cast.teacher is None:
        words += ["--dataset-teacher", "RUN", "--out", "validated"]
        return Readiness(False, (_missing_teacher(cast),), shlex.join(words), ())
    found = files_of(folder)
    runs = {path: run_name(path) for path in (() if found is None else found.runs)}
    run = runs.get(cast.teacher.path)
    teacher = run if found is not None and found.teacher is None else None
    words += [] if teacher is None else ["--dataset-teacher", teacher]
    options, notes = _options(replace(cast, students=()), cast.groups, settings)
    students = {
        runs[one.path]: one
        for one in cast.students
        if one.path in runs and one.given.answer.kind is not None
    }
    missing: tuple[str, ...] = ()
    try:
        set_of = Folder(name, folder, teacher)
        measured = replace(
            options,
            temperature=settings.temperature,
            groups=None,
            depth=settings.depth,
            embeddings=None,
            ids=None,
            formats={},
            students=tuple(
                StudentSource(student, kind=one.given.answer.kind)
                for student, one in students.items()
            ),
        )
        gathered(ValidateOptions(cases=cases_of(set_of, measured)))
    except MISTAKES as error:
        missing = (_line(error),)
    words += settings.words(depth=True)
    words += [] if options.missing is None else ["--missing", options.missing]
    if students:
        kinds = {name: one.given.answer.kind for name, one in students.items()}
        words += ["--student-kind"]
        words += [f"{name}={kind.value}" for name, kind in kinds.items() if kind]
    words += [*answer_words(cast, ()), "--out", "validated"]
    return Readiness(not missing, missing, shlex.join(words), notes)


def measure_options(cast: Cast) -> tuple[MeasureOptions, tuple[str, ...]]:
    """The options for `measure` as far as files decide, and notes about them."""
    return _options(cast, cast.groups, DEFAULTS)


def named_groups(cast: Cast) -> list[tuple[str, Path]]:
    """The groups by name, the reference first: a random one if there is one."""
    groups = sorted(cast.groups, key=lambda one: "random" not in one.path.name)
    return _named([one.path for one in groups])


def runs_of(cast: Cast) -> dict[str, Examined]:
    """The students' files of scores by the names of the students."""
    names = names_of([one.path for one in cast.students])
    return dict(zip(names, cast.students, strict=True))


def _named(paths: list[Path]) -> list[tuple[str, Path]]:
    """A name for each sampling; `compare` reserves "target" for another law."""
    names = (f"{name}-groups" if name == TARGET else name for name in names_of(paths))
    return list(zip(names, paths, strict=True))


def _options(
    cast: Cast, groups: Sequence[Examined], settings: Settings
) -> tuple[MeasureOptions, tuple[str, ...]]:
    """The options for `measure`, and notes about them."""
    teacher = cast.teacher
    if teacher is None or teacher.scores is None:
        raise ValueError("options need a teacher")
    notes = [f"teacher: {teacher.path} ({cast.why})"]
    vectors, ids = _vectors(cast, notes)
    temperature = settings.temperature
    if temperature is None and teacher.scores.kind in NEEDS_TEMPERATURE:
        marked = any(
            one.groups is not None and one.groups.positive is not None for one in groups
        )
        temperature = "fit" if cast.qrels is not None or marked else None
    students = _students(cast, with_vectors=vectors is not None)
    answers = _answers(cast)
    missing = settings.missing
    if missing is None and _incomplete(cast, groups, vectors is not None):
        missing = "drop"
    options = MeasureOptions(
        teacher=teacher.path,
        teacher_kind=teacher.given.answer.kind,
        temperature=temperature,
        students=students,
        groups=groups[0].path if groups else None,
        clusters=settings.clusters,
        depth=None if groups else settings.depth,
        pairs=settings.pairs,
        embeddings=vectors,
        ids=ids,
        qrels=None if cast.qrels is None else cast.qrels.path,
        missing=missing,
        missing_value=answers.missing_value,
        run_tag=answers.run_tag,
        mixed_scales=answers.mixed_scales,
    )
    options = replace(options, formats=_formats(cast, options.inputs()))
    if options.missing == "drop":
        notes.append("documents without a score or vector are dropped and counted")
    return options, tuple(notes)


def _answers(cast: Cast) -> Answers:
    """What the user said about the scores of the files, by path."""
    scored = [one for one in (cast.teacher, *cast.students) if one is not None]
    values = {str(one.path): one.given.answer.missing_value for one in scored}
    tags = {str(one.path): one.given.tag for one in scored}
    return Answers(
        missing_value={p: held for p, held in values.items() if held is not None},
        run_tag={path: tag for path, tag in tags.items() if tag is not None},
        mixed_scales=scored[0].given.answer.mixed_scales if scored else "error",
    )


def answer_words(cast: Cast, students: Container[str]) -> Words:
    """The same as options of a command, for the teacher and the students it takes."""
    words: Words = []
    teacher = cast.teacher
    if teacher is not None and teacher.given.answer.kind is not None:
        words += ["--teacher-kind", teacher.given.answer.kind.value]
    names = names_of([one.path for one in cast.students])
    taken = [
        (name, one)
        for name, one in zip(names, cast.students, strict=True)
        if name in students
    ]
    for name, one in taken:
        if one.given.answer.kind is not None:
            words += ["--student-kind", f"{name}={one.given.answer.kind.value}"]
    said = _answers(replace(cast, students=tuple(one for _, one in taken)))
    for path, held in said.missing_value.items():
        values = [held] if isinstance(held, str | float | int) else held
        words += ["--missing-value", *(f"{path}={_value(one)}" for one in values)]
    for path, tag in said.run_tag.items():
        words += ["--run-tag", f"{path}={tag}"]
    if said.mixed_scales != "error":
        words += ["--mixed-scales", said.mixed_scales]
    return words


def _value(value: float | str) -> str:
    return value if isinstance(value, str) else number_words(value)


def _vectors(cast: Cast, notes: list[str]) -> tuple[Path | None, Path | None]:
    """Vectors of documents and their ids, unless the command would refuse them."""
    one = cast.documents
    if one is None or one.vectors is None:
        return None, None
    if not one.vectors.facts.finite.all():
        notes.append(f"{one.path} is left out: some vectors are not finite")
        return None, None
    if one.given.ids is None:
        notes.append(f"{one.path} is left out: measure needs a file of ids beside it")
        return None, None
    return one.path, one.given.ids


def _incomplete(cast: Cast, groups: Sequence[Examined], with_vectors: bool) -> bool:
    """Whether group documents lack a teacher score or a vector."""
    for one in groups:
        if one.groups is None or cast.teacher is None:
            continue
        if share_scored(one.groups, cast.teacher) < 1:
            return True
        if with_vectors and _lacks_vectors(one.groups.docnos, one.groups.codes, cast):
            return True
    if not groups and with_vectors and cast.teacher and cast.teacher.scores:
        scores = cast.teacher.scores.scores
        return _lacks_vectors(scores.docnos, scores.codes, cast)
    return False


def _lacks_vectors(docnos: np.ndarray, codes: np.ndarray, cast: Cast) -> bool:
    if cast.documents is None or cast.documents.vectors is None:
        return False
    held = cast.documents.vectors.embeddings.rows(docnos) >= 0
    return not bool(held[codes].all())


def _students(cast: Cast, *, with_vectors: bool) -> tuple[StudentSource, ...]:
    runs, queries = runs_of(cast), cast.queries
    dense = with_vectors and queries is not None and queries.given.ids is not None
    name = "bi-encoder" if "bi-encoder" not in runs else "dot-products"
    if dense and queries is not None:
        # E.queries.npy are the vectors of the model whose run is E.run
        encoder = queries.path.name.partition(".")[0]
        name = encoder if encoder in runs else name
    found = [
        StudentSource(
            student,
            scores=one.path,
            kind=one.given.answer.kind,
            temperature=_scale(one),
        )
        for student, one in runs.items()
        if not dense or student != name
    ]
    if dense and queries is not None:
        found.append(
            StudentSource(
                name,
                queries=queries.path,
                query_ids=queries.given.ids,
                temperature="fit",
            )
        )
    return tuple(found)


def _scale(one: Examined) -> Temperature:
    if one.scores is None or one.scores.kind not in NEEDS_TEMPERATURE:
        return None
    return "fit"


def _lacking(cast: Cast, temperature: Temperature) -> tuple[str, ...]:
    """What is missing before any file is read: a temperature, or nothing."""
    kind = Kind.UNKNOWN
    if cast.teacher is not None and cast.teacher.scores is not None:
        kind = cast.teacher.scores.kind
        for question in cast.teacher.scores.asked:
            return (f"{question.message}; {question.remedy}",)
    if kind in NEEDS_TEMPERATURE and temperature is None:
        return (NO_QRELS.format(kind=kind.value),)
    return ()


def _placeholders(cast: Cast, temperature: Temperature) -> list[str]:
    """Options for a temperature that the given files cannot determine."""
    facts = None if cast.teacher is None else cast.teacher.scores
    if facts is not None and facts.asked:
        return []
    lacking = _lacking(cast, temperature)
    return ["--temperature", "fit", "--qrels", "QRELS"] if lacking else []


MISTAKES = (UsageError, FormatError, DomainError)


def nothing_read(*_: object) -> None:
    """No file was read before."""


def read_before(cast: Cast) -> Before:
    """What an inspection has read, as a command would read it."""
    files = (cast.teacher, *cast.students, *cast.groups, cast.qrels)
    given = [one.given for one in files if one is not None]

    def before(
        path: Path, part: str, format: str | None, tag: str | None
    ) -> Contents | None:
        for one in given:
            held = one.read
            if one.path != path or held is None or getattr(held, part) is None:
                continue
            # A command prefers formats of the part that it wants
            detected = one.asked or detect(one.source, part=part)[0].name
            as_read = held.format if one.asked is None else one.asked
            if tag in (one.source.tag, one.tag) and (format or detected) == as_read:
                return held
        return None

    return before


def rehearse(
    options: MeasureOptions, before: Before = nothing_read
) -> tuple[str | None, dict[str, str]]:
    """Do what `measure` does before it computes, and check each student alone.

    `before` gives what is not to be read again.

    Returns
    -------
    refusal : str or None
        The error that `measure` would raise about the teacher's side, or None.
    students : dict of str to str
        The error that it would raise about each student that it refuses, by name.
    """
    # These load SymPy, which an inspection of files alone does not need
    from rankbound.commands.measure.measured import wanted_of
    from rankbound.commands.measure.students import (
        Setting,
        check_student,
        raw_scores,
    )

    try:
        inputs = load_inputs(options, before=before)
        split = split_queries(
            inputs.groups,
            fits=options.fits,
            seed=options.seed,
            pilot=options.pilot if options.students else 0.0,
        )
        if not split.n_certificate:
            return "no query is left for the certificate; give more queries", {}
        scale = teacher_temperature(inputs, split, options.temperature)
    except MISTAKES as error:
        return _line(error), {}
    refused = {}
    for student in options.students:
        try:
            check_student(
                student,
                Setting(inputs, split, scale, options.unscored),
                wanted_of(options, student.name),
                raw=raw_scores(student, inputs),
            )
        except MISTAKES as error:
            refused[student.name] = _line(error)
    return None, refused


# What the options of both commands say alike
SHARED: Final = tuple(
    one.name for one in fields(SourceOptions) if one.name not in ("formats", "command")
)


def rehearse_comparison(
    asked: CompareOptions, before: Before
) -> tuple[str | None, dict[str, str]]:
    """Do what `compare` does up to the family of comparisons; returns as `rehearse`."""
    from rankbound.commands.compare.measured import (
        family,
        measure_sampling,
        read_students,
    )

    def measured(students: Sequence[Student]) -> dict[str, Measures]:
        return {
            sampling.name: measure_sampling(
                sampling,
                loaded.embeddings,
                students,
                metric=asked.metric,
                score_range=asked.score_range,
                missing=asked.missing,
            )
            for sampling in loaded.samplings
        }

    try:
        loaded = load(asked, before=before)
    except MISTAKES as error:
        return _line(error), {}
    refused, kept = {}, []
    for source in asked.students:
        try:
            [read] = read_students((source,), loaded)
            measured((read,))
            kept.append(read)
        except MISTAKES as error:
            refused[source.name] = _line(error)
    try:
        family(measured(kept), loaded, asked, {})
    except MISTAKES as error:
        return _line(error), refused
    return None, refused


def _line(error: Exception) -> str:
    """The message of an error in one line."""
    return " ".join(str(error).split())


def measure_words(
    cast: Cast,
    teacher: Path,
    temperature: Temperature,
    *,
    groups: Path | None = None,
    students: Sequence[StudentSource] = (),
    files: Words,
) -> Words:
    """The command line of `measure`, without the folder for its results."""
    return command_words(
        "measure",
        cast,
        teacher,
        temperature,
        groups=[] if groups is None else ["--groups", str(groups)],
        students=students,
        files=files,
    )


def command_words(  # noqa: PLR0913  the parts of a command line
    name: str,
    cast: Cast,
    teacher: Path,
    temperature: Temperature,
    *,
    groups: Words,
    students: Sequence[StudentSource],
    files: Words,
) -> Words:
    """The command line of a command, without the folder for its results."""
    words = ["rankbound", name, *teacher_words(teacher, temperature), *groups]
    runs = [one for one in students if one.scores is not None]
    if runs:
        words += ["--student", *(f"{one.name}={one.scores}" for one in runs)]
    for one in students:
        if one.queries is not None:
            words += ["--bi-encoder", f"{one.name}={one.queries}"]
            words += ["--query-ids", str(one.query_ids)]
    fitted = [one.name for one in students if one.temperature == "fit"]
    if fitted:
        words += ["--student-temperature", *(f"{name}=fit" for name in fitted)]
    taken = {Path(word.rpartition("=")[2]) for word in (*words, *files)}
    answers = answer_words(cast, {one.name for one in students})
    return [*words, *files, *answers, *format_words(cast, taken)]


def teacher_words(teacher: Path, temperature: Temperature) -> Words:
    """The teacher and its temperature."""
    words = ["--teacher", str(teacher)]
    return [*words, "--temperature", "fit"] if temperature == "fit" else words


def file_words(**files: object) -> Words:
    """Options for vectors, judgements, and missing scores, those that are given."""
    given = {name: value for name, value in files.items() if value is not None}
    return [word for name, value in given.items() for word in (f"--{name}", str(value))]


def _formats(cast: Cast, taken: Collection[object]) -> dict[str, str]:
    """The formats that the user named, by path, of the files that a command takes."""
    files = (cast.teacher, *cast.students, *cast.groups)
    files = (*files, cast.qrels, cast.documents, cast.queries)
    return {
        str(one.path): one.given.asked
        for one in files
        if one is not None and one.given.asked is not None and one.path in taken
    }


def format_words(cast: Cast, taken: Collection[object]) -> Words:
    """The same as options."""
    named = [f"{path}={name}" for path, name in _formats(cast, taken).items()]
    return ["--format", *named] if named else []


# Short names of files, for the commands to run next
KNOWN = (
    ".run",
    ".trec",
    ".txt",
    ".tsv",
    ".res",
    ".json",
    ".jsonl",
    ".scores",
    ".groups",
    ".parquet",
    ".pkl",
    ".arrow",
)


def stem(path: Path) -> str:
    """The name of a file without suffixes and without characters that names forbid.

    Examples
    --------
    >>> stem(Path("runs/bm25.run.gz")), stem(Path("train/random.16.jsonl.gz"))
    ('bm25', 'random')
    """
    name = path.name
    for suffixes in (SUFFIXES, KNOWN, KNOWN):
        found = next((s for s in suffixes if name.casefold().endswith(s)), "")
        if len(name) > len(found):
            name = name[: len(name) - len(found)]
    head, separator, tail = name.rpartition(".")
    if separator and head and tail.isdecimal():  # such as the size of groups
        name = head
    name = "".join("-" if c in "=\t\r\n" else c for c in name)
    return name.lstrip("-") or "file"  # a name must not look like an option


def names_of(paths: Sequence[Path]) -> list[str]:
    """A short and distinct name for each path.

    Examples
    --------
    >>> names_of([Path("a/x.run"), Path("b/x.run"), Path("y.run")])
    ['a-x', 'b-x', 'y']
    """
    names = [stem(path) for path in paths]
    shared = {name for name in names if names.count(name) > 1}
    found: list[str] = []
    for path, name in zip(paths, names, strict=True):
        folder = path.parent.name
        longer = f"{folder}-{name}" if name in shared and folder else name
        number, unique = 2, longer
        while unique in found:
            unique, number = f"{longer}-{number}", number + 1
        found.append(unique)
    return found
