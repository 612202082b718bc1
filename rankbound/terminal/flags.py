"""Texts of a result in words of the command line, for results that it made.

Texts speak of parameters in backticks, for whoever calls a function. Whoever ran a
command reads its flags instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from importlib import import_module
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from rankbound.errors import in_options
from rankbound.results import Named, Record, Result

Shown = TypeVar("Shown", bound=Result)
MODULES: Final = "rankbound.commands."
# By kind of result: the records whose fields are the parameters of its command
PARAMETERS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "comparison": (("compare.options", "CompareOptions"),),
    "cut": (("cut.options", "CutOptions"),),
    "validation": (
        ("validate.options", "ValidateOptions"),
        ("validate.options", "Case"),
        ("measure.options", "MeasureOptions"),
    ),
}
OF_STUDENTS: Final = ("student_kind", "student_temperature", "bi_encoder")


def in_flags(result: Shown) -> Shown:
    """The result with flags in its texts, if the command line made it.

    A result made by a call, which has no command, is returned unchanged, and so is one
    of a kind whose texts name no parameters.

    Examples
    --------
    >>> from rankbound.commands.certify.result import Certification
    >>> made = Certification(version="1", command="", deep=False, passed=True, rows=())
    >>> in_flags(made) is made
    True
    """
    known = PARAMETERS.get(result.KIND)
    if known is None or not getattr(result, "command", None):
        return result
    names = {
        field.name
        for module, record in known
        for field in fields(getattr(import_module(MODULES + module), record))
    }
    names |= {*OF_STUDENTS}
    found: Shown = reworded(result, lambda text: in_options(text, names))
    return found


def reworded(value: Any, said: Callable[[str], str]) -> Any:
    """Replace every text inside records, tuples and dicts by what `said` makes of it.

    Examples
    --------
    >>> reworded({"a": ("text", 1)}, str.upper)
    {'a': ('TEXT', 1)}
    """
    found = value
    match value:
        case str():
            found = said(value)
        case Record():
            changed = {
                name: reworded(getattr(value, name), said)
                for name in value.__struct_fields__
            }
            # A result keeps the tables beside it, which msgspec's function would lose
            changing = value.__replace__ if isinstance(value, Result) else None
            found = changing(**changed) if changing else replace(value, **changed)
        case tuple():
            kind = Named if isinstance(value, Named) else tuple
            found = kind(reworded(one, said) for one in value)
        case dict():
            found = {name: reworded(one, said) for name, one in value.items()}
    return found
