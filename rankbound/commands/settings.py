"""Options that the keywords of a call make, checked for what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
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


def made_options(kind: type[Options], **settings: Any) -> Options:
    """The options that keywords make.

    Parameters
    ----------
    kind : type
        A dataclass of options.
    **settings
        Its fields by name.

    Raises
    ------
    UsageError
        For a setting that is missing, and for one of a wrong type.

    Examples
    --------
    >>> from rankbound.commands.measure.options import MeasureOptions
    >>> made_options(MeasureOptions, teacher="teacher.run", depth=8).depth
    8
    """
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
