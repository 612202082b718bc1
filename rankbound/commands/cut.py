"""`rankbound cut`: training groups of queries with low, middling or high entropy."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bounds.wording import counted
from rankbound.commands.model_options import (
    add_models,
    add_vectors,
    kind_from,
    students_from,
    temperature_from,
)

if TYPE_CHECKING:
    from rankbound.cutting.options import CutOptions

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
        default="entropy",
        metavar="QUANTITY",
        help="entropy (the default), margin, ties; with vectors diameter, "
        "mean_distance, rms_distance, two_nn, knn_density; with a student divergence, "
        "risk, or risk:NAME where there are several",
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
    add(
        "--pairs",
        default="all",
        metavar="all|pos-neg|neg-neg",
        help="over which pairs of a group the quantity is a mean (default %(default)s)",
    )
    add_vectors(add)
    add(
        "--qrels",
        type=Path,
        metavar="FILE",
        help="relevance judgements, TREC or BEIR, for --temperature fit",
    )


def _add_settings(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("settings").add_argument
    add(
        "--score-range",
        type=float,
        default=10.0,
        metavar="B",
        help="students are clipped at B temperatures below their best document of the "
        "group (default %(default)g)",
    )
    add(
        "--missing",
        choices=("drop", "error"),
        help="documents without a score or vector; by default an error for the "
        "teacher and the vectors, a counted drop for a student",
    )
    add(
        "--delta",
        type=float,
        default=0.05,
        metavar="D",
        help="failure probability of each comparison before and after (default "
        "%(default)g)",
    )
    add(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="of the draw of calibration queries (default %(default)d)",
    )
    add(
        "--compat",
        choices=("reference",),
        help="also tell what the reference study's cuts of these names would keep",
    )
    add("--out", type=Path, required=True, metavar="DIR", help="folder for the results")


def options_from(arguments: argparse.Namespace, command: str) -> CutOptions:
    """Turn parsed arguments into options, naming the option of any mistake."""
    from estimators.bands import BANDS
    from rankbound.cutting.options import CutOptions
    from rankbound.formats.choosing import chosen_formats

    return CutOptions(
        teacher=arguments.teacher,
        teacher_kind=kind_from(arguments.teacher_kind, "--teacher-kind"),
        temperature=temperature_from(arguments.temperature, "--temperature"),
        students=students_from(arguments),
        groups=arguments.groups,
        by=arguments.by,
        keep=tuple(arguments.keep or BANDS),
        pairs=arguments.pairs,
        embeddings=arguments.embeddings,
        ids=arguments.ids,
        metric=arguments.metric,
        qrels=arguments.qrels,
        score_range=arguments.score_range,
        missing=arguments.missing,
        delta=arguments.delta,
        seed=arguments.seed,
        compat=arguments.compat,
        command=command,
        formats=chosen_formats(arguments.format),
    )


def run(arguments: argparse.Namespace, command: str) -> None:
    """Cut, write the files, show the manifest."""
    from rankbound.cutting.files import write_cut
    from rankbound.cutting.run import cut_groups
    from rankbound.cutting.show import show
    from rankbound.measuring.show import console_for
    from rankbound.progress import stages
    from rankbound.writing import check_folder

    options = options_from(arguments, command)
    check_folder(arguments.out)
    with stages(total=4) as progress:
        cut = cut_groups(options, progress=progress)
        progress("writing")
        manifest = write_cut(cut, arguments.out)
    show(manifest, console_for(sys.stdout))
    n_files = sum(row["file"] is not None for row in manifest["files"])
    made = f"{counted(n_files, 'file')} of groups, {arguments.out}/manifest.json"
    print(f"written: {made}")  # noqa: T201
