"""Where `--json` writes: a file, or standard output for ``-`` and without a name."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, Final

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


def check_target(target: Path | None) -> bool:
    """Whether JSON takes the place of the screen.

    Raises
    ------
    UsageError
        If the folder of the file cannot be written to.
    """
    from rankbound.writing import check_folder

    if target is not None and target != STDOUT:
        check_folder(target.parent)
    return target == STDOUT


def write_json(target: Path | None, value: Any) -> None:
    """Write JSON to a file or to standard output; nothing without a target."""
    from rankbound.writing import json_text, write_all

    if target is None:
        return
    if target == STDOUT:
        sys.stdout.write(json_text(value))
    else:
        write_all(target.parent, {target.name: json_text(value)})
