"""Several systems in one table: a column that names them, and the choice of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rankbound.data.columns import Integers
from rankbound.read.source import Source
from rankbound.read.tables.frames import Frame
from rankbound.read.tables.layouts import NAMED, plain
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
    few = len(names) <= MOST_SYSTEMS and len(text) >= 2 * len(names)
    if plain(column) in NAMED and len(names) > 1 and not few:
        return None
    return Systems(column, names, encoded.indices.to_numpy().astype(np.int64))
