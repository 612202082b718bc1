"""Whether `measure` and `compare` can run, by a trial, and with which command."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.commands.compare.options import TARGET, CompareOptions
from rankbound.commands.compare.samplings import Sampling, load
from rankbound.commands.inspect.examined import Examined
from rankbound.commands.inspect.result import Readiness
from rankbound.commands.inspect.roles import Cast, share_scored
from rankbound.commands.measure.inputs import (
    load_inputs,
    split_queries,
    teacher_temperature,
)
from rankbound.commands.measure.options import (
    MeasureOptions,
    StudentSource,
    Temperature,
)
from rankbound.data.scores import Kind
from rankbound.errors import FormatError, UsageError
from rankbound.estimators.kinds import NEEDS_TEMPERATURE
from rankbound.read.scales import Answers, number_words
from rankbound.read.source import SUFFIXES

NO_TEACHER = "teacher scores: a run or a {qid: {docno: score}} file"
NO_QRELS = (
    "relevance judgements (`qrels`) to fit the temperature that {kind} scores need, or "
    "a number for `temperature`"
)


def measure_readiness(cast: Cast) -> Readiness:
    """Whether `measure` can run, by doing all that precedes its computation."""
    if cast.teacher is None:
        words = ["rankbound", "measure", "--teacher", "TEACHER"]
        if cast.groups:
            words += ["--groups", str(cast.groups[0].path)]
        if cast.qrels is not None:
            words += ["--qrels", str(cast.qrels.path)]
        command = shlex.join([*words, "--out", "measured"])
        return Readiness(False, (NO_TEACHER,), command, ())
    options, notes = _options(cast, cast.groups[0] if cast.groups else None)
    lacking = _lacking(cast, options.temperature)
    refusal, refused = (None, {}) if lacking else rehearse(options)
    if refusal is not None:
        lacking = (refusal,)
    notes = (
        *notes,
        *(f"student {name} is left out: {why}" for name, why in refused.items()),
        *_other_groups(cast),
    )
    words = measure_words(
        cast,
        options.teacher,
        options.temperature,
        groups=options.groups,
        students=[one for one in options.students if one.name not in refused],
        files=file_words(
            embeddings=options.embeddings,
            ids=options.ids,
            qrels=options.qrels,
            missing=options.missing,
        ),
    )
    words += [*_placeholders(cast, options.temperature), "--out", "measured"]
    return Readiness(not lacking, lacking, shlex.join(words), notes)


def compare_readiness(cast: Cast) -> Readiness:
    """Whether `compare` can run: with a teacher and at least two samplings."""
    missing: list[str] = []
    if cast.teacher is None:
        missing.append(NO_TEACHER)
    if len(cast.groups) < 2:
        found = "one was given" if cast.groups else "none was given"
        missing.append(f"groups of at least two samplings; {found}")
    # The others are compared with the first sampling
    groups = sorted(cast.groups, key=lambda one: "random" not in one.path.name)
    named = _named([one.path for one in groups])
    notes: tuple[str, ...] = ()
    options = None
    if cast.teacher is not None:
        options, notes = _options(replace(cast, students=()), None)
        missing += _lacking(cast, options.temperature)
        if not missing:
            comparison = CompareOptions(
                teacher=options.teacher,
                teacher_kind=options.teacher_kind,
                temperature=options.temperature,
                groups=tuple(named),
                embeddings=options.embeddings,
                ids=options.ids,
                qrels=options.qrels,
                missing=options.missing,
                missing_value=options.missing_value,
                run_tag=options.run_tag,
                mixed_scales=options.mixed_scales,
            )
            try:
                missing += _apart(load(comparison).samplings)
            except MISTAKES as error:
                missing.append(_line(error))
    words = ["rankbound", "compare"]
    words += (
        teacher_words(options.teacher, options.temperature)
        if options
        else ["--teacher", "TEACHER"]
    )
    words.append("--groups")
    words += [f"{name}={path}" for name, path in named]
    words += [f"NAME{n}=GROUPS{n}" for n in range(len(groups) + 1, 3)]
    if options is not None:
        words += [
            *file_words(
                embeddings=options.embeddings,
                ids=options.ids,
                qrels=options.qrels,
                missing=options.missing,
            ),
            *_placeholders(cast, options.temperature),
        ]
    words += answer_words(replace(cast, students=()))
    words += [*format_words(cast), "--out", "compared"]
    return Readiness(not missing, tuple(missing), shlex.join(words), notes)


def _named(paths: list[Path]) -> list[tuple[str, Path]]:
    """A name for each sampling; `compare` reserves "target" for another law."""
    names = (f"{name}-groups" if name == TARGET else name for name in names_of(paths))
    return list(zip(names, paths, strict=True))


def _options(
    cast: Cast, groups: Examined | None
) -> tuple[MeasureOptions, tuple[str, ...]]:
    """The options for `measure`, and notes about them."""
    teacher = cast.teacher
    if teacher is None or teacher.scores is None:
        raise ValueError("options need a teacher")
    notes = [f"teacher: {teacher.path} ({cast.why})"]
    vectors, ids = _vectors(cast, notes)
    fits = teacher.scores.kind in NEEDS_TEMPERATURE
    students = _students(cast, with_vectors=vectors is not None)
    answers = _answers(cast)
    options = MeasureOptions(
        teacher=teacher.path,
        teacher_kind=teacher.given.answer.kind,
        temperature="fit" if fits and cast.qrels is not None else None,
        students=students,
        groups=None if groups is None else groups.path,
        embeddings=vectors,
        ids=ids,
        qrels=None if cast.qrels is None else cast.qrels.path,
        missing="drop" if _incomplete(cast, groups, vectors is not None) else None,
        missing_value=answers.missing_value,
        run_tag=answers.run_tag,
        mixed_scales=answers.mixed_scales,
    )
    if options.missing:
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


def answer_words(cast: Cast) -> Words:
    """The same as options of a command."""
    said, words = _answers(cast), []
    teacher = cast.teacher
    if teacher is not None and teacher.given.answer.kind is not None:
        words += ["--teacher-kind", teacher.given.answer.kind.value]
    names = names_of([one.path for one in cast.students])
    for name, one in zip(names, cast.students, strict=True):
        if one.given.answer.kind is not None:
            words += ["--student-kind", f"{name}={one.given.answer.kind.value}"]
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


def _incomplete(cast: Cast, groups: Examined | None, with_vectors: bool) -> bool:
    """Whether group documents lack a teacher score or a vector."""
    held = [groups] if groups is not None else list(cast.groups)
    for one in held:
        if one.groups is None or cast.teacher is None:
            continue
        if share_scored(one.groups, cast.teacher) < 1:
            return True
        if with_vectors and _lacks_vectors(one.groups.docnos, one.groups.codes, cast):
            return True
    if not held and with_vectors and cast.teacher and cast.teacher.scores:
        scores = cast.teacher.scores.scores
        return _lacks_vectors(scores.docnos, scores.codes, cast)
    return False


def _lacks_vectors(docnos: np.ndarray, codes: np.ndarray, cast: Cast) -> bool:
    if cast.documents is None or cast.documents.vectors is None:
        return False
    held = cast.documents.vectors.embeddings.rows(docnos) >= 0
    return not bool(held[codes].all())


def _students(cast: Cast, *, with_vectors: bool) -> tuple[StudentSource, ...]:
    names = names_of([one.path for one in cast.students])
    found = [
        StudentSource(
            name,
            scores=one.path,
            kind=one.given.answer.kind,
            temperature=_scale(one),
        )
        for name, one in zip(names, cast.students, strict=True)
    ]
    queries = cast.queries
    if with_vectors and queries is not None and queries.given.ids is not None:
        name = "bi-encoder" if "bi-encoder" not in names else "dot-products"
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


def _other_groups(cast: Cast) -> tuple[str, ...]:
    others = [str(one.path) for one in cast.groups[1:]]
    return (
        (f"measure reads one file of groups; also given: {', '.join(others)}",)
        if others
        else ()
    )


MISTAKES = (UsageError, FormatError, DomainError)


def rehearse(options: MeasureOptions) -> tuple[str | None, dict[str, str]]:
    """Do what `measure` does before it computes, and evaluate each student alone.

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
        evaluate_student,
        raw_scores,
    )

    try:
        inputs = load_inputs(replace(options, students=()))
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
            evaluate_student(
                student,
                Setting(inputs, split, scale, options.unscored),
                wanted_of(options, student.name),
                raw=raw_scores(student, inputs),
            )
        except MISTAKES as error:
            refused[student.name] = _line(error)
    return None, refused


