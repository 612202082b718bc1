"""Options that commands share: the teacher, students, vectors; what they mean."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from rankbound.errors import UsageError

if TYPE_CHECKING:
    from rankbound.commands.measure.options import StudentSource

Setting = TypeVar("Setting")
KINDS = "logit, probability, cosine, dot, bm25, unknown"


def add_models(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """Teacher, students and the formats of files; `required` is about the teacher."""
    group = parser.add_argument_group("models")
    add = group.add_argument
    add(
        "--teacher",
        type=Path,
        required=required,
        metavar="FILE",
        help="teacher scores: a TREC run, a {qid: {docno: score}} JSON, or any other "
        "file that holds scores, packed or not",
    )
    add(
        "--teacher-kind",
        metavar="KIND",
        help=f"what the scores are: {KINDS}; inferred and printed by default",
    )
    add(
        "--temperature",
        metavar="X|fit",
        help="divides the teacher's margins: a number, or fit by likelihood on judged "
        "pairs of 20 %% of the queries, which then count no more (default 1 for "
        "logits and probabilities; other kinds need one)",
    )
    add(
        "--student",
        action="extend",
        nargs="+",
        default=[],
        metavar="NAME=FILE",
        help="students' scores, as for the teacher; one or more, may be repeated",
    )
    add(
        "--student-kind",
        action="extend",
        nargs="+",
        default=[],
        metavar="[NAME=]KIND",
        help="of all students, or of one; inferred and printed by default",
    )
    add(
        "--student-temperature",
        action="extend",
        nargs="+",
        default=[],
        metavar="[NAME=]X|fit",
        help="of all students, or of one; fit brings the student closest to the "
        "teacher on the 20 %% of the queries set aside",
    )
    add(
        "--bi-encoder",
        action="extend",
        nargs="+",
        default=[],
        metavar="NAME=QUERIES.npy",
        help="a student that scores by dot product of these with --embeddings",
    )
    add(
        "--query-ids",
        action="extend",
        nargs="+",
        default=[],
        type=Path,
        metavar="FILE",
        help="ids of the rows of QUERIES.npy, one a line; by default those beside it",
    )
    add(
        "--format",
        action="extend",
        nargs="+",
        default=[],
        metavar="[FILE=]NAME",
        help="the format of --teacher, or of any FILE among the inputs; detected from "
        "the content by default",
    )


def add_vectors(add: Callable[..., Any]) -> None:
    """Document vectors and their metric."""
    add(
        "--embeddings",
        type=Path,
        metavar="FILE",
        help="document vectors: .npy, .npz, "
        "safetensors, flat FAISS, a FlexIndex folder, a table, raw float32",
    )
    add(
        "--ids",
        type=Path,
        metavar="FILE",
        help="docnos of the rows of the vectors, one a line; by default their own, or "
        "those beside them (docs.ids.txt beside docs.npy)",
    )
    add(
        "--metric",
        default="euclidean",
        metavar="euclidean|angular",
        help="of the distances (default %(default)s)",
    )


def students_from(arguments: argparse.Namespace) -> tuple[StudentSource, ...]:
    """The students that the arguments name, with their kinds and temperatures."""
    from rankbound.commands.measure.options import StudentSource

    runs = [named(text, "--student") for text in arguments.student]
    encoders = [named(text, "--bi-encoder") for text in arguments.bi_encoder]
    query_ids = _query_ids(arguments.query_ids, len(encoders))
    names = [name for name, _ in (*runs, *encoders)]
    kinds = per_student(arguments.student_kind, names, "--student-kind", kind_from)
    scales = per_student(
        arguments.student_temperature, names, "--student-temperature", temperature_from
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


def _query_ids(given: Sequence[Path], encoders: int) -> list[Path | None]:
    if not given or (encoders and len(given) == 1):  # none: their own, or beside them
        return [given[0] if given else None] * encoders
    if len(given) != encoders:
        from rankbound.bounds.wording import counted

        raise UsageError(
            "--query-ids goes with --bi-encoder: one file of ids for all, or one "
            f"each; got {counted(encoders, 'bi-encoder')} and "
            f"{counted(len(given), 'file')}"
        )
    return list(given)


def per_student(
    texts: Sequence[str],
    names: Sequence[str],
    option: str,
    parse: Callable[[str, str], Setting],
) -> dict[str, Setting]:
    """A setting per student: plain values go to all, NAME=value to one."""
    if texts and not names:
        raise UsageError(f"{option} is given, but no student")
    found: dict[str, Setting] = {}
    own: dict[str, Setting] = {}
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


def named(text: str, option: str) -> tuple[str, str]:
    """Split NAME=FILE.

    Examples
    --------
    >>> named("bm25=bm25.run", "--student")
    ('bm25', 'bm25.run')
    """
    name, separator, file = text.partition("=")
    if not (name and separator and file):
        raise UsageError(f"{option} needs NAME=FILE, got {text!r}")
    return name, file


def kind_from(text: str | None, option: str) -> Any:
    """The kind of scores that a text names, or None."""
    from rankbound.data.scores import Kind

    if text is None:
        return None
    try:
        return Kind(text.replace("-", "_"))
    except ValueError:
        raise UsageError(
            f"{option} must be one of {KINDS} (rank_only and margin_only are known, "
            f"and refused), got {text!r}"
        ) from None


def temperature_from(text: str | None, option: str) -> Any:
    """A number, "fit" or None.

    Examples
    --------
    >>> temperature_from("2", "--temperature"), temperature_from("fit", "--temperature")
    (2.0, 'fit')
    """
    if text is None or text == "fit":
        return text
    try:
        return float(text)
    except ValueError:
        raise UsageError(
            f"{option} must be a positive number or 'fit', got {text!r}"
        ) from None
