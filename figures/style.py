"""One look for every figure: sizes, colours, fonts, labels, and names fit to draw."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypedDict
from weakref import WeakSet

import matplotlib as mpl
import numpy as np
import sympy
from matplotlib.axes import Axes as Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.textpath import TextPath

from rankbound.bounds.notation import term
from rankbound.catalogue import VERDICTS

P = ParamSpec("P")
FONT = "DejaVu Sans"
COLUMN = 3.33  # inches: one column of a two-column page
PAGE = 7.0
RATIO = 0.72
HANDLE, GAP = 0.29, 0.2  # inches in a legend: the sign of an entry, between columns
ENTRY = 0.15  # inches: the height of a line of a legend
AROUND = 0.6  # inches below and beside the axes: numbers, label, margins
SMALL = 6.5  # points: what is written below the axes
# Okabe and Ito's colours, ordered so that neighbours differ in grey. Each has dashes
# and a mark of its own, so that nothing depends on colour alone
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
VACUOUS = VERDICTS["vacuous"].colour
RULES: dict[str, object] = {
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
    "font.family": FONT,
    "mathtext.fontset": "dejavusans",
    "pdf.fonttype": 42,  # fonts embedded as TrueType, as publishers ask
    "ps.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "rankbound",
    "savefig.dpi": 300,
    "axes.formatter.useoffset": False,
}
_WIDTH: ContextVar[float] = ContextVar("width", default=COLUMN)
# Figures made here, whose height may grow; a figure of the caller keeps its height
_OWN: WeakSet[Figure] = WeakSet()
POINTS = 72
HAIR_SPACE = "\u200a"
SPACES, SIGNS = re.compile(r"(?<=\s)"), re.compile(r"(?<=[\-_/.,:+])")


@contextmanager
def width(inches: float) -> Iterator[None]:
    """Make figures of this width inside; `COLUMN` and `PAGE` fit a two-column page.

    Examples
    --------
    >>> with width(PAGE):
    ...     float(axes_for(None).get_figure().get_figwidth())
    7.0
    """
    token = _WIDTH.set(inches)
    try:
        yield
    finally:
        _WIDTH.reset(token)


@contextmanager
def style() -> Iterator[None]:
    """Draw figures in the house style inside.

    Examples
    --------
    >>> with style():
    ...     mpl.rcParams["pdf.fonttype"]
    42
    """
    with mpl.rc_context(RULES):
        yield


def styled(draw: Callable[P, Axes]) -> Callable[P, Axes]:
    """Make a drawing function use the house style, whatever the caller's style is.

    Examples
    --------
    >>> styled(axes_for)(None).get_xlabel()
    ''
    """

    @wraps(draw)
    def inside(*args: P.args, **options: P.kwargs) -> Axes:
        with style():
            return draw(*args, **options)

    return inside


def axes_for(ax: Axes | None, *, height: float | None = None, least: float = 0) -> Axes:
    """Return the axes given, or new ones in the width that `width` sets.

    New figures belong to no window and no global list, so nothing has to close them.

    Parameters
    ----------
    ax : Axes or None
    height : float, optional
        Height of a new figure in inches; by default `RATIO` of a column's width.
    least : float
        The smallest width in inches that the drawing fits into.
    """
    if ax is not None:
        return ax
    size = (max(_WIDTH.get(), least), COLUMN * RATIO if height is None else height)
    figure = Figure(figsize=size, layout="constrained")
    _OWN.add(figure)
    return figure.add_subplot()


def label(symbol: sympy.Symbol, words: str | None = None) -> str:
    r"""Return an axis label: words, the symbol, and its unit where it has one.

    Parameters
    ----------
    symbol : sympy.Symbol
        A symbol of `bounds.notation`, which has its unit.
    words : str, optional
        Used instead of the meaning in the notation.

    Examples
    --------
    >>> from rankbound.bounds.notation import H, kappa
    >>> label(H)
    'teacher entropy $H$ (nats)'
    >>> label(kappa, "density ratio")
    'density ratio $\\kappa$'
    """
    entry = term(symbol)
    unit = "" if entry.unit in ("1", "count") else f" ({entry.unit})"
    return f"{words or entry.meaning} ${sympy.latex(symbol)}${unit}"


class Look(TypedDict):
    """How a line is drawn, as keywords of matplotlib."""

    color: str
    linestyle: Any


def colour(index: int) -> str:
    """The colour of the index-th line of a figure.

    Examples
    --------
    >>> colour(0), colour(7) == colour(0)
    ('#0072B2', True)
    """
    return COLOURS[index % len(COLOURS)]


def dashes(index: int) -> Any:
    """The dashes of the index-th line of a figure."""
    return DASHES[_second(index) % len(DASHES)]


def line(index: int) -> Look:
    """Colour and dashes of the index-th line of a figure; 49 combinations differ."""
    return {"color": colour(index), "linestyle": dashes(index)}


def mark(index: int) -> str:
    """The index-th mark of a figure; 49 combinations with a colour differ.

    Examples
    --------
    >>> mark(0), mark(7)
    ('o', 's')
    """
    return MARKS[_second(index) % len(MARKS)]


def _second(index: int) -> int:
    """Shift dashes and marks by one whenever the colours start again."""
    return index + index // len(COLOURS)


def name_ticks(
    ax: Axes, places: Iterable[float], names: Iterable[object], *, share: float = 0.45
) -> None:
    """Label the y axis with names, broken to at most a share of the figure's width."""
    room = share * _figwidth(ax)
    texts = [wrapped(shown(name), room) for name in names]
    ax.set_yticks(list(places), texts)
    grow(ax, 0.11 * len(texts) * (lines_in(texts) - 1))


