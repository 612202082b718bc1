"""`rankbound convert`: the same content in another format."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, Final

from rankbound.cli.options import SEVERAL, add_force, missing_values

WRITTEN: Final = """\
  scores      rankbound-scores lookup trec-run scoreddocs msmarco-run csv-scores
              table-scores pickle rankllm predictions
  groups      rankbound-groups groups ranked-groups ranked-list hard-negatives
              hard-negatives-ce labeled-list pylate colbert flagembedding tevatron
              tevatron-v2 margins mined hofstaetter candidates table-lists
  judgements  qrels beir-qrels csv-qrels table-qrels
  vectors     npy npz safetensors raw faiss-flat flexindex pyserini-faiss
              table-embeddings
"""
READ: Final = """\
  faiss-idmap torch
  trec-run-lenient csv-lists csv-margins table-margins faiss-library texts topics
  irds-scoreddocs irds-qrels triples ranking candidates-texts json-scores json-qrels
  json-lists json-margins lookup-lists mteb-predictions dpr
"""
REFUSED: Final = """\
  table faiss trec-run-wide
"""
EPILOG: Final = f"""\
The format of OUT is that of its suffix or of --to:
  .arrow .run .res .trec .qrels .json .jsonl .csv .tsv .pkl .parquet .feather
  .scores.parquet .groups.parquet .npy .npz .safetensors .f4 .bin .faiss .flex; a last
  .gz, .bz2, .lz4, .zst or .xz packs it
Scores and groups in .arrow are read where they lie, faster than from any other format.
What OUT cannot carry is named and refused; --lossy accepts the loss. OUT is read back
before it gets its name: its numbers are those of IN, bit for bit. Ids of vectors that
the format cannot hold go into a file beside it, as docs.ids.txt beside docs.npy.

formats that are read and written (--formats says more of each):
{WRITTEN}
formats that are read only:
{READ}
kinds of files that are recognised and refused, with the remedy:
{REFUSED}
examples:
  rankbound convert teacher.scores.json.gz teacher.arrow
  rankbound convert bm25.run.gz bm25.json --lossy
  rankbound convert docs.npy docs.flex
  rankbound convert docs.f4 docs.safetensors --ids docids.txt
"""


class ListFormats(argparse.Action):
    """Print every format with its title, and end."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        """Print the list."""
        from rankbound.read.registry import formats

        for name, entry in formats().items():
            refused = "refused" if name in REFUSED.split() else "read"
            can = refused if entry.write is None else "read, written"
            sys.stdout.write(f"{name:20}{can:15}{entry.title}\n")
        parser.exit()


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
    add("target", type=Path, metavar="OUT", help="the file or folder to write")
    add("--to", metavar="NAME", help="the format of OUT, instead of its suffix")
    add("--format", metavar="NAME", help="the format of IN, instead of detection")
    add("--ids", type=Path, metavar="FILE", help="ids of vectors (default: beside IN)")
    add("--formats", action=ListFormats, nargs=0, help="list the formats, and end")
    add("--lossy", action="store_true", help="accept the loss of what OUT cannot carry")
    add_force(add)
    add(
        "--teacher-kind",
        metavar="KIND",
        help="what the scores are, for formats that say so: logit, probability, ...",
    )
    add(
        "--missing-value",
        metavar="V",
        help="leave out scores of this value, which stand for missing ones",
        **SEVERAL,
    )
    add(
        "--run-tag",
        metavar="TAG",
        help="which system to read of a run whose lines have several tags; * takes "
        "them for one system",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, _: str) -> None:
    """Convert, and say what was kept and what was lost."""
    from rankbound.commands.convert.run import convert
    from rankbound.escaping import tell
    from rankbound.terminal.files import conversion_lines

    done = convert(
        arguments.source,
        arguments.target,
        to=arguments.to,
        format=arguments.format,
        lossy=arguments.lossy,
        force=arguments.force,
        ids=arguments.ids,
        kind=arguments.teacher_kind,
        missing_value=missing_values(arguments.missing_value, ()).get(""),
        run_tag=arguments.run_tag,
        progress=not arguments.quiet,
    )
    tell("\n".join(conversion_lines(done.in_options())))
