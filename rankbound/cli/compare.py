"""`rankbound compare`: whether sampling alters what the bound depends on."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rankbound.catalogue import DIFFERENCES
from rankbound.cli.options import (
    DEFAULT_QUANTITY,
    SEVERAL,
    add_clusters,
    add_compat,
    add_computing,
    add_delta,
    add_details,
    add_models,
    add_out,
    add_qrels,
    add_score_rules,
    add_seed,
    add_trained_on,
    add_vectors,
    check_results,
    computing_from,
    given_settings,
    margins_listed,
    named,
    quantities_listed,
    verdicts_explained,
)
from rankbound.errors import UsageError

if TYPE_CHECKING:
    from rankbound.commands.compare.options import CompareOptions

EPILOG = """
verdicts, from an interval of the mean paired difference that holds jointly with all
others of the family, and a margin fixed before looking; where no range of the quantity
is known, from the direction of the queries that change:
{verdicts}

writes DIR/comparison.json and DIR/comparison.per_query.tsv (qid sampling quantity
pairs value largest: the mean over the groups of a query, and the largest of them).

example:
  rankbound compare --teacher teacher.scores.json.gz \\
    --groups random=random.16.jsonl.gz bm25=bm25.16.jsonl.gz --out results
"""
FAILED = 1


def add_parser(subparsers: Any) -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "compare",
        help="whether a data set's sampling alters the teacher's entropy, or distances",
        description="Compare samplings of training groups, paired by query: a "
        "verdict for each, with the interval, the smallest margin and the number "
        "of queries that the margin would need; and what explains the differences.",
        epilog=EPILOG.format(verdicts=verdicts_explained(DIFFERENCES, width=15)),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_models(parser)
    _add_groups(parser)
    _add_question(parser)
    _add_settings(parser)
    parser.set_defaults(run=run)


def _add_groups(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("samplings").add_argument
    add(
        "--groups",
        action="extend",
        nargs="+",
        required=True,
        metavar="NAME=FILE",
        help="groups of each sampling, one JSON object a line: query_id, doc_id_a, "
        "doc_id_b, maybe probabilities; two or more samplings",
    )
    add(
        "--reference",
        metavar="NAME",
        help="the sampling that the others are compared with (default: the first)",
    )
    add(
        "--target",
        type=Path,
        metavar="FILE",
        help="groups whose pairs are the fixed reference law of the target form "
        "(default: the union of all samplings, query by query)",
    )
    add_vectors(add)
    add_qrels(
        add,
        ", for --temperature fit and for how many judged documents a sampling covers",
    )
    add_clusters(add)


def _add_question(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("question").add_argument
    add(
        "--quantity",
        action="extend",
        nargs="+",
        metavar="NAME",
        help="what is compared, one or more, in the order of the tables: "
        + quantities_listed(),
    )
    add(
        "--pairs",
        default="each",
        metavar="all|pos-neg|neg-neg|each",
        help="which pairs of a group count; each: all three, as separate comparisons "
        "of one family (default %(default)s)",
    )
    add(
        "--margin",
        metavar="[NAME=]M",
        help="the largest difference that counts as none, fixed before looking "
        f"(default {margins_listed()})",
        **SEVERAL,
    )
    add_delta(add, "chance that any verdict of the family is wrong")
    add(
        "--controls",
        action="store_true",
        help="run the negative controls: shuffled teacher, constant teacher, random "
        "embeddings; exit with 1 if one fails",
    )


def _add_settings(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("settings").add_argument
    add_trained_on(add)
    add_score_rules(add)
    add(
        "--resamples",
        type=int,
        default=9999,
        metavar="N",
        help="resamples of the bootstrap; 0 leaves its intervals out "
        "(default %(default)d)",
    )
    add(
        "--pilot",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="share of the queries set aside to choose the stakes of betting, if there "
        "are 20 queries or more; the others decide; 0, the default, uses a fixed grid, "
        "whose intervals are shorter on most samples",
    )
    add_seed(add, "queries set aside, bootstrap and controls")
    add_compat(
        add,
        "also show the reference study's equivalence test and entropy beside ours, "
        "with what is wrong with them",
    )
    add_details(add)
    add_out(add)
    add_computing(add)


def run(arguments: argparse.Namespace, command: str) -> int | None:
    """Compare, write the results, show them."""
    from rankbound.commands.compare.result import Comparison
    from rankbound.commands.compare.run import compare_with, n_stages
    from rankbound.progress import stages
    from rankbound.terminal.compare import show
    from rankbound.terminal.console import console_for, fold

    options = options_from(arguments, command)
    check_results(Comparison, arguments)
    with (
        computing_from(arguments, options, "compare"),
        stages(total=n_stages(options.names) + 1, quiet=arguments.quiet) as progress,
    ):
        comparison = compare_with(options, progress=progress)
        progress("writing")
        comparison.write_into(arguments.out, force=arguments.force)
    console = console_for(sys.stdout)
    show(
        comparison.in_options(),
        console,
        details=arguments.details,
        where=f"{arguments.out}/comparison.json",
    )
    names = (f"{arguments.out}/{name}" for name in comparison.file_names())
    fold(console, f"written: {', '.join(names)}")
    return FAILED if comparison.controls.passed is False else None


def options_from(arguments: argparse.Namespace, command: str) -> CompareOptions:
    """Turn parsed arguments into options, naming the option of any mistake."""
    from rankbound.commands.compare.options import CompareOptions

    words = arguments.quantity or (DEFAULT_QUANTITY,)
    quantities = tuple(name for word in words for name in word.split(","))
    groups = [named(text, "--groups") for text in arguments.groups]
    return CompareOptions(
        **given_settings(arguments, command),
        groups=tuple((name, Path(file)) for name, file in groups),
        reference=arguments.reference,
        quantities=quantities,
        pairs=arguments.pairs,
        margins=_margins(arguments.margin, quantities),
        target=arguments.target,
        controls=arguments.controls,
        resamples=arguments.resamples,
        pilot=arguments.pilot,
        compat=arguments.compat,
    )


def _margins(texts: Sequence[str], quantities: Sequence[str]) -> dict[str, float]:
    """Margins by quantity; a plain number needs one quantity, since units differ."""
    found: dict[str, float] = {}
    for text in texts:
        name, separator, value = text.rpartition("=")
        if not separator and len(quantities) > 1:
            raise UsageError(
                f"--margin {text}: there are {len(quantities)} quantities of different "
                f"units; say which, as in --margin {quantities[0]}={text}"
            )
        name = name if separator else quantities[0]
        if name in found:
            raise UsageError(f"--margin is given twice for {name!r}; give one")
        try:
            found[name] = float(value)
        except ValueError:
            raise UsageError(
                f"--margin must be a positive number, got {value!r}"
            ) from None
    return found
