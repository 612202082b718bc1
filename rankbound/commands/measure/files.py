"""The input files of a measurement, each read once, with what readers had to mend."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from rankbound.commands.measure.given import Given
from rankbound.data.embeddings import Embeddings
from rankbound.read.choosing import format_of
from rankbound.read.contents import Contents
from rankbound.read.reading import read_part
from rankbound.read.vectors.embeddings import read_embeddings


class Files:
    """Reads files for a measurement and keeps account of them.

    Parameters
    ----------
    formats : mapping
        Formats that the user chose, as `rankbound.read.choosing` gives them.
    teacher : Path, or Scores
        The file that a format without a file is about.

    Attributes
    ----------
    repairs : dict of path to counts
        What was passed over or mended in each file, where there was something.
    notes : dict of path to sentences
    """

    def __init__(self, formats: Mapping[str, str], teacher: Given) -> None:
        self._formats, self._teacher = formats, teacher
        self._kept: dict[Path, Contents] = {}
        self.repairs: dict[Path, dict[str, int]] = {}
        self.notes: dict[Path, tuple[str, ...]] = {}

    def part(self, path: Given, part: str, *, keep: bool = False) -> Contents:
        """Contents of a file that must hold a part: "scores", "groups" or "qrels".

        What an object held is at hand already.

        With `keep`, the contents are at hand when another part of them is asked for.

        Raises
        ------
        FormatError
            As `rankbound.read.reading.read_part`.
        """
        if not isinstance(path, Path):
            held: dict[str, Any] = {part: path}
            return Contents("object", Path(path.name), **held)
        kept = self._kept.get(path)
        if kept is not None and getattr(kept, part) is not None:
            return kept
        chosen = format_of(self._formats, path, main=self._teacher)
        contents = read_part(path, part, format=chosen)
        if contents.repairs:
            self.repairs[path] = dict(contents.repairs)
        if contents.notes:
            self.notes[path] = contents.notes
        if keep:
            self._kept[path] = contents
        return contents

    def vectors(self, path: Given, ids: Path | None) -> Embeddings:
        """Vectors, with their own ids, those of a file, or of the file beside them."""
        if isinstance(path, Embeddings):
            return path
        path = cast(Path, path)
        chosen = format_of(self._formats, path, main=self._teacher)
        return read_embeddings(path, ids, format=chosen)

    def forget(self) -> None:
        """Give up what was kept; the account stays."""
        self._kept.clear()

    def warnings(self) -> tuple[str, ...]:
        """All notes, in the order of reading."""
        return tuple(note for notes in self.notes.values() for note in notes)
