"""`rankbound demo`: the main job on text that every installation has."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


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
    from rankbound.commands.demo.run import run_demo

    run_demo(arguments.out, seed=arguments.seed)
