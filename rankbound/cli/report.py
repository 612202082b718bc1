"""`rankbound report`: one HTML file of all results in a folder."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rankbound.cli.options import OF_MODELS, add_all, add_force
from rankbound.errors import in_options
from rankbound.escaping import tell

EPILOG = """\
The page begins with the questions that the results answer. It asks for nothing: no
network, no other files. It can be read without JavaScript; with it, tables sort and
filter, a query shows its documents where the inputs of the ledger are found again by
their hashes, with texts where there are some, and the certificate follows its
assumptions.

example:
  rankbound report results --out report.html
"""


def add_parser(subparsers: Any) -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "report",
        help="one self-contained HTML page of the results in a folder",
        description="Make one HTML file of all results of measure, compare, validate, "
        "ablate, power and inspect in a folder and its sub-folders; the last two write "
        "theirs with --json FILE.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "source",
        type=Path,
        metavar="DIR",
        help="the --out folder of measure, compare, validate or ablate, or one above "
        "several",
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="the HTML file"
    )
    parser.add_argument(
        "--rows",
        type=int,
        default=2_000,
        metavar="N",
        help="most rows of a per-query table in the file (default %(default)d)",
    )
    parser.add_argument(
        "--corpus",
        type=Path,
        metavar="FILE",
        help="texts of documents: JSON lines with ids and texts, or id TAB text "
        "(default: corpus.jsonl or the like beside the data)",
    )
    parser.add_argument(
        "--queries",
        type=Path,
        metavar="FILE",
        help="texts of queries, likewise (default: queries.jsonl or the like)",
    )
    parser.add_argument(
        "--inputs",
        type=Path,
        nargs="+",
        default=[],
        metavar="DIR",
        help="folders to look in for inputs that have moved; their hashes tell them",
    )
    add_all(parser.add_argument)
    add_force(parser.add_argument)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, command: str) -> None:
    """Write the report, and say what is not in it."""
    from rankbound.cli.measure import options_of
    from rankbound.manifest import strangers
    from rankbound.page.report import STAGES, write_report
    from rankbound.page.sources import Sources
    from rankbound.progress import stages

    with stages(total=STAGES, quiet=arguments.quiet) as progress:
        material = write_report(
            arguments.source,
            arguments.out,
            rows=arguments.rows,
            command=command,
            every=arguments.all,
            sources=Sources(
                arguments.source,
                tuple(arguments.inputs),
                arguments.corpus,
                arguments.queries,
            ),
            force=arguments.force,
            options_of=options_of,
            progress=progress,
        )
    for what, why in material.missing:
        said = in_options(why, OF_MODELS)
        tell(f"not in the report: {what}: {said}")
    for said in strangers(arguments.source):
        tell(f"mixed: {said}")
    tell(f"written: {arguments.out}")
