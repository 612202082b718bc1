"""The numbers that a bound is asked for: from options, or a table of configurations."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from rankbound.bounds.headline import headline_width
from rankbound.bounds.wording import counted
from rankbound.errors import FormatError, UsageError
from rankbound.read.opening import read_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The numbers of one configuration.

    Attributes
    ----------
    diameter : float
        Essential diameter, > 0.
    lipschitz : float
        Lipschitz constant L of the student, in temperatures per distance, > 0.
    entropy, divergence : float
        Means over the sampled queries, in nats.
    n : float
        Independent queries.
    delta : float
        Failure probability.
    kappa : float
        Largest density ratio of target and sampling law, at least 1.
    group_size : int
        Documents of a query, all pairs of which enter the loss.
    """

    diameter: float
    lipschitz: float
    entropy: float
    divergence: float
    n: float
    delta: float = 0.05
    kappa: float = 1.0
    group_size: int = 16

    def __post_init__(self) -> None:
        for name in ("diameter", "lipschitz"):
            value = getattr(self, name)
            if not 0 < value < math.inf:
                raise UsageError(f"--{name} must be a positive number, got {value:g}")
        if self.group_size < 2:
            raise UsageError(f"--group-size must be at least 2, got {self.group_size}")

    @property
    def width(self) -> float:
        """Width of one query's risk in nats, by Lemma 2c at B = L times diameter."""
        locality = self.lipschitz * self.diameter
        return headline_width(locality, group_size=self.group_size)


def configurations(path: Path, base: Mapping[str, Any]) -> Iterator[tuple[int, Given]]:
    """Rows of a TSV with a header of option names, each completed by the options given.

    Raises
    ------
    FormatError
        With path:line, for an unknown column, a cell that is no number, or a number
        that is missing in the row and in the options.
    """
    known = {field.name for field in fields(Given)}
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
        yield number, _row(path, number, dict(zip(header, cells, strict=True)), base)


def given_from(values: Mapping[str, Any]) -> Given:
    """Numbers as a configuration, naming what is missing.

    Examples
    --------
    >>> given_from({"diameter": 1.0})
    Traceback (most recent call last):
    ...
    rankbound.errors.UsageError: missing: --lipschitz, --entropy, --divergence, --n
    """
    needed = ("diameter", "lipschitz", "entropy", "divergence", "n")
    missing = [f"--{name}" for name in needed if values.get(name) is None]
    if missing:
        raise UsageError("missing: " + ", ".join(missing))
    numbers = {name: value for name, value in values.items() if value is not None}
    if "group_size" in numbers:
        numbers["group_size"] = int(numbers["group_size"])
    return replace(
        Given(diameter=1.0, lipschitz=1.0, entropy=0.0, divergence=0.0, n=1.0),
        **numbers,
    )


def _row(
    path: Path, number: int, cells: Mapping[str, str], base: Mapping[str, Any]
) -> Given:
    try:
        row = {name: float(text) for name, text in cells.items()}
        return given_from({**base, **row})
    except ValueError as error:
        raise FormatError(path, str(error), line=number) from None
