"""The file of a study's settings: for all data sets, for one, and for one command.

    temperature = "fit"                 # all data sets, every command that has it
    [validate]
    relevant = 2                        # all data sets, validate alone
    [datasets.dl19]
    teacher = "runs/repllama.run.gz"    # one data set; files lie in its folder
    [datasets.dl19.compare]
    quantities = ["entropy"]

A setting that is closer to a command and a data set goes first. Settings have the names
of the functions' parameters.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from rankbound.commands.compare.options import CompareOptions
from rankbound.commands.measure.options import EVERY, MeasureOptions
from rankbound.commands.validate.options import OF_CASE, ValidateOptions
from rankbound.errors import FormatError, UsageError
from rankbound.validation.judging import Family

DATASETS: Final = "datasets"
# What says which files are used, and which of those found
ROLES: Final = (
    *("teacher", "students", "groups", "samplings", "reference", "qrels"),
    *("embeddings", "ids", "student_kind", "student_temperature"),
)
# Records of options that no text can be, and what the roles and the study say
NO_SETTINGS: Final = {
    *("architecture", "command", "family", "cases", *ROLES, *OF_CASE),
}


def _names(*kinds: type[Any], without: tuple[str, ...] = ()) -> tuple[str, ...]:
    names = dict.fromkeys(one.name for kind in kinds for one in fields(kind))
    return tuple(n for n in names if n not in NO_SETTINGS and n not in without)


# The settings of each command
SETTINGS: Final = {
    "measure": _names(MeasureOptions),
    "compare": _names(CompareOptions),
    "validate": _names(
        MeasureOptions,
        ValidateOptions,
        Family,
        without=("lipschitz", "target_groups", "compat"),
    ),
}
# Settings that name files of a data set
FILES: Final = (
    *("teacher", "qrels", "embeddings", "ids", "clusters", "trained_on"),
    *("target_groups", "target", "design"),
)
# Settings that may be given by student, or by file of scores
BY_STUDENT: Final = (
    *("student_kind", "student_temperature", "trained_on", "stake", "lipschitz"),
    *("missing_value", "run_tag"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A table of the file: its keys, such as ("datasets", "dl19"), and its content."""

    keys: tuple[str, ...]
    held: Mapping[str, Any]

    @property
    def name(self) -> str:
        """As the file writes it; the top has no name."""
        return f"[{'.'.join(self.keys)}]" if self.keys else "the top"


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of a study.

    Attributes
    ----------
    path : Path or None
        None if they were given as a mapping.
    text : str
    held : mapping
    """

    path: Path | None = None
    text: str = ""
    held: Mapping[str, Any] | None = None

    def places(self, dataset: str, command: str = "") -> Iterator[Place]:
        """The tables that apply, the closest last."""
        held = self.held or {}
        own = held.get(DATASETS, {}).get(dataset, {})
        yield Place((), held)
        if command:
            yield Place((command,), held.get(command, {}))
        yield Place((DATASETS, dataset), own)
        if command:
            yield Place((DATASETS, dataset, command), own.get(command, {}))

    def settings(
        self, dataset: str, command: str, students: tuple[str, ...] = (EVERY,)
    ) -> dict[str, Any]:
        """What is set for a command on a data set, by the names of its parameters.

        What is said about students by name to all data sets counts for those that there
        are; what a data set says itself stays as it is.
        """
        found: dict[str, Any] = {}
        for place in self.places(dataset, command):
            for name, value in place.held.items():
                if name not in SETTINGS[command]:
                    continue
                shared = DATASETS not in place.keys and EVERY not in students
                found[name] = _known(name, value, students) if shared else value
        return {name: value for name, value in found.items() if value != {}}

    def role(self, dataset: str, name: str) -> Any:
        """What is set about the files of a data set; None if nothing is."""
        found = None
        for place in self.places(dataset):
            found = place.held.get(name, found)
        return found

    def error(self, message: str, place: Place, key: str | None = None) -> UsageError:
        """An error that names the file, the line and the table."""
        where = f"{place.name}: {message}" if place.keys else message
        if self.path is None:
            return UsageError(f"`config`: {where}")
        made = FormatError(self.path, where, line=self.line(place.keys, key))
        return UsageError(str(made))

    def line(self, keys: tuple[str, ...], key: str | None) -> int | None:
        """The line that gives a key of a table; that of the table without a key."""
        table: tuple[str, ...] = ()
        found = None
        for number, line in enumerate(self.text.splitlines(), start=1):
            words = line.strip()
            if words.startswith("["):
                table = _path(f"{words}\n")
                if table == keys and key is None:
                    return number
                found = number if table == keys else found
                continue
            if "=" not in words:
                continue
            given = (*table, *_path(f"{words.partition('=')[0]} = 0\n"))
            wanted = keys if key is None else (*keys, key)
            if given[: len(wanted)] == wanted:
                return number
        return found


def _path(line: str) -> tuple[str, ...]:
    """The keys of one line of TOML, from the outside to the inside."""
    try:
        held: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return ()
    found: list[str] = []
    while isinstance(held, list) or (isinstance(held, dict) and held):
        if isinstance(held, list):
            held = held[0]
            continue
        name, held = next(iter(held.items()))
        found.append(name)
    return tuple(found)


def _known(name: str, value: Any, students: tuple[str, ...]) -> Any:
    if name not in BY_STUDENT or not isinstance(value, Mapping):
        return value
    kept = ("", "teacher", *students)
    return {one: held for one, held in value.items() if one in kept}


def read_config(path: Path) -> Config:
    """Read the file.

    Raises
    ------
    FormatError
        When it cannot be read, or is no TOML; with the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise FormatError(path, f"cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise FormatError(path, "must be UTF-8 text, as TOML is", line=line) from None
    try:
        held = tomllib.loads(text)
    except RecursionError:
        raise FormatError(path, "is nested too deeply; settings are not") from None
    except tomllib.TOMLDecodeError as error:
        said, _, place = str(error).partition(" (at line ")
        number, _, _ = place.partition(",")
        line = int(number) if number.isdecimal() else len(text.splitlines()) or 1
        raise FormatError(path, f"is no TOML: {said}", line=line) from None
    return Config(path=path, text=text, held=held)


def check_config(config: Config, names: tuple[str, ...]) -> None:
    """Check all keys and values, before anything is read.

    Parameters
    ----------
    config : Config
    names : tuple of str
        Of the data sets.

    Raises
    ------
    UsageError
        For an unknown key, a data set that is not studied, or a wrong value; with the
        place in the file.
    """
    top = Place((), config.held or {})
    own = top.held.get(DATASETS, {})
    if not isinstance(own, Mapping):
        raise config.error(f"{DATASETS} must be a table for each data set", top)
    _check_keys(config, top, also=(DATASETS,))
    for name, held in own.items():
        place = Place((DATASETS, name), held)
        if name not in names:
            message = f"there is no data set {name!r}; there are {', '.join(names)}"
            raise config.error(message, place)
        if not isinstance(held, Mapping):
            raise config.error("must be a table of settings", place)
        _check_keys(config, place)


def _check_keys(config: Config, place: Place, also: tuple[str, ...] = ()) -> None:
    anywhere = dict.fromkeys(name for names in SETTINGS.values() for name in names)
    known = (*ROLES, *anywhere, *SETTINGS, *also)
    for name, value in place.held.items():
        if name not in known:
            raise config.error(_unknown(name, known), place, name)
        if name in ROLES:
            _check_role(config, place, name, value)
        if name not in SETTINGS:
            continue
        inner = Place((*place.keys, name), value)
        if not isinstance(value, Mapping):
            raise config.error(f"{name} must be a table of settings", place, name)
        for key in value:
            if key not in SETTINGS[name]:
                raise config.error(_unknown(key, SETTINGS[name]), inner, key)


def _unknown(name: str, known: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"
    return f"there is no setting {name!r}{hint}"


def _check_role(config: Config, place: Place, name: str, value: Any) -> None:
    if name == "students":
        fine = _texts(value) or isinstance(value, Mapping)
        words = "a list of names, or a table of files or settings by name"
    elif name in ("student_kind", "student_temperature"):
        fine = isinstance(value, str | int | float | Mapping)
        words = "a value for all students, or a table by name"
    elif name == "groups":
        fine = isinstance(value, Mapping) and _texts(list(value.values()))
        words = "a table of files by the name of the sampling"
    elif name == "samplings":
        fine, words = _texts(value), "a list of names"
    else:
        fine, words = isinstance(value, str), "a text"
    if not fine:
        raise config.error(f"{name} must be {words}, got {value!r}", place, name)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)
