"""The options of each command on a data set, and the command line that gives them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields, replace
from enum import Enum
from pathlib import Path
from typing import Any, Final, NamedTuple

from rankbound.bounds.errors import DomainError
from rankbound.catalogue import COMPARED
from rankbound.commands.ablate.result import Ablation
from rankbound.commands.compare.options import CompareOptions
from rankbound.commands.inspect.examined import Asked, files_in
from rankbound.commands.measure.options import (
    MeasureOptions,
    StudentSource,
    as_kind,
    by_name,
)
from rankbound.commands.settings import check_numbers, made_options
from rankbound.commands.study.config import (
    BY_STUDENT,
    DATASETS,
    FILES,
    SETTINGS,
    Config,
)
from rankbound.commands.study.result import OF_ABLATION, STEPS, Roles, StudentRole
from rankbound.commands.validate.ablated import CellOptions
from rankbound.commands.validate.folders import RANDOM, files_of
from rankbound.commands.validate.options import (
    TEACHER,
    ValidateOptions,
    cases_from,
)
from rankbound.errors import OPTIONS, UsageError
from rankbound.read.scales import Answers
from rankbound.results import Named
from rankbound.validation.judging import Family

RANDOM_LEFT_OUT: Final = (
    f"the run called {RANDOM!r} is taken for no student; name it in `students` to "
    "measure it"
)
FAMILY: Final = tuple(one.name for one in fields(Family))
# Settings by student, and those by student or file
BY_NAME: Final = ("trained_on", "stake", "lipschitz")
ABOUT_SCORES: Final = ("missing_value", "run_tag")
VALIDATE: Final = "validate"
# Quantities that are compared where no others are asked for
WANTED: Final = ("entropy", "diameter")


class Sources(NamedTuple):
    """The files that a command reads, by the parameters that it has for them."""

    teacher: str | None
    students: tuple[StudentSource, ...]
    groups: Mapping[str, Path]
    qrels: str | None
    embeddings: str | None
    ids: str | None

    def files(self) -> set[str]:
        """All of them."""
        of_students = [path for s in self.students for path in (s.scores, s.queries)]
        given = (self.teacher, self.qrels, self.embeddings, *self.groups.values())
        return {str(one) for one in (*given, *of_students) if one is not None}


def is_ablation(folder: Path) -> bool:
    """Whether a folder is that of `ablate`, whose cells are shown instead."""
    return (folder / Ablation.FILE).is_file()


def steps_of(folder: Path) -> tuple[str, ...]:
    """The steps of a data set, or of an ablation."""
    return OF_ABLATION if is_ablation(folder) else STEPS


OF_CELLS: Final = (*FAMILY, *(one.name for one in fields(CellOptions)[2:]))


class Data:
    """A data set of a study: its folder, and what the configuration says about it.

    Parameters
    ----------
    name : str
    folder : Path
    config : Config
    out : Path
        The folder of the study's results, in which this data set has one of its name.
    """

    def __init__(self, name: str, folder: Path, config: Config, out: Path) -> None:
        self.name, self.folder, self.config = name, folder, config
        self.out = out / name
        self._study = out

    def place(self, step: str) -> Path:
        """The folder of the results of a step."""
        return self.out / step

    def files(self) -> list[Path]:
        """All files of the folder, without those of the study's results."""
        return files_in([self.folder], without=self._study)

    def check(self) -> None:
        """Check the values of all settings, before anything is read.

        Raises
        ------
        UsageError
            With the place of the setting in the configuration.
        """
        if is_ablation(self.folder):
            self._check_cells()
            return
        any_path = str(self.folder)
        students = tuple(
            StudentRole(name=name, scores=str(self._path(name)))
            for name in self._spoken()
        )
        for place in self.config.places(self.name):
            for text in place.held.get("formats") or {}:
                if DATASETS in place.keys and not self._path(text).exists():
                    message = f"formats names {text!r}, which is no file there"
                    raise self.config.error(message, place, "formats")
        roles = Roles(
            teacher=any_path,
            students=Named(students),
            groups={"first": any_path, "second": any_path},
            qrels=any_path,
            embeddings=any_path,
        )
        for command, make in (
            ("measure", self.measure),
            ("compare", self.compare),
            ("validate", self.validate),
        ):
            try:
                make(roles)
            except (UsageError, DomainError) as error:
                raise self._placed(str(error), command) from None

    def _check_cells(self) -> None:
        """The same of an ablation, which has some settings of `validate` alone."""
        for place in self.config.places(self.name, VALIDATE):
            inner = place.keys[-1:] == (VALIDATE,)
            for key in place.held if DATASETS in place.keys else ():
                if key not in (*OF_CELLS, *(() if inner else (VALIDATE,))):
                    message = (
                        f"{self.name} is the folder of an ablation, which has no "
                        f"setting {key!r}; there are {', '.join(OF_CELLS)}"
                    )
                    raise self.config.error(message, place, key)
        try:
            self.cells()
        except (UsageError, DomainError) as error:
            raise self._placed(str(error), VALIDATE) from None

    def cells(self) -> CellOptions:
        """The settings of `validate` on the cells of an ablation.

        Raises
        ------
        DomainError
            For a value outside its range.
        """
        given = self.config.settings(self.name, VALIDATE)
        made = {name: given[name] for name in OF_CELLS if name in given}
        family = {name: made.pop(name) for name in FAMILY if name in made}
        check_numbers("ValidateOptions", **made)
        return CellOptions(
            ablation=self.folder / Ablation.FILE,
            family=made_options(Family, **family),
            **made,
        )

    def _spoken(self) -> Iterator[str]:
        """Names of students that settings may speak of, and one."""
        found = {"student": None}
        for command in SETTINGS:
            for place in self.config.places(self.name, command):
                for name in BY_STUDENT:
                    held = place.held.get(name)
                    found |= dict.fromkeys(held if isinstance(held, Mapping) else ())
        yield from (name for name in found if name not in ("", TEACHER))

    def _placed(self, message: str, command: str) -> UsageError:
        """An error with the place of the setting that it speaks of."""
        spoken = set(re.findall(r"\w+", message))
        for place in reversed([*self.config.places(self.name, command)]):
            for key in place.held:
                if key in spoken and key != command:
                    return self.config.error(message, place, key)
        return UsageError(f"{self.name}: {message}")

    def asked(self) -> Asked:
        """What to inspect: all files of the folder, and those that are named."""
        known = files_of(self.folder) is not None
        files = [self.folder] if known else self.files()
        settings = self.config.settings(self.name, "measure")
        groups = self._role("groups") or {}
        kinds = by_name(self._role("student_kind"))
        answers = Answers(
            missing_value=self._by_file(settings.get("missing_value")),
            run_tag=self._by_file(settings.get("run_tag")),
            mixed_scales=settings.get("mixed_scales", "error"),
        )
        teacher = self._file("teacher")
        return Asked(
            files=[one for one in files if one != teacher],
            teacher=teacher,
            groups=[self._path(text) for text in groups.values()],
            qrels=self._file("qrels"),
            embeddings=self._file("embeddings"),
            ids=self._file("ids"),
            formats={
                self._path(text): name
                for text, name in (settings.get("formats") or {}).items()
            },
            answers=answers,
            teacher_kind=as_kind(settings.get("teacher_kind"), "`teacher_kind`"),
            student_kinds={
                name: kind
                for name, text in kinds.items()
                if name == "" and (kind := as_kind(text, "`student_kind`")) is not None
            },
        )

    def chosen(self, found: Roles) -> Roles:
        """The roles with what the configuration says instead.

        Raises
        ------
        UsageError
            When it names a student, sampling or file that there is not.
        """
        self._check_spoken(found)
        students, notes = self._students(found)
        return Roles(
            teacher=found.teacher,
            ranking=found.ranking,
            students=Named(students),
            groups=self._groups(found),
            qrels=found.qrels,
            embeddings=found.embeddings,
            ids=found.ids,
            fitted=found.fitted,
            incomplete=found.incomplete,
            notes=(*found.notes, *notes),
        )

    def _students(
        self, found: Roles
    ) -> tuple[Iterator[StudentRole] | list[StudentRole], tuple[str, ...]]:
        given = self._role("students")
        if isinstance(given, Mapping):
            made = [self._student(name, one, found) for name, one in given.items()]
            return made, ()
        if given is not None:
            known = {one.name: one for one in found.students}
            _check_named("students", given, known)
            return [known[name] for name in given], ()
        kept = [one for one in found.students if one.name != RANDOM]
        left = len(kept) < len(found.students)
        return kept, (RANDOM_LEFT_OUT,) if left else ()

    def _check_spoken(self, found: Roles) -> None:
        """Check the names of students in the settings of this data set alone."""
        given = self._role("students")
        known = ("", TEACHER, *(given if given else found.students.names))
        for command in SETTINGS:
            for place in self.config.places(self.name, command):
                if DATASETS not in place.keys:
                    continue
                for setting in BY_STUDENT:
                    held = place.held.get(setting)
                    for name in held if isinstance(held, Mapping) else ():
                        if name not in known and not self._path(name).is_file():
                            message = f"{setting} names no student {name!r}; there are "
                            message += ", ".join(known[2:]) or "none"
                            raise self.config.error(message, place, setting)

    def _student(self, name: str, held: object, found: Roles) -> StudentRole:
        parts = {"scores": held} if isinstance(held, str) else held
        known = ("scores", "queries", "query_ids", "ranking")
        if not isinstance(parts, Mapping) or not {*parts} <= {*known}:
            raise UsageError(
                f"`students` must give {name!r} as a file, or as a table of "
                f"{', '.join(known)}, got {held!r}"
            )
        files = {part: str(self._path(text)) for part, text in parts.items()}
        return StudentRole(
            name=name,
            scores=files.get("scores"),
            queries=files.get("queries"),
            query_ids=files.get("query_ids"),
            ranking=files.get("ranking"),
            fitted="queries" in files
            or any(
                one.fitted and one.scores == files.get("scores")
                for one in found.students
            ),
        )

    def _groups(self, found: Roles) -> dict[str, str]:
        given = self._role("groups")
        groups = dict(found.groups)
        if given is not None:
            groups = {name: str(self._path(text)) for name, text in given.items()}
        wanted = self._role("samplings")
        if wanted is not None:
            _check_named("samplings", wanted, groups)
            groups = {name: groups[name] for name in wanted}
        reference = self._role("reference")
        if reference is not None:
            _check_named("reference", [reference], groups)
            groups = {reference: groups[reference]} | groups
        return groups

    def _role(self, name: str) -> Any:
        return self.config.role(self.name, name)

    def _file(self, name: str) -> Path | None:
        text = self._role(name)
        return None if text is None else self._path(text)

    def _path(self, text: str) -> Path:
        return self.folder / text

    def _paths(self, held: Any) -> Any:
        """One path, or paths by name."""
        if isinstance(held, Mapping):
            return {name: self._path(text) for name, text in held.items()}
        return self._path(held)

    def _by_file(self, value: Any) -> dict[str, Any]:
        """Settings by path; what is said about all files stands under ""."""
        found = {}
        for name, held in by_name(value).items():
            path = self._path(name)
            found[str(path) if name and path.is_file() else name] = held
        return found

    def settings(self, command: str, roles: Roles, sources: Sources) -> dict[str, Any]:
        """The settings of a command, with paths in the folder of the data set.

        What is said about files and students that the command does not read is left
        out.
        """
        names = tuple(one.name for one in sources.students)
        made = self.config.settings(self.name, command, names)
        for name in {*FILES} & {*made}:
            made[name] = self._paths(made[name])
        formats = {
            str(self._path(text)): name
            for text, name in made.pop("formats", {}).items()
        }
        read = sources.files()
        made |= {"formats": {one: n for one, n in formats.items() if one in read}}
        for name in ABOUT_SCORES:
            if isinstance(held := made.get(name), Mapping):
                kept = ("", TEACHER, *names, *read)
                by_file = self._by_file(held).items()
                made[name] = {one: value for one, value in by_file if one in kept}
        for name in BY_NAME:
            if isinstance(held := made.get(name), Mapping):
                made[name] = {one: value for one, value in held.items() if one in names}
        defaults = {
            "temperature": "fit" if roles.fitted else None,
            "missing": "drop" if roles.incomplete else None,
        }
        made = defaults | made
        return {name: held for name, held in made.items() if held not in (None, {})}

    def sources(
        self, roles: Roles, groups: Sequence[str], left_out: Sequence[str] = ()
    ) -> Sources:
        """The files that a command reads, with the groups of some samplings."""
        kinds, scales = (
            by_name(self._role(name))
            for name in ("student_kind", "student_temperature")
        )
        students = tuple(
            StudentSource(
                one.name,
                scores=one.scores,
                queries=one.queries,
                query_ids=one.query_ids,
                kind=kinds.get(one.name, kinds.get("")),
                temperature=scales.get(
                    one.name, scales.get("", "fit" if one.fitted else None)
                ),
            )
            for one in roles.students
            if one.name not in left_out
        )
        return Sources(
            teacher=roles.teacher,
            students=students,
            groups={name: Path(roles.groups[name]) for name in groups},
            qrels=roles.qrels,
            embeddings=roles.embeddings,
            ids=roles.ids,
        )

    def measure(self, roles: Roles, left_out: Sequence[str] = ()) -> MeasureOptions:
        """The options of `measure`, with the groups of the reference."""
        sources = self.sources(roles, [*roles.groups][:1], left_out)
        given = sources._asdict() | {
            "groups": next(iter(sources.groups.values()), None)
        }
        settings = self.settings("measure", roles, sources)
        made = made_options(MeasureOptions, **given, **settings)
        return replace(made, command=measure_line(made, self.place("measure")))

    def compare(self, roles: Roles) -> CompareOptions:
        """The options of `compare`; students are read where a quantity needs them."""
        sources = self.sources(roles, [*roles.groups])
        settings = self.settings("compare", roles, sources)
        default = WANTED if roles.embeddings is not None else WANTED[:1]
        quantities = settings.pop("quantities", default)
        names = (quantities,) if isinstance(quantities, str) else tuple(quantities)
        needs = [COMPARED[name].need for name in names if name in COMPARED]
        if "student" not in needs:
            sources = sources._replace(students=())
            settings = self.settings("compare", roles, sources)
            for name in ("quantities", "trained_on"):
                settings.pop(name, None)
        given = sources._asdict() | {"groups": tuple(sources.groups.items())}
        made = made_options(CompareOptions, **given, **settings, quantities=names)
        return replace(made, command=compare_line(made, self.place("compare")))

    def validate(self, roles: Roles, left_out: Sequence[str] = ()) -> ValidateOptions:
        """The options of `validate`, with a case for each sampling."""
        sources = self.sources(roles, [*roles.groups], left_out)
        settings = self.settings("validate", roles, sources)
        own = {one.name for one in fields(ValidateOptions)} & {*settings}
        family = {name: settings.pop(name) for name in FAMILY if name in settings}
        mine = {name: settings.pop(name) for name in own if name in settings}
        shared = {name: mine[name] for name in ("seed",) if name in mine}
        shared |= {name: family[name] for name in ("delta",) if name in family}
        rankings = {
            one.name: Path(one.ranking)
            for one in roles.students
            if one.ranking is not None and one.name not in left_out
        }
        if roles.ranking is not None:
            rankings[TEACHER] = Path(roles.ranking)
        given = sources._asdict() | {"groups": sources.groups or None}
        cases = cases_from(
            {**given, **settings, **shared},
            dataset=self.name,
            rankings=rankings,
        )
        made = made_options(
            ValidateOptions, cases=cases, family=made_options(Family, **family), **mine
        )
        return replace(made, command=validate_line(made, self.place("validate")))


