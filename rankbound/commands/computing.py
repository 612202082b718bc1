"""How a command computes: where its blocks are kept, and which processes work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import fields, is_dataclass
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any, get_args

from rankbound import __version__
from rankbound.commands.measure.given import Content, content_hash
from rankbound.commands.settings import check_numbers
from rankbound.engine import SUFFIX, Blocks, Identity, running
from rankbound.errors import UsageError
from rankbound.provenance import versions
from rankbound.read.source import sha256, watching
from rankbound.writing import holding, terminable


@contextmanager
def computing(  # noqa: PLR0913  each is an option of a command or of a study
    options: Any,
    *,
    name: str,
    folder: str | PathLike[str] | None = None,
    workers: int = 1,
    dask: str | None = None,
    fresh: bool = False,
    make_way: bool = False,
) -> Iterator[None]:
    """Compute in blocks of queries, and go on with those of a run that was killed.

    Parameters
    ----------
    options : dataclass
        The options of the command, which its blocks depend on.
    name : str
        Of the command.
    folder : path, optional
        Where its blocks are kept until the end, in a hidden folder.
    workers, dask, fresh
        As in `rankbound.engine.running`.
    make_way : bool
        Whether blocks of another run are removed instead of refused.

    Raises
    ------
    UsageError
        When the folder holds blocks of another run, or settings contradict each other.
    DomainError
        When there is no such number of workers.
    """
    check_numbers("", workers=workers)
    if dask is not None and workers != 1:
        raise UsageError(
            "`workers` are processes of this machine, and `dask` has workers of its "
            "own; give one of them"
        )
    if fresh and folder is None:
        raise UsageError("`fresh` is about blocks in a folder; give `blocks`, too")
    blocks = None
    with ExitStack() as stack:
        stack.enter_context(watching())
        stack.enter_context(terminable())  # vectors for other processes are removed
        if folder is not None:
            stack.enter_context(holding(Path(folder)))
            place = Path(folder) / f".{name}{SUFFIX}"
            blocks = Blocks(place, cache(lambda: identity_of(options)), make_way)
        stack.enter_context(
            running(
                blocks=blocks,
                workers=workers,
                dask=dask,
                fresh=fresh,
                version=__version__,
            )
        )
        yield


def identity_of(options: Any) -> Identity:
    """What the blocks of a command depend on: settings, inputs, and versions.

    Options that hold those of several data sets say their settings `by_name`.
    """
    inputs: dict[str, str] = {}
    by_name = getattr(options, "by_name", None)
    given = of_fields(options) if by_name is None else by_name()
    settings = {name: _said(value, inputs) for name, value in given.items()}
    return Identity(settings=settings, inputs=inputs, versions=versions())


def of_fields(options: Any) -> dict[str, object]:
    """The settings of a command by name, without its words."""
    return {
        one.name: getattr(options, one.name)
        for one in fields(options)
        if one.name != "command"
    }


def _said(value: Any, inputs: dict[str, str]) -> str:
    """A setting as a text; files and objects in it are added to `inputs`."""
    if isinstance(value, Path):
        if value.is_file():
            inputs[str(value)] = sha256(value)
        return str(value)
    if isinstance(value, get_args(Content)):
        inputs[value.name] = content_hash(value)
        return str(value.name)
    if is_dataclass(value):
        parts = {one.name: getattr(value, one.name) for one in fields(value)}
        return _said(parts, inputs)
    if isinstance(value, Mapping):
        given = {name: one for name, one in value.items() if one is not None}
        return ", ".join(f"{name}={_said(one, inputs)}" for name, one in given.items())
    if isinstance(value, tuple | list):
        return " ".join(_said(one, inputs) for one in value)
    return str(value)
