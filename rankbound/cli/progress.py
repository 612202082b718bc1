"""A progress bar over stages, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def stages(*, total: int) -> Iterator[Callable[[str], None]]:
    """Give a callable that names the next stage; silent unless stderr is a terminal.

    Examples
    --------
    >>> with stages(total=1) as progress:
    ...     progress("reading")
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=total)

        def advance(stage: str) -> None:
            bar.update(task, advance=1, description=stage)

        yield advance
