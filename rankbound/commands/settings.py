"""Options of a call from Python: a record of options, or keywords that make one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from difflib import get_close_matches
from numbers import Integral, Real
from typing import Any, Final, TypeVar

from rankbound.errors import UsageError

Options = TypeVar("Options")
# By the annotation of a field
TYPES: Final = {
    "int": (Integral, "a whole number"),
    "float": (Real, "a number"),
    "bool": (bool, "True or False"),
    "str": (str, "a text"),
}


def made_options(
    kind: type[Options],
    options: Options | None,
    settings: Mapping[str, Any],
) -> Options:
    """The options, or those that keywords make.

    Parameters
    ----------
    kind : type
        A dataclass of options.
    options : instance of `kind`, or None
    settings : mapping
        Its fields by name; not together with `options`.

    Raises
    ------
    UsageError
        For both, for something else than options, for a setting that there is not, and
        for one that is missing.

    Examples
    --------
    >>> from rankbound.commands.measure.options import MeasureOptions
    >>> made_options(MeasureOptions, None, {"teacher": "teacher.run", "depth": 8}).depth
    8
    """
    name = kind.__name__
    if isinstance(options, kind):
        if settings:
            raise UsageError(f"give either {name} or keywords, not both")
        return options
    if options is not None:
        raise UsageError(
            f"settings are keywords, as in {fields(kind)[0].name}=..., or one {name}; "  # type: ignore[arg-type]
            f"got {type(options).__name__}"
        )
    check_names(settings, [one.name for one in fields(kind)])  # type: ignore[arg-type]
    lacking = [
        one.name
        for one in fields(kind)  # type: ignore[arg-type]
        if one.default is MISSING
        and one.default_factory is MISSING
        and settings.get(one.name) is None
    ]
    if lacking:
        raise UsageError(
            f"give {' and '.join(f'{one}=...' for one in lacking)} at least; data are "
            "paths, or objects such as dicts and frames"
        )
    check_types(kind, settings)
    return kind(**settings)


def check_types(kind: type[Any], settings: Mapping[str, Any]) -> None:
    """Raise for a number, text or switch that is given as something else.

    Examples
    --------
    >>> from rankbound.commands.measure.options import MeasureOptions
    >>> check_types(MeasureOptions, {"depth": "8"})
    Traceback (most recent call last):
    ...
    rankbound.errors.UsageError: depth must be a whole number, got '8'
    """
    plain = {one.name: str(one.type).split(" | ") for one in fields(kind)}
    for name, value in settings.items():
        wanted = [one for one in plain.get(name, ()) if one != "None"]
        if value is None or len(wanted) != 1 or wanted[0] not in TYPES:
            continue
        accepted, words = TYPES[wanted[0]]
        # True is a whole number to Python and a mistake here
        if not isinstance(value, accepted) or (wanted != ["bool"] and value is True):
            raise UsageError(f"{name} must be {words}, got {value!r}")


def check_names(settings: Mapping[str, Any], known: list[str]) -> None:
    """Raise for the first setting that there is not, naming those that there are.

    Examples
    --------
    >>> check_names({"depht": 8}, ["depth", "teacher"])
    Traceback (most recent call last):
    ...
    rankbound.errors.UsageError: there is no setting 'depht'; did you mean 'depth'?
    """
    for name in settings:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            remedy = f"did you mean {near[0]!r}?" if near else "there are "
            listed = "" if near else ", ".join(sorted(known))
            raise UsageError(f"there is no setting {name!r}; {remedy}{listed}")
