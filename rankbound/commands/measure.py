"""`rankbound measure`: options, and files out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rankbound.errors import UsageError

if TYPE_CHECKING:
    from rankbound.measuring.options import MeasureOptions, StudentSource

KINDS = "logit, probability, cosine, dot, bm25, unknown"
EPILOG = """
writes DIR/per_query.tsv (one row per query and student), DIR/ledger.json, and, where a
temperature is fitted, DIR/calibration.tsv (the queries set aside for that).

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
    _add_models(parser)
    _add_groups(parser)
    _add_settings(parser)
    parser.set_defaults(run=run)


def _add_models(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("models").add_argument
    add(
        "--teacher",
        type=Path,
        required=True,
        metavar="FILE",
        help="teacher scores: a TREC run or a {qid: {docno: score}} JSON, maybe .gz",
    )
    add(
        "--teacher-kind",
        metavar="KIND",
        help=f"what the scores are: {KINDS}; inferred and printed by default",
    )
    add(
        "--temperature",
        metavar="X|fit",
        help="divides the teacher's margins: a number, or fit by likelihood on judged "
        "pairs of 20 %% of the queries, which then do not certify (default 1 for "
        "logits and probabilities; other kinds need one)",
    )
    add(
        "--student",
        action="extend",
        nargs="+",
        default=[],
        metavar="NAME=FILE",
        help="students' scores, as for the teacher; one or more, may be repeated",
    )
    add(
        "--student-kind",
        action="extend",
        nargs="+",
        default=[],
        metavar="[NAME=]KIND",
        help="of all students, or of one; inferred and printed by default",
    )
    add(
        "--student-temperature",
        action="extend",
        nargs="+",
        default=[],
        metavar="[NAME=]X|fit",
        help="of all students, or of one; fit brings the student closest to the "
        "teacher on the 20 %% of the queries set aside",
    )
    add(
        "--bi-encoder",
        action="extend",
        nargs="+",
        default=[],
        metavar="NAME=QUERIES.npy",
        help="a student that scores by dot product of these with --embeddings",
    )
    add(
        "--query-ids",
        action="extend",
        nargs="+",
        default=[],
        type=Path,
        metavar="FILE",
        help="ids of the rows of QUERIES.npy, one a line",
    )


def _add_groups(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("documents").add_argument
    add(
        "--groups",
        type=Path,
        metavar="FILE",
        help="groups, one JSON object a line: query_id, doc_id_a, doc_id_b",
    )
    add(
        "--depth",
        type=int,
        metavar="K",
        help="instead of groups: the teacher's top K of every query (default 16; ties "
        "by docno, descending, as in trec_eval)",
    )
    add("--embeddings", type=Path, metavar="FILE.npy", help="document vectors")
    add(
        "--ids",
        type=Path,
        metavar="FILE",
        help="docnos of the rows of the vectors, one a line",
    )
    add(
        "--metric",
        default="euclidean",
        metavar="euclidean|angular",
        help="of the distances (default %(default)s)",
    )
    add("--qrels", type=Path, metavar="FILE", help="relevance judgements, TREC or BEIR")
    add(
        "--pairs",
        default="all",
        metavar="all|pos-neg|neg-neg",
        help="which pairs of a group count (default %(default)s); a positive is a "
        "group's doc_id_a or, with --depth, a document graded 1 or more",
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
        help="failure probability of the limits (default %(default)g)",
    )
    add(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="of the draw of calibration queries (default %(default)d)",
    )
    add("--out", type=Path, required=True, metavar="DIR", help="folder for the results")


def run(arguments: argparse.Namespace, command: str) -> None:
    """Measure, write the results, show the ledger."""
    from rankbound.measuring.ledger import ledger
    from rankbound.measuring.run import measure
    from rankbound.measuring.show import console_for, show
    from rankbound.measuring.table import calibration_table, per_query_table
    from rankbound.progress import stages
    from rankbound.writing import check_folder, json_text, write_all

    options = options_from(arguments, command)
    check_folder(arguments.out)
    with stages(total=len(options.students) + 4) as progress:
        measurement = measure(options, progress=progress)
        progress("writing")
        account = ledger(measurement)
        write_all(
            arguments.out,
            {
                "per_query.tsv": per_query_table(measurement),
                "calibration.tsv": calibration_table(measurement),
                "ledger.json": json_text(account),
            },
        )
    show(account, console_for(sys.stdout))
    print(f"written: {arguments.out}/per_query.tsv, {arguments.out}/ledger.json")  # noqa: T201


def options_from(arguments: argparse.Namespace, command: str) -> MeasureOptions:
    """Turn parsed arguments into options, naming the option of any mistake."""
    from rankbound.measuring.options import MeasureOptions

    return MeasureOptions(
        teacher=arguments.teacher,
        teacher_kind=_kind(arguments.teacher_kind, "--teacher-kind"),
        temperature=_temperature(arguments.temperature, "--temperature"),
        students=_students(arguments),
        groups=arguments.groups,
        depth=arguments.depth,
        embeddings=arguments.embeddings,
        ids=arguments.ids,
        metric=arguments.metric,
        qrels=arguments.qrels,
        pairs=arguments.pairs,
        score_range=arguments.score_range,
        missing=arguments.missing,
        delta=arguments.delta,
        seed=arguments.seed,
        command=command,
    )


def _students(arguments: argparse.Namespace) -> tuple[StudentSource, ...]:
    from rankbound.measuring.options import StudentSource

    runs = [_named(text, "--student") for text in arguments.student]
    encoders = [_named(text, "--bi-encoder") for text in arguments.bi_encoder]
    query_ids = _query_ids(arguments.query_ids, len(encoders))
    names = [name for name, _ in (*runs, *encoders)]
    kinds = _per_student(arguments.student_kind, names, "--student-kind", _kind)
    scales = _per_student(
        arguments.student_temperature, names, "--student-temperature", _temperature
    )
    sources = [StudentSource(name, scores=Path(file)) for name, file in runs]
    sources += [
        StudentSource(name, queries=Path(file), query_ids=ids)
        for (name, file), ids in zip(encoders, query_ids, strict=True)
    ]
    return tuple(
        StudentSource(
            source.name,
            scores=source.scores,
            queries=source.queries,
            query_ids=source.query_ids,
            kind=kinds.get(source.name),
            temperature=scales.get(source.name),
        )
        for source in sources
    )


def _query_ids(given: Sequence[Path], encoders: int) -> list[Path]:
    if encoders and len(given) == 1:
        return list(given) * encoders
    if len(given) != encoders:
        raise UsageError(
            f"--bi-encoder needs --query-ids: one file for all, or one each; got "
            f"{len(given)} for {encoders}"
        )
    return list(given)


def _per_student(
    texts: Sequence[str],
    names: Sequence[str],
    option: str,
    parse: Callable[[str, str], Any],
) -> dict[str, Any]:
    """A setting per student: plain values go to all, NAME=value to one."""
    if texts and not names:
        raise UsageError(f"{option} is given, but no student")
    found: dict[str, Any] = {}
    own: dict[str, Any] = {}
    for text in texts:
        name, separator, value = text.rpartition("=")
        if not separator:
            found = dict.fromkeys(names, parse(text, option))
        elif name in names:
            own[name] = parse(value, option)
        else:
            raise UsageError(
                f"{option} {text}: no student {name!r}; there are {', '.join(names)}"
            )
    return found | own


def _named(text: str, option: str) -> tuple[str, str]:
    name, separator, file = text.partition("=")
    if not (name and separator and file):
        raise UsageError(f"{option} needs NAME=FILE, got {text!r}")
    return name, file


def _kind(text: str | None, option: str) -> Any:
    from estimators.scores import Kind

    if text is None:
        return None
    try:
        return Kind(text)
    except ValueError:
        raise UsageError(f"{option} must be one of {KINDS}, got {text!r}") from None


def _temperature(text: str | None, option: str) -> Any:
    if text is None or text == "fit":
        return text
    try:
        return float(text)
    except ValueError:
        raise UsageError(
            f"{option} must be a positive number or 'fit', got {text!r}"
        ) from None
