"""The numbers behind a figure, kept with its axes, to be written beside it as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from matplotlib.axes import Axes

from rankbound.bounds.errors import DomainError

Table = Mapping[str, Iterable[Any]]
Columns = dict[str, list[Any]]

_DRAWN: WeakKeyDictionary[Axes, Columns] = WeakKeyDictionary()


def keep(ax: Axes, columns: Table) -> Axes:
    """Remember what was drawn on some axes; columns of one length, one row a mark.

    Drawing on the same axes again appends rows.

    Raises
    ------
    DomainError
        When the columns differ in length, or from those kept before.
    """
    table = {name: list(values) for name, values in columns.items()}
    if len({len(values) for values in table.values()}) > 1:
        lengths = {name: len(values) for name, values in table.items()}
        raise DomainError(f"columns of one length make a table, got {lengths}")
    before = _DRAWN.setdefault(ax, {name: [] for name in table})
    if set(before) != set(table):
        raise DomainError(f"these axes have the columns {[*before]}, got {[*table]}")
    for name, values in table.items():
        before[name].extend(values)
    return ax


def data_of(ax: Axes) -> Columns:
    """Columns that were drawn on some axes.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = keep(Figure().add_subplot(), {"n": [1, 2], "bound": [3.0, 2.5]})
    >>> data_of(ax)["bound"]
    [3.0, 2.5]
    """
    return _DRAWN.get(ax, {})


def csv_text(ax: Axes) -> str:
    r"""The columns as CSV, every float with all its digits.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> csv_text(keep(Figure().add_subplot(), {"n": [1], "bound": [0.1]}))
    'n,bound\n1,0.1\n'
    """
    columns = data_of(ax)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*(map(_cell, v) for v in columns.values()), strict=True))
    return stream.getvalue()


def _cell(value: Any) -> Any:
    return (
        float(value) if hasattr(value, "dtype") and value.dtype.kind == "f" else value
    )