def _check_named(
    setting: str, names: Sequence[str], known: Mapping[str, object]
) -> None:
    for name in names:
        if name not in known:
            raise UsageError(
                f"`{setting}` must be among what was found "
                f"({', '.join(known) or 'nothing'}), got {name!r}"
            )


# Command lines


def inspect_line(data: Data) -> str:
    """The command that inspects a data set alone."""
    place = data.place("inspect") / "inspection.json"
    return shlex.join(["rankbound", "inspect", str(data.folder), "--json", str(place)])


def measure_line(asked: MeasureOptions, out: Path) -> str:
    """The command line of `rankbound measure` that gives the same options."""
    skipped = ("command", "students", "trained_on", "architecture")
    words = [*_of_students(asked.students), *_options(asked, skipped)]
    return shlex.join(["rankbound", "measure", *words, "--out", str(out)])


def compare_line(asked: CompareOptions, out: Path) -> str:
    """The command line of `rankbound compare` that gives the same options."""
    skipped = ("command", "students", "trained_on")
    words = [*_of_students(asked.students), *_options(asked, skipped)]
    return shlex.join(["rankbound", "compare", *words, "--out", str(out)])


def validate_line(asked: ValidateOptions, out: Path) -> str:
    """The command line of `rankbound validate` that gives the same options."""
    first = asked.cases[0]
    skipped = ("command", "students", "trained_on", "architecture", "groups")
    words = [*_of_students(first.measure.students)]
    words += _options(first.measure, (*skipped, "delta", "seed"))
    groups = {case.sampling: case.measure.groups for case in asked.cases}
    if any(groups.values()):
        words += ["--groups", *_values(groups)]
    if first.rankings:
        words += ["--ranking", *_values(first.rankings)]
    words += ["--name", first.dataset, *_options(asked.family, ())]
    if asked.measures is not None:
        words += ["--measures", " ".join(asked.measures)]
    words += _options(asked, ("command", "cases", "family", "measures"))
    return shlex.join(["rankbound", "validate", *words, "--out", str(out)])


