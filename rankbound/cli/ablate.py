"""`rankbound ablate`: students of every sampling, loss and architecture."""

from __future__ import annotations

import argparse
import sys
from typing import Any, Final

from rankbound.cli.options import add_details, add_out

EPILOG: Final = """\
Trains small students on real text by every sampling, loss and architecture, with
several seeds, and puts the bound beside each. Writes
  DIR/ablation.tsv    a row for each student
  DIR/ablation.json   means with intervals, samplings against random negatives, what
                      predicts students before training, and claims with verdicts
  DIR/ablation.queries.tsv         terms by query, means over seeds
  DIR/ablation.tables.md and .tex  the tables for print
  DIR/runs/           the run of each student on the test queries
  DIR/cells/          what a later run goes on from

A collection is "docstrings" (numpy, scipy and scikit-learn as they are installed),
"synthetic" or "synthetic:SEED" (a world whose law is known, so that what is true stands
beside what is estimated), irds:ID (of ir_datasets), or a folder with corpus.jsonl,
queries.jsonl and judgements as BEIR has them. Used where they are there:
teacher/teacher.scores.json, embeddings/NAME.corpus.npy, embeddings/NAME.queries.npy,
hard-negatives.jsonl, and groups train/SAMPLING.*; all may be packed.

samplings, as `rankbound sample` draws them:
  random            documents from the whole corpus
  bm25, dense       of the 50 best of BM25, or of the nearest vectors
  crossencoder      of the 50 best of the teacher
  ensemble          of the 50 best of BM25 and the vectors fused, or of the systems of
                    a folder's hard-negatives.jsonl (as sentence-transformers has it)
  stratified-width  evenly from five strata of equal width over the teacher's scores
  stratified-count  evenly from five strata of equally many documents
  entropy           of the half of which the teacher is least sure; entropy-middle
                    and entropy-low are the middle half and that of which it is surest
losses: ranknet, marginmse, kl, lce
architectures: bi (a bilinear form on frozen vectors), bi-two-layer (two layers on both
sides) and cross (a perceptron over features of query and document)

A cell is trained again only if its settings, data or versions have changed, so that a
run that was ended in between goes on.

examples:
  rankbound ablate --out ablated
  rankbound ablate --collection data/vaswani data/scifact --seeds 3 --out ablated
  rankbound ablate --samplings random ensemble --losses ranknet --out quick
"""


def add_parser(subparsers: Any) -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "ablate",
        help="train students by every sampling, loss and architecture",
        description="Train students by every sampling, loss and architecture, measure "
        "what they retrieve, and put the bound beside each.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument_group("the grid").add_argument
    add(
        "--collection",
        dest="collections",
        nargs="+",
        default=["docstrings"],
        metavar="docstrings|synthetic|DIR",
        help="default docstrings",
    )
    add(
        "--out-of-domain",
        nargs="*",
        metavar="docstrings|DIR",
        help="test students on these, too (default docstrings, which are those of "
        "matplotlib, pandas and SymPy, where --collection has docstrings; none with no "
        "name)",
    )
    for name, default in (
        ("samplings", "random bm25 crossencoder ensemble stratified-width"),
        ("losses", "ranknet marginmse kl lce"),
        ("architectures", "bi cross"),
    ):
        add(
            f"--{name}",
            nargs="+",
            default=default.split(),
            metavar="NAME",
            help=f"default {default}",
        )
    add(
        "--seeds",
        type=int,
        default=5,
        metavar="N",
        help="students of each cell (default %(default)d)",
    )
    add(
        "--group-size",
        type=int,
        default=16,
        metavar="K",
        help="documents of a group with its positive (default %(default)d)",
    )
    add(
        "--positives",
        choices=("keep", "remove"),
        default="keep",
        help="whether groups hold their positive (default %(default)s); without, "
        "ranknet and kl alone can learn",
    )
    add(
        "--drop-suspected",
        nargs="?",
        type=float,
        const=0.0,
        metavar="MARGIN",
        help="leave out negatives that the teacher scores above the positive, or less "
        "than MARGIN below it, in log-odds",
    )
    add = parser.add_argument_group("training").add_argument
    add(
        "--backend",
        choices=("jax", "torch"),
        default="jax",
        help="what trains heads (default %(default)s)",
    )
    add(
        "--encoder",
        metavar="DIR|NAME",
        help="fine-tune this transformer, a folder or a name that the hub has, in the "
        "place of heads; on a GPU where there is one",
    )
    add(
        "--steps",
        type=int,
        metavar="N",
        help="of fine-tuning (default 240); a quarter lies between two checkpoints",
    )
    add(
        "--match-scale",
        choices=("on", "off"),
        default="on",
        help="start every student from the scale of the teacher's margins (default "
        "%(default)s); with off, losses differ by how far the unit of the student's "
        "scores is from the teacher's",
    )
    add(
        "--teachers",
        nargs="+",
        default=[],
        metavar="NAME",
        help="teach all cells by these, too: weaker, stronger, overconfident, "
        "underconfident, noisy, ensemble (default none)",
    )
    add(
        "--augmentations",
        nargs="+",
        default=[],
        metavar="NAME",
        help="train all cells by these, too: term-dropout, title, summary (of "
        "queries), temperature, label-noise, ensembling (of targets); what Theorem 5 "
        "says of them is written before training (default none)",
    )
    add("--fresh", action="store_true", help="train all cells again")
    add = parser.add_argument_group("output").add_argument
    add_details(add)
    add_out(add)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, command: str) -> None:
    """Train, measure, write everything, and say what came out."""
    from rankbound.commands.ablate.collections import Rules
    from rankbound.commands.ablate.run import Design, ablated, abroad_of, n_stages
    from rankbound.escaping import tell
    from rankbound.progress import stages
    from rankbound.terminal.ablate import show
    from rankbound.terminal.console import console_for

    out = arguments.out
    design = Design(
        samplings=tuple(arguments.samplings),
        losses=tuple(arguments.losses),
        architectures=tuple(arguments.architectures),
        seeds=arguments.seeds,
        group_size=arguments.group_size,
        backend=arguments.backend,
        match_scale=arguments.match_scale == "on",
        encoder=arguments.encoder,
        steps=arguments.steps,
        teachers=tuple(arguments.teachers),
        augmentations=tuple(arguments.augmentations),
        rules=Rules(
            positives=arguments.positives, drop_suspected=arguments.drop_suspected
        ),
    )
    places = arguments.collections
    others = abroad_of(places, arguments.out_of_domain)
    total = n_stages(places, others, design)
    with stages(total=total, quiet=arguments.quiet) as progress:
        made = ablated(
            places,
            out,
            design,
            out_of_domain=others,
            fresh=arguments.fresh,
            force=arguments.force,
            command=command,
            progress=progress,
        )
    show(made, console_for(sys.stdout), details=arguments.details)
    tell(f"written: {out}/ablation.tsv, {out}/ablation.json, {out}/runs")
