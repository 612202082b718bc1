"""`inspect`: read files, examine each, hold them against each other, give verdicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path

from rankbound.commands.inspect.across import look_across
from rankbound.commands.inspect.examined import examine
from rankbound.commands.inspect.given import Asked, read_all
from rankbound.commands.inspect.readiness import compare_readiness, measure_readiness
from rankbound.commands.inspect.result import Inspection, Ready
from rankbound.commands.inspect.roles import cast
from rankbound.errors import UsageError
from rankbound.results import Named

Progress = Callable[[str], object]


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
        command=command,
        files=Named(one.record() for one in files),
        across=across,
        ready=Ready(measure=measure_readiness(parts), compare=compare_readiness(parts)),
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
        Prints as the command does.

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
