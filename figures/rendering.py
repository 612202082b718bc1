"""A figure as bytes that depend on nothing but the figure: no date, no random ids."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rankbound.bounds.errors import DomainError
from rankbound.figures.style import style

Extension = Literal["pdf", "png", "svg"]
METADATA: dict[str, dict[str, str | None]] = {
    "pdf": {"CreationDate": None, "ModDate": None, "Producer": None, "Creator": None},
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
}


def rendered(ax: Axes, extension: Extension) -> bytes:
    """The figure of some axes as a PDF, PNG or SVG file.

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
        # The layout settles once; every further drawing would move it a little
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        with _fonts_quiet():
            figure.savefig(stream, format=extension, metadata=METADATA[extension])
    return stream.getvalue()


@contextmanager
def _fonts_quiet() -> Iterator[None]:
    """Embedding a font tells of odd dates in it, which no reader can do anything about.

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
