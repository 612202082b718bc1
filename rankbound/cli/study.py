"""`rankbound study`: every command on many data sets, and one table of all."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, Final

from rankbound.cli.options import add_out

INCOMPLETE: Final = 1
EPILOG: Final = """\
Finds in each folder the teacher, the students, the groups, judgements and vectors, as
`rankbound inspect DIR` does, and runs inspect, measure (on the groups of the
reference), compare (each sampling against the reference) and, where there are
judgements, validate. Then it pools what all data sets have (random effects) and writes
  DIR/study.json                the table over all data sets
  DIR/report.html               everything as one page
  DIR/NAME/STEP/                the results of each step
A step is done again only if its inputs, settings or version have changed, so that a run
that was ended in between goes on; --fresh does all again.

--config is a TOML file with the parameters of the Python functions:
  temperature = "fit"                 # for all data sets
  [validate]
  relevant = 2                        # for all data sets, of validate
  [datasets.dl19]                     # for one; paths lie in its folder
  teacher = "runs/repllama.run.gz"
  students = ["tasb", "bm25"]

The folder of an ablation (rankbound ablate) counts for each of its collections: its
results are taken as they are, validate asks whether terms order its cells, and one
table has every cell on all collections, with verdicts and whether they agree.

Exit code 1 if a step of a data set failed; the table says why, and the other data sets
are complete.

examples:
  rankbound study data/dl19 data/dl20 --out studied
  rankbound study old:a/dl19 new:b/dl19 --config study.toml --out studied
  rankbound study ablated more:ablated-again --out studied
"""


def add_parser(subparsers: Any) -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "study",
        help="inspect, measure, compare and validate many data sets at once",
        description="Run every command on every data set, and show what all of them "
        "say together.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "folders",
        nargs="+",
        metavar="[NAME:]DIR",
        help="the folder of a data set, or of an ablation; it is called after its "
        "folder, or NAME",
    )
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="settings for all data sets, for one, and for one command, as TOML",
    )
    parser.add_argument(
        "--fresh", action="store_true", help="do all steps again, whatever is there"
    )
    add_out(parser.add_argument)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, command: str) -> int | None:
    """Study, write everything, show the table over all data sets."""
    from rankbound.cli.measure import options_of
    from rankbound.commands.study.config import Config, read_config
    from rankbound.commands.study.run import n_stages
    from rankbound.escaping import tell
    from rankbound.page.report import STAGES
    from rankbound.page.study import write_study
    from rankbound.progress import stages
    from rankbound.terminal.console import console_for
    from rankbound.terminal.study import show
    from rankbound.threads import cores

    given = arguments.config
    config = Config() if given is None else read_config(given)
    with stages(
        total=n_stages(arguments.folders) + STAGES, quiet=arguments.quiet
    ) as progress:
        made = write_study(
            arguments.folders,
            arguments.out,
            config=config,
            fresh=arguments.fresh,
            force=arguments.force,
            command=command,
            options_of=options_of,
            workers=cores() if arguments.alone else 1,
            progress=progress,
        )
    show(made, console_for(sys.stdout))
    tell(f"written: {arguments.out}/study.json, {arguments.out}/report.html")
    return None if made.complete else INCOMPLETE