def column_ticks(ax: Axes, names: Sequence[object]) -> None:
    """Label the columns of a matrix, vertically where the names are too wide."""
    room = 0.55 * _figwidth(ax) / len(names)
    texts = [shown(name) for name in names]
    if max(map(width_of, texts)) <= room:
        ax.set_xticks(range(len(texts)), texts)
        return
    texts = [wrapped(text, 0.9) for text in texts]
    ax.set_xticks(range(len(texts)), texts, rotation=90)
    grow(ax, max(width_of(line) for text in texts for line in text.split("\n")))


def say_constants(ax: Axes, constants: Iterable[str]) -> Axes:
    """Write what holds for all of a figure below its axes, small.

    Parameters
    ----------
    ax : Axes
        With its label of the x axis, below which the text stands.
    constants : iterable of str
        Such as "n = 43"; they are kept whole where they fit, and none writes nothing.

    Returns
    -------
    Axes
        The same axes.

    Examples
    --------
    >>> ax = say_constants(axes_for(None), ["n = 43", "pos-neg pairs"])
    >>> [text.get_text() for text in ax.texts]
    ['n = 43; pos-neg pairs']
    """
    room = _figwidth(ax) - 0.2
    lines: list[str] = []
    for item in constants:
        longer = f"{lines[-1]}; {item}" if lines else item
        if lines and width_of(f"{longer};", size=SMALL) <= room:
            lines[-1] = longer
        else:
            lines.append(item)
    if not lines:
        return ax
    text = ";\n".join(wrapped(line, room, size=SMALL) for line in lines)
    ax.annotate(
        text,
        (1.0, 0.0),
        xycoords=("axes fraction", ax.xaxis.label),
        xytext=(0, -3),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=SMALL,
        color="0.3",
        annotation_clip=False,
    )
    grow(ax, 0.04 + 0.12 * (text.count("\n") + 1))
    return ax


def place_groups(
    groups: Sequence[str], labels: Sequence[str]
) -> tuple[list[int], list[tuple[int, str]]]:
    """Places of rows from the top, with a free row above each new group for its name.

    Parameters
    ----------
    groups, labels : sequence of str
        Of each row; the rows of a group follow one another.

    Returns
    -------
    places : list of int
        Of the rows.
    ticks : list of (int, str)
        Places and texts of all labels, those of groups included.

    Examples
    --------
    >>> place_groups(["bm25", "bm25", "random"], ["all", "pos-neg", "all"])
    ([1, 2, 4], [(0, 'bm25:'), (1, 'all'), (2, 'pos-neg'), (3, 'random:'), (4, 'all')])
    """
    places: list[int] = []
    ticks: list[tuple[int, str]] = []
    last = None
    for group, text in zip(groups, labels, strict=True):
        if group != last:
            ticks.append((len(ticks), f"{group}:"))
            last = group
        places.append(len(ticks))
        ticks.append((len(ticks), text))
    return places, ticks


def grow(ax: Axes, inches: float) -> None:
    """Increase the height of a figure if it was made here."""
    figure = ax.get_figure(root=True)
    if isinstance(figure, Figure) and figure in _OWN and inches > 0:
        figure.set_figheight(figure.get_figheight() + inches)


