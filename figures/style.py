"""One look for every figure: sizes, colours, fonts, and labels from the notation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec

import matplotlib as mpl
import sympy
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bounds.notation import term

P = ParamSpec("P")
COLUMN = 3.33  # inches: one column of a two-column page
PAGE = 7.0
RATIO = 0.72

# Okabe and Ito's colours in an order whose greys differ, each with its own dashes and
# mark, so that nothing depends on colour alone
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES: tuple[Any, ...] = (
    "-",
    (0, (5, 1.5)),
    (0, (1.2, 1.2)),
    (0, (6, 1.5, 1.2, 1.5)),
    (0, (3, 1)),
    (0, (8, 2)),
    (0, (2, 2)),
)
MARKS = ("o", "s", "^", "D", "v", "P", "X")
VACUOUS = "#BDBDBD"
VERDICTS = {
    "different": "#D55E00",
    "negligible": "#E69F00",
    "equivalent": "#0072B2",
    "inconclusive": "#999999",
}

RULES: dict[str, Any] = {
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.titlesize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "font.family": "DejaVu Sans",
    "mathtext.fontset": "dejavusans",
    "pdf.fonttype": 42,  # fonts embedded as TrueType, as publishers ask
    "ps.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "rankbound",
    "savefig.dpi": 300,
    "axes.formatter.useoffset": False,
}


@contextmanager
def style() -> Iterator[None]:
    """The house style for the figures drawn inside.

    Examples
    --------
    >>> with style():
    ...     mpl.rcParams["pdf.fonttype"]
    42
    """
    with mpl.rc_context(RULES):
        yield


def styled(draw: Callable[P, Axes]) -> Callable[P, Axes]:
    """Let a drawing function work in the house style, whatever the caller's is."""

    @wraps(draw)
    def inside(*args: P.args, **options: P.kwargs) -> Axes:
        with style():
            return draw(*args, **options)

    return inside


def axes_for(
    ax: Axes | None, *, width: float = COLUMN, height: float | None = None
) -> Axes:
    """The axes given, or new ones of a column's width in the house style.

    New figures belong to no window and no global list, so nothing has to close them.
    """
    if ax is not None:
        return ax
    size = (width, width * RATIO if height is None else height)
    return Figure(figsize=size, layout="constrained").add_subplot()


def label(symbol: sympy.Symbol, words: str | None = None) -> str:
    r"""An axis label: words, the symbol, and its unit where it has one.

    Parameters
    ----------
    symbol : sympy.Symbol
        Of `bounds.notation`, where the unit stands.
    words : str, optional
        Instead of the meaning in the notation.

    Examples
    --------
    >>> from bounds.notation import H, kappa
    >>> label(H)
    'teacher entropy $H$ (nats)'
    >>> label(kappa, "density ratio")
    'density ratio $\\kappa$'
    """
    entry = term(symbol)
    unit = "" if entry.unit in ("1", "count") else f" ({entry.unit})"
    return f"{words or entry.meaning} ${sympy.latex(symbol)}${unit}"


def line(index: int) -> dict[str, Any]:
    """Colour and dashes of the index-th line of a figure."""
    return {
        "color": COLOURS[index % len(COLOURS)],
        "linestyle": DASHES[index % len(DASHES)],
    }


def legend_above(
    ax: Axes, *, columns: int = 3, right: bool = False, **options: Any
) -> None:
    """A legend over the axes, where no line can run through it.

    In as many columns as fit, at most `columns`; `right` aligns it with the right end,
    for axes that long labels push to the right.
    """
    handles = options.get("handles") or ax.get_legend_handles_labels()[0]
    longest = max((len(str(handle.get_label())) for handle in handles), default=1)
    # About this many characters of the legend's size to an inch, with the handle's 6
    width = ax.get_figure(root=True).get_figwidth()  # type: ignore[union-attr]
    fitting = max(1, int(14 * width // (longest + 6)))
    place = {"loc": "lower left", "bbox_to_anchor": (-0.02, 1.0)}
    if right:
        place = {"loc": "lower right", "bbox_to_anchor": (1.02, 1.0)}
    ax.legend(ncols=min(columns, fitting), borderaxespad=0.2, **place, **options)
