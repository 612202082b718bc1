"""`rankbound inspect`: options, the screen and the JSON file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from rankbound.cli.json_out import add_json, check_target, write_json
from rankbound.cli.options import (
    SEVERAL,
    add_answers,
    kind_from,
    missing_values,
    run_tags,
    temperature_from,
)
from rankbound.errors import UsageError

UNREADABLE: Final = 1
EPILOG: Final = """\
Reads every file, whatever its format, and says what its numbers are and whether they
can be trusted; then whether the files fit each other, and which command to run next.
Findings are errors (a command refuses the file, or would compute nonsense), warnings
(numbers may mislead) and notes.

Exit code 1 if a file cannot be read.

examples:
  rankbound inspect teacher.scores.json.gz train.16.jsonl.gz bm25.run.gz
  rankbound inspect runs/*.run.gz --qrels qrels.trec --json inspection.json
"""


def add_parser(subparsers: Any) -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "inspect",
        help="whether the numbers in files can be trusted, and what to run next",
        description="Say what files hold, what is odd about it, and what to run next.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="any file or folder; "
        "one of a data set, as validate --datasets takes it, stands for its files",
    )
    add(
        "--teacher",
        type=Path,
        metavar="FILE",
        help="the teacher's scores, where the file is not found out",
    )
    add("--qrels", type=Path, metavar="FILE", help="relevance judgements")
    add(
        "--groups",
        type=Path,
        metavar="FILE",
        help="training groups; one file or more",
        **SEVERAL,
    )
    add("--embeddings", type=Path, metavar="FILE", help="vectors of documents")
    add(
        "--ids",
        type=Path,
        metavar="FILE",
        help="ids of their rows, one a line (default: found beside the vectors)",
    )
    add(
        "--format",
        metavar="[FILE=]NAME",
        help="the format of all files, or of one, instead of detection",
        **SEVERAL,
    )
    add(
        "--teacher-kind",
        metavar="KIND",
        help="what the scores of the teacher are, as for measure",
    )
    add(
        "--student-kind",
        metavar="[NAME=]KIND",
        help="kind of the scores of all students, or of one, by its name or file",
        **SEVERAL,
    )
    add(
        "--temperature",
        metavar="X|fit",
        help="what measure and compare will be told, as the options that follow",
    )
    add("--depth", type=int, metavar="K", help="as for measure")
    add("--pairs", default="all", metavar="all|pos-neg|neg-neg", help="as for measure")
    add("--clusters", type=Path, metavar="FILE", help="as for measure")
    add("--missing", choices=("drop", "error"), help="as for measure")
    add_answers(add)
    add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, command: str) -> int:
    """Inspect, show, write the JSON; return 1 if a file cannot be read."""
    from rankbound.commands.inspect.examined import Asked
    from rankbound.commands.inspect.readiness import Settings
    from rankbound.commands.inspect.result import Inspection
    from rankbound.commands.inspect.run import N_STAGES, inspect_files
    from rankbound.progress import stages
    from rankbound.read.scales import Answers
    from rankbound.terminal.console import console_for
    from rankbound.terminal.files import show

    printed = check_target(arguments, Inspection)
    if arguments.ids is not None and arguments.embeddings is None:
        raise UsageError("--ids are the ids of --embeddings; give them too")
    files, words = files_behind(arguments.files, arguments.format)
    everything, formats = named_formats(words)
    names = [str(path) for path in files]
    students = {text.rpartition("=")[0]: text for text in arguments.student_kind}
    if len(students) < len(arguments.student_kind):
        raise UsageError("--student-kind is given twice for the same; give one")
    asked = Asked(
        files=files,
        teacher=arguments.teacher,
        groups=arguments.groups,
        qrels=arguments.qrels,
        embeddings=arguments.embeddings,
        ids=arguments.ids,
        formats=formats,
        format=everything,
        answers=Answers(
            missing_value=missing_values(arguments.missing_value, names),
            run_tag=run_tags(arguments.run_tag, names),
            mixed_scales=arguments.mixed_scales,
        ),
        teacher_kind=kind_from(arguments.teacher_kind, "--teacher-kind"),
        student_kinds={
            name: kind_from(text.rpartition("=")[2], "--student-kind")
            for name, text in students.items()
        },
    )
    settings = Settings(
        temperature=temperature_from(arguments.temperature, "--temperature"),
        depth=arguments.depth,
        pairs=arguments.pairs,
        clusters=arguments.clusters,
        missing=arguments.missing,
    )
    with stages(total=N_STAGES, quiet=arguments.quiet) as progress:
        inspection = inspect_files(asked, settings, command=command, progress=progress)
    write_json(arguments, inspection)
    if not printed:
        show(inspection.in_options(), console_for(sys.stdout))
    return 0 if inspection.readable else UNREADABLE


def files_behind(
    files: list[Path], words: Sequence[str]
) -> tuple[list[Path], Sequence[str]]:
    """Files given after ``--format NAME``, which were taken for more formats.

    Examples
    --------
    >>> files_behind([], ["lookup", "a.json"])
    ([PosixPath('a.json')], ['lookup'])
    """
    if files or not words:
        return files, words
    from rankbound.read.registry import formats

    named = [
        place == 0 or "=" in word or word.partition(":")[0] in formats()
        for place, word in enumerate(words)
    ]
    late = [
        Path(word) for word, is_name in zip(words, named, strict=True) if not is_name
    ]
    return late, [word for word, is_name in zip(words, named, strict=True) if is_name]


def named_formats(texts: Sequence[str]) -> tuple[str | None, dict[Path, str]]:
    """The format of all files, and those of single files, from ``[FILE=]NAME``.

    Examples
    --------
    >>> named_formats(["a.txt=trec-run", "lookup"])
    ('lookup', {PosixPath('a.txt'): 'trec-run'})
    """
    everything, single = None, {}
    for text in texts:
        file, separator, name = text.rpartition("=")
        if separator:
            single[Path(file)] = name
        elif everything is not None:
            raise UsageError("--format is given twice for all files; give one")
        else:
            everything = text
    return everything, single
