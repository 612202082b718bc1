"""The verdicts: whether `measure` and `compare` can run, and with which command."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from rankbound.commands.compare.options import TARGET, CompareOptions
from rankbound.commands.inspect.examined import Examined
from rankbound.commands.inspect.naming import names_of
from rankbound.commands.inspect.rehearsal import rehearse, rehearse_comparison
from rankbound.commands.inspect.roles import Cast, share_scored
from rankbound.commands.inspect.wording import (
    file_words,
    format_words,
    measure_words,
    teacher_words,
)
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.data.scores import Kind
from rankbound.estimators.kinds import NEEDS_TEMPERATURE

NO_TEACHER = "teacher scores: a run or a {qid: {docno: score}} file"
NO_QRELS = (
    "relevance judgements (--qrels) to fit the temperature that {kind} scores need, or "
    "a number for --temperature"
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a command can run on the files.

    Attributes
    ----------
    ok : bool
    missing : tuple of str
        What is missing; empty if `ok`.
    command : str
        What to run next. Words in capitals stand for what is missing.
    notes : tuple of str
        What the command leaves out, and how the teacher was chosen.
    """

    ok: bool
    missing: tuple[str, ...]
    command: str
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The verdict for JSON."""
        return {
            "ok": self.ok,
            "missing": list(self.missing),
            "command": self.command,
            "notes": list(self.notes),
        }


def measure_verdict(cast: Cast) -> Verdict:
    """Whether `rankbound measure` can run, tried out up to its computation."""
    if cast.teacher is None:
        words = ["rankbound", "measure", "--teacher", "TEACHER"]
        if cast.groups:
            words += ["--groups", str(cast.groups[0].path)]
        if cast.qrels is not None:
            words += ["--qrels", str(cast.qrels.path)]
        return Verdict(False, (NO_TEACHER,), shlex.join([*words, "--out", "measured"]))
    options, notes = _options(cast, cast.groups[0] if cast.groups else None)
    lacking = _lacking(cast, options)
    refusal, refused = (None, {}) if lacking else rehearse(options)
    if refusal is not None:
        lacking = (refusal,)
    kept = tuple(one for one in options.students if one.name not in refused)
    options = replace(options, students=kept)
    notes = (
        *notes,
        *(f"student {name} is left out: {why}" for name, why in refused.items()),
        *_other_groups(cast),
    )
    words = [*measure_words(options, cast), *_placeholders(cast, options)]
    return Verdict(
        not lacking, lacking, shlex.join([*words, "--out", "measured"]), notes
    )


def compare_verdict(cast: Cast) -> Verdict:
    """Whether `rankbound compare` can run: a teacher and two samplings or more."""
    missing: list[str] = []
    if cast.teacher is None:
        missing.append(NO_TEACHER)
    if len(cast.groups) < 2:
        found = "one was given" if cast.groups else "none was given"
        missing.append(f"groups of at least two samplings; {found}")
    # The first sampling is the one that others are compared with
    groups = sorted(cast.groups, key=lambda one: "random" not in one.path.name)
    named = _named([one.path for one in groups])
    notes: tuple[str, ...] = ()
    options = None
    if cast.teacher is not None:
        options, notes = _options(replace(cast, students=()), None)
        missing += _lacking(cast, options)
        if not missing:
            refusal = rehearse_comparison(_comparison(options, named))
            missing += [] if refusal is None else [refusal]
    words = ["rankbound", "compare"]
    words += teacher_words(options) if options else ["--teacher", "TEACHER"]
    words.append("--groups")
    words += [f"{name}={path}" for name, path in named]
    words += [f"NAME{n}=GROUPS{n}" for n in range(len(groups) + 1, 3)]
    if options is not None:
        words += [*file_words(options), *_placeholders(cast, options)]
    words += [*format_words(cast), "--out", "compared"]
    return Verdict(not missing, tuple(missing), shlex.join(words), notes)


def _named(paths: list[Path]) -> list[tuple[str, Path]]:
    """A name for each sampling; "target" is what `compare` calls another law."""
    names = (f"{name}-groups" if name == TARGET else name for name in names_of(paths))
    return list(zip(names, paths, strict=True))


def _comparison(
    options: MeasureOptions, named: list[tuple[str, Path]]
) -> CompareOptions:
    return CompareOptions(
        teacher=options.teacher,
        temperature=options.temperature,
        groups=tuple(named),
        embeddings=options.embeddings,
        ids=options.ids,
        qrels=options.qrels,
        missing=options.missing,
    )


def _options(
    cast: Cast, groups: Examined | None
) -> tuple[MeasureOptions, tuple[str, ...]]:
    """What `measure` is to be asked, and notes about it."""
    teacher = cast.teacher
    if teacher is None or teacher.scores is None:
        raise ValueError("options need a teacher")
    notes = [f"teacher: {teacher.path} ({cast.why})"]
    vectors, ids = _vectors(cast, notes)
    fits = teacher.scores.kind in NEEDS_TEMPERATURE
    students = _students(cast, with_vectors=vectors is not None)
    options = MeasureOptions(
        teacher=teacher.path,
        temperature="fit" if fits and cast.qrels is not None else None,
        students=students,
        groups=None if groups is None else groups.path,
        embeddings=vectors,
        ids=ids,
        qrels=None if cast.qrels is None else cast.qrels.path,
        missing="drop" if _incomplete(cast, groups, vectors is not None) else None,
    )
    if options.missing:
        notes.append("documents without a score or vector are dropped and counted")
    return options, tuple(notes)


def _vectors(cast: Cast, notes: list[str]) -> tuple[Path | None, Path | None]:
    """Vectors of documents and their ids, unless they would stop the command."""
    one = cast.documents
    if one is None or one.vectors is None:
        return None, None
    if not one.vectors.facts.finite.all():
        notes.append(f"{one.path} is left out: some vectors are not finite")
        return None, None
    if one.given.ids is None:
        notes.append(f"{one.path} is left out: measure wants a file of ids beside it")
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
        StudentSource(name, scores=one.path, temperature=_scale(one))
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


def _scale(one: Examined) -> Any:
    if one.scores is None or one.scores.kind not in NEEDS_TEMPERATURE:
        return None
    return "fit"


def _lacking(cast: Cast, options: MeasureOptions) -> tuple[str, ...]:
    """What keeps the command from running before any file is read."""
    kind = Kind.UNKNOWN
    if cast.teacher is not None and cast.teacher.scores is not None:
        kind = cast.teacher.scores.kind
    if kind in NEEDS_TEMPERATURE and options.temperature is None:
        return (NO_QRELS.format(kind=kind.value),)
    return ()


def _placeholders(cast: Cast, options: MeasureOptions) -> list[str]:
    """What to give for a temperature that the files at hand cannot tell."""
    lacking = _lacking(cast, options)
    return ["--temperature", "fit", "--qrels", "QRELS"] if lacking else []


def _other_groups(cast: Cast) -> tuple[str, ...]:
    others = [str(one.path) for one in cast.groups[1:]]
    return (
        (f"groups one file at a time; also there: {', '.join(others)}",)
        if others
        else ()
    )
