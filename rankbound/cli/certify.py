"""`rankbound certify`: machine checks of the theory."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, Final

from rankbound.cli.json_out import add_json, check_target, write_json
from rankbound.escaping import printable, tell

FAILED: Final = 1
EPILOG: Final = """\
One line per statement: key, verdict, how it was checked, over what, looseness. The
looseness is the right-hand side over the largest left-hand side that was reached: 1
means attained, 3 that a third was reached, - that the statement is an equality.

Identities are reduced by SymPy; scalar inequalities are proved over a box by interval
arithmetic (python-flint, if `pip install rankbound[verify]`, or mpmath); the nDCG
statements are tried on all small rankings; suprema are searched. Every statement that
holds with a chance of 1 - delta is covered by simulation on populations with known
risk, and refuted if the Clopper-Pearson limit of its misses is above delta: two-point,
beta, the adversarial Bernoulli(1/n), and groups of a small demo on the docstrings of
numpy, whose queries are resampled (some seconds to make, no download). Constants are
enclosed to 12 digits, and tempting statements that are false ("refuted-...") have to be
refuted.

Exit code 1 if a check fails.

examples:
  rankbound certify
  rankbound certify --statement theorem-1d
  rankbound certify --measured out
  rankbound certify --deep --json checks.json
"""


def add_parser(subparsers: Any) -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "certify",
        help="machine checks of every statement of the theory",
        description="Let the machine try to refute the theory, statement by statement.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--statement",
        metavar="KEY",
        help="only this one, such as theorem-1d, constant-a_star or refuted-memory",
    )
    parser.add_argument(
        "--deep", action="store_true", help="search ten times as long (minutes)"
    )
    add_json(parser)
    parser.add_argument(
        "--measured",
        type=Path,
        metavar="DIR",
        help="results of `rankbound measure`: statements that need no more than the "
        "terms of a query, Theorem 1 (a)-(d), (f)-(h) and the pseudo-dimension form, "
        "have to cover samples of your queries, too",
    )
    parser.set_defaults(run=run)


def _say(line: str) -> None:
    """Print a line as soon as its check has ended."""
    tell(line)
    sys.stdout.flush()


def run(arguments: argparse.Namespace, command: str) -> int:
    """Print a line per check as it ends; return 1 if one fails."""
    from rankbound.commands.certify.result import Certification
    from rankbound.commands.certify.run import certified, selected
    from rankbound.progress import stages
    from rankbound.terminal.theory import line, summary

    printed = check_target(arguments, Certification)
    total = len(selected(arguments.statement))
    with stages(total=total, quiet=arguments.quiet, bar=printed) as progress:
        found = certified(
            arguments.statement,
            deep=arguments.deep,
            measured=arguments.measured,
            command=command,
            progress=progress,
            each=lambda row: None if printed else _say(line(row)),
            warn=lambda text: sys.stderr.write(printable(f"warning: {text}\n")),
        )
    if not printed:
        tell(summary(found.rows))
    write_json(arguments, found)
    return 0 if found.passed else FAILED
