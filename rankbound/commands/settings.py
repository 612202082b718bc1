"""Options of commands: what is missing, of a wrong type, or out of its range."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from numbers import Integral, Real
from typing import Any, Final, TypeVar

from rankbound.bounds.errors import DomainError
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
    UsageError, DomainError
        For a setting that is missing or of a wrong type, and a number out of its range.

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
    check_numbers(kind.__name__, **settings)
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


@dataclass(frozen=True, slots=True)
class Number:
    """What a number of the options may be.

    Attributes
    ----------
    low, high : float
        Both included.
    whole : bool
        Whether it is a whole number.
    zero : bool
        Whether 0, too, which is below `low`.
    word : str
        A text that may stand instead.

    Examples
    --------
    >>> NUMBERS["depth"].allows(16), NUMBERS["depth"].allows(10**23)
    (True, False)
    >>> print(NUMBERS["depth"])
    a whole number from 1 to 2,147,483,647
    """

    low: float
    high: float
    whole: bool = False
    zero: bool = False
    word: str = ""

    def allows(self, value: Any) -> bool:
        """Whether a value is such a number, or the word; True and False are none."""
        if isinstance(value, str):
            return bool(value) and value == self.word
        kind = Integral if self.whole else Real
        if not isinstance(value, kind) or isinstance(value, bool):
            return False
        number: Any = value
        return bool(self.low <= number <= self.high or (self.zero and number == 0))

    def __str__(self) -> str:
        """The rule in words."""
        kind = "a positive number" if self.low > 0 else "a number"
        kind = "a whole number" if self.whole else kind
        ends = [
            f"{end:,}" if self.whole else f"{end:,.10g}"
            for end in (self.low, self.high)
        ]
        upto = f"from {ends[0]} " + (f"to {ends[1]}" if self.high < math.inf else "on")
        more = f", or {self.word!r}" if self.word else ", or 0" if self.zero else ""
        return f"{kind} {upto}{more}"


# The largest that 32 and 64 bits hold, as counts and seeds of the libraries do
COUNT: Final = 2**31 - 1
SEED: Final = 2**63 - 1
# What no sensible scale leaves; squares and their quotients stay far from overflow
TINY, HUGE = 1e-12, 1e12
LARGEST: Final = sys.float_info.max
# Beyond these, limits and their inverses cannot be told from certainty
UNSURE: Final = 1e-9
# Every number that options hold, by name; where a command has its own rule, with the
# class of its options in front
NUMBERS: Final[Mapping[str, Number]] = {
    "band": Number(1e-6, 1 - 1e-6),
    "comparisons": Number(1, 1_000_000, whole=True),
    "delta": Number(UNSURE, 1 - UNSURE),
    "depth": Number(1, COUNT, whole=True),
    "diameter": Number(1e-9, 1e9),
    "divergence": Number(0, HUGE),
    "drop_suspected": Number(-HUGE, HUGE),
    "entropy": Number(0, math.log(2)),
    "group_size": Number(2, COUNT, whole=True),
    "half_range": Number(TINY, HUGE),
    "kappa": Number(1, math.inf),
    "layers": Number(1, HUGE),
    "lipschitz": Number(1e-9, 1e9),
    "margin": Number(TINY, HUGE),
    "margins": Number(TINY, HUGE),
    "missing_value": Number(-LARGEST, LARGEST, word="none"),
    "n": Number(1, 1e18),
    "permutations": Number(99, 10_000_000, whole=True),
    "pilot": Number(UNSURE, 1 - UNSURE, zero=True),
    "power": Number(1e-6, 1 - 1e-6),
    "relevant": Number(-COUNT, COUNT, whole=True),
    "resamples": Number(200, 1_000_000, whole=True),
    "rows": Number(1, 1_000_000, whole=True),
    "score_range": Number(1e-6, 1e6),
    "sd": Number(TINY, HUGE),
    "seed": Number(0, SEED, whole=True),
    "seeds": Number(1, 1000, whole=True),
    "size": Number(2, COUNT, whole=True),
    "splits": Number(1, 100_000, whole=True),
    "stake": Number(UNSURE, 1 - UNSURE),
    "steps": Number(8, 1_000_000, whole=True),
    "strata": Number(1, 1_000_000, whole=True),
    "temperature": Number(TINY, HUGE, word="fit"),
    "weights": Number(1, 1e24),
    "workers": Number(1, 1024, whole=True),
    "CompareOptions.resamples": Number(99, 1_000_000, whole=True, zero=True),
    "MeasureOptions.depth": Number(2, COUNT, whole=True),
    "PowerOptions.n": Number(2, 1_000_000_000, whole=True),
    "SampleOptions.band": Number(0, 1),
    "Settings.depth": Number(2, COUNT, whole=True),
    "ValidateOptions.relevant": Number(1, COUNT, whole=True),
}


def check_numbers(kind: str, **given: Any) -> None:
    """Raise for a number that is none, or outside its range in `NUMBERS`.

    Parameters
    ----------
    kind : str
        The class of the options, which may have rules of its own.
    **given
        Numbers by the name of their parameter. None is passed over; of a tuple or a
        mapping, each value is checked.

    Raises
    ------
    DomainError
        Naming the parameter, its rule and the value.

    Examples
    --------
    >>> check_numbers("CompareOptions", resamples=1)
    Traceback (most recent call last):
    ...
    rankbound.bounds.errors.DomainError: `resamples` must be a whole number from 99 ...
    """
    for name, value in given.items():
        rule = NUMBERS.get(f"{kind}.{name}", NUMBERS.get(name))
        if rule is None:  # such as scores, which may be read only once
            continue
        for one in _each(value):
            if not rule.allows(one):
                raise DomainError(f"`{name}` must be {rule}, got {one!r}")


def _each(value: Any) -> Iterator[Any]:
    """The values of mappings and sequences in it, or itself; nothing of None."""
    if isinstance(value, Mapping):
        value = value.values()
    if isinstance(value, str) or not isinstance(value, Iterable):
        yield from () if value is None else (value,)
    else:
        for one in value:
            yield from _each(one)


def check_settings(options: Any) -> None:
    """Raise for a setting of a wrong type, or a number outside its range.

    Parameters
    ----------
    options : dataclass of options

    Raises
    ------
    UsageError, DomainError
        As `check_types` and `check_numbers`.
    """
    kind = type(options)
    given = {one.name: getattr(options, one.name) for one in fields(kind)}
    check_types(kind, given)
    check_numbers(kind.__name__, **given)
