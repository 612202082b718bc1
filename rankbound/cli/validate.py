"""`rankbound validate`: do the terms go with measured effectiveness."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rankbound.catalogue import (
    ASSOCIATED,
    CONTRADICTS,
    INCONCLUSIVE,
    NO_ASSOCIATION,
    NOTHING,
    SUPPORTS,
    VERDICTS,
)
from rankbound.cli.options import (
    add_clusters,
    add_computing,
    add_delta,
    add_details,
    add_models,
    add_out,
    add_pairs,
    add_pilot,
    add_qrels,
    add_score_rules,
    add_seed,
    add_stake,
    add_trained_on,
    add_unscored,
    add_vectors,
    check_results,
    choices_from,
    computing_from,
    kind_from,
    named,
    path_from,
    per_student,
    source_settings,
    students_from,
    temperature_from,
)
from rankbound.errors import UsageError

if TYPE_CHECKING:
    from rankbound.commands.measure.options import StudentSource
    from rankbound.commands.validate.options import Case, ValidateOptions
    from rankbound.commands.validate.result import Validation
    from rankbound.validation.judging import Family


CONTROL_FAILED: Final = 1
ABLATION: Final = "ablation.json"  # in the folder of one
NEEDED: Final = 8  # systems; that of `rankbound.validation.systems` is slow to import
EPILOG: Final = """\
verdicts of each row (term x measure), from Spearman's rho and its p-value corrected
over the whole family, and a band fixed before looking:
  {associated:<27}{when_associated}
  {beyond:<27}{when_not}
  {inconclusive:<27}neither: the queries are too few to tell

verdicts of each order of systems (predictor x outcome) within data sets, from
permutations of systems; with fewer than {needed} systems there are none:
  {supports:<27}the corrected p is at most delta; the order is as expected
  {contradicts:<27}the same, and the order is the reverse
  {nothing:<27}no evidence of any order

