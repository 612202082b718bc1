"""The options of a measurement: students, inputs and settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import numpy as np

from rankbound.catalogue import PAIR_SETS
from rankbound.commands.measure.given import (
    MAIN,
    as_given,
    check_files,
    queries_given,
    vectors_given,
)
from rankbound.commands.measure.paper_form import BASE_ENCODER, Architecture
from rankbound.commands.settings import NUMBERS, check_settings
from rankbound.data.scores import Kind
from rankbound.errors import UsageError, in_options
from rankbound.estimators.distances import check_metric
from rankbound.estimators.kinds import GUESSES_ONLY
from rankbound.read.scales import (
    MIXED_SCALES,
    NO_VALUE,
    TEACHER,
    Answers,
    MissingValues,
    MixedScales,
    RunTags,
)

# A number; "fit", by maximum likelihood on calibration queries; or None, which is 1 for
# kinds of scores with a natural unit and an error for others
Temperature = float | Literal["fit"] | None
StudentsLike = Mapping[str, Any] | Iterable["StudentSource"]
Held = TypeVar("Held")
PARTS = {"teacher": "scores", "qrels": "qrels", "clusters": "clusters"}
EVERY: Final = "*"  # stands for the students that a folder turns out to hold
PILOT: Final = 0.2  # of the queries, where a student is certified
UNSCORED: Final = ("floor", "common", "drop", "error")


@dataclass(frozen=True, slots=True)
class StudentSource:
    """A student: a score file, or query vectors for a dot product with documents.

    Attributes
    ----------
    name : str
        The student's name in tables.
    scores : path or object, optional
        A file of scores, or an object that `rankbound.read_scores` takes.
    queries, query_ids : path or object, optional
        Vectors of the queries and their ids, for a bi-encoder.
    kind : Kind, str or None
        What the scores are; inferred if None.
    temperature : float, "fit" or None
        Positive; divides the student's scores. "fit" brings the student as close to
        its teacher as possible on calibration queries. None is 1 for logits and
        probabilities, and an error for other kinds.
    trained_on : path or object, optional
        Any file with the ids of the queries that it was trained on, or an iterable of
        them; its certificate leaves these out.

    Raises
    ------
    UsageError
        When the name is empty or contains a tab or line end, when the kind does not
        exist, or when the temperature is not positive.

    Examples
    --------
    >>> source = StudentSource("bm25", scores="bm25.run", kind="bm25")
    >>> source.kind.value, source.scores.name
    ('bm25', 'bm25.run')
    """

    name: str
    scores: Any = None
    queries: Any = None
    query_ids: Any = None
    kind: Kind | None = None
    temperature: Temperature = None
    trained_on: Any = None

    def __post_init__(self) -> None:
        set_field(
            self, "scores", as_given(self.scores, "scores", f"student {self.name}")
        )
        set_field(self, "trained_on", queries_given(self.trained_on, self.name))
        found = vectors_given(self.queries, self.query_ids, f"queries of {self.name}")
        for name, value in zip(("queries", "query_ids"), found, strict=True):
            set_field(self, name, value)
        set_field(
            self, "kind", as_kind(self.kind, f"the kind of student {self.name!r}")
        )
        check_temperature_option(self.temperature, "`StudentSource.temperature`")
        if not self.name or any(c in self.name for c in "\t\r\n"):
            raise UsageError(f"a student needs a name without tabs, got {self.name!r}")


def as_kind(value: Kind | str | None, what: str) -> Kind | None:
    """Convert a kind or its name to a `Kind`; None stays None.

    Examples
    --------
    >>> as_kind("logit", "`teacher_kind`")
    <Kind.LOGIT: 'logit'>
    """
    if value is None:
        return None
    named = {kind.value.replace("-", "_"): kind for kind in Kind}
    found = named.get(str(value).replace("-", "_"))
    if found is None or found in GUESSES_ONLY:
        kinds = ", ".join(kind.value for kind in Kind if kind not in GUESSES_ONLY)
        raise UsageError(f"{what} must be one of {kinds}, got {value!r}")
    return found


def students_given(students: Any) -> tuple[StudentSource, ...]:
    """The students as a tuple, from a mapping of names or from an iterable.

    Examples
    --------
    >>> students_given({"bm25": "bm25.run"})[0].name
    'bm25'
    """
    if isinstance(students, Mapping):
        _check_by_name(students)
        return tuple(
            replace(held, name=str(name))
            if isinstance(held, StudentSource)
            else StudentSource(str(name), scores=held)
            for name, held in students.items()
        )
    found = (students,) if isinstance(students, StudentSource) else students
    if isinstance(found, str) or not all(isinstance(s, StudentSource) for s in found):
        raise UsageError(
            "`students` holds scores by name, as in {'bm25': 'bm25.run'}; got "
            f"{type(students).__name__}"
        )
    return tuple(found)


def trained_students(students: Any, trained_on: Any) -> tuple[StudentSource, ...]:
    """The students, each with its training queries.

    Parameters
    ----------
    students : mapping or iterable
        As for `students_given`. What one says of its training goes first.
    trained_on : path, object, mapping of these by name, or None

    Raises
    ------
    UsageError
        When a name is that of no student, or there is none.

    Examples
    --------
    >>> (one,) = trained_students({"bm25": "bm25.run"}, "train.txt")
    >>> one.trained_on.name
    'train.txt'
    """
    found = students_given(students)
    if trained_on is None:
        return found
    names = [student.name for student in found]
    if not names:
        raise UsageError("`trained_on` is given, but no student")
    # A mapping of mappings holds scores or judgements by query
    by_name = isinstance(trained_on, Mapping) and not any(
        isinstance(held, Mapping) for held in trained_on.values()
    )
    theirs = trained_on if by_name else {}
    for name in theirs:
        if name not in names:
            raise UsageError(
                f"`trained_on` names no student {name!r}; there are {', '.join(names)}"
            )
    shared = None if by_name else queries_given(trained_on, "students")
    return tuple(
        one
        if one.trained_on is not None
        else replace(one, trained_on=theirs.get(one.name, shared))
        for one in found
    )


def _check_by_name(students: Mapping[Any, Any]) -> None:
    """Raise if the mapping holds the scores of one student by query, not by name."""
    for name, held in students.items():
        if isinstance(held, Mapping) and held:
            score = next(iter(held.values()))
            if isinstance(score, int | float | np.number):
                raise UsageError(
                    "`students` holds scores by name, as in {'bm25': scores}; got the "
                    f"scores of one student, with query {name!r}"
                )


def set_field(record: object, field: str, value: Any) -> None:
    """Set a field of a frozen record while the record is being made."""
    object.__setattr__(record, field, value)


def by_name(value: Held | Mapping[str, Held] | None) -> dict[str, Held]:
    """A setting of all files under "", or the settings by name that a mapping holds.

    Examples
    --------
    >>> by_name(-1.0), by_name(None), by_name({"bm25": 0.0})
    ({'': -1.0}, {}, {'bm25': 0.0})
    """
    if value is None:
        return {}
    return dict(value) if isinstance(value, Mapping) else {"": value}


def check_answers(answers: Answers, names: Iterable[str]) -> None:
    """Raise for a value of the wrong kind, and for one about an unknown file.

    Examples
    --------
    >>> check_answers(Answers(missing_value={"": -1.0}), ["teacher"])
    """
    _check_named(answers, tuple(names))
    if answers.mixed_scales not in MIXED_SCALES:
        raise UsageError(
            f"`mixed_scales` is one of {', '.join(MIXED_SCALES)}, got "
            f"{answers.mixed_scales!r}"
        )
    for value in answers.missing_value.values():
        numbers = value if isinstance(value, tuple | list) else (value,)
        for number in numbers:
            if not NUMBERS["missing_value"].allows(number):
                raise UsageError(
                    f"`missing_value` is a finite number or {NO_VALUE}, got {number!r}"
                )
    for tag in answers.run_tag.values():
        if not isinstance(tag, str) or not tag:
            raise UsageError(f"`run_tag` is the tag of a run, got {tag!r}")


def _check_named(answers: Answers, known: tuple[str, ...]) -> None:
    for option, given in (
        ("missing_value", answers.missing_value),
        ("run_tag", answers.run_tag),
    ):
        for name in given:
            if name and name not in known and EVERY not in known:
                raise UsageError(
                    f"`{option}` names no file of scores {name!r}; there are "
                    f"{', '.join(dict.fromkeys(known))}"
                )


def check_temperature_option(value: Temperature, option: str) -> None:
    """Raise unless the value is "fit", None or a positive number.

    Examples
    --------
    >>> check_temperature_option(0.0, "`temperature`")
    Traceback (most recent call last):
    ...
    rankbound.errors.UsageError: `temperature` must be a positive number from...
    """
    rule = NUMBERS["temperature"]
    if value is not None and not rule.allows(value):
        raise UsageError(f"{option} must be {rule}, got {value!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOptions:
    """Models, vectors, judgements and levels: what every measurement needs.

    The attributes are the options of the commands. `command` is recorded with the
    results. Files are given by their paths; `teacher`, `groups`, `target_groups`,
    `qrels` and `embeddings` may also be objects, which are read when the options are
    made (see `rankbound.read_scores`, `read_groups`, `read_qrels` and
    `read_embeddings`). `clusters` is a path, or a mapping of qid to cluster. `formats`
    maps the path of a file to its format, and "" to the format of the teacher.
    `students` may map names to scores or to a `StudentSource`.
    """

    teacher: Any
    teacher_kind: Kind | None = None
    temperature: Temperature = None
    students: tuple[StudentSource, ...] = ()
    embeddings: Any = None
    ids: Any = None
    metric: str = "euclidean"
    qrels: Any = None
    clusters: Any = None
    missing: Literal["drop", "error"] | None = None
    missing_value: MissingValues = None
    mixed_scales: MixedScales = "error"
    run_tag: RunTags = None
    delta: float = 0.05
    seed: int = 0
    command: str = ""
    formats: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, part in PARTS.items():
            own = self.formats.get(MAIN) if name == "teacher" else None
            take(self, name, part, own)
        set_field(self, "students", students_given(self.students))
        found = vectors_given(self.embeddings, self.ids, "embeddings")
        for name, value in zip(("embeddings", "ids"), found, strict=True):
            set_field(self, name, value)
        set_field(self, "teacher_kind", as_kind(self.teacher_kind, "`teacher_kind`"))
        check_temperature_option(self.temperature, "`temperature`")
        check_metric(self.metric)
        check_settings(self)
        self._check_students()
        paths = (one for one in self.inputs() if isinstance(one, Path))
        check_files(self.formats, list(paths))
        if self.missing not in (None, "drop", "error"):
            raise UsageError(f"`missing` is drop or error, got {self.missing!r}")
        check_answers(self.answers, self._score_names())

    def _check_students(self) -> None:
        names = [student.name for student in self.students]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise UsageError(f"two students are called {twice!r}; rename one")
        if self.embeddings is None and self.ids is not None:
            raise UsageError("`ids` name the rows of `embeddings`; give both")
        if self.embeddings is None and any(s.queries for s in self.students):
            raise UsageError(
                "`StudentSource.queries` scores by dot product with the documents' "
                "vectors; give `embeddings` too"
            )
        if (
            self.temperature == "fit"
            and self.qrels is None
            and getattr(self, "groups", None) is None
        ):
            raise UsageError(
                "`temperature='fit'` chooses the teacher's temperature on judged "
                "pairs, or on a group's positives against its negatives; give `qrels`, "
                "groups that mark positives, or a number"
            )

    @property
    def answers(self) -> Answers:
        """What was said about the scores of all files."""
        return Answers(
            missing_value=by_name(self.missing_value),
            run_tag=by_name(self.run_tag),
            mixed_scales=self.mixed_scales,
        )

    def _score_names(self) -> tuple[str, ...]:
        """What may name a file of scores: a student, the teacher, or its path."""
        files = [self.teacher, *(s.scores for s in self.students)]
        paths = (str(file) for file in files if isinstance(file, Path))
        return (TEACHER, *(s.name for s in self.students), *paths)

    def inputs(self) -> tuple[Any, ...]:
        """All input files and objects, to check `formats` against."""
        students = (
            file for s in self.students for file in (s.scores, s.queries, s.trained_on)
        )
        return (self.teacher, self.qrels, self.embeddings, *students)

    def read_early(self) -> tuple[tuple[Any, str, str], ...]:
        """Scores and groups by their part and model, in the order of reading."""
        held = getattr(self, "groups", None)
        groups = [one for _, one in held] if isinstance(held, tuple) else [held]
        return (
            (self.teacher, "scores", TEACHER),
            *((one, "groups", "") for one in groups),
            *((student.scores, "scores", student.name) for student in self.students),
        )

    @property
    def fits(self) -> bool:
        """Whether any temperature is fitted, which sets calibration queries aside."""
        return "fit" in (self.temperature, *(s.temperature for s in self.students))


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureOptions(SourceOptions):
    """Inputs and settings of `rankbound.measure`, which documents each of them.

    Raises
    ------
    UsageError, DomainError
        When options contradict each other or a number lies outside its range.

    Examples
    --------
    >>> MeasureOptions(teacher="teacher.run", students={"bm25": "bm25.run"}).n_stages
    4
    """

    groups: Any = None
    target_groups: Any = None
    trained_on: Any = None
    depth: int | None = None
    unjudged: Literal["unknown", "irrelevant"] = "unknown"
    pairs: str = "all"
    pilot: float = PILOT
    score_range: float | None = None
    stake: float | Mapping[str, float] | None = None
    unscored: Literal["floor", "common", "drop", "error"] = "floor"
    lipschitz: float | Mapping[str, float] | None = None
    architecture: Architecture = BASE_ENCODER
    compat: Literal["reference"] | None = None

    def __post_init__(self) -> None:
        for name in ("groups", "target_groups"):
            take(self, name, "groups")
        students = trained_students(self.students, self.trained_on)
        set_field(self, "students", students)
        set_field(self, "trained_on", None)  # each student has its own from here on
        # A dataclass with slots is a new class, which super() without arguments misses
        SourceOptions.__post_init__(self)
        self._check_pairs()
        self._check_choices()
        self._check_lipschitz()
        check_compat(self.compat)
        if self.unscored not in UNSCORED:
            raise UsageError(
                f"`unscored` is one of {', '.join(UNSCORED)}, got {self.unscored!r}"
            )
        if self.unjudged not in ("unknown", "irrelevant"):
            raise UsageError(
                f"`unjudged` is unknown or irrelevant, got {self.unjudged!r}"
            )
        if self.unjudged == "irrelevant" and self.qrels is None:
            raise UsageError("`unjudged='irrelevant'` needs judgements; give `qrels`")

    def inputs(self) -> tuple[Any, ...]:
        """All input files and objects, groups included."""
        return (*SourceOptions.inputs(self), self.groups, self.target_groups)

    def lipschitz_of(self, student: str) -> float | None:
        """The constant that was asserted for a student; None if none was."""
        given = self.lipschitz
        return given.get(student) if isinstance(given, Mapping) else given

    def stake_of(self, student: str) -> float | None:
        """The stake that was given for a student; None if there is none."""
        given = self.stake
        return given.get(student) if isinstance(given, Mapping) else given

    @property
    def n_stages(self) -> int:
        """How many stages the measurement reports."""
        return len(self.students) + (4 if self.compat else 3)

    def _check_choices(self) -> None:
        if self.pilot == 0 and self.fits:
            raise UsageError(
                "`pilot=0` sets no query aside, so nothing can be fitted; give "
                "`temperature` and `StudentSource.temperature` numbers, or a `pilot`"
            )
        names = [student.name for student in self.students]
        if self.stake is not None and not names:
            raise UsageError("`stake` is given, but no student")
        stakes = self.stake if isinstance(self.stake, Mapping) else {"": self.stake}
        for name in stakes:
            if name and name not in names:
                raise UsageError(
                    f"`stake` names no student {name!r}; there are {', '.join(names)}"
                )

    def _check_lipschitz(self) -> None:
        if self.lipschitz is None:
            return
        if self.embeddings is None or not self.students:
            raise UsageError(
                "`lipschitz` bounds the margins of students by distances; give "
                "`students` and `embeddings`, too"
            )
        names = [student.name for student in self.students]
        for name in self.lipschitz if isinstance(self.lipschitz, Mapping) else ():
            if name not in names:
                raise UsageError(
                    f"`lipschitz` names no student {name!r}; there are "
                    f"{', '.join(names)}"
                )

    def _check_pairs(self) -> None:
        if self.groups is not None and self.depth is not None:
            raise UsageError(
                "`groups` and `depth` exclude each other; give one of them"
            )
        if self.pairs not in PAIR_SETS:
            raise UsageError(f"`pairs` is one of {PAIR_SETS}, got {self.pairs!r}")
        if self.pairs != "all" and self.target_groups is not None:
            raise UsageError(
                "`target_groups` compares laws of documents drawn independently, which "
                f"`pairs={self.pairs!r}` does not measure; give `pairs='all'`"
            )
        if self.pairs != "all" and self.groups is None and self.qrels is None:
            raise UsageError(
                f"`pairs={self.pairs!r}` needs positives: give `groups` (doc_id_a is "
                "the positive) or `qrels` (grades of 1 and more)"
            )


def in_command_words(error: Exception) -> str:
    """The message of an error in one line, with the flags of the command line.

    Examples
    --------
    >>> in_command_words(UsageError("`score_range` must be a positive number"))
    '--score-range must be a positive number'
    """
    return " ".join(in_options(str(error)).split())


def check_compat(value: str | None) -> None:
    """Raise unless the value is "reference" or None.

    Examples
    --------
    >>> check_compat("reference")
    """
    if value not in (None, "reference"):
        raise UsageError(f"`compat` is reference, got {value!r}")


def take(record: object, field: str, part: str, format: str | None = None) -> None:
    """Read a field that was given as a path or as an object; see `as_given`."""
    set_field(record, field, as_given(getattr(record, field), part, field, format))
