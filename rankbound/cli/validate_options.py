"""From parsed arguments of `rankbound validate` to options, naming any mistake."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rankbound.cli.model_options import (
    kind_from,
    named,
    per_student,
    students_from,
    temperature_from,
)
from rankbound.cli.shared_options import source_settings
from rankbound.errors import UsageError

if TYPE_CHECKING:
    from rankbound.commands.measure.options import StudentSource
    from rankbound.commands.validate.options import Case, ValidateOptions

EVERY = "*"
# What a folder says itself
OF_FILES = (
    "teacher",
    "student",
    "bi_encoder",
    "query_ids",
    "qrels",
    "ranking",
    "groups",
    "embeddings",
    "ids",
)


def options_from(arguments: argparse.Namespace, command: str) -> ValidateOptions:
    """Turn parsed arguments into options, naming the option of any mistake."""
    from rankbound.commands.validate.options import ValidateOptions
    from rankbound.validation.judging import Family

    return ValidateOptions(
        cases=_folders(arguments) if arguments.datasets else _files(arguments),
        measures=arguments.measures,
        relevant=arguments.relevant,
        missing_queries=arguments.missing_queries,
        family=Family(
            delta=arguments.delta, correction=arguments.correction, band=arguments.band
        ),
        margin=arguments.margin,
        resamples=arguments.resamples,
        permutations=arguments.permutations,
        splits=arguments.splits,
        design=arguments.design,
        seed=arguments.seed,
        command=command,
    )


def _files(arguments: argparse.Namespace) -> tuple[Case, ...]:
    """One data set from single files: a case for each sampling."""
    from rankbound.commands.validate.options import cases_from

    for option in ("dataset_teacher", "dataset_student", "dataset_sampling"):
        if getattr(arguments, option):
            raise UsageError(f"--{option.replace('_', '-')} goes with --datasets")
    if arguments.teacher is None or arguments.qrels is None:
        missing = "--teacher" if arguments.teacher is None else "--qrels"
        raise UsageError(f"give {missing} FILE, or --datasets NAME:DIR")
    given = [named(text, "--ranking") for text in arguments.ranking]
    return cases_from(
        {
            **_settings(arguments),
            "students": students_from(arguments),
            "groups": _samplings(arguments.groups),
        },
        dataset=arguments.name,
        rankings={name: Path(file) for name, file in given},
    )


def _sampling(text: str) -> tuple[str, Path]:
    """SAMPLING=FILE, or a file whose name says the sampling.

    Examples
    --------
    >>> _sampling("train/bm25.16.jsonl.gz")[0], _sampling("hard=train/x.jsonl")[0]
    ('bm25', 'hard')
    """
    if "=" in text:
        name, file = named(text, "--groups")
        return name, Path(file)
    return Path(text).name.split(".", 1)[0], Path(text)


def _samplings(texts: list[str]) -> dict[str, Path] | None:
    found: dict[str, Path] = {}
    for text in texts:
        name, file = _sampling(text)
        if name in found:
            raise UsageError(
                f"--groups {text}: two samplings are called {name!r}; name them, as in "
                "--groups SAMPLING=FILE"
            )
        found[name] = file
    return found or None


def _settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """What `MeasureOptions` takes, but students and groups."""
    own = {"depth": arguments.depth, "pairs": arguments.pairs}
    return {**source_settings(arguments), **own}


def _folders(arguments: argparse.Namespace) -> tuple[Case, ...]:
    from rankbound.commands.measure.options import MeasureOptions
    from rankbound.commands.validate.folders import Folder, Wanted, cases_of

    for option in OF_FILES:
        if getattr(arguments, option):
            raise UsageError(
                f"--{option.replace('_', '-')} and --datasets exclude each other; a "
                "folder says its files itself"
            )
    folders = [_folder(text) for text in arguments.datasets]
    teachers = _teachers(arguments.dataset_teacher, [name for name, _ in folders])
    # Any judgements will do here: a folder has its own
    arguments.qrels = arguments.teacher = Path()
    students = _named_students(arguments)
    settings = MeasureOptions(**_settings(arguments), students=students)
    wanted = Wanted(arguments.dataset_student, arguments.dataset_sampling)
    return tuple(
        case
        for name, path in folders
        for case in cases_of(Folder(name, path, teachers.get(name)), settings, wanted)
    )


def _folder(text: str) -> tuple[str, Path]:
    name, separator, path = text.partition(":")
    if not (name and separator and path):
        raise UsageError(f"--datasets needs NAME:DIR, got {text!r}")
    if not Path(path).is_dir():
        raise UsageError(f"--datasets {text}: {path} is no folder")
    return name, Path(path)


def _teachers(texts: list[str], names: list[str]) -> dict[str, str]:
    return {} if not texts else per_student(texts, names, "--dataset-teacher", _same)


def _same(text: str, _: str) -> str:
    return text


def _named_students(arguments: argparse.Namespace) -> tuple[StudentSource, ...]:
    """Kinds and temperatures by system; "*" stands for those not named."""
    from rankbound.commands.measure.options import StudentSource

    texts = (arguments.student_kind, arguments.student_temperature)
    own = [text.rpartition("=")[0] for part in texts for text in part if "=" in text]
    names = list(dict.fromkeys([EVERY, *own]))
    kinds = per_student(texts[0], names, "--student-kind", kind_from)
    scales = per_student(texts[1], names, "--student-temperature", temperature_from)
    return tuple(
        StudentSource(name, kind=kinds.get(name), temperature=scales.get(name))
        for name in names
    )
