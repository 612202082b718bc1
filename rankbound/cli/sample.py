"""`rankbound sample`: training groups drawn from scores."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rankbound.cli.json_out import add_json, check_target, write_json
from rankbound.cli.options import (
    SEVERAL,
    TEACHER,
    add_missing_and_tag,
    add_qrels,
    add_seed,
    add_temperature,
    chosen_formats,
    missing_values,
    named,
    run_tags,
    temperature_from,
)
from rankbound.errors import UsageError

EPILOG = """
samplings, of the documents of a query that the teacher has scored:
  random            any of them
  top               those that the teacher scores highest
  NAME              those that the run of --run NAME=FILE ranks highest
  fusion            the highest by reciprocal ranks summed over all runs; a lone run is
                    joined with the teacher's ranking
  stratified        evenly from --strata of equal width over the teacher's scores
  stratified-count  evenly from --strata of equally many documents
  entropy           documents whose pair with the positive has an entropy in --band
  A+B               a part of the negatives by A, the others by B
Documents judged relevant are never negatives. Draws depend on --seed and the ids alone.
JSON lines hold the probability of each draw as sampling_probabilities.

examples:
  rankbound sample --teacher teacher.json.gz --qrels train.qrels \\
    --sampling stratified --size 16 --out stratified.jsonl.gz
  rankbound sample --teacher teacher.json.gz --qrels train.qrels \\
    --run bm25=bm25.run.gz --sampling bm25 --depth 50 --drop-suspected --out bm25.jsonl
"""


def add_parser(subparsers: Any) -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "sample",
        help="training groups drawn from scores: random, top, stratified, ...",
        description="Draw training groups: a positive each, and negatives by a "
        "sampling of the documents that the teacher has scored.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument_group("data").add_argument
    add("--teacher", type=Path, required=True, metavar="FILE", help="teacher scores")
    add(
        "--run",
        dest="run_files",
        metavar="NAME=FILE",
        help="rankings; may be repeated",
        **SEVERAL,
    )
    add_qrels(add, "; each relevant document makes a group")
    add(
        "--groups",
        type=Path,
        metavar="FILE",
        help="groups whose positives are kept and whose negatives are drawn anew",
    )
    add(
        "--relevant",
        type=int,
        default=1,
        metavar="GRADE",
        help="the smallest relevant grade (default %(default)d)",
    )
    add("--format", metavar="[FILE=]NAME", help="the format of an input", **SEVERAL)
    add_missing_and_tag(add)
    add = parser.add_argument_group("sampling").add_argument
    add("--sampling", required=True, metavar="NAME", help="see below")
    add(
        "--size",
        type=int,
        default=16,
        metavar="K",
        help="documents of a group with its positive (default %(default)d)",
    )
    add(
        "--depth",
        type=int,
        metavar="N",
        help="the top of a ranking has N documents, of which negatives are drawn; by "
        "default as many as are needed",
    )
    add(
        "--strata",
        type=int,
        default=5,
        metavar="N",
        help="number of strata (default %(default)d)",
    )
    add(
        "--band",
        default="0.5:1",
        metavar="LOW:HIGH",
        help="entropies between these quantiles of a group's candidates (default "
        "%(default)s)",
    )
    add(
        "--drop-suspected",
        nargs="?",
        type=float,
        const=0.0,
        metavar="MARGIN",
        help="leave out candidates that the teacher scores above the positive, or less "
        "than MARGIN temperatures below it",
    )
    add(
        "--positives",
        choices=("keep", "remove"),
        default="keep",
        help="whether a group holds its positive (default %(default)s); without, all K "
        "documents are drawn",
    )
    add_temperature(add, "all judged pairs, or positives of --groups")
    add_seed(add, "the draws")
    add = parser.add_argument_group("output").add_argument
    add(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help="the file of groups; its suffix names the format, as for convert",
    )
    add("--to", metavar="NAME", help="the format, instead of the suffix")
    add_json(parser, "what was drawn")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, command: str) -> None:
    """Draw, write the groups, and say what was drawn."""
    from rankbound.commands.sample.result import Sample
    from rankbound.commands.sample.run import N_STAGES, SampleOptions
    from rankbound.escaping import tell
    from rankbound.progress import stages
    from rankbound.terminal.files import sample_lines

    target = arguments.json
    printed = check_target(arguments, Sample)
    if target is not None and target.resolve() == arguments.out.resolve():
        raise UsageError(f"--json and --out both name {target}; name two files")
    runs = _runs(arguments.run_files)
    names = [TEACHER, *runs, *map(str, (arguments.teacher, *runs.values()))]
    options = SampleOptions(
        teacher=arguments.teacher,
        sampling=arguments.sampling,
        size=arguments.size,
        runs=runs,
        qrels=arguments.qrels,
        groups=arguments.groups,
        relevant=arguments.relevant,
        depth=arguments.depth,
        strata=arguments.strata,
        band=_band(arguments.band),
        drop_suspected=arguments.drop_suspected,
        positives=arguments.positives,
        temperature=temperature_from(arguments.temperature, "--temperature"),
        missing_value=missing_values(arguments.missing_value, names) or None,
        run_tag=run_tags(arguments.run_tag, names) or None,
        seed=arguments.seed,
        formats=chosen_formats(arguments.format),
        command=command,
    )
    with stages(total=N_STAGES, quiet=arguments.quiet) as progress:
        made = options.drawn(
            out=arguments.out,
            to=arguments.to,
            record=None if printed else target,
            force=arguments.force,
            progress=progress,
        )
    if printed:
        write_json(arguments, made)
        return
    tell("\n".join(sample_lines(made.in_options())))
    if target is not None:
        tell(f"written: {target}")


def _runs(texts: list[str]) -> dict[str, Path]:
    runs: dict[str, Path] = {}
    for text in texts:
        name, file = named(text, "--run")
        if name in runs:
            raise UsageError(f"two runs are called {name!r}; rename one")
        runs[name] = Path(file)
    return runs


def _band(text: str) -> tuple[float, float]:
    low, separator, high = text.partition(":")
    try:
        return float(low), float(high if separator else "")
    except ValueError:
        raise UsageError(
            f"--band needs LOW:HIGH, such as 0.5:1, got {text!r}"
        ) from None
