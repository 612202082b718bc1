"""The demonstration: the main job on text that every installation has, as a report."""

from __future__ import annotations

import io
from os import PathLike
from pathlib import Path
from typing import Final, NamedTuple

from rankbound.commands.demo import run as work
from rankbound.commands.demo.run import report_text
from rankbound.commands.measure.result import Ledger
from rankbound.errors import UsageError
from rankbound.page.report import STAGES, is_page, write_report
from rankbound.progress import Progress, reported
from rankbound.terminal.console import console_for
from rankbound.terminal.measure import show
from rankbound.writing import Replacing, check_outputs, filling

PAGE: Final = "report.html"


class Demonstration(NamedTuple):
    """What `demo` made.

    Attributes
    ----------
    ledgers : dict of str to Ledger
        What was measured, by sampling.
    files : list of Path
        Everything written; start with ``report.md`` or ``report.html``.
    """

    ledgers: dict[str, Ledger]
    files: list[Path]


def demo(
    out: str | PathLike[str] = "rankbound-demo",
    *,
    seed: int = 0,
    force: bool = False,
    progress: bool | Progress = False,
) -> Demonstration:
    """Do the main job on the docstrings of the installed scientific packages.

    A known-item collection is built, a teacher and distilled students are trained, and
    the students are measured on held-out queries for each of four ways of sampling
    negatives. It takes a minute or two and downloads nothing.

    Parameters
    ----------
    out : path, default "rankbound-demo"
        The folder for the files; made if it does not exist.
    seed : int, default 0
        Of everything that is drawn, at least 0.
    force : bool, default False
        Replace files of the same names in a folder that holds no earlier demo.
    progress : bool or callable, default False
        True shows a bar on a terminal; a callable is called with a few words before
        each stage.

    Returns
    -------
    Demonstration
        A ledger for each sampling, and the files written.

    Raises
    ------
    UsageError
        When `out` cannot be written to, `seed` is negative, or the extra packages of
        ``rankbound[demo]`` are missing.

    See Also
    --------
    measure : The main job on data of your own.
    report : The page of results in a folder.

    Examples
    --------
    >>> made = demo("out")  # doctest: +SKIP
    >>> [*made.ledgers]  # doctest: +SKIP
    ['random', 'bm25', 'crossencoder', 'ensemble']
    """
    if seed < 0:
        raise UsageError(f"`seed` must be at least 0, got {seed}")
    out = Path(out)
    replacing = Replacing(mine=lambda _: is_page(out / PAGE), force=force)
    check_outputs(out, [PAGE], replacing)
    with (
        filling(out, replacing) as root,
        reported(progress, total=work.STAGES + STAGES) as advance,
    ):
        files, ledgers = work.make_demo(root, seed=seed, progress=advance)
        tables = {sampling: _as_text(ledger) for sampling, ledger in ledgers.items()}
        text = report_text(files, ledgers, tables=tables)
        (root / "report.md").write_text(text, encoding="utf-8")
        options = [work.options_for(files, s, seed=seed) for s in files.groups]
        write_report(
            root,
            root / PAGE,
            command="rankbound report . --out report.html",
            title="What the bound says about four ways of sampling negatives",
            options_of={one.command: one for one in options}.__getitem__,
            progress=advance,
        )
        made = [path.relative_to(root) for path in root.rglob("*") if path.is_file()]
    return Demonstration(ledgers, [out / path for path in sorted(made)])


def _as_text(ledger: Ledger) -> str:
    """A ledger as the plain text that a terminal would show."""
    stream = io.StringIO()
    show(ledger.in_options(), console_for(stream), details=True)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())
