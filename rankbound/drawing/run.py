"""Which figures results allow, and how all of them are drawn into a folder."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rankbound.bounds.errors import DomainError
from rankbound.drawing import comparisons, inspections, ledgers, powers, validations
from rankbound.drawing.catalogue import Draw, Drawing, absent_kinds
from rankbound.drawing.results import Found, find_results
from rankbound.writing import check_folder, move_into

if TYPE_CHECKING:
    from rankbound.figures.output import Extension
    from rankbound.figures.style import Axes

# Opens a display of that many stages, which is told the name of each
Stages = Callable[[int], AbstractContextManager[Callable[[str], object]]]
# Kind of result: the figures of one
MAKERS: Final[dict[str, Callable[[Found], list[Drawing]]]] = {
    "ledger": ledgers.drawings,
    "comparison": comparisons.drawings,
    "validation": validations.drawings,
    "inspection": inspections.drawings,
    "power": powers.of_power,
}


def theory_drawings() -> list[Drawing]:
    """The figures that need no data."""
    from rankbound.figures import power, theory

    setting = theory.Setting()
    draws: dict[str, Draw] = {
        "loss-range": theory.draw_loss_range,
        "query-width": theory.draw_query_width,
        "entropy-floor": theory.draw_entropy_floor,
        "bound-over-n": theory.draw_bound_over_n,
        "bound-parts": lambda: theory.draw_parts(setting.parts()),
        "bound-surface": theory.draw_bound_surface,
        "break-even": theory.draw_break_even,
        "shift": theory.draw_shift,
        "power": power.draw_correlation_power,
        "ndcg-inversions": theory.draw_ndcg_constants,
        "ndcg-steps": theory.draw_discount_steps,
    }
    return [Drawing(f"theory-{name}", draw) for name, draw in draws.items()]


def result_drawings(results: list[Found]) -> list[Drawing]:
    """The figures of results, and a line for each that they do not allow."""
    drawings = [
        drawing
        for result in results
        if (make := MAKERS.get(result.kind)) is not None
        for drawing in make(result)
    ]
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


def draw_all(
    source: Path | None,
    out: Path,
    *,
    extension: Extension = "pdf",
    wide: bool = False,
    stages: Stages = lambda _: nullcontext(str),
) -> tuple[list[str], list[tuple[str, str]]]:
    """Draw into `out`: the theory without a source, else what its results allow.

    Figures are as wide as a column of print, or as a page if `wide`; `stages` is asked
    for a display of progress.

    Returns
    -------
    written : list of str
        Names of the figures; each lies there with the extension, and as .csv.
    missing : list of (name, reason)
        What the results do not allow.

    Raises
    ------
    UsageError, FormatError
        When there are no results, they are damaged, or the folder cannot be used.
    """
    from rankbound.figures.output import csv_text, rendered
    from rankbound.figures.style import COLUMN, PAGE, width

    check_folder(out)
    results = None if source is None else find_results(source)
    drawings = theory_drawings() if results is None else result_drawings(results)
    written: list[str] = []
    missing: list[tuple[str, str]] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        stages(len(drawings)) as progress,
        width(PAGE if wide else COLUMN),
    ):
        for drawing, ax, reason in drawn(drawings):
            progress(drawing.name)
            if ax is None:
                missing.append((drawing.name, reason))
                continue
            aside = Path(folder, drawing.name)
            aside.with_name(f"{aside.name}.{extension}").write_bytes(
                rendered(ax, extension)
            )
            numbers = aside.with_name(f"{aside.name}.csv")
            numbers.write_text(csv_text(ax), encoding="utf-8", newline="")
            written.append(drawing.name)
        move_into(Path(folder), out)
    return written, missing
