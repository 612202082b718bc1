"""Figures of results: what one is, which kinds there are, what to run for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rankbound.figures.distributions import Ends
    from rankbound.figures.records import Shape
    from rankbound.figures.style import Axes


Draw = Callable[[], "Axes"]
MEASURE: Final = "rankbound measure --teacher FILE --student NAME=FILE"
COMPARE: Final = "rankbound compare --teacher FILE --groups NAME=FILE NAME=FILE"
# Kind of figure, what it shows, and the command whose results it needs
FIGURES: Final[dict[str, tuple[str, str]]] = {
    "limit": ("limits of the risk over n", f"{MEASURE} --out DIR"),
    "parts": ("the terms as a waterfall", f"{MEASURE} --out DIR"),
    "scatter": ("bounds against observed risks", f"{MEASURE} --out DIR"),
    "reliability": ("the teacher's calibration", f"{MEASURE} --qrels FILE --out DIR"),
    "plane": (
        "locality against entropy, with the coupling floor",
        f"{COMPARE} --embeddings FILE --out DIR",
    ),
    "diameter": (
        "distances, intrinsic dimension, lengths and copies of vectors",
        f"{COMPARE} --embeddings FILE --out DIR",
    ),
    "ridges": ("densities of entropies by sampling", f"{COMPARE} --out DIR"),
    "ecdf": ("distribution functions of entropies", f"{COMPARE} --out DIR"),
    "sweep": ("entropies over temperatures", f"{COMPARE} --out DIR"),
    "differences": ("paired differences with the margin", f"{COMPARE} --out DIR"),
    "verdicts": ("the matrix of verdicts", f"{COMPARE} --out DIR"),
    "correlations": (
        "the forest of correlations",
        "rankbound validate --teacher FILE --student NAME=FILE --qrels FILE --out DIR",
    ),
    "quality": (
        "coverage and defects of the files",
        "rankbound inspect FILE FILE --json DIR/inspection.json",
    ),
    "power": ("what n queries can show", f"{COMPARE} --out DIR"),
}


@dataclass(frozen=True, slots=True)
class Drawing:
    """One figure: its file name without suffix, and how to draw it, or why not.

    `kind` is a key of `FIGURES`, which says what to run for it; empty for figures that
    only many data sets have, whose absence is not told.
    """

    name: str
    draw: Draw | None
    reason: str = ""
    kind: str = ""


def absent_kinds(present: Iterable[str]) -> list[tuple[str, str]]:
    """Kinds of figures that a folder has no data for, each with what would give some.

    Examples
    --------
    >>> found = absent_kinds(FIGURES.keys() - {"quality"})
    >>> print(*found[0], sep=": ")
    quality: no results with coverage and defects of the files; they come from `rank...
    """
    known = set(present)
    return [
        (kind, f"no results with {words}; they come from `{command}`")
        for kind, (words, command) in FIGURES.items()
        if kind not in known
    ]


def file_name(*parts: str) -> str:
    """A file name made of names that users chose, without anything of a path.

    Examples
    --------
    >>> file_name("bm25", "parts", "a/b c")
    'bm25-parts-a_b_c'
    """
    kept = "".join(c if c.isalnum() or c in "-.@" else "_" for c in "-".join(parts))
    return kept.strip("-.") or "figure"


def shape_drawings(
    shapes: Mapping[str, Shape],
    *,
    exact: Mapping[str, Ends] | None = None,
    prefix: str = "",
    metric: str = "",
) -> list[Drawing]:
    """Distances, dimension and lengths of some sets of vectors."""
    from rankbound.figures.distributions import draw_distances, draw_norms, draw_two_nn

    if not shapes:
        return []
    draws = {
        "distances": partial(draw_distances, shapes, exact=exact, metric=metric),
        "two-nn": partial(draw_two_nn, shapes),
        "norms": partial(draw_norms, shapes),
    }
    return [
        Drawing(file_name(*filter(None, (prefix, name))), draw, kind="diameter")
        for name, draw in draws.items()
    ]
