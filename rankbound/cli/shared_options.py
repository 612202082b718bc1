"""Options that measure, compare, cut and validate have in common, beside the models."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from rankbound.catalogue import COMPARED, VERDICTS, needing
from rankbound.cli.model_options import (
    kind_from,
    students_from,
    temperature_from,
)
from rankbound.errors import UsageError

Add = Callable[..., Any]
DEFAULT_QUANTITY: Final = "entropy"
# Arguments that options take as they are
SAME = (
    "teacher",
    "embeddings",
    "ids",
    "metric",
    "qrels",
    "score_range",
    "missing",
    "delta",
    "seed",
)


def add_qrels(add: Add, what: str) -> None:
    """Judgements; `what` says what they are for, empty where it is plain."""
    kinds = "relevance judgements, TREC or BEIR"
    add("--qrels", type=Path, metavar="FILE", help=f"{kinds}{what}")


def quantities_listed() -> str:
    """Quantities that samplings can be compared by, and what they need."""
    plain, spaces, students = (
        ", ".join(
            f"{name} (the default)" if name == DEFAULT_QUANTITY else name
            for name in needing(need)
        )
        for need in ("scores", "vectors", "student")
    )
    return f"{plain}; with vectors {spaces}; with a student {students}"


def margins_listed() -> str:
    """The default margins of quantities."""
    named: dict[str, list[str]] = {}
    for name, known in COMPARED.items():
        if known.margin is not None:
            named.setdefault(f"{known.margin:g} {known.unit}", []).append(name)
    parts = [f"{margin} for {_listed(names)}" for margin, names in named.items()]
    return f"{', '.join(parts)}; none for the others"


def verdicts_explained(words: Sequence[str], *, width: int) -> str:
    """A line for each verdict: the word and when it is said."""
    return "\n".join(f"  {word:<{width}}{VERDICTS[word].meaning}" for word in words)


def _listed(names: Sequence[str]) -> str:
    """Names as a sentence lists them.

    Examples
    --------
    >>> _listed(["a", "b", "c"]), _listed(["a"])
    ('a, b and c', 'a')
    """
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def add_pairs(add: Add, what: str = "which pairs of a group count") -> None:
    """The pair set."""
    add(
        "--pairs",
        default="all",
        metavar="all|pos-neg|neg-neg",
        help=f"{what} (default %(default)s)",
    )


def add_score_rules(add: Add) -> None:
    """What is done to scores that are far below the best, and to missing ones."""
    add(
        "--score-range",
        type=float,
        default=10.0,
        metavar="B",
        help="students are clipped at B temperatures below their best document of the "
        "group (default %(default)g)",
    )
    add(
        "--missing",
        choices=("drop", "error"),
        help="documents without a score or vector; by default an error for the "
        "teacher and the vectors, a counted drop for a student",
    )


def add_delta(add: Add, what: str) -> None:
    """The failure probability; `what` says of what."""
    add(
        "--delta",
        type=float,
        default=0.05,
        metavar="D",
        help=f"{what} (default %(default)g)",
    )


def add_seed(add: Add, what: str) -> None:
    """The seed; `what` says of which draws."""
    add(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help=f"of {what} (default %(default)d)",
    )


def add_compat(add: Add, what: str) -> None:
    """What of the reference study is put beside ours."""
    add("--compat", choices=("reference",), help=what)


def add_out(add: Add) -> None:
    """Where the results go."""
    add("--out", type=Path, required=True, metavar="DIR", help="folder for the results")


def chosen_formats(texts: Sequence[str]) -> dict[str, str]:
    """The format of each file by its path, that of the teacher's file under "".

    Parameters
    ----------
    texts : sequence of str
        Each is ``[FILE=]NAME``.

    Raises
    ------
    UsageError
        If a file is named twice, or no format has the given name.

    Examples
    --------
    >>> chosen_formats(["trec-run", "a.txt=qrels"])
    {'': 'trec-run', 'a.txt': 'qrels'}
    """
    from rankbound.read.registry import by_name

    chosen: dict[str, str] = {}
    for text in texts:
        file, separator, name = text.rpartition("=")
        if separator and not file:
            raise UsageError(f"--format needs [FILE=]NAME, got {text!r}")
        key = str(Path(file)) if separator else ""
        if key in chosen:
            raise UsageError(
                f"--format is given twice for {key or 'the main file'}; give one"
            )
        by_name(name)  # refuses unknown names and arguments
        chosen[key] = name
    return chosen


def source_settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """What `SourceOptions` takes, but for the students."""
    return {
        **{name: getattr(arguments, name) for name in SAME},
        "teacher_kind": kind_from(arguments.teacher_kind, "--teacher-kind"),
        "temperature": temperature_from(arguments.temperature, "--temperature"),
        "formats": chosen_formats(arguments.format),
    }


def given_settings(arguments: argparse.Namespace, command: str) -> dict[str, Any]:
    """The same with the students and the command line."""
    students = students_from(arguments)
    return {**source_settings(arguments), "students": students, "command": command}