def _apart(samplings: Sequence[Sampling]) -> list[str]:
    """The first sampling that has no query in common with the reference."""
    first, *others = samplings
    known = {*first.groups.group_qids()}
    for other in others:
        if known.isdisjoint(other.groups.group_qids()):
            return [f"{other.name!r} and {first.name!r} have no query in common"]
    return []


def _line(error: Exception) -> str:
    """The message of an error in one line."""
    return " ".join(str(error).split())


Words = list[str]


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
    words = ["rankbound", "measure", *teacher_words(teacher, temperature)]
    if groups is not None:
        words += ["--groups", str(groups)]
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
    return [*words, *files, *answer_words(cast), *format_words(cast)]


def teacher_words(teacher: Path, temperature: Temperature) -> Words:
    """The teacher and its temperature."""
    words = ["--teacher", str(teacher)]
    return [*words, "--temperature", "fit"] if temperature == "fit" else words


def file_words(**files: object) -> Words:
    """Options for vectors, judgements, and missing scores, those that are given."""
    given = {name: value for name, value in files.items() if value is not None}
    return [word for name, value in given.items() for word in (f"--{name}", str(value))]


def format_words(cast: Cast) -> Words:
    """The formats that the user had to name."""
    used = (cast.teacher, *cast.students, *cast.groups, cast.qrels, cast.documents)
    named = [f"{one.path}={one.given.asked}" for one in used if one and one.given.asked]
    return ["--format", *dict.fromkeys(named)] if named else []


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
