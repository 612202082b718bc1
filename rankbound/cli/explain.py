"""`rankbound explain`: a statement of the theory in words."""

from __future__ import annotations

import argparse
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "explain",
        help="a statement or a word: assumptions, formula, where proved and used",
        description="Print a statement of the theory, or what a word means; without a "
        "key, list all statements.",
    )
    parser.add_argument(
        "key", nargs="?", metavar="KEY", help="such as theorem-1d, or entropy"
    )
    parser.add_argument(
        "--glossary", action="store_true", help="every symbol with unit and meaning"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, _: str) -> None:
    """Print what was asked for."""
    from rankbound.escaping import tell
    from rankbound.terminal.explain import explain

    tell(explain(arguments.key, glossary=arguments.glossary))
