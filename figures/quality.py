"""Figure of the files of a study: what they cover, and their defects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from rankbound.bounds.errors import DomainError
from rankbound.figures.output import keep
from rankbound.figures.style import (
    COLUMN,
    PAGE,
    axes_for,
    column_ticks,
    name_ticks,
    styled,
)

NAMES = ("file", "column", "count", "total", "share", "lack")
ABSENT = "–"
FITTING = 6  # columns that fit into a column of print


@dataclass(frozen=True, slots=True)
class Cell:
    """A count in one column of one file, out of a total.

    `total` is None or 0 where the column does not apply or only the count is known.
    `good` says whether a large count is good, rather than bad.
    """

    file: str
    column: str
    count: int | None
    total: int | None
    good: bool = False

    @property
    def share(self) -> float | None:
        """The count over the total; None without one of them."""
        return (
            self.count / self.total if self.count is not None and self.total else None
        )

    @property
    def lack(self) -> float | None:
        """The share not covered or defective, in [0, 1]; None if it does not apply."""
        if self.share is None:
            return 1.0 if self.count else None
        return 1 - self.share if self.good else self.share


@styled
def draw_quality(rows: Sequence[Cell], *, ax: Axes | None = None) -> Axes:
    """Coverage and defects of every file, in percent; darker is worse.

    A dash marks a column that does not apply to a file, which is not the same as 0.

    Parameters
    ----------
    rows : sequence of Cell
        One per file and column.
    ax : Axes, optional

    Raises
    ------
    DomainError
        Without rows.

    Examples
    --------
    >>> cells = [Cell("run.res", "ties", 3, 9), Cell("run.res", "rows", 9, None)]
    >>> ax = draw_quality(cells)
    >>> [text.get_text() for text in ax.texts]
    ['33.3', '#9']
    """
    if not rows:
        raise DomainError("a table of quality needs a file, got none")
    files = [*dict.fromkeys(row.file for row in rows)]
    columns = [*dict.fromkeys(row.column for row in rows)]
    # Where numbers would not fit into their cells, the figure is as wide as a page
    least = COLUMN if len(columns) <= FITTING else PAGE
    ax = axes_for(ax, height=0.5 + 0.19 * len(files), least=least)
    for row in rows:
        x, y = columns.index(row.column), files.index(row.file)
        _cell(ax, x, y, row)
    ax.set_xlim(-0.5, len(columns) - 0.5)
    ax.set_ylim(len(files) - 0.5, -0.5)
    column_ticks(ax, columns)
    name_ticks(ax, range(len(files)), files, share=0.36)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    words = f"in %; {ABSENT}: does not apply"
    if any(row.count and not row.total for row in rows):
        words += "; #: a count"
    ax.set_xlabel(words, loc="right")
    return keep(ax, {name: [getattr(row, name) for row in rows] for name in NAMES})


def _cell(ax: Axes, x: int, y: int, row: Cell) -> None:
    lack = row.lack
    face = "white" if lack is None else _grade(lack)
    box = Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, facecolor=face, linewidth=0)
    ax.add_patch(box)
    dark = lack is not None and lack > 0.35
    text = (
        ABSENT if row.count is None or lack is None else percent(row.count, row.total)
    )
    colour = "white" if dark else "0.55" if lack is None else "black"
    ax.text(x, y, text, ha="center", va="center", fontsize=6, color=colour)


def _grade(lack: float) -> Any:
    """White where nothing is lacking; even a small lack is visible."""
    return colormaps["Blues"](0.0 if lack == 0 else 0.12 + 0.75 * lack**0.5)


def percent(count: int, total: int | None) -> str:
    """Format a share in percent, as 0 or 100 only where that is exact.

    Examples
    --------
    >>> percent(0, 9), percent(1, 99_999), percent(99_998, 99_999), percent(9, 9)
    ('0', '<.1', '>99.9', '100')
    >>> percent(1, 3), percent(12, None)
    ('33.3', '#12')
    """
    if not total:
        return f"#{count}"
    share = 100 * count / total
    if count in (0, total):
        return f"{share:.0f}"
    if share < 0.1:
        return "<.1"
    return ">99.9" if share > 99.9 else f"{share:.1f}"
