"""Options that commands share: models, vectors, judgements and settings."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict, TypeVar

from rankbound.catalogue import COMPARED, VERDICTS, needing
from rankbound.errors import UsageError

if TYPE_CHECKING:
    from rankbound.commands.measure.options import StudentSource
    from rankbound.read.scales import MissingValue
    from rankbound.results import Result


Setting = TypeVar("Setting")
KINDS = "logit, probability, log-probability, softmax, cosine, dot, bm25, unknown"
# One or more values, also by repeating the option; none by default
SEVERAL: Final[dict[str, Any]] = {"action": "extend", "nargs": "+", "default": []}


def add_models(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """Add the teacher, the students and file formats; `required` is for the teacher."""
    group = parser.add_argument_group("models")
    add = group.add_argument
    add(
        "--teacher",
        type=Path,
        required=required,
        metavar="FILE",
        help="teacher scores: a TREC run, a {qid: {docno: score}} JSON, or any other "
        "file that holds scores, packed or not",
    )
    add(
        "--teacher-kind",
        metavar="KIND",
        help=f"what the scores are: {KINDS}; inferred and printed by default",
    )
    add_temperature(add)
    add(
        "--student",
        metavar="NAME=FILE",
        help="students' scores, as for the teacher; one or more, may be repeated",
        **SEVERAL,
    )
    add(
        "--student-kind",
        metavar="[NAME=]KIND",
        help="kind of the scores of all students, or of one; inferred and printed by "
        "default",
        **SEVERAL,
    )
    add(
        "--student-temperature",
        metavar="[NAME=]X|fit",
        help="temperature of all students, or of one; fit brings the student closest "
        "to the teacher on the 20 %% of the queries set aside",
        **SEVERAL,
    )
    add(
        "--bi-encoder",
        metavar="NAME=QUERIES.npy",
        help="a student that scores by dot product of these with --embeddings",
        **SEVERAL,
    )
    add(
        "--query-ids",
        type=Path,
        metavar="FILE",
        help="ids of the rows of QUERIES.npy, one a line; by default those beside it",
        **SEVERAL,
    )
    add(
        "--format",
        metavar="[FILE=]NAME",
        help="the format of --teacher, or of any FILE among the inputs; detected from "
        "the content by default",
        **SEVERAL,
    )
    add_answers(add)


def add_temperature(
    add: Callable[..., Any],
    pairs: str = "judged pairs of 20 %% of the queries, which are then left out",
) -> None:
    """Add the teacher's temperature, fitted on some `pairs`.

    It is the same option, with the same default, wherever there is a teacher.
    """
    add(
        "--temperature",
        metavar="X|fit",
        help="divides the teacher's margins: a number, or fit by likelihood on "
        f"{pairs} (default 1 for logits and probabilities; other kinds need one)",
    )


def add_answers(add: Callable[..., Any]) -> None:
    """Add what is to be said about scores that are not all on one scale."""
    add_missing_and_tag(add)
    add(
        "--mixed-scales",
        choices=("error", "logit-sigmoid", "as-is"),
        default="error",
        help="where some queries of a file have logits and others a sigmoid's scores: "
        "an error, or the latter as logits, or all on one scale as they are (default "
        "%(default)s)",
    )


def add_missing_and_tag(add: Callable[..., Any]) -> None:
    """Add which scores stand for missing ones, and which system a run is read for."""
    add(
        "--missing-value",
        metavar="[FILE=]V",
        help="scores of this value stand for missing ones, of all files of scores or "
        "of one (a student's NAME or teacher will do as well): such documents have no "
        "score; none says that a repeated value is a score",
        **SEVERAL,
    )
    add(
        "--run-tag",
        metavar="[FILE=]TAG",
        help="which system to read of a run whose lines have several tags; * takes "
        "them for one system",
        **SEVERAL,
    )


def by_file(
    texts: Sequence[str], names: Sequence[str], option: str
) -> dict[str, list[str]]:
    """The values for each file or name; those of all files stand under "".

    What stands before a "=" and names nothing is part of the value.

    Examples
    --------
    >>> by_file(["-1", "bm25=0", "a=b"], ["bm25"], "--run-tag")
    {'': ['-1', 'a=b'], 'bm25': ['0']}
    """
    found: dict[str, list[str]] = {}
    for text in texts:
        name, separator, value = text.rpartition("=")
        known = bool(separator) and name in names
        found.setdefault(name if known else "", []).append(value if known else text)
        if not (value if known else text):
            raise UsageError(f"{option} needs a value, got {text!r}")
    return found


def missing_values(
    texts: Sequence[str], names: Sequence[str]
) -> dict[str, MissingValue]:
    """The values that stand for missing scores, as `SourceOptions` takes them.

    Examples
    --------
    >>> missing_values(["-1e4", "bm25=none"], ["bm25"])
    {'': (-10000.0,), 'bm25': 'none'}
    """
    option = "--missing-value"
    return {
        name: NO_VALUE
        if values == [NO_VALUE]
        else tuple(number_from(value, option) for value in values)
        for name, values in by_file(texts, names, option).items()
    }


def run_tags(texts: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """The system to read of each file.

    Examples
    --------
    >>> run_tags(["monoT5", "b=bm25"], ["b"])
    {'': 'monoT5', 'b': 'bm25'}
    """
    found = by_file(texts, names, "--run-tag")
    for values in found.values():
        if len(values) > 1:
            raise UsageError(
                f"--run-tag chooses one system of a file, got {' and '.join(values)}"
            )
    return {name: values[0] for name, values in found.items()}


def add_trained_on(add: Callable[..., Any]) -> None:
    """Add the queries that students were trained on."""
    add(
        "--trained-on",
        metavar="[NAME=]FILE",
        help="ids of the queries that all students, or one, were trained on: one a "
        "line, or any file with query ids (groups, a run, judgements, queries); limits "
        "of a student leave its own out, and without them assume that there are none",
        **SEVERAL,
    )


def add_vectors(add: Callable[..., Any]) -> None:
    """Add document vectors and their metric."""
    add(
        "--embeddings",
        type=Path,
        metavar="FILE",
        help="document vectors: .npy, .npz, "
        "safetensors, flat FAISS, a FlexIndex folder, a table, raw float32",
    )
    add(
        "--ids",
        type=Path,
        metavar="FILE",
        help="docnos of the rows of the vectors, one a line; by default their own, or "
        "those beside them (docs.ids.txt beside docs.npy)",
    )
    add(
        "--metric",
        default="euclidean",
        metavar="euclidean|angular",
        help="metric of the distances (default %(default)s)",
    )


def students_from(arguments: argparse.Namespace) -> tuple[StudentSource, ...]:
    """The students that the arguments name, with their kinds and temperatures."""
    from rankbound.commands.measure.options import StudentSource

    runs = [named(text, "--student") for text in arguments.student]
    encoders = [named(text, "--bi-encoder") for text in arguments.bi_encoder]
    query_ids = _query_ids(arguments.query_ids, len(encoders))
    names = [name for name, _ in (*runs, *encoders)]
    kinds = per_student(arguments.student_kind, names, "--student-kind", kind_from)
    scales = per_student(
        arguments.student_temperature, names, "--student-temperature", temperature_from
    )
    # `cut` states no limit of a student, so it has no such option
    given = vars(arguments).get("trained_on", [])
    trained = per_student(given, names, "--trained-on", path_from)
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
            trained_on=trained.get(source.name),
        )
        for source in sources
    )


def _query_ids(given: Sequence[Path], encoders: int) -> list[Path | None]:
    if not given or (encoders and len(given) == 1):  # none: their own, or beside them
        return [given[0] if given else None] * encoders
    if len(given) != encoders:
        from rankbound.bounds.wording import counted

        raise UsageError(
            "--query-ids goes with --bi-encoder: one file of ids for all, or one "
            f"each; got {counted(encoders, 'bi-encoder')} and "
            f"{counted(len(given), 'file')}"
        )
    return list(given)


def per_student(
    texts: Sequence[str],
    names: Sequence[str],
    option: str,
    parse: Callable[[str, str], Setting],
) -> dict[str, Setting]:
    """A setting for each student: a plain value is for all, NAME=value for one."""
    if texts and not names:
        raise UsageError(f"{option} is given, but no student")
    found: dict[str, Setting] = {}
    own: dict[str, Setting] = {}
    for text in texts:
        name, separator, value = text.rpartition("=")
        if not separator and found:
            raise UsageError(f"{option} is given twice for all students; give one")
        if not separator:
            found = dict.fromkeys(names, parse(text, option))
        elif name in names:
            own[name] = parse(value, option)
        else:
            raise UsageError(
                f"{option} {text}: no student {name!r}; there are {', '.join(names)}"
            )
    return found | own


def named(text: str, option: str) -> tuple[str, str]:
    """Split NAME=FILE.

    Examples
    --------
    >>> named("bm25=bm25.run", "--student")
    ('bm25', 'bm25.run')
    """
    name, separator, file = text.partition("=")
    if not (name and separator and file):
        raise UsageError(f"{option} needs NAME=FILE, got {text!r}")
    return name, file


def kind_from(text: str | None, option: str) -> Any:
    """The kind of scores that a text names, or None."""
    from rankbound.commands.measure.options import as_kind

    try:
        return as_kind(text, option)
    except UsageError:
        raise UsageError(
            f"{option} must be one of {KINDS} (rank_only and margin_only are known, "
            f"and refused), got {text!r}"
        ) from None


def temperature_from(text: str | None, option: str) -> Any:
    """A number, "fit" or None.

    Examples
    --------
    >>> temperature_from("2", "--temperature"), temperature_from("fit", "--temperature")
    (2.0, 'fit')
    """
    if text is None or text == "fit":
        return text
    try:
        return float(text)
    except ValueError:
        raise UsageError(
            f"{option} must be a positive number or 'fit', got {text!r}"
        ) from None


def path_from(text: str, option: str) -> Path:
    """A path.

    Examples
    --------
    >>> path_from("train.txt", "--trained-on").name
    'train.txt'
    """
    if not text:
        raise UsageError(f"{option} must name a file, got {text!r}")
    return Path(text)


def number_from(text: str, option: str) -> float:
    """A number.

    Examples
    --------
    >>> number_from("0.5", "--stake")
    0.5
    """
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{option} must be a number, got {text!r}") from None


Add = Callable[..., Any]
DEFAULT_QUANTITY: Final = "entropy"
TEACHER: Final = "teacher"
NO_VALUE: Final = "none"
# Of the commands that measure, for messages of those that show their results
OF_MODELS: Final = frozenset(
    {"embeddings", "qrels", "student", "all", "corpus", "queries", "inputs"}
)
# Arguments that become options unchanged
SAME = (
    "teacher",
    "embeddings",
    "ids",
    "metric",
    "qrels",
    "clusters",
    "score_range",
    "missing",
    "delta",
    "seed",
)


def add_qrels(add: Add, what: str) -> None:
    """Add `--qrels`; `what` says what the judgements are for, if it is not plain."""
    kinds = "relevance judgements, TREC or BEIR"
    add("--qrels", type=Path, metavar="FILE", help=f"{kinds}{what}")


def add_clusters(add: Callable[..., Any]) -> None:
    """Add `--clusters`."""
    add(
        "--clusters",
        type=Path,
        metavar="FILE",
        help="qid and cluster of each query, parted by a tab, where queries depend on "
        "each other, such as paraphrases: clusters are then drawn, set aside, averaged "
        "and counted as a whole (default: queries are independent)",
    )


def quantities_listed() -> str:
    """List the quantities that samplings can be compared by, and what they need."""
    plain, spaces, students = (
        ", ".join(
            f"{name} (the default)" if name == DEFAULT_QUANTITY else name
            for name in needing(need)
        )
        for need in ("scores", "vectors", "student")
    )
    return f"{plain}; with vectors {spaces}; with a student {students}"


def margins_listed() -> str:
    """List the default margins of quantities."""
    named: dict[str, list[str]] = {}
    for name, known in COMPARED.items():
        if known.margin is not None:
            named.setdefault(f"{known.margin:g} {known.unit}", []).append(name)
    parts = [f"{margin} for {_listed(names)}" for margin, names in named.items()]
    return f"{', '.join(parts)}; none for the others"


def verdicts_explained(words: Sequence[str], *, width: int) -> str:
    """A line for each verdict: the word and when it is said."""
    return "\n".join(f"  {word:<{width}}{VERDICTS[word].meaning}" for word in words)


def _listed(names: Sequence[str]) -> str:
    """Names as a sentence lists them.

    Examples
    --------
    >>> _listed(["a", "b", "c"]), _listed(["a"])
    ('a, b and c', 'a')
    """
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def add_pairs(add: Add, what: str = "which pairs of a group count") -> None:
    """Add `--pairs`."""
    add(
        "--pairs",
        default="all",
        metavar="all|pos-neg|neg-neg",
        help=f"{what} (default %(default)s)",
    )


def add_score_rules(add: Add, *, chosen: bool = False) -> None:
    """Add the options for scores far below the best, and for missing ones.

    `chosen` says that the range is chosen on pilot queries by default, and that there
    is an option of its own for documents without a student's score.
    """
    add(
        "--score-range",
        type=float,
        default=None if chosen else 10.0,
        metavar="B",
        help="students are clipped at B temperatures below their best document of the "
        "group "
        + (
            "(default: chosen on the pilot queries, or 3 without these)"
            if chosen
            else "(default %(default)g)"
        ),
    )
    if chosen:
        add(
            "--missing",
            choices=("drop", "error"),
            help="documents without a teacher score or vector; by default an error",
        )
        return
    add(
        "--missing",
        choices=("drop", "error"),
        help="documents without a score or vector; by default an error for the "
        "teacher and the vectors, a counted drop for a student",
    )


def add_pilot(add: Add) -> None:
    """Add `--pilot`."""
    add(
        "--pilot",
        type=float,
        default=0.2,
        metavar="SHARE",
        help="share of the queries set aside to choose temperatures, --score-range, "
        "--stake and the least group size, if there are students and 20 queries or "
        "more; 0 chooses nothing (default %(default)g)",
    )


def add_stake(add: Add) -> None:
    """Add `--stake`."""
    add(
        "--stake",
        action="extend",
        nargs="+",
        default=[],
        metavar="[NAME=]U",
        help="stake of the betting limit, between 0 and 1, of all students or of one, "
        "fixed without looking at the queries (default: chosen on the pilot queries, "
        "or a grid without these)",
    )


def add_unscored(add: Add) -> None:
    """Add `--unscored`."""
    add(
        "--unscored",
        choices=("floor", "common", "drop", "error"),
        default="floor",
        help="documents that a student does not score: B below its best of the group, "
        "as not retrieved; only documents that all students score, at least 90%% of "
        "them; left out of its own groups; or an error (default %(default)s)",
    )


class Choices(TypedDict):
    """How students are certified, in parameters of `MeasureOptions`."""

    pilot: float
    stake: dict[str, float] | None
    unscored: Literal["floor", "common", "drop", "error"]


def choices_from(arguments: argparse.Namespace, names: Sequence[str]) -> Choices:
    """What these three say; `names` are those of the students."""
    return Choices(
        pilot=arguments.pilot,
        stake=per_student(arguments.stake, names, "--stake", number_from) or None,
        unscored=arguments.unscored,
    )


def add_delta(add: Add, what: str) -> None:
    """Add `--delta`; `what` says what fails with that probability."""
    add(
        "--delta",
        type=float,
        default=0.05,
        metavar="D",
        help=f"{what} (default %(default)g)",
    )


def add_seed(add: Add, what: str) -> None:
    """Add `--seed`; `what` says what is drawn."""
    add(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help=f"seed of {what} (default %(default)d)",
    )


def add_compat(add: Add, what: str) -> None:
    """Add `--compat`; `what` says what it shows of the reference study."""
    add("--compat", choices=("reference",), help=what)


def add_out(add: Add) -> None:
    """Add `--out` and `--force`."""
    add("--out", type=Path, required=True, metavar="DIR", help="folder for the results")
    add_force(add)


def add_details(add: Add) -> None:
    """Add `--details`."""
    add(
        "--details",
        action="store_true",
        help="print the tables, all sentences and the warnings below the answers",
    )


def add_all(add: Callable[..., Any]) -> None:
    """Add `--all`, of figures."""
    add(
        "--all",
        action="store_true",
        help="all figures of each result, not only the 15 that matter most",
    )


def add_force(add: Callable[..., Any]) -> None:
    """Add `--force`."""
    add(
        "--force",
        action="store_true",
        help="replace files in the way that are no earlier output of the same kind; "
        "inputs are never replaced",
    )


def add_memory(add: Callable[..., Any]) -> None:
    """Add `--memory`."""
    add(
        "--memory",
        metavar="SIZE",
        help="the most memory that reading may take, such as 2GiB or 500MB (default: "
        "three quarters of what the machine or its container gives); it also allows "
        "packed files that unpack to more than 40 times their size",
    )


def add_computing(add: Callable[..., Any]) -> None:
    """Add who computes, and whether a run that was killed goes on."""
    add(
        "--workers",
        type=int,
        default=1,
        metavar="N",
        help="processes that share the work, with one thread each; results do not "
        "depend on them (default %(default)s)",
    )
    add(
        "--dask",
        metavar="ADDRESS",
        help="a scheduler of dask, such as tcp://host:8786, whose workers share the "
        "work instead",
    )
    add(
        "--fresh",
        action="store_true",
        help="begin anew; otherwise a run that was killed goes on from what it had "
        "finished",
    )


def computing_from(
    arguments: argparse.Namespace, options: Any, name: str
) -> AbstractContextManager[None]:
    """Compute as the arguments say, with blocks in the folder of the results."""
    from rankbound.commands.computing import computing

    return computing(
        options,
        name=name,
        folder=arguments.out,
        workers=arguments.workers,
        dask=arguments.dask,
        fresh=arguments.fresh,
    )


# Options that change nothing of the results
UNRECORDED: Final = {"--workers": 1, "--dask": 1, "--fresh": 0, "--memory": 1}
SHORTEST: Final = 5  # characters of such an option


def recorded(words: Sequence[str]) -> list[str]:
    """The words of a command line that its results keep.

    Examples
    --------
    >>> recorded(["measure", "--workers", "2", "--out", "a", "--memory=1GiB"])
    ['measure', '--out', 'a']
    """
    found: list[str] = []
    skipped = 0
    for word in words:
        name, sign, _ = word.partition("=")
        same = [
            taken
            for option, taken in UNRECORDED.items()
            if len(name) >= SHORTEST and option.startswith(name)
        ]
        if skipped:
            skipped -= 1
        elif same:
            skipped = 0 if sign else same[0]
        else:
            found.append(word)
    return found


# Options that name what is written
WRITTEN: Final = frozenset({"out", "json", "target"})
# What a command holds until it ends
HELD: Final = ExitStack()


def add_quiet(add: Callable[..., Any]) -> None:
    """Add whether a command that may take long says nothing of its progress."""
    add(
        "--quiet",
        action="store_true",
        help="no bar on a terminal, and no line every 30 seconds elsewhere",
    )


def given_files(arguments: argparse.Namespace) -> list[Path]:
    """All files and folders that the arguments name to be read.

    Examples
    --------
    >>> given_files(argparse.Namespace(out=Path(".."), student=["a=.", "none"]))
    [PosixPath('.')]
    """
    found = []
    for name, value in vars(arguments).items():
        if name in WRITTEN:
            continue
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Path):
                found.append(one)
            elif isinstance(one, str):
                # A whole word, NAME=FILE, or NAME:DIR
                words = (one, one.partition("=")[2], one.partition(":")[2])
                found += [path for path in map(Path, filter(None, words)) if _is(path)]
    return found


def _is(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a word that is too long for a name
        return False


def check_results(kind: type[Result], arguments: argparse.Namespace) -> None:
    """Raise, before any work, when results of a kind cannot go to `--out`.

    The folder is held until the command ends.
    """
    from rankbound.writing import Replacing, check_outputs, holding

    replacing = Replacing(
        mine=kind.is_mine, inputs=given_files(arguments), force=arguments.force
    )
    check_outputs(arguments.out, kind.outputs(), replacing)
    HELD.enter_context(holding(arguments.out))


def source_settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """Everything that `SourceOptions` takes, except the students."""
    runs = [text.partition("=") for text in arguments.student]
    # A student's name or file, and the teacher's
    names = [word for name, _, file in runs for word in (name, file) if word]
    names += [TEACHER, str(arguments.teacher)]
    return {
        **{name: getattr(arguments, name) for name in SAME},
        "teacher_kind": kind_from(arguments.teacher_kind, "--teacher-kind"),
        "temperature": temperature_from(arguments.temperature, "--temperature"),
        "formats": chosen_formats(arguments.format),
        "mixed_scales": arguments.mixed_scales,
        "missing_value": missing_values(arguments.missing_value, names) or None,
        "run_tag": run_tags(arguments.run_tag, names) or None,
    }


def given_settings(arguments: argparse.Namespace, command: str) -> dict[str, Any]:
    """The same, with the students and the command line."""
    students = students_from(arguments)
    return {**source_settings(arguments), "students": students, "command": command}


def chosen_formats(texts: Sequence[str]) -> dict[str, str]:
    """The format of each file by its path, that of the teacher's file under "".

    Parameters
    ----------
    texts : sequence of str
        Each is ``[FILE=]NAME``.

    Raises
    ------
    UsageError
        If a file is named twice, or no format has the given name.

    Examples
    --------
    >>> chosen_formats(["trec-run", "a.txt=qrels"])
    {'': 'trec-run', 'a.txt': 'qrels'}
    """
    from rankbound.read.registry import by_name

    chosen: dict[str, str] = {}
    for text in texts:
        file, separator, name = text.rpartition("=")
        if separator and not file:
            raise UsageError(f"--format needs [FILE=]NAME, got {text!r}")
        key = str(Path(file)) if separator else ""
        if key in chosen:
            raise UsageError(
                f"--format is given twice for {key or 'the main file'}; give one"
            )
        by_name(name)  # refuses unknown names and arguments
        chosen[key] = name
    return chosen
