"""The columns that every type is made of: numbers, flags, ids.

Ids may be made late: a million strings take 60 MB and a tenth of a second; as numbers
or machine words, as a file's reader holds them, they take a tenth of that, and much
work needs no more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

Strings = NDArray[np.object_]
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


def strings(values: Any) -> Strings:
    """An object array of str.

    Examples
    --------
    >>> strings(["a", "b"]).dtype
    dtype('O')
    """
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def positions(known: Strings, wanted: Strings) -> Integers:
    """Where each wanted id stands among the known ones, -1 where it does not.

    Examples
    --------
    >>> positions(strings(["a", "b"]), strings(["b", "x"])).tolist()
    [1, -1]
    """
    if known is wanted:
        return np.arange(len(known), dtype=np.int64)
    place = {value: index for index, value in enumerate(known)}
    return np.fromiter(
        (place.get(value, -1) for value in wanted), dtype=np.int64, count=len(wanted)
    )


def ranks(ids: Strings) -> Integers:
    """The place of every distinct id in their order by code point.

    Examples
    --------
    >>> ranks(strings(["b", "a", "c"])).tolist()
    [1, 0, 2]
    """
    found = np.arange(len(ids), dtype=np.int64)
    if len(ids) and not np.all(ids[:-1] < ids[1:]):
        order = np.argsort(ids)
        found = np.empty_like(found)
        found[order] = np.arange(len(ids))
    return found


class LateStrings:
    """Distinct ids, to be made at the first use.

    Parameters
    ----------
    size : int
        How many there are.
    make : callable
        Gives them, as an object array of str, shape (size,).
    as_arrow : callable, optional
        Gives them as an Arrow array of text, for work that needs no strings.

    Examples
    --------
    >>> ids = LateStrings(1, lambda: np.array(["d1"], dtype=object))
    >>> len(ids), ids.strings.tolist()
    (1, ['d1'])
    """

    def __init__(
        self,
        size: int,
        make: Callable[[], Strings],
        as_arrow: Callable[[], Any] | None = None,
    ) -> None:
        self._size = size
        self._make: Callable[[], Strings] | None = make
        self._as_arrow = as_arrow
        self._strings: Strings  # not set before they are made

    def __len__(self) -> int:
        return self._size

    @property
    def strings(self) -> Strings:
        """The ids, made once; what they were made from is then let go."""
        make = self._make
        if make is not None:
            made = make()
            made.flags.writeable = False
            # Two threads may make them at once; both then get those of the first
            vars(self).setdefault("_strings", made)
            self._make = self._as_arrow = None
        return self._strings

    @property
    def has_texts(self) -> bool:
        """Whether the ids are at hand as Arrow text, and not as strings."""
        return self._as_arrow is not None

    def texts(self) -> Any:
        """The ids as an Arrow array of text; None where only strings are at hand."""
        as_arrow = self._as_arrow
        return None if as_arrow is None else as_arrow()


class DocnosField:
    """Distinct document ids, sorted; made into strings when they are first read."""

    @overload
    def __get__(self, scores: None, owner: type[Any]) -> DocnosField: ...

    @overload
    def __get__(self, scores: object, owner: type[Any]) -> Strings: ...

    def __get__(self, scores: object | None, owner: type[Any]) -> DocnosField | Strings:
        if scores is None:  # asked of the class, as `help` does
            return self
        found = as_held(scores)
        return found.strings if isinstance(found, LateStrings) else found

    def __set__(self, scores: object, value: Strings | LateStrings) -> None:
        vars(scores)["docnos"] = value


def as_held(scores: object) -> Strings | LateStrings:
    """The ids of documents as they are held, whether strings were made or not."""
    held: Strings | LateStrings | None = vars(scores).get("docnos")
    if held is None:  # they are being copied or unpickled
        raise AttributeError("these scores have no docnos yet")
    return held