a data set as a folder (--datasets DIR) holds
  runs/NAME.run[.gz]             rankings, one per system; all but the teacher and one
                                 called "random" are students
  runs/teacher.run[.gz]          the teacher's ranking, if not by its scores
  qrels.trec[.gz], or qrels/test.tsv[.gz]
  teacher/*.json[.gz]            the teacher's scores; without it --dataset-teacher
  train/SAMPLING.*.jsonl[.gz]    groups, one file per sampling; or in groups/; without
                                 any, --depth
  embeddings/E.corpus.npy        vectors, with E.corpus.ids.txt; E.queries.npy with
                                 E.queries.ids.txt make E a student by dot product

or it is the folder of an ablation (rankbound ablate), whose cells are the systems

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
        "query and across systems, corrected for how many tests there are and "
        "for how hard queries are; try certificates on held-out queries; run controls.",
        epilog=EPILOG.format(
            associated=ASSOCIATED,
            when_associated=VERDICTS[ASSOCIATED].meaning,
            beyond=f"{NO_ASSOCIATION} R",
            when_not=VERDICTS[NO_ASSOCIATION].meaning,
            inconclusive=INCONCLUSIVE,
            supports=SUPPORTS,
            contradicts=CONTRADICTS,
            nothing=NOTHING,
            needed=NEEDED,
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_models(parser, required=False)
    add_rankings(parser)
    add_datasets(parser)
    add_documents(parser)
    add_question(parser)
    add_settings(parser)
    parser.set_defaults(run=run)


def add_rankings(parser: argparse.ArgumentParser) -> None:
    """Judgements, rankings and measures."""
    add = parser.add_argument_group("effectiveness").add_argument
    add_qrels(add, "")
    add(
        "--ranking",
        action="extend",
        nargs="+",
        default=[],
        metavar="NAME=FILE",
        help="the ranking to evaluate for a student or the teacher, where it is not "
        "its score file; a --bi-encoder without one ranks all documents",
    )
    add(
        "--measures",
        metavar='"M M ..."',
        help="measures as ir-measures parses them; scores are compared as float64 and "
        "ties ordered by docno, descending (default nDCG and AP, each at 10 and 100)",
    )
    add(
        "--relevant",
        type=int,
        default=1,
        metavar="G",
        help="the smallest relevant grade, for the default AP and for the number of "
        "relevant documents (default %(default)d; TREC DL: 2)",
    )
    add(
        "--missing-queries",
        default="zero",
        metavar="zero|drop|error",
        help="judged queries that a ranking lacks count 0, are left out of its mean, "
        "or are an error (default %(default)s)",
    )


def add_datasets(parser: argparse.ArgumentParser) -> None:
    """Data sets as folders, and which of their systems and groups."""
    add = parser.add_argument_group("data sets as folders").add_argument
    add(
        "--datasets",
        action="extend",
        nargs="+",
        default=[],
        metavar="[NAME:]DIR",
        help="instead of --teacher, --student, --groups and --qrels: folders in the "
        "layout below, called after the folder or NAME; kinds and temperatures apply "
        "to all of them",
    )
    add(
        "--dataset-teacher",
        action="extend",
        nargs="+",
        default=[],
        metavar="[NAME=]RUN",
        help="the run that is the teacher of all folders, or of one",
    )
    add(
        "--dataset-student",
        action="extend",
        nargs="+",
        default=[],
        metavar="SYSTEM",
        help="only these systems are students",
    )
    add(
        "--dataset-sampling",
        action="extend",
        nargs="+",
        default=[],
        metavar="SAMPLING",
        help="only these groups",
    )


def add_documents(parser: argparse.ArgumentParser) -> None:
    """Groups, vectors and pairs."""
    add = parser.add_argument_group("documents").add_argument
    add(
        "--groups",
        action="extend",
        nargs="+",
        default=[],
        metavar="[SAMPLING=]FILE",
        help="groups, one JSON object a line: query_id, doc_id_a, doc_id_b, maybe "
        "probabilities; several samplings of one system count as one",
    )
    add(
        "--depth",
        type=int,
        metavar="K",
        help="without groups: the teacher's top K of every query (default 16)",
    )
    add_vectors(add)
    add_clusters(add)
    add_pairs(add)


def add_question(parser: argparse.ArgumentParser) -> None:
    """Error rates, band and margin, and what the students are."""
    add = parser.add_argument_group("question").add_argument
    add_delta(add, "error rate of the family, of intervals and certificates")
    add(
        "--correction",
        default="holm",
        metavar="holm|bh",
        help="Holm for claims, Benjamini-Hochberg for exploration "
        "(default %(default)s)",
    )
    add(
        "--band",
        type=float,
        default=0.1,
        metavar="R",
        help="correlations inside (-R, R) do not matter; fix it before looking "
        "(default %(default)g)",
    )
    add(
        "--margin",
        type=float,
        default=0.02,
        metavar="M",
        help="differences of mean effectiveness below M do not matter, for the pairs "
        "of systems (default %(default)g)",
    )
    add(
        "--design",
        type=Path,
        metavar="FILE",
        help="what the students are, for the tables: columns student, strategy, loss, "
        "architecture and others, separated by tabs",
    )


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Names, clipping, resampling and the folder of the results."""
    add = parser.add_argument_group("settings").add_argument
    add(
        "--name",
        default="data",
        metavar="NAME",
        help="what the data set is called in the results (default %(default)s)",
    )
    add_pilot(add)
    add_trained_on(add)
    add_score_rules(add, chosen=True)
    add_stake(add)
    add_unscored(add)
    add(
        "--resamples",
        type=int,
        default=2000,
        metavar="N",
        help="resamples of the bootstrap (default %(default)d)",
    )
    add(
        "--permutations",
        type=int,
        default=9999,
        metavar="N",
        help="permutations of each test, at least; a large family takes more "
        "(default %(default)d)",
    )
    add(
        "--splits",
        type=int,
        default=20,
        metavar="N",
        help="random halves on which certificates are tried (default %(default)d)",
    )
    add_seed(add, "everything that is drawn")
    add_details(add)
    add_out(add)
    add_computing(add)


def run(arguments: argparse.Namespace, command: str) -> int | None:
    """Validate, write the results, show them."""
    from rankbound.terminal.console import console_for, fold
    from rankbound.terminal.validate import show

    made = _of_cells if _is_ablation(arguments) else _of_students
    validation = made(arguments, command)
    console = console_for(sys.stdout)
    show(
        validation.in_options(),
        console,
        details=arguments.details,
        where=f"{arguments.out}/validation.json",
    )
    names = [name for name, made in validation.to_files().items() if made is not None]
    fold(console, "written: " + ", ".join(f"{arguments.out}/{name}" for name in names))
    return None if validation.passed else CONTROL_FAILED


def _of_students(arguments: argparse.Namespace, command: str) -> Validation:
    from rankbound.commands.validate.result import Validation
    from rankbound.commands.validate.run import n_stages, validate_with
    from rankbound.progress import stages

    options = options_from(arguments, command)
    check_results(Validation, arguments)
    with (
        computing_from(arguments, options, "validate"),
        stages(total=n_stages(options.cases) + 1, quiet=arguments.quiet) as progress,
    ):
        validation = validate_with(options, progress=progress)
        progress("writing")
        validation.write_into(arguments.out, force=arguments.force)
    return validation


def _is_ablation(arguments: argparse.Namespace) -> bool:
    """Whether the only data set is the folder of an ablation."""
    given = arguments.datasets
    return len(given) == 1 and Path(given[0], ABLATION).is_file()


def _of_cells(arguments: argparse.Namespace, command: str) -> Validation:
    """The cells of an ablation as configurations."""
    from rankbound.commands.validate.ablated import CellOptions
    from rankbound.commands.validate.result import Validation
    from rankbound.progress import stages

    for option in (*OF_FILES, *OF_STUDENTS):
        if getattr(arguments, option):
            raise UsageError(
                f"--{option.replace('_', '-')} does not go with the folder of an "
                "ablation, whose cells are the systems; leave it out"
            )
    check_results(Validation, arguments)
    options = CellOptions(
        ablation=Path(arguments.datasets[0], ABLATION),
        family=_family(arguments),
        resamples=arguments.resamples,
        permutations=arguments.permutations,
        seed=arguments.seed,
    )
    with (
        computing_from(arguments, options, "validate"),
        stages(total=2, quiet=arguments.quiet) as progress,
    ):
        progress("cells as configurations")
        validation = options.validated(command)
        progress("writing")
        validation.write_into(arguments.out, force=arguments.force)
    return validation


# A folder of a data set says these by its layout
OF_FILES = (
    "teacher",
    "student",
    "bi_encoder",
    "query_ids",
    "qrels",
    "ranking",
    "groups",
    "embeddings",
    "ids",
)


# What an ablation has decided for all of its cells
OF_STUDENTS = (
    *("dataset_teacher", "dataset_student", "dataset_sampling"),
    *("measures", "depth", "design"),
)


def options_from(arguments: argparse.Namespace, command: str) -> ValidateOptions:
    """Turn parsed arguments into options, naming the option of any mistake."""
    from rankbound.commands.validate.options import ValidateOptions

    return ValidateOptions(
        cases=_folders(arguments) if arguments.datasets else _files(arguments),
        measures=arguments.measures,
        relevant=arguments.relevant,
        missing_queries=arguments.missing_queries,
        family=_family(arguments),
        margin=arguments.margin,
        resamples=arguments.resamples,
        permutations=arguments.permutations,
        splits=arguments.splits,
        design=arguments.design,
        seed=arguments.seed,
        command=command,
    )


def _family(arguments: argparse.Namespace) -> Family:
    """How all tests are judged together."""
    from rankbound.validation.judging import Family

    return Family(
        delta=arguments.delta, correction=arguments.correction, band=arguments.band
    )


def _files(arguments: argparse.Namespace) -> tuple[Case, ...]:
    """One data set from single files: a case for each sampling."""
    from rankbound.commands.validate.options import cases_from

    for option in ("dataset_teacher", "dataset_student", "dataset_sampling"):
        if getattr(arguments, option):
            raise UsageError(f"--{option.replace('_', '-')} goes with --datasets")
    if arguments.teacher is None or arguments.qrels is None:
        missing = "--teacher" if arguments.teacher is None else "--qrels"
        raise UsageError(f"give {missing} FILE, or --datasets DIR")
    given = [named(text, "--ranking") for text in arguments.ranking]
    students = students_from(arguments)
    return cases_from(
        {
            **_settings(arguments, [student.name for student in students]),
            "students": students,
            "groups": _samplings(arguments.groups),
        },
        dataset=arguments.name,
        rankings={name: Path(file) for name, file in given},
    )


def _sampling(text: str) -> tuple[str, Path]:
    """Split SAMPLING=FILE, or take the sampling from the name of a file.

    Examples
    --------
    >>> _sampling("train/bm25.16.jsonl.gz")[0], _sampling("hard=train/x.jsonl")[0]
    ('bm25', 'hard')
    """
    if "=" in text:
        name, file = named(text, "--groups")
        return name, Path(file)
    return Path(text).name.split(".", 1)[0], Path(text)


def _samplings(texts: list[str]) -> dict[str, Path] | None:
    found: dict[str, Path] = {}
    for text in texts:
        name, file = _sampling(text)
        if name in found:
            raise UsageError(
                f"--groups {text}: two samplings are called {name!r}; name them, as in "
                "--groups SAMPLING=FILE"
            )
        found[name] = file
    return found or None


def _settings(arguments: argparse.Namespace, names: Sequence[str]) -> dict[str, Any]:
    """Everything that `MeasureOptions` takes, except students and groups.

    `names` are those of the students.
    """
    own = {"depth": arguments.depth, "pairs": arguments.pairs}
    return {**source_settings(arguments), **choices_from(arguments, names), **own}


def _folders(arguments: argparse.Namespace) -> tuple[Case, ...]:
    from rankbound.commands.measure.options import MeasureOptions
    from rankbound.commands.validate.folders import Folder, Wanted, cases_of

    for option in OF_FILES:
        if getattr(arguments, option):
            raise UsageError(
                f"--{option.replace('_', '-')} and --datasets exclude each other; a "
                "folder says its files itself"
            )
    folders = [_folder(text) for text in arguments.datasets]
    for place, (name, path) in enumerate(folders):
        if name in [earlier for earlier, _ in folders[:place]]:
            raise UsageError(
                f"--datasets: two folders are called {name!r}; name one, as in "
                f"{name}-2:{path}"
            )
    teachers = _teachers(arguments.dataset_teacher, [name for name, _ in folders])
    # Any path will do here: a folder has its own judgements and teacher
    arguments.qrels = arguments.teacher = Path()
    students = _named_students(arguments)
    names = [student.name for student in students]
    settings = MeasureOptions(**_settings(arguments, names), students=students)
    wanted = Wanted(arguments.dataset_student, arguments.dataset_sampling)
    cases = tuple(
        case
        for name, path in folders
        for case in cases_of(Folder(name, path, teachers.get(name)), settings, wanted)
    )
    found = {source.name for case in cases for source in case.measure.students}
    for name in names[1:]:
        if name not in found:
            raise UsageError(
                f"settings are given for {name!r}, and no folder has such a student; "
                f"there are {', '.join(sorted(found))}"
            )
    return cases


def _folder(text: str) -> tuple[str, Path]:
    from rankbound.commands.validate.folders import named_folder

    name, path = named_folder(text)
    if not path.is_dir():
        raise UsageError(
            f"--datasets {text}: {path} is no folder; give DIR or NAME:DIR"
        )
    return name, path


def _teachers(texts: list[str], names: list[str]) -> dict[str, str]:
    return {} if not texts else per_student(texts, names, "--dataset-teacher", _same)


def _same(text: str, _: str) -> str:
    return text


def _named_students(arguments: argparse.Namespace) -> tuple[StudentSource, ...]:
    """Kinds and temperatures by system; "*" stands for systems that are not named.

    A system that only a stake is given for is among them, too.
    """
    from rankbound.commands.measure.options import StudentSource
    from rankbound.commands.validate.folders import EVERY

    texts = (
        arguments.student_kind,
        arguments.student_temperature,
        arguments.trained_on,
    )
    every = (*texts, arguments.stake)
    own = [text.rpartition("=")[0] for part in every for text in part if "=" in text]
    names = list(dict.fromkeys([EVERY, *own]))
    kinds = per_student(texts[0], names, "--student-kind", kind_from)
    scales = per_student(texts[1], names, "--student-temperature", temperature_from)
    trained = per_student(texts[2], names, "--trained-on", path_from)
    return tuple(
        StudentSource(
            name,
            kind=kinds.get(name),
            temperature=scales.get(name),
            trained_on=trained.get(name),
        )
        for name in names
    )
