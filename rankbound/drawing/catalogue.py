"""Which figures there are, and which of them some results allow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rankbound.bounds.errors import DomainError
from rankbound.drawing.results import Found
from rankbound.drawing.wanted import absent_kinds

if TYPE_CHECKING:
    from rankbound.figures.style import Axes

Draw = Callable[[], "Axes"]


@dataclass(frozen=True, slots=True)
class Drawing:
    """One figure: a file name without suffix, and how to draw it, or why not.

    `kind` is the name of the figure in `rankbound.drawing.wanted`, which knows what to
    run where a folder holds nothing for it.
    """

    name: str
    draw: Draw | None
    reason: str = ""
    kind: str = ""


def theory_drawings() -> list[Drawing]:
    """The figures that need no data."""
    from rankbound.figures import power, theory_bound, theory_loss, theory_ndcg

    setting = theory_bound.Setting()
    draws: dict[str, Draw] = {
        "loss-range": theory_loss.draw_loss_range,
        "query-width": theory_loss.draw_query_width,
        "entropy-floor": theory_loss.draw_entropy_floor,
        "bound-over-n": theory_bound.draw_bound_over_n,
        "bound-parts": lambda: theory_bound.draw_parts(setting.parts()),
        "bound-surface": theory_bound.draw_bound_surface,
        "break-even": theory_bound.draw_break_even,
        "shift": theory_bound.draw_shift,
        "power": power.draw_correlation_power,
        "ndcg-inversions": theory_ndcg.draw_ndcg_constants,
        "ndcg-steps": theory_ndcg.draw_discount_steps,
    }
    return [Drawing(f"theory-{name}", draw) for name, draw in draws.items()]


def result_drawings(results: list[Found]) -> list[Drawing]:
    """The figures of results, and a line for each that they do not allow."""
    from rankbound.drawing import (
        comparisons,
        inspections,
        ledgers,
        powers,
        validations,
    )

    drawings: list[Drawing] = []
    for result in results:
        if result.schema.startswith("rankbound.ledger/"):
            drawings += ledgers.drawings(result)
        elif result.schema.startswith("rankbound.comparison/"):
            drawings += comparisons.drawings(result)
        elif result.schema.startswith("rankbound.validation/"):
            drawings += validations.drawings(result)
        elif result.schema.startswith("rankbound.inspection/"):
            drawings += inspections.drawings(result)
        elif result.schema.startswith("rankbound.power/"):
            drawings += powers.of_power(result)
    drawings += ledgers.drawings_of_all(results)
    absent = absent_kinds(drawing.kind for drawing in drawings)
    missing = [Drawing(kind, None, reason, kind) for kind, reason in absent]
    return _distinct([*drawings, *missing])


def _distinct(drawings: list[Drawing]) -> list[Drawing]:
    """The drawings under names of their own: folders may differ by signs alone."""
    taken: set[str] = set()
    found = []
    for drawing in drawings:
        name, number = drawing.name, 2
        while name in taken:
            name, number = f"{drawing.name}-{number}", number + 1
        taken.add(name)
        found.append(replace(drawing, name=name))
    return found


def drawn(drawings: list[Drawing]) -> Iterator[tuple[Drawing, Axes | None, str]]:
    """Draw one after another; a figure that cannot be drawn gives its reason."""
    for drawing in drawings:
        if drawing.draw is None:
            yield drawing, None, drawing.reason
            continue
        try:
            yield drawing, drawing.draw(), ""
        except DomainError as error:
            yield drawing, None, str(error)


def file_name(*parts: str) -> str:
    """A file name from names that users chose; nothing in it is a path.

    Examples
    --------
    >>> file_name("bm25", "parts", "a/b c")
    'bm25-parts-a_b_c'
    """
    kept = "".join(c if c.isalnum() or c in "-.@" else "_" for c in "-".join(parts))
    return kept.strip("-.") or "figure"
