"""`rankbound bound`: the headline bound from numbers, or between two measurements."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rankbound.cli.json_out import add_json, check_target, write_json
from rankbound.cli.options import add_details

if TYPE_CHECKING:
    from rankbound.commands.bound.result import (
        Augmentation,
        Bound,
        Given,
        MeasuredChange,
    )

EPILOG = """
examples:
  rankbound bound --diameter 1.4 --lipschitz 5 --entropy 0.42 --divergence 0.06 \\
    --n 500000
  rankbound bound --diameter 1.4 --lipschitz 5 --entropy 0.42 --divergence 0.06 \\
    --solve n
  rankbound bound --diameter 2 --lipschitz 5 --entropy 0.42 --divergence 0 --n 1000 \\
    --augment --after-diameter 1.2 --after-entropy 0.47
  rankbound bound --before measured --after measured-augmented

--before and --after read two folders of measure on the same target queries, with the
same pairs, teacher and temperature: paired limits of what changed take the place of
entropy and divergence. Only --delta and --json go with them.
"""
NUMBERS = {
    "diameter": "essential diameter of the query's documents",
    "lipschitz": "L of the student, in temperatures per distance",
    "entropy": "mean teacher entropy, in nats",
    "divergence": "mean divergence of the student, in nats",
    "n": "independent queries",
    "kappa": "largest density ratio of target and sampling law (default 1: no shift)",
}
AFTER = ("diameter", "entropy", "divergence", "n", "kappa")


def add_parser(subparsers: Any) -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "bound",
        help="the headline bound from numbers, or before and after an augmentation",
        description="Evaluate the headline bound of the bilinear class (Theorem 2') "
        "and its relatives from given numbers, say whether it is vacuous and which "
        "part dominates; solve it; or ask when an augmentation lowers it, from numbers "
        "or from two measured folders.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for name, meaning in NUMBERS.items():
        parser.add_argument(f"--{name}", type=float, metavar="X", help=meaning)
    parser.add_argument(
        "--delta",
        type=float,
        default=0.05,
        metavar="D",
        help="failure probability (default %(default)g)",
    )
    parser.add_argument(
        "--group-size",
        type=int,
        default=16,
        metavar="K",
        help="documents of a query (default %(default)d)",
    )
    parser.add_argument(
        "--solve",
        metavar="n|diameter|entropy",
        help="the value at which the bound stops being vacuous",
    )
    parser.add_argument(
        "--table",
        type=Path,
        metavar="FILE.tsv",
        help="configurations, one a line, with option names as header",
    )
    parser.add_argument(
        "--augment", action="store_true", help="compare with what --after-... gives"
    )
    for name in AFTER:
        parser.add_argument(
            f"--after-{name}",
            type=float,
            metavar="X",
            help=argparse.SUPPRESS
            if name == "kappa"
            else f"{name} after the augmentation (default: as before)",
        )
    for side, when in (("before", "before"), ("after", "after")):
        parser.add_argument(
            f"--{side}",
            type=Path,
            metavar="DIR",
            help=f"what measure wrote {when} the augmentation; with the other one",
        )
    parser.add_argument(
        "--weights",
        type=float,
        default=1.1e8,
        metavar="W",
        help="trained weights, for the paper's form (default %(default)g)",
    )
    parser.add_argument(
        "--layers",
        type=float,
        default=12,
        metavar="L",
        help="layers, for the paper's form (default %(default)g)",
    )
    add_details(parser.add_argument)
    add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, command: str) -> None:
    """Evaluate, solve or compare, and print."""
    from rankbound.commands.bound.result import Augmentation, Bound, MeasuredChange
    from rankbound.terminal.console import console_for
    from rankbound.terminal.theory import show_bound

    kinds = (MeasuredChange, Augmentation, Bound)
    printed = check_target(arguments, *kinds)
    answers = answers_to(arguments, command)
    write_json(arguments, *answers, listed=arguments.table is not None)
    if printed:
        return
    told = [answer.in_options() for answer in answers]
    show_bound(told, console_for(sys.stdout), details=arguments.details)


def answers_to(
    arguments: argparse.Namespace, command: str
) -> list[Bound | Augmentation | MeasuredChange]:
    """One answer for each configuration.

    Raises
    ------
    UsageError, FormatError, DomainError
        On numbers that are missing, contradictory or outside their domain.
    """
    from rankbound.commands.bound.run import configurations, given_from
    from rankbound.errors import UsageError

    if arguments.before is not None or arguments.after is not None:
        return [_change(arguments, command)]
    if arguments.augment and arguments.solve:
        raise UsageError("--augment and --solve exclude each other; ask for one")
    base = {name: getattr(arguments, name) for name in NUMBERS}
    base |= {"delta": arguments.delta, "group_size": arguments.group_size}
    if arguments.table is None:
        return [_answer(given_from(base, solve=arguments.solve), arguments)]
    rows = configurations(arguments.table, base, solve=arguments.solve)
    return [_answer(given, arguments) for given in rows]


def _change(arguments: argparse.Namespace, command: str) -> MeasuredChange:
    from rankbound.commands.bound.changes import measured_change
    from rankbound.commands.bound.run import both_measurements

    told = {"json", "force", "details", "before", "after", "run", "command"}
    numbers = {k: v for k, v in vars(arguments).items() if k not in told}
    pair = both_measurements(arguments.before, arguments.after, numbers)
    return measured_change(*pair, delta=arguments.delta, command=command)


def _answer(given: Given, arguments: argparse.Namespace) -> Bound | Augmentation:
    from msgspec.structs import replace

    from rankbound.commands.bound.run import augment, evaluated
    from rankbound.commands.measure.paper_form import Architecture

    trained = Architecture(arguments.weights, arguments.layers)
    if arguments.augment:
        changes = {name: getattr(arguments, f"after_{name}") for name in AFTER}
        stated = {name: value for name, value in changes.items() if value is not None}
        return augment(given, replace(given, **stated))
    return evaluated(given, solve=arguments.solve or None, architecture=trained)
