"""Where `--json` writes: a file, or standard output for ``-`` and without a name."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rankbound.cli.options import add_force, given_files

if TYPE_CHECKING:
    from rankbound.results import Result
    from rankbound.writing import Replacing

STDOUT: Final = Path("-")


def add_json(parser: argparse.ArgumentParser, what: str = "everything") -> None:
    """Add `--json`; `what` is written."""
    parser.add_argument(
        "--json",
        nargs="?",
        const=STDOUT,
        type=Path,
        metavar="FILE",
        help=f"write {what} to FILE as JSON; - or no name prints the JSON instead",
    )
    add_force(parser.add_argument)


def check_target(arguments: argparse.Namespace, *kinds: type[Result]) -> bool:
    """Whether JSON takes the place of the screen.

    Raises
    ------
    UsageError
        If the file cannot be written, or is there and must stay: an input, or without
        `--force` something else than a result of one of these kinds.
    """
    from rankbound.writing import check_outputs

    target = arguments.json
    if target is not None and target != STDOUT:
        check_outputs(target.parent, [target.name], _replacing(arguments, kinds))
    return bool(target == STDOUT)


def write_json(
    arguments: argparse.Namespace, made: Result, *more: Result, listed: bool = False
) -> None:
    """Write results to a file or to standard output; nothing without a target."""
    from rankbound.writing import json_text, write_all

    target = arguments.json
    if target is None:
        return
    results = (made, *more)
    text = json_text([one.to_dict() for one in results] if listed else made.to_dict())
    if target == STDOUT:
        sys.stdout.write(text)
    else:
        replacing = _replacing(arguments, {*map(type, results)})
        write_all(target.parent, {target.name: text}, replacing)


def _replacing(
    arguments: argparse.Namespace, kinds: Collection[type[Result]]
) -> Replacing:
    from rankbound.writing import Replacing

    return Replacing(
        mine=lambda path: any(kind.is_mine(path) for kind in kinds),
        inputs=given_files(arguments),
        force=arguments.force,
    )
