"""Figures of results: what one is, which kinds there are, what to run for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from rankbound.bounds.wording import counted, listed

if TYPE_CHECKING:
    from rankbound.figures.distributions import Ends
    from rankbound.figures.records import Shape
    from rankbound.figures.style import Axes


Draw = Callable[[], "Axes"]
MEASURE: Final = "rankbound measure --teacher FILE --student NAME=FILE"
COMPARE: Final = "rankbound compare --teacher FILE --groups NAME=FILE NAME=FILE"
# Kind of figure, what it shows, and the command whose results it needs; those that
# answer a question come first, and are kept first where there is no room for all
FIGURES: Final[dict[str, tuple[str, str]]] = {
    "differences": ("paired differences with the margin", f"{COMPARE} --out DIR"),
    "scatter": ("bounds against observed risks", f"{MEASURE} --out DIR"),
    "limit": ("limits of the risk over n", f"{MEASURE} --out DIR"),
    "sweep": ("entropies over temperatures", f"{COMPARE} --out DIR"),
    "reliability": ("the teacher's calibration", f"{MEASURE} --qrels FILE --out DIR"),
    "correlations": (
        "the forest of correlations",
        "rankbound validate --teacher FILE --student NAME=FILE --qrels FILE --out DIR",
    ),
    "parts": ("the terms as a waterfall", f"{MEASURE} --out DIR"),
    "plane": (
        "locality against entropy, with the coupling floor",
        f"{COMPARE} --embeddings FILE --out DIR",
    ),
    "power": ("what n queries can show", f"{COMPARE} --out DIR"),
    "verdicts": ("the matrix of verdicts", f"{COMPARE} --out DIR"),
    "ridges": ("densities of entropies by sampling", f"{COMPARE} --out DIR"),
    "quality": (
        "coverage and defects of the files",
        "rankbound inspect FILE FILE --json DIR/inspection.json",
    ),
    "diameter": (
        "distances, intrinsic dimension, lengths and copies of vectors",
        f"{COMPARE} --embeddings FILE --out DIR",
    ),
    "ecdf": ("distribution functions of entropies", f"{COMPARE} --out DIR"),
}
NEEDED: Final = ("--embeddings", "--qrels")  # by some figures of a command only
MOST_FIGURES: Final = 15  # of one result, unless all are asked for
OF_A_STUDY: Final = 5  # times as many figures as of another result, at most
STUDY: Final = "study"


@dataclass(frozen=True, slots=True)
class Drawing:
    """One figure: its file name without suffix, and how to draw it, or why not.

    `kind` is a key of `FIGURES`, which says what to run for it, and is empty for
    figures that only many data sets have, whose absence is not told. `of` is the file
    of its result below the folder asked for, empty for a figure of several results, and
    `result` the kind of result.
    """

    name: str
    draw: Draw | None
    reason: str = ""
    kind: str = ""
    of: str = ""
    result: str = ""


def in_importance(drawings: Iterable[Drawing]) -> list[Drawing]:
    """Drawings in the order in which they are kept where there is no room for all.

    The first of every kind comes before the second of any, of every result.

    Examples
    --------
    >>> made = [Drawing(f"{kind}-{at}", None, kind=kind)
    ...         for kind in ("ecdf", "limit") for at in (1, 2)]
    >>> [drawing.name for drawing in in_importance(made)]
    ['limit-1', 'ecdf-1', 'limit-2', 'ecdf-2']
    """
    kinds, seen = [*FIGURES], Counter[tuple[str, str]]()
    places: list[tuple[int, int, int, Drawing]] = []
    for drawing in drawings:
        key = drawing.of, drawing.kind
        rank = kinds.index(drawing.kind) if drawing.kind in kinds else len(kinds)
        if drawing.result == STUDY:  # what all data sets say comes before each of them
            rank = -1
        places.append((seen[key], rank, len(places), drawing))
        seen[key] += 1
    return [drawing for *_, drawing in sorted(places, key=lambda one: one[:3])]


def most_important(
    drawings: list[Drawing], most: int = MOST_FIGURES
) -> tuple[list[Drawing], list[Drawing]]:
    """At most so many drawings of each result, and the others, in their order.

    What cannot be drawn takes no place.
    """
    counts, kept = Counter[str](), set[int]()
    for drawing in in_importance(drawings):
        room = most
        if drawing.result == STUDY:
            room = min(MOST_FIGURES, OF_A_STUDY * most)
        counts[drawing.of] += drawing.draw is not None
        if drawing.draw is None or counts[drawing.of] <= room:
            kept.add(id(drawing))
    return (
        [drawing for drawing in drawings if id(drawing) in kept],
        [drawing for drawing in drawings if id(drawing) not in kept],
    )


def left_out(most: int) -> str:
    """Why figures are left out, and what draws them.

    Examples
    --------
    >>> left_out(3)
    'a result has at most 3 figures here; `rankbound figures` draws more'
    """
    if most < MOST_FIGURES:
        return (
            f"a result has at most {most} figures here; `rankbound figures` draws more"
        )
    return (
        f"a result has at most {most} figures, those that answer first; `all` draws "
        "the others, too"
    )


def absent_kinds(present: Iterable[str]) -> list[tuple[str, str]]:
    """Kinds of figures that a folder has no data for, each with what would give some.

    Examples
    --------
    >>> found = absent_kinds(FIGURES.keys() - {"quality"})
    >>> print(*found[0], sep=": ")
    quality: nothing to draw; `rankbound inspect FILE FILE --json DIR/inspection.j...
    """
    known = set(present)
    return [
        (kind, f"nothing to draw; `{command}` gives the numbers")
        for kind, (_, command) in FIGURES.items()
        if kind not in known
    ]


def missing_lines(missing: Sequence[tuple[str, str]]) -> Iterator[str]:
    """What figures are missing, one line for each reason.

    Those that need results of other commands share a line.

    Examples
    --------
    >>> absent = absent_kinds(FIGURES.keys() - {"quality", "sweep"})
    >>> for line in missing_lines([("a", "no data"), ("b", "no data"), *absent]):
    ...     print(line)
    a, b: no data
    sweep: no results of `rankbound compare`; quality: none of `rankbound inspect`
    """
    absent = dict(absent_kinds(()))
    reasons: dict[str, list[str]] = {}
    commands: dict[str, list[str]] = {}
    for name, reason in missing:
        if absent.get(name) == reason:
            commands.setdefault(_short(FIGURES[name][1]), []).append(name)
        else:
            reasons.setdefault(reason, []).append(name)
    for reason, names in reasons.items():
        yield f"{listed(names)}: {reason}"
    if commands:
        none = ["no results", *["none"] * (len(commands) - 1)]
        yield "; ".join(
            f"{', '.join(names)}: {no} of `{command}`"
            for no, (command, names) in zip(none, commands.items(), strict=True)
        )


def _short(command: str) -> str:
    """A command with those of its options that a figure needs."""
    words = command.split()
    return " ".join([*words[:2], *(one for one in words if one in NEEDED)])


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
    counts = {shape.documents for shape in shapes.values()}
    least, most = min(counts), max(counts)
    start = "" if least == most else f"{least:,} to "
    said = [f"{start}{counted(most, 'document')}"]
    draws = {
        "distances": partial(
            draw_distances, shapes, exact=exact, metric=metric, constants=said
        ),
        "two-nn": partial(draw_two_nn, shapes, constants=said),
        "norms": partial(draw_norms, shapes, constants=said),
    }
    return [
        Drawing(file_name(*filter(None, (prefix, name))), draw, kind="diameter")
        for name, draw in draws.items()
    ]
