"""`rankbound figures`: the theory's figures, and those of results."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rankbound.cli.options import OF_MODELS, add_all, add_force
from rankbound.errors import in_options
from rankbound.escaping import tell

EPILOG = """\
Without --from: the figures of the theory, straight from its statements. With it: those
of the results in the folder and its sub-folders, the ones that answer a question first,
and a line for each reason why others are not. Beside each figure lie its
numbers as CSV. The same results give the same bytes.
"""


def add_parser(subparsers: Any) -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "figures",
        help="figures for a paper: of the theory, or of results",
        description="Draw figures at the width of a column, with their numbers as CSV.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--from",
        dest="folder",
        type=Path,
        metavar="DIR",
        help="the --out folder of measure, compare, validate, ablate or study, or one "
        "above several; the JSON files of inspect and power in it count, too",
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for the figures"
    )
    parser.add_argument(
        "--format",
        choices=("pdf", "png", "svg"),
        default="pdf",
        help="format of the figures (default %(default)s)",
    )
    parser.add_argument(
        "--width",
        choices=("column", "page"),
        default="column",
        help="3.33 or 7 inches (default %(default)s; a large table takes a page)",
    )
    add_all(parser.add_argument)
    add_force(parser.add_argument)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, _: str) -> None:
    """Draw, write, and say what was not drawn."""
    from rankbound.bounds.wording import counted
    from rankbound.drawing.catalogue import missing_lines
    from rankbound.drawing.run import draw
    from rankbound.manifest import strangers

    written, missing = draw(
        arguments.folder,
        arguments.out,
        format=arguments.format,
        width=arguments.width,
        all=arguments.all,
        force=arguments.force,
        progress=not arguments.quiet,
    )
    for line in missing_lines(missing):
        tell(f"not drawn: {in_options(line, OF_MODELS)}")
    for said in strangers(arguments.folder) if arguments.folder else ():
        tell(f"mixed: {said}")
    tell(f"written: {counted(len(written), 'figure')} to {arguments.out}")
