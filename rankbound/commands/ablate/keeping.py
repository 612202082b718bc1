"""What an ablation keeps in its folder, so that a run that was ended goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import msgspec
import numpy as np

from rankbound.commands.ablate.result import (
    CellSummary,
    Cost,
    Foretold,
    SamplingTerms,
)
from rankbound.commands.demo.prepare import write_lines
from rankbound.data.columns import Floats
from rankbound.decoding import decoded, schema_in
from rankbound.errors import FormatError
from rankbound.read.source import Source, sha256
from rankbound.results import Record
from rankbound.writing import Replacing, filling, json_text

CELLS, RUNS = "cells", "runs"
CELL_SCHEMA: Final = "rankbound.ablation-cell"
FORETOLD_SCHEMA: Final = "rankbound.ablation-foretold"
PREPARED_SCHEMA: Final = "rankbound.ablation-prepared"
TERMS_SCHEMA: Final = "rankbound.ablation-terms"


class Part(Record, frozen=True, kw_only=True):
    """A cell on the test queries of one collection.

    `rows` are those of the table of students, and `columns` have the mean over seeds of
    every test query; None where it has no full group.
    """

    rows: tuple[tuple[str, ...], ...]
    summary: CellSummary
    columns: dict[str, tuple[float | None, ...]]

    def column(self, name: str) -> Floats:
        """Numbers by query; NaN where there is none."""
        return np.array(self.columns[name], dtype=np.float64)


class Cell(
    Record, frozen=True, kw_only=True, tag_field="schema", tag=f"{CELL_SCHEMA}/6"
):
    """A cell as it is kept: it is not trained again while its `digest` is the same.

    `runs` are the hashes of its runs by file; the first part is in domain. Every
    student took as many `steps`, and scored `pairs_scored` documents in them.
    """

    digest: str
    runs: dict[str, str]
    parts: tuple[Part, ...]
    steps: int
    pairs_scored: int
    costs: tuple[Cost, ...]


class Known(
    Record, frozen=True, kw_only=True, tag_field="schema", tag=f"{TERMS_SCHEMA}/2"
):
    """What is known of a sampling before training, as it is kept."""

    digest: str
    terms: tuple[SamplingTerms, ...]
    costs: tuple[Cost, ...]


class Prepared(
    Record, frozen=True, kw_only=True, tag_field="schema", tag=f"{PREPARED_SCHEMA}/1"
):
    """What reading a collection and making its teacher took when it was first done."""

    digest: str
    cost: Cost


class BreakEven(
    Record, frozen=True, kw_only=True, tag_field="schema", tag=f"{FORETOLD_SCHEMA}/1"
):
    """What Theorem 5 foretells of augmentations, written before any student."""

    digest: str
    foretold: tuple[Foretold, ...]


Kept = TypeVar("Kept", Cell, Known, BreakEven, Prepared)


@dataclass(frozen=True, slots=True)
class Keeping:
    """The folder of an ablation; with `fresh`, what is there counts for nothing."""

    out: Path
    replacing: Replacing
    fresh: bool

    def of(self, stem: str, digest: str, kind: type[Kept]) -> Kept | None:
        """What an earlier run has left, if nothing has changed since."""
        path = self.out / CELLS / f"{stem}.json"
        if self.fresh or not path.is_file():
            return None
        try:
            found = decoded(path, kind)
        except FormatError:
            return None
        return found if found.digest == digest else None

    def has(self, runs: Mapping[str, str]) -> bool:
        """Whether all runs are there as they were written."""
        files = {self.out / RUNS / name: hash for name, hash in runs.items()}
        return all(one.is_file() and sha256(one) == is_ for one, is_ in files.items())

    def sha256(self, stem: str) -> str:
        """Hash of what is kept."""
        return sha256(self.out / CELLS / f"{stem}.json")

    def keep(self, stem: str, made: Known | BreakEven | Prepared) -> None:
        """Write what is known before training."""
        with filling(self.out, self.replacing) as aside:
            _write(aside, stem, made)

    def keep_cell(
        self, stem: str, cell: Cell, runs: Mapping[str, Sequence[str]]
    ) -> Cell:
        """Write a cell with the lines of its runs."""
        with filling(self.out, self.replacing) as aside:
            hashes = {}
            for name, lines in runs.items():
                path = aside / RUNS / name
                write_lines(path, lines)
                hashes[name] = sha256(path)
            cell = msgspec.structs.replace(cell, runs=hashes)
            _write(aside, stem, cell)
        return cell


def _write(aside: Path, stem: str, made: Cell | Known | BreakEven | Prepared) -> None:
    path = aside / CELLS / f"{stem}.json"
    path.parent.mkdir()
    path.write_text(json_text(msgspec.to_builtins(made)), encoding="utf-8")


def is_kept(path: Path) -> bool:
    """Whether a file in the folders of cells and runs is of an earlier ablation."""
    if path.parent.name == CELLS:
        return schema_in(path).partition("/")[0] in (
            *(CELL_SCHEMA, TERMS_SCHEMA, FORETOLD_SCHEMA, PREPARED_SCHEMA),
        )
    name, dot, suffix = path.name.partition(".run.")
    if path.parent.name != RUNS or not dot or suffix != "gz" or not path.is_file():
        return False
    try:
        first = next(iter(Source(path).lines({})), (0, b""))[1]
    except FormatError:
        return False
    return first.split()[-1:] == [name.encode()]
