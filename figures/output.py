"""The numbers that a figure shows, and its file, which depends on nothing else."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, Literal
from weakref import WeakKeyDictionary

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rankbound.bounds.errors import DomainError
from rankbound.escaping import quoted
from rankbound.figures.style import style

Table = Mapping[str, Iterable[Any]]
Columns = dict[str, list[Any]]
_DRAWN: WeakKeyDictionary[Axes, Columns] = WeakKeyDictionary()
Extension = Literal["pdf", "png", "svg"]
METADATA: dict[str, dict[str, str | None]] = {
    "pdf": {
        "CreationDate": None,
        "ModDate": None,
        "Producer": None,
        "Creator": "rankbound",
    },
    "png": {"Software": "rankbound"},
    "svg": {"Date": None, "Creator": "rankbound"},
}
# How the creator stands in the bytes of a file
MARKS: Final[dict[str, bytes]] = {
    "pdf": b"/Creator (rankbound)",
    "png": b"Software\0rankbound",
    "svg": b"<dc:title>rankbound</dc:title>",
}


def keep(ax: Axes, columns: Table) -> Axes:
    """Remember what was drawn on axes, as a table with one row per mark.

    Drawing on the same axes again appends rows.

    Parameters
    ----------
    ax : Axes
    columns : mapping of str to iterable
        Of equal length.

    Returns
    -------
    Axes
        The same axes.

    Raises
    ------
    DomainError
        If the columns differ in length, or in name from those kept before.

    Examples
    --------
    >>> ax = keep(Figure().add_subplot(), {"n": [1, 2]})
    >>> data_of(keep(ax, {"n": [3]}))
    {'n': [1, 2, 3]}
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
    """Return the columns that were drawn on axes; empty if nothing was kept.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = keep(Figure().add_subplot(), {"n": [1, 2], "bound": [3.0, 2.5]})
    >>> data_of(ax)["bound"]
    [3.0, 2.5]
    """
    return _DRAWN.get(ax, {})


# Distances differ beyond these with the processor, whose kernels sum in other orders
DIGITS: Final = 9


def csv_text(ax: Axes) -> str:
    r"""Return the columns of axes as CSV, with `DIGITS` digits of every float.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> csv_text(keep(Figure().add_subplot(), {"n": [1], "bound": [2 / 3]}))
    'n,bound\n1,0.666666667\n'
    """
    columns = data_of(ax)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*(map(_cell, v) for v in columns.values()), strict=True))
    return stream.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return quoted(value)
    real = isinstance(value, float) or (
        hasattr(value, "dtype") and value.dtype.kind == "f"
    )
    return float(f"{value:.{DIGITS}g}") if real else value


def rendered(ax: Axes, extension: Extension) -> bytes:
    """Render the figure of axes as a PDF, PNG or SVG file.

    The bytes hold no date and no random ids, so that equal figures are equal files.

    Raises
    ------
    DomainError
        For another extension, or axes that belong to no figure.

    Examples
    --------
    >>> ax = Figure(figsize=(1, 1)).add_subplot()
    >>> rendered(ax, "pdf") == rendered(ax, "pdf")
    True
    """
    if extension not in METADATA:
        raise DomainError(
            f"a figure is saved as one of {', '.join(METADATA)}, got {extension!r}"
        )
    figure = ax.get_figure(root=True)
    if not isinstance(figure, Figure):
        raise DomainError("these axes belong to no figure any more; draw them again")
    stream = io.BytesIO()
    with style():
        # The layout is fixed once, since every further drawing would move it a little
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        with _fonts_quiet():
            figure.savefig(stream, format=extension, metadata=METADATA[extension])
    return stream.getvalue()


@contextmanager
def _fonts_quiet() -> Iterator[None]:
    """Silence warnings about dates inside an embedded font, which nobody can act on.

    Examples
    --------
    >>> with _fonts_quiet():
    ...     logging.getLogger("fontTools.ttLib").isEnabledFor(logging.WARNING)
    False
    """
    logger = logging.getLogger("fontTools")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
