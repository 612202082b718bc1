"""Options of a call from Python: a record of options, or keywords that make one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from difflib import get_close_matches
from typing import Any, TypeVar

from rankbound.errors import UsageError

Options = TypeVar("Options")


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
    >>> from rankbound.measuring.options import MeasureOptions
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
            f"settings are keywords, as in teacher=..., or one {name}; got "
            f"{type(options).__name__}"
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
    return kind(**settings)


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
