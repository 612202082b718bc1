"""`rankbound demo`: the main job on text that every installation has."""

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
    add_force(parser.add_argument)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, _: str) -> None:
    """Build the collection, measure every sampling, show the ledgers."""
    from rankbound.bounds.wording import counted
    from rankbound.commands.demo.run import summary_lines
    from rankbound.page.demo import demo
    from rankbound.terminal.console import console_for, say
    from rankbound.terminal.measure import show

    out = arguments.out
    made = demo(out, seed=arguments.seed, force=arguments.force, progress=True)
    console = console_for(sys.stdout)
    for sampling, ledger in made.ledgers.items():
        console.rule(f"{sampling} negatives", align="left", characters="-")
        show(ledger.in_options(), console, details=False)
    for line in summary_lines(made.ledgers):
        console.print(line, soft_wrap=True)
    texts = f"{out / 'report.md'}; the same as a page: {out / 'report.html'}"
    say(console, f"{counted(len(made.files), 'file')} in {out}; start with {texts}")
