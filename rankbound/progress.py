"""Progress of a command: a bar on a terminal, calls of a function, or nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rankbound.errors import UsageError
from rankbound.escaping import printable

# Called with a few words before each stage
Progress = Callable[[str], object]


@contextmanager
def stages(*, total: int) -> Iterator[Progress]:
    """Yield a callable that announces a stage; silent unless stderr is a terminal.

    Examples
    --------
    >>> with stages(total=1) as progress:
    ...     progress("reading")
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import (
        BarColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar

    columns = (
        *(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()),
        *(TextColumn("left"), TimeRemainingColumn()),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=total)

        def advance(stage: str) -> None:
            bar.update(task, advance=1, description=escape(printable(stage)))

        yield advance


@contextmanager
def reported(progress: bool | Progress, *, total: int) -> Iterator[Progress]:
    """Yield what a command calls before each stage, as its `progress` asks for.

    Parameters
    ----------
    progress : bool or callable
        True: a bar on a terminal; False: nothing; a callable: itself.
    total : int
        The number of stages.

    Raises
    ------
    UsageError
        For anything else.

    Examples
    --------
    >>> with reported(print, total=1) as progress:
    ...     progress("reading")
    reading
    """
    if callable(progress):
        yield progress
    elif progress is True:
        with stages(total=total) as advance:
            yield advance
    elif progress is False:
        yield lambda _: None
    else:
        raise UsageError(
            "progress must be True, False or a function that takes a text, got "
            f"{progress!r}"
        )
