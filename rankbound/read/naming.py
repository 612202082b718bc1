"""Ids of queries or documents as whole-number codes, and the texts behind them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rankbound.data.columns import Integers, Strings, strings
from rankbound.read.fields import as_id, text_id
from rankbound.read.source import Source, count

INTEGER_IDS: Final = "whole-number ids read as text"
SECOND_TEXT: Final = "ids with a second text (the first is kept)"


@dataclass(eq=False, slots=True)
class Ids:
    """Distinct ids, numbered in the order of their appearance.

    Attributes
    ----------
    what : str
        "query" or "document", for messages.
    source : Source
    repairs : dict of str to int
        Counts what was mended; shared with the reader.
    texts : dict of str to str
        The text of each id that has one.
    """

    what: str
    source: Source
    repairs: dict[str, int]
    texts: dict[str, str] = field(default_factory=dict)
    _codes: dict[str, int] = field(default_factory=dict, repr=False)

    def code(self, value: Any, line: int) -> int:
        """The code of an id.

        Raises
        ------
        FormatError
            When it is no id, see `rankbound.read.fields.as_id`.
        """
        if type(value) is str:
            known = self._codes.get(value)
            if known is not None:
                return known
        return self._number(self._checked(value, line))

    def codes(self, values: Iterable[Any], line: int) -> list[int]:
        """The codes of several ids."""
        known = self._codes
        return [
            known[value]
            if type(value) is str and value in known
            else self.code(value, line)
            for value in values
        ]

    def of_text(self, text: Any, line: int, *, given: Any = None) -> int:
        """The code of what has a text; without a `given` id, one is made of the text.

        Raises
        ------
        FormatError
            For no text, or two texts that would have the same made id.
        """
        if not isinstance(text, str):
            raise self.source.fail(
                f"a {self.what} must be given as text, found {text!r}", line=line
            )
        if given is not None:
            name = self._checked(given, line)
            if self.texts.setdefault(name, text) != text:
                count(self.repairs, SECOND_TEXT)
            return self._number(name)
        if not text.strip():
            raise self.source.fail(
                f"a {self.what} without a text; its id is made from the text, so there "
                "must be one",
                line=line,
            )
        name = text_id(text)
        if self.texts.setdefault(name, text) != text:
            raise self.source.fail(
                f"two texts have the same made id {name!r}", line=line
            )
        return self._number(name)

    def name(self, code: int) -> str:
        """The id that has a code."""
        return next(name for name, known in self._codes.items() if known == code)

    def names(self) -> Strings:
        """All ids in the order of their codes."""
        return strings(list(self._codes))

    def ranked(self) -> tuple[Strings, Integers]:
        """All ids sorted by code point, and where each code stands among them."""
        names = self.names()
        order = pc.sort_indices(pa.array(names, pa.string())).to_numpy()
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        return names[order], rank

    def _number(self, name: str) -> int:
        return self._codes.setdefault(name, len(self._codes))

    def _checked(self, value: Any, line: int) -> str:
        name = as_id(value)
        if name is None:
            raise self.source.fail(
                f"a {self.what} id must be text without tabs or line ends, or a whole "
                f"number, found {value!r}",
                line=line,
            )
        if not isinstance(value, str):
            count(self.repairs, INTEGER_IDS)
        return name
