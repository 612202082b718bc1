"""`rankbound convert`: the same content in another format."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, Final

from rankbound.errors import UsageError

EPILOG: Final = """\
The format of OUT is that of its suffix (.run, .qrels, .json, .jsonl, .scores.parquet,
.groups.parquet, ...; a last .gz, .bz2, .lz4 or .zst packs it) or of --to. What OUT
cannot carry is named and refused; --lossy accepts the loss. OUT is read back before it
gets its name: its numbers are those of IN, bit for bit.

examples:
  rankbound convert teacher.scores.json.gz teacher.scores.parquet
  rankbound convert bm25.run.gz bm25.json --lossy
"""


def add_parser(subparsers: Any) -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "convert",
        help="the same content in another format, or what would be lost",
        description="Write the content of a file in another format.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("source", type=Path, metavar="IN", help="a file of any format that is read")
    add("target", type=Path, metavar="OUT", help="the file to write")
    add("--to", metavar="NAME", help="the format of OUT, instead of its suffix")
    add("--format", metavar="NAME", help="the format of IN, instead of detection")
    add("--ids", type=Path, metavar="FILE", help="ids of vectors (default: beside IN)")
    add("--lossy", action="store_true", help="lose what OUT cannot carry")
    add(
        "--teacher-kind",
        metavar="KIND",
        help="what the scores are, for formats that say so: logit, probability, ...",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, _: str) -> None:
    """Convert, and say what was kept and what was lost."""
    from estimators.scores import Kind
    from rankbound.converting import convert

    kinds = {kind.value: kind for kind in Kind}
    named = arguments.teacher_kind
    if named is not None and named.replace("-", "_") not in kinds:
        raise UsageError(
            f"--teacher-kind must be one of {', '.join(kinds)}, got {named!r}"
        )

    done = convert(
        arguments.source,
        arguments.target,
        to=arguments.to,
        format=arguments.format,
        lossy=arguments.lossy,
        ids=arguments.ids,
        kind=None if named is None else kinds[named.replace("-", "_")],
    )
    packed = "" if done.packing == "none" else f", {done.packing}"
    sys.stdout.write(
        f"written: {done.path} ({done.format}{packed}): "
        f"{'; '.join(done.kept.values())}; read back, and the same\n"
    )
    for path in done.beside:
        sys.stdout.write(f"written: {path}, which belongs to it\n")
    if done.remark is not None:
        sys.stdout.write(f"note: {done.remark}\n")
    for words in done.lost.values():
        sys.stdout.write(f"lost: {words}\n")
