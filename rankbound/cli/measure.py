"""`rankbound measure`: its options, its files, and the ledger on the screen."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from rankbound.cli.options import (
    add_clusters,
    add_compat,
    add_computing,
    add_delta,
    add_details,
    add_models,
    add_out,
    add_pairs,
    add_pilot,
    add_qrels,
    add_score_rules,
    add_seed,
    add_stake,
    add_trained_on,
    add_unscored,
    add_vectors,
    check_results,
    choices_from,
    computing_from,
    given_settings,
    number_from,
    per_student,
)
from rankbound.errors import UsageError

if TYPE_CHECKING:
    from rankbound.commands.measure.options import MeasureOptions

EPILOG = """
writes DIR/per_query.tsv (one row per query and student), DIR/ledger.json, and, where
queries are set aside, DIR/calibration.tsv (their terms). Two students or more are
ranked: which of them cannot be excluded as best, on the same queries and documents.

example:
  rankbound measure --teacher teacher.scores.json.gz --groups train.16.jsonl.gz \\
    --student bm25=bm25.run.gz --student-temperature fit --out results
"""


def add_parser(subparsers: Any) -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "measure",
        help="the bound's terms per query, and a certificate for every student",
        description="Compute the terms of the bound for every query and, for every "
        "student, an upper confidence limit of its risk: how large, whether vacuous, "
        "which part dominates.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_models(parser)
    _add_groups(parser)
    _add_settings(parser)
    parser.set_defaults(run=run)


def _add_groups(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("documents").add_argument
    add(
        "--groups",
        type=Path,
        metavar="FILE",
        help="groups, one JSON object a line: query_id, doc_id_a, doc_id_b; with "
        "probabilities (one for each document, doc_id_a first, summing to 1) they are "
        "the sampling law and the shift to the target law is bounded",
    )
    add(
        "--target-groups",
        type=Path,
        metavar="FILE",
        help="groups of the target law, as --groups: the documents of a query are "
        "drawn with the probabilities given, evenly without; bounds every student's "
        "risk under that law (default, if --groups has probabilities: evenly from the "
        "same documents)",
    )
    add(
        "--depth",
        type=int,
        metavar="K",
        help="instead of groups: the teacher's top K of every query (default 16; ties "
        "by docno, descending, as in trec_eval)",
    )
    add_vectors(add)
    add_qrels(
        add,
        "; adds what the terms say about misranking, how calibrated the teacher is, "
        "nDCG, and earlier bounds",
    )
    add_clusters(add)
    add(
        "--unjudged",
        choices=("unknown", "irrelevant"),
        default="unknown",
        help="what is read from documents of a judged query that have no judgement: "
        "nothing, or that they are irrelevant, which you assert; temperatures are "
        "fitted on judged documents in any case (default %(default)s)",
    )
    add_pairs(
        add,
        "which pairs of a group count; a positive is a group's doc_id_a or, with "
        "--depth, a document graded 1 or more",
    )


def _add_settings(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("settings").add_argument
    add_pilot(add)
    add_score_rules(add, chosen=True)
    add_stake(add)
    add(
        "--lipschitz",
        action="extend",
        nargs="+",
        default=[],
        metavar="[NAME=]L",
        help="asserted of all students or of one, in temperatures per distance of "
        "--embeddings: margins are at most L times the distance (default: of dot "
        "products of unit vectors, by Lemma 4)",
    )
    add_unscored(add)
    add_trained_on(add)
    add_delta(
        add,
        "failure probability of the limits and shares, half of it for either, and of "
        "the ranking of students, for itself",
    )
    add_seed(add, "the draw of pilot queries")
    add(
        "--weights",
        type=float,
        default=1.1e8,
        metavar="W",
        help="trained weights of the students, for the row with the paper's form, "
        "reconstructed (default %(default)g)",
    )
    add(
        "--layers",
        type=float,
        default=12,
        metavar="L",
        help="their layers, for the same row (default %(default)g)",
    )
    add_compat(
        add,
        "also write DIR/compat.tsv: the reference study's quantities by its own "
        "formulas, beside the corrected ones, with what is wrong with each",
    )
    add_details(add)
    add_out(add)
    add_computing(add)


def run(arguments: argparse.Namespace, command: str) -> None:
    """Measure, write the results, show the ledger."""
    from rankbound.commands.measure.result import Ledger
    from rankbound.commands.measure.run import measure_with
    from rankbound.progress import stages
    from rankbound.terminal.console import console_for, fold
    from rankbound.terminal.measure import show

    options = options_from(arguments, command)
    check_results(Ledger, arguments)
    with (
        computing_from(arguments, options, "measure"),
        stages(total=options.n_stages + 1, quiet=arguments.quiet) as progress,
    ):
        ledger = measure_with(options, progress=progress)
        progress("writing")
        ledger.write_into(arguments.out, force=arguments.force)
    console = console_for(sys.stdout)
    show(
        ledger.in_options(),
        console,
        details=arguments.details,
        where=f"{arguments.out}/ledger.json",
    )
    fold(
        console, f"written: {arguments.out}/per_query.tsv, {arguments.out}/ledger.json"
    )


def options_from(arguments: argparse.Namespace, command: str) -> MeasureOptions:
    """Turn parsed arguments into options, naming the option of any mistake."""
    from rankbound.commands.measure.options import MeasureOptions
    from rankbound.commands.measure.paper_form import Architecture

    given = given_settings(arguments, command)
    names = [source.name for source in given["students"]]
    return MeasureOptions(
        **given,
        **choices_from(arguments, names),
        lipschitz=per_student(arguments.lipschitz, names, "--lipschitz", number_from)
        or None,
        groups=arguments.groups,
        target_groups=arguments.target_groups,
        depth=arguments.depth,
        unjudged=arguments.unjudged,
        pairs=arguments.pairs,
        compat=arguments.compat,
        architecture=Architecture(arguments.weights, arguments.layers),
    )


class _Again(argparse.ArgumentParser):
    """Raise an error where the program would print and exit."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"the ledger's command cannot be read ({message})")


def options_of(command: str) -> MeasureOptions:
    """The options of the command that a ledger records.

    Raises
    ------
    UsageError
        When it is not a command of `rankbound measure`, or cannot be parsed.
    """
    words = shlex.split(command)
    if words[:2] != ["rankbound", "measure"]:
        raise UsageError(
            "the ledger names no command of `rankbound measure` to read again"
        )
    parser = _Again(prog="rankbound", add_help=False)
    add_parser(parser.add_subparsers())
    return options_from(parser.parse_args(words[1:]), command)
