"""Errors that a user can fix: in the use of the program, and in files.

Messages speak of parameters, in backticks: `score_range`, or `temperature='fit'`. The
command line turns those into its options.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

MOST: Final = 1500  # characters of a message
# What a system says of a disk that is full, and what there is to do
FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
MAKE_ROOM: Final = "make room, or write to another disk"
PARAMETER: Final = re.compile(r"`([A-Za-z_.]+)(?:='?([^`']*)'?)?`")
# Parameters whose option has another name
OPTIONS: Final = {
    "Folder.teacher": "dataset_teacher",
    "Wanted.samplings": "dataset_sampling",
    "Wanted.students": "dataset_student",
    "StudentSource.kind": "student_kind",
    "StudentSource.queries": "bi_encoder",
    "StudentSource.temperature": "student_temperature",
    "folder": "from",
    "formats": "format",
    "half_range": "range",
    "cases": "datasets DIR",
    "collections": "collection",
    "kind": "teacher_kind",
    "margins": "margin",
    "quantities": "quantity",
    "rankings": "ranking",
    "runs": "run",
    "students": "student",
}

# Those that texts stored in results name
PARAMETERS: Final = frozenset(
    {
        *("teacher", "teacher_kind", "temperature", "students", "embeddings", "ids"),
        *("metric", "qrels", "score_range", "missing", "delta", "seed", "formats"),
        *("groups", "target_groups", "depth", "unjudged", "pairs", "compat", "format"),
        *("StudentSource.kind", "StudentSource.queries", "StudentSource.temperature"),
        *("sd", "folder", "half_range", "margin", "margins", "quantities"),
        *("controls", "target", "rankings", "cases", "keep", "measures", "resamples"),
        *("permutations", "missing_queries", "relevant", "splits", "reference"),
        *("student_kind", "student_temperature", "bi_encoder"),
        *("pilot", "stake", "unscored", "lipschitz", "clusters"),
        *("runs", "sampling", "size", "drop_suspected", "relevant"),
        *("collections", "out_of_domain"),
        *("missing_value", "mixed_scales", "run_tag", "trained_on"),
        *("force", "memory", "collections", "samplings"),
        *("workers", "dask", "fresh"),
        *("group_size", "backend", "losses", "architectures", "seeds"),
        *("encoder", "steps", "teachers", "augmentations"),
    }
)


def in_options(message: str, names: Collection[str] = PARAMETERS) -> str:
    """A message in terms of the command line.

    Parameters
    ----------
    message : str
        With parameters in backticks.
    names : collection of str
        Parameters or options that the command has; others stay as they are. By default
        those that results speak of.

    Examples
    --------
    >>> in_options("`half_range` goes with `sd`, not `depth`", {"range", "sd"})
    '--range goes with --sd, not `depth`'
    >>> in_options("`temperature='fit'` needs judged pairs", {"temperature"})
    '--temperature fit needs judged pairs'
    >>> in_options("give `students={...}`", {"student"})
    'give --student NAME=FILE'
    """

    def option(found: re.Match[str]) -> str:
        name, value = found.groups()
        known = OPTIONS.get(name, name)
        if name not in names and known.split()[0] not in names:
            return found.group()
        words = f"--{known.replace('_', '-')}"
        value = {"{...}": "NAME=FILE", "*": "'*'"}.get(value or "", value)
        return words if value is None else f"{words} {value}"

    return PARAMETER.sub(option, message)


# Bytes of a name that are no UTF-8 reach Python as halves of surrogate pairs
NO_UNICODE: Final = (
    "the name is not text in UTF-8, so results cannot hold it; rename the file or "
    "folder, for instance with convmv"
)


def is_unicode(name: str) -> bool:
    r"""Whether a name can be written as UTF-8.

    Examples
    --------
    >>> is_unicode("caf\u00e9.run"), is_unicode("caf\udce9.run")
    (True, False)
    """
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


class UsageError(ValueError):
    """Settings contradict each other, or ask for what the inputs do not hold.

    Examples
    --------
    >>> print(UsageError("`depth` and `groups` exclude each other; give one of them"))
    `depth` and `groups` exclude each other; give one of them
    """


class FormatError(ValueError):
    """A file does not follow its format.

    Parameters
    ----------
    path : Path or str
    message : str
        The rule, the value found and the remedy.
    line : int, optional
        Counted from 1.

    Examples
    --------
    >>> print(FormatError("bm25.run", "expected 6 columns, found 5", line=412))
    bm25.run:412: expected 6 columns, found 5
    """

    # Whether it is too large, so that another reader would not get further
    too_large = False

    def __init__(
        self, path: Path | str, message: str, *, line: int | None = None
    ) -> None:
        place = f"{path}" if line is None else f"{path}:{line}"
        if len(message) > MOST:  # of a value that is very long
            message = f"{message[: MOST - 300]} ... {message[-250:]}"
        super().__init__(f"{place}: {message}")

    def __reduce__(self) -> tuple[Any, ...]:
        """For `pickle`, which would call it with the whole text alone."""
        return FormatError.__new__, (type(self), *self.args), self.__dict__
