"""`RowFormat`: a format whose records are objects with keys, whatever holds them.

The same records come as JSON lines and as rows of a table (Parquet, Arrow, a frame). So
what a record means is said once, for rows, and each container brings its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rankbound.read.contents import Contents, Format
from rankbound.read.json.building import Builder
from rankbound.read.json.jsonl import Row, first_object, rows
from rankbound.read.source import Source
from rankbound.read.tables.containers import container, first_row, open_table

BATCH = 1024


@dataclass(frozen=True, slots=True)
class RowFormat:
    """One format of records.

    Attributes
    ----------
    name, title, parts, write, keeps
        As in `rankbound.read.contents.Format`.
    matches : callable
        From the first record to a sentence of evidence, or None.
    read_rows : callable
        From a builder and its rows to `Contents`. For rows that do not come from lines,
        `Row.line` counts the rows from 1.
    configure : callable or None
        As in `Format`, but to a `RowFormat`.
    options : mapping
        Further arguments of `Builder`.
    """

    name: str
    title: str
    parts: tuple[str, ...]
    matches: Callable[[Mapping[str, Any]], str | None]
    read_rows: Callable[[Builder, Iterable[Row]], Contents]
    write: Callable[[Contents, Path], None] | None = None
    keeps: tuple[str, ...] = ()
    configure: Callable[[str], RowFormat] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def builder(self, source: Source) -> Builder:
        """An empty builder as the format needs it."""
        return Builder(source, **self.options)

    def read(self, source: Source) -> Contents:
        """Contents of a file of JSON lines, or of a table."""
        if container(source) is not None:
            return self.read_records(source, records(open_table(source).table))
        builder = self.builder(source)
        return self.read_rows(builder, rows(builder))

    def read_records(
        self, source: Source, records: Iterable[Mapping[str, Any]]
    ) -> Contents:
        """Contents of records from elsewhere, numbered from 1."""
        builder = self.builder(source)
        numbered = enumerate(records, start=1)
        return self.read_rows(
            builder, (Row(builder, number, dict(found)) for number, found in numbered)
        )

    def as_format(self) -> Format:
        """The format of JSON lines that holds such records."""
        configure = self.configure
        return Format(
            self.name,
            self.title,
            self.parts,
            lambda source: self.matches(first_record_of(source)),
            self.read,
            self.write,
            self.keeps,
            None if configure is None else lambda text: configure(text).as_format(),
        )


def first_record_of(source: Source) -> Mapping[str, Any]:
    """The first record of JSON lines or of a table; empty for everything else."""
    if container(source) is None:
        return first_object(source)
    return first_row(source)


def records(table: Any) -> Iterator[dict[str, Any]]:
    """The rows of an Arrow table as objects, some at a time."""
    for batch in table.to_batches(max_chunksize=BATCH):
        yield from batch.to_pylist()
