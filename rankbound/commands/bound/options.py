"""The numbers that a bound is asked for, given by name or in a table."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from rankbound.bounds.wording import counted
from rankbound.commands.bound.result import Given
from rankbound.errors import FormatError, UsageError
from rankbound.read.source import read_bytes

NEEDED: Final = ("diameter", "lipschitz", "entropy", "divergence", "n")


def configurations(
    path: Path, base: Mapping[str, Any], *, solve: str | None = None
) -> Iterator[Given]:
    """Rows of a TSV with a header of option names, each completed by the options given.

    Raises
    ------
    FormatError
        With path:line, for an unknown column, a cell that is no number, or a number
        that is missing in the row and in the options.
    """
    known = Given.__struct_fields__
    lines = read_bytes(path).decode("utf-8").splitlines()
    rows = csv.reader(lines, delimiter="\t")
    header = [name.strip().replace("-", "_") for name in next(rows)]
    strange = [name for name in header if name not in known]
    if strange:
        raise FormatError(
            path,
            f"unknown column {strange[0]!r}, expected {', '.join(sorted(known))}",
            line=1,
        )
    for number, cells in enumerate(rows, start=2):
        if len(cells) != len(header):
            raise FormatError(
                path,
                f"expected {counted(len(header), 'column')}, found {len(cells)}",
                line=number,
            )
        row = dict(zip(header, cells, strict=True))
        try:
            numbers = {name: float(text) for name, text in row.items()}
            yield given_from({**base, **numbers}, solve=solve)
        except ValueError as error:
            raise FormatError(path, str(error), line=number) from None


def given_from(values: Mapping[str, Any], *, solve: str | None = None) -> Given:
    """Numbers as a configuration, naming what is missing but what is solved for.

    Examples
    --------
    >>> given_from({"diameter": 1.0})
    Traceback (most recent call last):
    ...
    rankbound.errors.UsageError: missing: `lipschitz`, `entropy`, `divergence`, `n`
    """
    values = {**values}
    if solve in values and values[solve] is None:  # any value would do
        values[solve] = 0.5 if solve == "entropy" else 1.0
    missing = [f"`{name}`" for name in NEEDED if values.get(name) is None]
    if missing:
        raise UsageError("missing: " + ", ".join(missing))
    numbers = {name: value for name, value in values.items() if value is not None}
    if "group_size" in numbers:
        numbers["group_size"] = int(numbers["group_size"])
    return Given(**numbers)
