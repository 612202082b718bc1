"""`rankbound validate`: do the terms go with measured effectiveness."""

from __future__ import annotations

import argparse
import sys
from typing import Any, Final

from rankbound.cli.model_options import add_models
from rankbound.cli.validate_arguments import (
    add_datasets,
    add_documents,
    add_question,
    add_rankings,
    add_settings,
)
from rankbound.cli.validate_options import options_from

CONTROL_FAILED: Final = 1
EPILOG: Final = """\
verdicts of each row (term x measure), from Spearman's rho and its p-value corrected
over the whole family, and a band fixed before looking:
  associated                 the corrected p-value is at most --delta
  no association beyond R    the interval lies inside the band (-R, R)
  inconclusive               neither: the queries are too few to tell

a data set as a folder (--datasets NAME:DIR) holds
  runs/NAME.run[.gz]             rankings, one per system; all but the teacher and one
                                 called "random" are students
  runs/teacher.run[.gz]          the teacher's ranking, if not by its scores
  qrels.trec[.gz], or qrels/test.tsv[.gz]
  teacher/*.json[.gz]            the teacher's scores; without it --dataset-teacher
  train/SAMPLING.*.jsonl[.gz]    groups, one file per sampling; without, --depth
  embeddings/E.corpus.npy        vectors, with E.corpus.ids.txt; E.queries.npy with
                                 E.queries.ids.txt make E a student by dot product

temperatures of cosines, inner products and other scores without a unit are fitted where
none is given; the queries that this takes are counted and have no terms

writes DIR/validation.json, DIR/effectiveness.tsv (dataset student qid measure value),
DIR/tables.md and DIR/tables.tex. Exit code 1 if a control is not as it should be.

examples:
  rankbound validate --teacher t.run --temperature fit --student s=s.run \\
    --student-temperature fit --qrels qrels.trec --relevant 2 --out results
  rankbound validate --datasets dl19:data/dl19 --dataset-teacher repllama \\
    --temperature fit --student-temperature fit --out results
"""


def add_parser(subparsers: Any) -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "validate",
        help="whether the bound's terms go with measured effectiveness",
        description="Correlate the terms of the bound with measured effectiveness, per "
        "query and across configurations, corrected for how many tests there are and "
        "for how hard queries are; try certificates on held-out queries; run controls.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_models(parser, required=False)
    add_rankings(parser)
    add_datasets(parser)
    add_documents(parser)
    add_question(parser)
    add_settings(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, command: str) -> int | None:
    """Validate, write the results, show them."""
    from rankbound.cli.progress import stages
    from rankbound.commands.validate.account import account
    from rankbound.commands.validate.markup import latex, markdown
    from rankbound.commands.validate.panels import effectiveness_text
    from rankbound.commands.validate.run import n_stages, validate
    from rankbound.commands.validate.tables import tables
    from rankbound.terminal.console import console_for
    from rankbound.terminal.validate import show
    from rankbound.writing import check_folder, json_text, write_all

    options = options_from(arguments, command)
    check_folder(arguments.out)
    with stages(total=n_stages(options) + 1) as progress:
        validation = validate(options, progress=progress)
        progress("writing")
        found, pages = account(validation), tables(validation)
        write_all(
            arguments.out,
            {
                "validation.json": json_text(found),
                "effectiveness.tsv": effectiveness_text(validation.judged),
                "tables.md": markdown(pages),
                "tables.tex": latex(pages),
            },
        )
    show(found, console_for(sys.stdout))
    names = ("validation.json", "effectiveness.tsv", "tables.md", "tables.tex")
    print("written: " + ", ".join(f"{arguments.out}/{name}" for name in names))  # noqa: T201
    passed = all(row["passed"] for row in validation.controls)
    return None if passed else CONTROL_FAILED
