"""A conversion on a terminal: what was written, kept and lost."""

from __future__ import annotations

from collections.abc import Iterator

from rankbound.commands.convert.result import Conversion
from rankbound.terminal.outlines import outline


def lines(done: Conversion) -> Iterator[str]:
    """The files written, a note of what was decided, and every loss."""
    packed = "" if done.packing == "none" else f", {done.packing}"
    kept = "; ".join([*done.kept.values(), "read back, and the same"])
    yield f"written: {done.path} ({done.format}{packed}): {kept}"
    for path in done.companions:
        yield f"written: {path}, which belongs to it"
    if done.remark is not None:
        yield f"note: {done.remark}"
    for words in done.lost.values():
        yield f"lost: {words}"


def conversion_repr(done: Conversion) -> str:
    """The same in short lines."""
    return outline("Conversion", [*lines(done)])
