"""`rankbound demo`: the main job on text that every installation has."""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rankbound.errors import UsageError
from rankbound.writing import check_folder, move_into

if TYPE_CHECKING:
    from rankbound.commands.measure.result import Ledger


def add_parser(subparsers: Any) -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "demo",
        help="the main job on the docstrings of the installed scientific packages",
        description="Build a known-item collection from installed docstrings, train a "
        "teacher and distilled students, and measure them on held-out queries for each "
        "of four ways of sampling negatives. Takes a minute or two; no download.",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("rankbound-demo"),
        metavar="DIR",
        help="folder for the files (default %(default)s)",
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="default %(default)d"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, _: str) -> None:
    """Build the collection, measure every sampling, show the ledgers."""
    run_demo(arguments.out, seed=arguments.seed)


def run_demo(out: Path, *, seed: int) -> None:
    """Make everything aside, move it into `out`, print the ledgers.

    Raises
    ------
    UsageError
        When `out` cannot be written to or the seed is negative.
    """
    from rankbound.bounds.wording import counted
    from rankbound.cli.measure import options_of
    from rankbound.commands.demo import run as demo
    from rankbound.commands.demo.run import report_text, summary_lines
    from rankbound.page.run import STAGES, write_report
    from rankbound.progress import stages
    from rankbound.terminal.console import console_for, say
    from rankbound.terminal.measure import show

    if seed < 0:
        raise UsageError(f"--seed must be at least 0, got {seed}")
    check_folder(out)
    with (
        tempfile.TemporaryDirectory(prefix="rankbound-demo-") as aside,
        stages(total=demo.STAGES + STAGES) as progress,
    ):
        root = Path(aside)
        files, ledgers = demo.make_demo(root, seed=seed, progress=progress)
        report = report_text(files, ledgers, tables=_tables(ledgers))
        (root / "report.md").write_text(report, encoding="utf-8")
        write_report(
            root,
            root / "report.html",
            command="rankbound report . --out report.html",
            title="What the bound says about four ways of sampling negatives",
            options_of=options_of,
            progress=progress,
        )
        made = move_into(root, out)
    console = console_for(sys.stdout)
    for sampling, ledger in ledgers.items():
        console.rule(f"{sampling} negatives", align="left", characters="-")
        show(ledger, console)
    for line in summary_lines(ledgers):
        console.print(line, soft_wrap=True)
    texts = f"{out / 'report.md'}; the same as a page: {out / 'report.html'}"
    say(console, f"{counted(len(made), 'file')} in {out}; start with {texts}")


def _tables(ledgers: Mapping[str, Ledger]) -> dict[str, str]:
    """Each ledger as the plain text that a terminal would show."""
    from rankbound.terminal.console import console_for
    from rankbound.terminal.measure import show

    texts = {}
    for sampling, ledger in ledgers.items():
        stream = io.StringIO()
        show(ledger, console_for(stream))
        texts[sampling] = "\n".join(
            line.rstrip() for line in stream.getvalue().splitlines()
        )
    return texts