def cells_line(data: Data) -> str:
    """The command line of `rankbound validate` on the folder of an ablation."""
    asked = data.cells()
    words = ["rankbound", VALIDATE, "--datasets", str(data.folder)]
    words += [*_options(asked.family, ()), *_options(asked, ("ablation", "family"))]
    return shlex.join([*words, "--out", str(data.place(VALIDATE))])


def _of_students(students: Sequence[StudentSource]) -> Iterator[str]:
    runs = {one.name: one.scores for one in students if one.scores is not None}
    dense = [one for one in students if one.queries is not None]
    parts = {
        "--student": runs,
        "--bi-encoder": {one.name: one.queries for one in dense},
        "--student-kind": {one.name: one.kind for one in students},
        "--student-temperature": {one.name: one.temperature for one in students},
        "--trained-on": {one.name: one.trained_on for one in students},
    }
    for option, held in parts.items():
        given = {name: value for name, value in held.items() if value is not None}
        if given:
            yield from (option, *_values(given))
    ids = [one.query_ids for one in dense if one.query_ids is not None]
    if ids:
        yield from ("--query-ids", *map(str, ids))


def _options(options: object, skipped: Sequence[str]) -> Iterator[str]:
    """An option for each field that has another value than by default."""
    for one in fields(options):  # type: ignore[arg-type]
        value = getattr(options, one.name)
        default = one.default
        if one.default_factory is not MISSING:
            default = one.default_factory()
        if one.name in skipped or value is None or value in (default, {}, ()):
            continue
        name = OPTIONS.get(one.name, one.name).replace("_", "-")
        yield from (f"--{name}", *([] if value is True else _values(value)))


def _values(value: object) -> list[str]:
    """The words behind an option; NAME=VALUE for what is given by name."""
    if isinstance(value, Mapping):
        return [
            f"{name}={word}" if name else word
            for name, held in value.items()
            for word in _values(held)
        ]
    if isinstance(value, tuple | list):
        if value and isinstance(value[0], tuple):
            return [f"{name}={held}" for name, held in value]
        return [word for one in value for word in _values(one)]
    return [str(value.value if isinstance(value, Enum) else value)]
