"""Several systems in one table: a column that names them, and the choice of one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rankbound.data.columns import Integers
from rankbound.read.json.blocks import Unsure
from rankbound.read.source import Source
from rankbound.read.tables.frames import Frame
from rankbound.read.tables.layouts import NAMED, Layout, RowColumns, plain
from rankbound.read.text.layout import ALL_TAGS, NoSuchTagError, named_tags

# Documents and queries have names, too: of those there are more, and one in each row
MOST_SYSTEMS: Final = 20


@dataclass(frozen=True, eq=False)
class Systems:
    """The systems that a column names.

    Attributes
    ----------
    column : str
    names : list of str
        In the order of the table.
    codes : int64 array, shape (n,)
        The system of each row.
    """

    column: str
    names: list[str]
    codes: Integers

    def chosen(
        self, frame: Frame, source: Source | None
    ) -> tuple[Integers | None, str | None]:
        """The rows of the system that is wanted, None for all, and its name.

        Parameters
        ----------
        frame : Frame
        source : Source or None
            The file that says which is wanted; None for an object, whose rows are
            chosen before.

        Raises
        ------
        FormatError
            If several are there and none is chosen.
        NoSuchTagError
            If the one that is chosen is not there.
        """
        wanted = None if source is None else source.tag
        if wanted == ALL_TAGS:
            return None, ALL_TAGS if len(self.names) > 1 else self.names[0]
        if wanted is not None and wanted not in self.names:
            raise NoSuchTagError(
                frame.name,
                f"no row has the {self.column} {wanted!r}; there are "
                f"{named_tags(self.names)}, of which `run_tag` can choose",
            )
        if len(self.names) == 1:
            return None, self.names[0]
        if wanted is not None:
            return np.flatnonzero(self.codes == self.names.index(wanted)), wanted
        found = (
            f"holds {len(self.names):,} systems by its column {self.column} "
            f"({named_tags(self.names)})"
        )
        if source is None:
            remedy = (
                "keep the rows of one, or leave the column out if all rows are of one"
            )
        else:
            remedy = (
                f"choose one with `run_tag`, as in `run_tag='{self.names[0]}'`, or "
                f"say `run_tag='{ALL_TAGS}'` if all rows are of one"
            )
        raise frame.fail(f"{found}; {remedy}", row=int(np.argmax(self.codes == 1)))


@dataclass
class SystemsInBatches:
    """The choice of a system in a table that is read batch by batch.

    Parameters
    ----------
    layout : Layout
    source : Source
        The file, which says which system is wanted.
    """

    layout: Layout
    source: Source
    names: set[str] = field(default_factory=set)
    rows: int = 0

    def chosen(self, table: Any) -> Any:
        """The rows of a batch that are of the wanted system.

        Raises
        ------
        Unsure
            When the table has to be read as a whole, to say what is wrong with it.
        """
        column, wanted = self.layout.system, self.source.tag
        if column is None:
            return table
        named = table.column(column).cast(pa.large_string())
        self.names.update(name or "" for name in pc.unique(named).to_pylist())
        self.rows += len(named)
        several = len(self.names) > 1
        if several and (wanted is None or "" in self.names):
            raise Unsure
        if wanted in (None, ALL_TAGS) or not isinstance(
            self.layout.by_role, RowColumns
        ):
            return table
        return table.filter(pc.equal(named, wanted))

    def tag(self) -> str | None:
        """The name of the system that was read; None if the table names none.

        Raises
        ------
        Unsure
            As `chosen`, and where the column does not name systems.
        """
        column, wanted, count = self.layout.system, self.source.tag, len(self.names)
        if column is None or not count:
            return None
        if "" in self.names or not _are_systems(column, count, self.rows):
            raise Unsure
        if wanted == ALL_TAGS:
            return ALL_TAGS if count > 1 else next(iter(self.names))
        if count == 1 and wanted is None:
            return next(iter(self.names))
        by_row = isinstance(self.layout.by_role, RowColumns)
        if wanted not in self.names or (count > 1 and not by_row):
            raise Unsure
        return wanted


def _are_systems(column: str, names: int, rows: int) -> bool:
    """Whether so few names in so many rows are those of systems."""
    few = names <= MOST_SYSTEMS and rows >= 2 * names
    return plain(column) not in NAMED or names == 1 or few


def systems_in(frame: Frame, column: str) -> Systems | None:
    """The systems that a column names; None if it names other things, or nothing.

    Examples
    --------
    >>> frame = Frame(pa.table({"tag": ["a", "a", "b"]}), "toy.parquet")
    >>> systems_in(frame, "tag").names
    ['a', 'b']
    """
    found = frame.table.column(column)
    if pa.types.is_dictionary(found.type):
        found = found.cast(found.type.value_type)
    text = pc.fill_null(found.cast(pa.large_string()), "").combine_chunks()
    encoded = text.dictionary_encode()
    names = encoded.dictionary.to_pylist()
    if not names or names == [""]:
        return None
    if not _are_systems(column, len(names), len(text)):
        return None
    return Systems(column, names, encoded.indices.to_numpy().astype(np.int64))
