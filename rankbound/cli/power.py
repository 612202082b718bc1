"""`rankbound power`: what n queries can show, or how many queries a margin needs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from rankbound.cli.json_out import add_json, check_target, write_json
from rankbound.cli.options import add_clusters, add_details, add_seed

EPILOG = """
examples:
  rankbound power --n 43 54 97
  rankbound power --n 43 54 97 --sd 0.10
  rankbound power --sd 0.10 --margin 0.02 --range 0.6931
  rankbound power --from results --margin 0.02 --comparisons 9
"""
STDOUT = Path("-")


def add_parser(subparsers: Any) -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "power",
        help="differences, correlations and margins that n queries can show",
        description="Detectable differences and correlations and the smallest margin "
        "of equivalence for n queries, or the queries that a margin needs, by the "
        "interval that decides in compare, from measured differences or from standard "
        "deviations under a stated law. Ask before looking at the comparison.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--n", type=int, nargs="+", default=[], metavar="N", help="queries")
    add(
        "--sd",
        type=float,
        nargs="+",
        default=[],
        metavar="S",
        help="standard deviation of the paired differences; without it and without "
        "--from, only correlations are reported",
    )
    add(
        "--from",
        dest="folder",
        type=Path,
        metavar="DIR",
        help="instead of --sd: results of measure (each column) or of compare (paired "
        "differences to the reference); --n defaults to their queries",
    )
    add_clusters(add)
    add(
        "--margin",
        type=float,
        metavar="M",
        help="also: the queries that equivalence within this margin needs",
    )
    add(
        "--power",
        type=float,
        default=0.8,
        metavar="P",
        help="chance of finding what is there (default %(default)g)",
    )
    add(
        "--delta",
        type=float,
        default=0.05,
        metavar="D",
        help="error rate of the whole family (default %(default)g)",
    )
    add(
        "--comparisons",
        type=int,
        default=1,
        metavar="M",
        help="size of the family; the error rate is divided by it (default 1)",
    )
    add(
        "--range",
        dest="half_range",
        type=float,
        metavar="R",
        help="with --sd: differences lie within plus and minus R, which the betting "
        "interval needs to know (0.6931 for entropies in nats)",
    )
    add(
        "--law",
        default="normal",
        metavar="normal|uniform|two-point",
        help="with --sd: the law of the differences (default %(default)s); measured "
        "ones are resampled",
    )
    add_seed(add, "the samples that are drawn")
    add_details(add)
    add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, command: str) -> None:
    """Compute and print."""
    from rankbound.commands.power.result import Power
    from rankbound.commands.power.run import N_STAGES, PowerOptions, power_with
    from rankbound.escaping import tell
    from rankbound.progress import stages
    from rankbound.terminal.console import console_for
    from rankbound.terminal.power import show_power

    target = arguments.json
    printed = check_target(arguments, Power)
    options = PowerOptions(
        n=tuple(arguments.n),
        sd=tuple(arguments.sd),
        folder=arguments.folder,
        clusters=arguments.clusters,
        margin=arguments.margin,
        power=arguments.power,
        delta=arguments.delta,
        comparisons=arguments.comparisons,
        half_range=arguments.half_range,
        law=arguments.law,
        seed=arguments.seed,
        command=command,
    )
    with stages(total=N_STAGES, quiet=arguments.quiet) as progress:
        found = power_with(options, progress=progress)
    write_json(arguments, found)
    if printed:
        return
    show_power(
        found.in_options(),
        console_for(sys.stdout),
        details=arguments.details,
        where="" if target is None else f"{target}",
    )
    if target is not None:
        tell(f"written: {target}")
