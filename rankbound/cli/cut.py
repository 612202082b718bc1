"""`rankbound cut`: training groups of queries with low, middling or high entropy."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rankbound.cli.options import (
    DEFAULT_QUANTITY,
    add_clusters,
    add_compat,
    add_computing,
    add_delta,
    add_models,
    add_out,
    add_pairs,
    add_qrels,
    add_score_rules,
    add_seed,
    add_vectors,
    check_results,
    computing_from,
    given_settings,
    quantities_listed,
)

if TYPE_CHECKING:
    from rankbound.commands.cut.options import CutOptions

EPILOG = """
writes one file of groups per cut into DIR, in the format of the source and with its
very lines, named after what is kept (train.kept-entropy-below-median.jsonl.gz), and
DIR/manifest.json with counts, cut points and hashes.

example:
  rankbound cut --teacher teacher.scores.json.gz --groups train.jsonl.gz \\
    --keep below-median above-median --out cuts
"""


def add_parser(subparsers: Any) -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "cut",
        help="training groups cut by entropy, or another per-query quantity",
        description="Keep the training groups of the queries whose entropy, or another "
        "quantity, lies in a quantile band; compare the data before and after.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_models(parser)
    _add_groups(parser)
    _add_settings(parser)
    parser.set_defaults(run=run)


def _add_groups(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("cut").add_argument
    add(
        "--groups",
        type=Path,
        required=True,
        metavar="FILE",
        help="groups, one JSON object a line: query_id, doc_id_a, doc_id_b",
    )
    add(
        "--by",
        default=DEFAULT_QUANTITY,
        metavar="QUANTITY",
        help=f"{quantities_listed()}, or risk:NAME where there are several",
    )
    add(
        "--keep",
        action="extend",
        nargs="+",
        metavar="BAND",
        help="below-median, above-median, inner (between the quartiles), outer, "
        "lower-quartile (the lowest quarter), upper-quartile (the highest quarter), or "
        "quantiles Q1:Q2 such as 0.1:0.9; a file for each (default: the six)",
    )
    add_pairs(add, "over which pairs of a group the quantity is a mean")
    add_vectors(add)
    add_qrels(add, ", for --temperature fit")
    add_clusters(add)


def _add_settings(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("settings").add_argument
    add_score_rules(add)
    add_delta(add, "failure probability of each comparison before and after")
    add_seed(add, "the draw of calibration queries")
    add_compat(
        add, "also show what the reference study's cuts of these names would keep"
    )
    add_out(add)
    add_computing(add)


def options_from(arguments: argparse.Namespace, command: str) -> CutOptions:
    """Turn parsed arguments into options, naming the option of any mistake."""
    from rankbound.commands.cut.options import CutOptions
    from rankbound.estimators.bands import BANDS

    return CutOptions(
        **given_settings(arguments, command),
        groups=arguments.groups,
        by=arguments.by,
        keep=tuple(arguments.keep or BANDS),
        pairs=arguments.pairs,
        compat=arguments.compat,
    )


def run(arguments: argparse.Namespace, command: str) -> None:
    """Cut, write the files, show what was kept."""
    from rankbound.bounds.wording import counted
    from rankbound.commands.cut.result import Cut
    from rankbound.commands.cut.run import N_STAGES, cut_with
    from rankbound.escaping import tell
    from rankbound.progress import stages
    from rankbound.terminal.console import console_for
    from rankbound.terminal.cut import show

    options = options_from(arguments, command)
    check_results(Cut, arguments)
    with (
        computing_from(arguments, options, "cut"),
        stages(total=N_STAGES + 1, quiet=arguments.quiet) as progress,
    ):
        planned = cut_with(options, progress=progress)
        progress("writing")
        made = planned.written(arguments.out, force=arguments.force)
    show(made.in_options(), console_for(sys.stdout))
    n_files = sum(row.file is not None for row in made.files)
    said = f"{counted(n_files, 'file')} of groups, {arguments.out}/manifest.json"
    tell(f"written: {said}")
