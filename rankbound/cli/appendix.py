"""`rankbound appendix`: the statements and their proofs as a LaTeX document."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rankbound.cli.options import add_force
from rankbound.escaping import tell


def add_parser(subparsers: Any) -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "appendix",
        help="every statement with its proof as a LaTeX document, or as a PDF",
        description="Write appendix.tex: statements, constants and notation from the "
        "registry, proofs, tables that compare the variants of the bound, and a "
        "bibliography. Needs a checkout of the repository, whose proofs are not part "
        "of the installed package; --pdf needs pdflatex.",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("rankbound-appendix"),
        metavar="DIR",
        help="folder for the files (default %(default)s)",
    )
    parser.add_argument(
        "--pdf", action="store_true", help="also make appendix.pdf with pdflatex"
    )
    add_force(parser.add_argument)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, _: str) -> None:
    """Write the document, typeset it if asked for, and say where it is."""
    from rankbound.commands.appendix import appendix

    tell(
        appendix(
            arguments.out,
            pdf=arguments.pdf,
            force=arguments.force,
            progress=not arguments.quiet,
        )
    )
