"""Draw all figures that are possible into a folder, with their numbers."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from rankbound.cli.progress import stages
from rankbound.drawing.catalogue import drawn, result_drawings, theory_drawings
from rankbound.drawing.results import find_results
from rankbound.writing import check_folder, move_into

if TYPE_CHECKING:
    from rankbound.figures.rendering import Extension


def draw_all(
    source: Path | None,
    out: Path,
    *,
    extension: Extension = "pdf",
    wide: bool = False,
) -> tuple[list[str], list[tuple[str, str]]]:
    """Draw into `out`: the theory without a source, else what its results allow.

    Figures are as wide as a column of print, or as a page if `wide`.

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
    from rankbound.figures.data import csv_text
    from rankbound.figures.rendering import rendered
    from rankbound.figures.style import COLUMN, PAGE, width

    check_folder(out)
    results = None if source is None else find_results(source)
    drawings = theory_drawings() if results is None else result_drawings(results)
    written: list[str] = []
    missing: list[tuple[str, str]] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        stages(total=len(drawings)) as progress,
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
