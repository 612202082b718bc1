"""`rankbound appendix`: the statements and their proofs as a LaTeX document."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]


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
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, _: str) -> None:
    """Write the document, typeset it if asked for, and say where it is."""
    from rankbound.commands.appendix.typesetting import find_pdflatex, typeset
    from rankbound.errors import UsageError
    from rankbound.writing import check_folder, write_all

    if arguments.pdf:
        find_pdflatex()  # before the work, not after it
    check_folder(arguments.out)
    sources = _sources(CHECKOUT)
    try:
        text = sources.latex()
    except sources.AppendixError as error:
        raise UsageError(f"the sources of the appendix: {error}") from None
    write_all(arguments.out, {sources.NAME: text})
    made = arguments.out / sources.NAME
    if arguments.pdf:
        made = typeset(made)
    sys.stdout.write(f"{made}\n")


def _sources(checkout: Path) -> ModuleType:
    """The module that writes the document; it lives beside the package only."""
    from rankbound.errors import UsageError

    if (checkout / "paper_appendix").is_dir() and str(checkout) not in sys.path:
        sys.path.append(str(checkout))
    try:
        return importlib.import_module("paper_appendix.latex")
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("paper_appendix"):
            raise
        raise UsageError(
            "the proofs are not part of the installed package; run this from a "
            "checkout of the repository"
        ) from None
