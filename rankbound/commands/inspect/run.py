"""`inspect`: read files, examine each, hold them against each other, give verdicts.

The JSON of an inspection, schema "rankbound.inspection/1"::

    schema      "rankbound.inspection/1"
    command     the command line, "" from Python
    files       one object per file, in the order given
      path, role (file, groups, qrels, embeddings), format, title, evidence, packing,
      parts, rows, queries, group_sizes {min, median, max}, score_range [low, high],
      kind, kind_evidence, repairs {what: count}, ids (file of ids),
      scores, ranks, groups, qrels, vectors, texts (facts, null where there are none),
      findings [{code, severity, count, message, remedy, example}]
    across
      ids       shared ids of every pair of files, both ways
      rows      shares of rows: {left, right, code, what, count, total, share}
      findings  as above, with files [path, ...]
    ready
      measure, compare  {ok, missing [], command, notes []}

Keys are always there; what does not apply, or could not be read, is null.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from rankbound.commands.inspect.across import Across, look_across
from rankbound.commands.inspect.examined import Examined, examine
from rankbound.commands.inspect.given import Asked, read_all
from rankbound.commands.inspect.readiness import (
    Verdict,
    compare_verdict,
    measure_verdict,
)
from rankbound.commands.inspect.roles import cast
from rankbound.errors import UsageError

SCHEMA = "rankbound.inspection/1"
Progress = Callable[[str], object]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Inspection:
    """What `inspect` found.

    Attributes
    ----------
    files : tuple of Examined
    across : Across
    measure, compare : Verdict
    command : str
    """

    files: tuple[Examined, ...]
    across: Across
    measure: Verdict
    compare: Verdict
    command: str = ""

    @property
    def readable(self) -> bool:
        """Whether every file could be read."""
        return all(one.given.contents is not None for one in self.files)

    def as_dict(self) -> dict[str, Any]:
        """The inspection for JSON; see the module for the keys."""
        return {
            "schema": SCHEMA,
            "command": self.command,
            "files": [one.as_dict() for one in self.files],
            "across": self.across.as_dict(),
            "ready": {
                "measure": self.measure.as_dict(),
                "compare": self.compare.as_dict(),
            },
        }

    def __str__(self) -> str:
        """The inspection as the program prints it, without colours."""
        from rankbound.terminal.inspect import as_text

        return as_text(self)

    def __repr__(self) -> str:
        """The gravest findings and the verdicts in a few lines; ``print`` shows all."""
        from rankbound.terminal.inspect import inspection_repr

        return inspection_repr(self)

    def _repr_html_(self) -> str:
        """Files, findings and verdicts as tables, for a notebook."""
        from rankbound.page.pieces import inspection_html

        return inspection_html(self.as_dict())


def inspect_files(
    asked: Asked, *, command: str = "", progress: Progress = str
) -> Inspection:
    """Inspect files; one that cannot be read is a finding.

    Parameters
    ----------
    asked : Asked
    command : str
        Recorded in the JSON.
    progress : callable
        Called with a few words before each stage.

    Raises
    ------
    UsageError
        Without a file, or for the name of no format.
    """
    progress("reading")
    given = read_all(asked)
    if not given:
        raise UsageError("inspect needs a file")
    progress("files")
    files = tuple(examine(one) for one in given)
    progress("across files")
    parts = cast(files)
    across = look_across(files, parts)
    progress("verdicts")
    return Inspection(
        files=files,
        across=across,
        measure=measure_verdict(parts),
        compare=compare_verdict(parts),
        command=command,
    )


def inspect(
    *paths: Path | str,
    groups: Sequence[Path | str] | Path | str = (),
    qrels: Path | str | None = None,
    embeddings: Path | str | None = None,
    ids: Path | str | None = None,
    format: str | None = None,
) -> Inspection:
    """Say what files hold, whether their numbers can be trusted, and what to run next.

    Parameters
    ----------
    *paths : path
        Files of any format that `rankbound` reads.
    groups, qrels, embeddings : path, optional
        Files whose part is known; `groups` may be several.
    ids : path, optional
        Ids of the rows of `embeddings`.
    format : str, optional
        The format of all files, instead of detection.

    Returns
    -------
    Inspection
        Prints as the command does; `as_dict` gives the JSON.

    Raises
    ------
    UsageError
        Without a file, or for the name of no format.
    """
    several = [groups] if isinstance(groups, Path | str) else list(groups)
    for one in (*paths, *several, qrels, embeddings, ids):
        if not isinstance(one, str | PathLike | None):
            raise UsageError(
                f"inspect looks at files; give paths, got {type(one).__name__}"
            )
    return inspect_files(
        Asked(
            files=[Path(path) for path in paths],
            groups=[Path(path) for path in several],
            qrels=None if qrels is None else Path(qrels),
            embeddings=None if embeddings is None else Path(embeddings),
            ids=None if ids is None else Path(ids),
            format=format,
        )
    )
