"""`rankbound demo`: every command on text that every installation has."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from rankbound.cli.options import add_force


def add_parser(subparsers: Any) -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "demo",
        help="every command on the docstrings of the installed scientific packages",
        description="Build a known-item collection from installed docstrings, train a "
        "teacher and distilled students, and run sample, inspect, measure, compare, "
        "validate and report on held-out queries, for four ways of sampling negatives. "
        "Takes a minute or two; no download.",
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
    add_force(parser.add_argument)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, _: str) -> None:
    """Run the story, and show its answers, its table, and where to go from here."""
    from rankbound.bounds.wording import counted
    from rankbound.commands.demo.run import ROWS, opening_lines, summary_lines
    from rankbound.page.demo import demo
    from rankbound.terminal.console import console_for, fold
    from rankbound.threads import cores

    out = arguments.out
    made = demo(
        out,
        seed=arguments.seed,
        force=arguments.force,
        workers=cores() if arguments.alone else 1,
        progress=not arguments.quiet,
    )
    console = console_for(sys.stdout)
    for line in opening_lines(
        made.ledgers, made.comparison, made.calibration, made.validation
    ):
        fold(console, line)
    console.print()
    for line in summary_lines(made.ledgers):
        console.print(line, soft_wrap=True)
    for line in (
        ROWS,
        f"{counted(len(made.files), 'file')} in {out}; start with {out / 'report.md'}, "
        f"which has the commands, or {out / 'report.html'}",
        "on files of your own: rankbound inspect FILE ... says what they hold, and "
        "which commands to run on them",
    ):
        fold(console, line)