def legend_above(
    ax: Axes, *, columns: int = 3, right: bool = False, **options: Any
) -> None:
    """Add a legend above the axes, where no line can run through it.

    A figure made here grows with its legend, so that the legend is never higher than
    the axes.

    Parameters
    ----------
    columns : int
        Largest number of columns; as many are used as fit.
    right : bool
        Align the legend with the right end, for axes that long labels push to the
        right.
    **options
        Of `matplotlib.axes.Axes.legend`.
    """
    handles = options.pop("handles", None) or ax.get_legend_handles_labels()[0]
    room = _figwidth(ax) - (0.1 if right else 0.75)
    names = [wrapped(str(h.get_label()), room - HANDLE) for h in handles]
    fitting = max(
        (c for c in range(1, columns + 1) if _legend_width(names, c) <= room), default=1
    )
    place = {"loc": "lower left", "bbox_to_anchor": (-0.02, 1.0)}
    if right:
        place = {"loc": "lower right", "bbox_to_anchor": (1.02, 1.0)}
    ax.legend(handles, names, ncols=fitting, borderaxespad=0.2, **place, **options)
    high = ENTRY * -(-len(names) // fitting) * lines_in(names)
    grow(ax, high - 2 * ENTRY)
    # What explains a drawing is never larger than the drawing
    grow(ax, 2 * high + AROUND - _figheight(ax))


def _legend_width(names: Sequence[str], columns: int) -> float:
    """Width of a legend in inches; columns are filled from the left, top to bottom."""
    long, more = divmod(len(names), columns)
    ends = np.cumsum([long + (at < more) for at in range(columns)])
    parts = [names[end - long - (at < more) : end] for at, end in enumerate(ends)]
    widest = [
        max(width_of(one) for name in part for one in name.split("\n"))
        for part in parts
        if part
    ]
    return sum(widest) + len(widest) * HANDLE + (len(widest) - 1) * GAP


def _figwidth(ax: Axes) -> float:
    return float(ax.get_figure(root=True).get_figwidth())  # type: ignore[union-attr]


def _figheight(ax: Axes) -> float:
    return float(ax.get_figure(root=True).get_figheight())  # type: ignore[union-attr]


def shown(name: object) -> str:
    r"""Return a name fit to be drawn, without mathematics and missing glyphs.

    A dollar sign would start a formula, and a leading underscore would hide the name
    from a legend. A character that the font lacks would be drawn as an empty box, so
    its code is written instead.

    Examples
    --------
    >>> shown("a$b"), shown("ünïcode"), shown("中")
    ('a\\$b', 'ünïcode', '\\u4e2d')
    """
    glyphs = _glyphs()
    text = "".join(c if ord(c) in glyphs else _code(c) for c in str(name))
    text = text.replace("$", r"\$")
    return HAIR_SPACE + text if text.startswith("_") or not text else text


def wrapped(text: str, inches: float, *, size: float = 7) -> str:
    """Break a text into lines of at most a width, after spaces if possible.

    A word that is too wide is broken after a sign, or anywhere if it has none.

    Examples
    --------
    >>> wrapped("bm25, pos-neg", 0.5).split(chr(10))
    ['bm25, ', 'pos-neg']
    """
    if width_of(text, size=size) <= inches:
        return text
    lines = [""]
    for word in SPACES.split(text):
        whole = width_of(word.rstrip(), size=size) <= inches
        for piece in [word] if whole else SIGNS.split(word):
            for part in _fitting(piece, inches, size):
                longer = lines[-1] + part.rstrip()
                if lines[-1] and width_of(longer, size=size) > inches:
                    lines.append("")
                lines[-1] += part
    return "\n".join(lines)


def lines_in(names: Iterable[str]) -> int:
    r"""Return the largest number of lines of any text.

    Examples
    --------
    >>> lines_in(["one", "one\ntwo"])
    2
    """
    return max((name.count("\n") + 1 for name in names), default=1)


@functools.lru_cache(maxsize=4096)
def width_of(text: str, *, size: float = 7) -> float:
    """Return the width of a line of text in inches.

    Examples
    --------
    >>> width_of(""), width_of("wide") > width_of("w")
    (0.0, True)
    """
    if not text.strip():
        return 0.0
    font = FontProperties(family=FONT, size=size)
    plain = text.replace(r"\$", "S")
    return float(TextPath((0, 0), plain, prop=font).get_extents().x1) / POINTS


def _fitting(piece: str, inches: float, size: float) -> list[str]:
    """Cut a piece that has no place to break wherever it is too wide."""
    parts, rest = [], piece
    while len(rest) > 1 and width_of(rest.rstrip(), size=size) > inches:
        end = max(1, int(len(rest) * inches / width_of(rest, size=size)))
        while end > 1 and width_of(rest[:end], size=size) > inches:
            end -= 1
        parts.append(rest[:end])
        rest = rest[end:]
    return [*parts, rest] if rest else parts


def _code(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


@functools.cache
def _glyphs() -> frozenset[int]:
    font = get_font(findfont(FontProperties(family=FONT)))
    return frozenset(code for code in font.get_charmap() if code >= ord(" "))
