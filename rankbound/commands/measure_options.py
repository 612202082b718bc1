"""From parsed arguments of `rankbound measure` to options, naming any mistake."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rankbound.errors import UsageError

if TYPE_CHECKING:
    from rankbound.measuring.options import MeasureOptions, StudentSource

KINDS = "logit, probability, cosine, dot, bm25, unknown"


def options_from(arguments: argparse.Namespace, command: str) -> MeasureOptions:
    """Turn parsed arguments into options, naming the option of any mistake."""
    from rankbound.formats.choosing import chosen_formats
    from rankbound.measuring.options import MeasureOptions
    from rankbound.paper_row import Architecture

    return MeasureOptions(
        teacher=arguments.teacher,
        teacher_kind=_kind(arguments.teacher_kind, "--teacher-kind"),
        temperature=_temperature(arguments.temperature, "--temperature"),
        students=_students(arguments),
        groups=arguments.groups,
        target_groups=arguments.target_groups,
        depth=arguments.depth,
        embeddings=arguments.embeddings,
        ids=arguments.ids,
        metric=arguments.metric,
        qrels=arguments.qrels,
        unjudged=arguments.unjudged,
        pairs=arguments.pairs,
        score_range=arguments.score_range,
        missing=arguments.missing,
        delta=arguments.delta,
        seed=arguments.seed,
        command=command,
        architecture=Architecture(arguments.weights, arguments.layers),
        formats=chosen_formats(arguments.format),
    )


def _students(arguments: argparse.Namespace) -> tuple[StudentSource, ...]:
    from rankbound.measuring.options import StudentSource

    runs = [_named(text, "--student") for text in arguments.student]
    encoders = [_named(text, "--bi-encoder") for text in arguments.bi_encoder]
    query_ids = _query_ids(arguments.query_ids, len(encoders))
    names = [name for name, _ in (*runs, *encoders)]
    kinds = _per_student(arguments.student_kind, names, "--student-kind", _kind)
    scales = _per_student(
        arguments.student_temperature, names, "--student-temperature", _temperature
    )
    sources = [StudentSource(name, scores=Path(file)) for name, file in runs]
    sources += [
        StudentSource(name, queries=Path(file), query_ids=ids)
        for (name, file), ids in zip(encoders, query_ids, strict=True)
    ]
    return tuple(
        StudentSource(
            source.name,
            scores=source.scores,
            queries=source.queries,
            query_ids=source.query_ids,
            kind=kinds.get(source.name),
            temperature=scales.get(source.name),
        )
        for source in sources
    )


def _query_ids(given: Sequence[Path], encoders: int) -> list[Path]:
    if encoders and len(given) == 1:
        return list(given) * encoders
    if len(given) != encoders:
        raise UsageError(
            "--bi-encoder and --query-ids go together, one file of ids for all or one "
            f"each; got {encoders} bi-encoders and {len(given)} files"
        )
    return list(given)


def _per_student(
    texts: Sequence[str],
    names: Sequence[str],
    option: str,
    parse: Callable[[str, str], Any],
) -> dict[str, Any]:
    """A setting per student: plain values go to all, NAME=value to one."""
    if texts and not names:
        raise UsageError(f"{option} is given, but no student")
    found: dict[str, Any] = {}
    own: dict[str, Any] = {}
    for text in texts:
        name, separator, value = text.rpartition("=")
        if not separator and found:
            raise UsageError(f"{option} is given twice for all students; give one")
        if not separator:
            found = dict.fromkeys(names, parse(text, option))
        elif name in names:
            own[name] = parse(value, option)
        else:
            raise UsageError(
                f"{option} {text}: no student {name!r}; there are {', '.join(names)}"
            )
    return found | own


def _named(text: str, option: str) -> tuple[str, str]:
    name, separator, file = text.partition("=")
    if not (name and separator and file):
        raise UsageError(f"{option} needs NAME=FILE, got {text!r}")
    return name, file


def _kind(text: str | None, option: str) -> Any:
    from estimators.scores import Kind

    if text is None:
        return None
    try:
        return Kind(text.replace("-", "_"))
    except ValueError:
        raise UsageError(
            f"{option} must be one of {KINDS} (rank_only and margin_only are known, "
            f"and refused), got {text!r}"
        ) from None


def _temperature(text: str | None, option: str) -> Any:
    if text is None or text == "fit":
        return text
    try:
        return float(text)
    except ValueError:
        raise UsageError(
            f"{option} must be a positive number or 'fit', got {text!r}"
        ) from None
