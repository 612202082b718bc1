"""The columns that every type is made of: numbers, flags, ids.

Ids may be made late: a million strings take 60 MB and a tenth of a second; as numbers
or machine words, as a file's reader holds them, they take a tenth of that, and much
work needs no more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, overload
from weakref import ref

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
    if known is wanted or _are_same(known, wanted):
        return np.arange(len(known), dtype=np.int64)
    return remembered((known, wanted), lambda: _looked_up(known, wanted))


def _are_same(known: Strings, wanted: Strings) -> bool:
    """Whether two columns are the same, which is seen at once where they are not."""
    if len(known) != len(wanted) or not len(known) or known[-1] != wanted[-1]:
        return False
    return bool((known == wanted).all())


def _looked_up(known: Strings, wanted: Strings) -> Integers:
    if len(wanted) >= FEW:
        with suppress(UnicodeError):  # half of a pair of surrogates is no text
            return _by_arrow(known, wanted)
    place = {value: index for index, value in enumerate(known)}
    return np.fromiter(
        (place.get(value, -1) for value in wanted), dtype=np.int64, count=len(wanted)
    )


def _by_arrow(known: Strings, wanted: Strings) -> Integers:
    """In a third of the time that a dictionary takes; pyarrow is loaded when used."""
    import pyarrow as pa
    import pyarrow.compute as pc

    asked, held = pa.array(wanted, pa.string()), pa.array(known, pa.string())
    places = pc.fill_null(pc.index_in(asked, value_set=held), -1)
    found: Integers = places.to_numpy(zero_copy_only=False).astype(np.int64)
    return found


def distinct_codes(codes: Integers) -> Integers:
    """The distinct ones of small numbers from 0, sorted, without sorting all.

    Examples
    --------
    >>> distinct_codes(np.array([3, 0, 3])).tolist()
    [0, 3]
    """
    return np.flatnonzero(np.bincount(codes))


def united(columns: Sequence[Strings]) -> tuple[Strings, list[Integers]]:
    """The ids of several columns together, sorted, and where each column's stand.

    Parameters
    ----------
    columns : sequence of object arrays of str
        None holds an id twice.

    Examples
    --------
    >>> ids, places = united([strings(["b", "a"]), strings(["c", "b"])])
    >>> ids.tolist(), [where.tolist() for where in places]
    (['a', 'b', 'c'], [[1, 0], [2, 1]])
    """
    ends = np.cumsum([len(column) for column in columns])[:-1]
    joined = np.concatenate(columns) if columns else strings([])
    code = None
    if len(joined) >= SMALL:
        with suppress(UnicodeError):  # half of a pair of surrogates is no text
            code = _coded_by_arrow(joined)
    if code is None:
        _, code = np.unique(joined, return_inverse=True)
    ids = np.empty(int(code.max(initial=-1)) + 1, dtype=object)
    ids[code] = joined
    return ids, np.split(code.astype(np.int64, copy=False), ends)


def _coded_by_arrow(ids: Strings) -> Integers:
    """The place of each id among the distinct ones, which are sorted by code point."""
    import pyarrow as pa
    import pyarrow.compute as pc

    held = pc.dictionary_encode(pa.array(ids, pa.large_string()))
    order = pc.sort_indices(held.dictionary).to_numpy()
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    found: Integers = place[held.indices.to_numpy()]
    return found


FEW: Final = 200  # ids that are looked up by a dictionary of Python's
SMALL: Final = 10_000  # ids that are looked up again
REMEMBERED: Final = 1 << 25  # numbers of all that is remembered, 128 MiB
# By the identities of some columns, with these while they live; the newest comes last
_FOUND: dict[tuple[int, ...], tuple[list[ref[Any]], NDArray[np.int32]]] = {}
_FINDING: Final = threading.Lock()


def remembered(columns: tuple[Any, ...], find: Callable[[], Integers]) -> Integers:
    """Places that follow from some columns, which are kept while all of these live.

    The same files are matched and ranked again and again, which takes longer than
    reading them where there are millions of rows. Nothing is kept of small columns, and
    of those that could be written to.

    Parameters
    ----------
    columns : tuple of arrays, and of other objects that do not change
    find : callable
        Gives places, which have 32 bits.

    Returns
    -------
    int64 array
        Of its own, which may be written to.

    Examples
    --------
    >>> remembered((strings("ab"), strings("b")), lambda: np.array([1])).tolist()
    [1]
    """
    arrays = [one for one in columns if isinstance(one, np.ndarray)]
    small = max(map(len, arrays), default=0) < SMALL
    if small or any(one.flags.writeable for one in arrays):
        return find()
    key = tuple(map(id, columns))
    with _FINDING:
        kept = _FOUND.pop(key, None)
        if kept is not None and not _is_gone(kept[0]):  # an identity may come again
            _FOUND[key] = kept
            return kept[1].astype(np.int64)
    found = find()
    with _FINDING:
        for old in [old for old, (held, _) in _FOUND.items() if _is_gone(held)]:
            del _FOUND[old]
        _FOUND[key] = [ref(one) for one in columns], found.astype(np.int32)
        while sum(len(places) for _, places in _FOUND.values()) > REMEMBERED:
            del _FOUND[next(iter(_FOUND))]
    return found


def forget_places() -> None:
    """Drop what is remembered of columns that are gone."""
    with _FINDING:
        for old in [old for old, (held, _) in _FOUND.items() if _is_gone(held)]:
            del _FOUND[old]


def _is_gone(held: list[ref[Any]]) -> bool:
    return any(one() is None for one in held)


def ranks(ids: Strings) -> Integers:
    """The place of every distinct id in their order by code point.

    Examples
    --------
    >>> ranks(strings(["b", "a", "c"])).tolist()
    [1, 0, 2]
    """
    order = sorted_places(ids)
    found = np.empty_like(order)
    found[order] = np.arange(len(ids))
    return found


def sorted_places(ids: Strings) -> Integers:
    """Where ids stand in their order by code point, at once where they are in order.

    Examples
    --------
    >>> sorted_places(strings(["b", "a", "c"])).tolist()
    [1, 0, 2]
    """
    if not len(ids) or np.all(ids[:-1] < ids[1:]):
        return np.arange(len(ids), dtype=np.int64)
    return np.argsort(ids)


EVERY: Final = slice(None)


class LateStrings:
    """Distinct ids, to be made at the first use.

    Parameters
    ----------
    size : int
        How many there are.
    make : callable
        Gives them, as an object array of str, shape (size,).
    as_arrow : callable, optional
        Gives some of them, by a slice or their places, as an Arrow array of text, for
        work that needs no strings.
    plain : bool
        Whether they are known to hold no control characters.

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
        as_arrow: Callable[[slice | Integers], Any] | None = None,
        *,
        plain: bool = False,
    ) -> None:
        self._size = size
        self.plain = plain
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

    def __reduce__(self) -> tuple[Any, ...]:
        texts = self.texts()
        return _late, (self.strings if texts is None else texts, self.plain)

    @property
    def has_texts(self) -> bool:
        """Whether the ids are at hand as Arrow text, and not as strings."""
        return self._as_arrow is not None

    def texts(self, which: slice | Integers = EVERY) -> Any:
        """Ids as an Arrow array of text; None where only strings are at hand."""
        as_arrow = self._as_arrow
        return None if as_arrow is None else as_arrow(which)


def _late(ids: Any, plain: bool) -> LateStrings:
    """Ids that were pickled, as strings or as Arrow text."""
    if isinstance(ids, np.ndarray):
        return LateStrings(len(ids), lambda: ids, plain=plain)
    return late_of(ids, plain=plain)


def late_of(texts: Any, *, plain: bool) -> LateStrings:
    """Distinct ids that an Arrow array of text holds.

    Examples
    --------
    >>> import pyarrow as pa
    >>> late_of(pa.array(["a", "b"]), plain=True).texts(np.array([1])).to_pylist()
    ['b']
    """

    def some(which: slice | Integers) -> Any:
        return texts[which] if isinstance(which, slice) else texts.take(which)

    return LateStrings(
        len(texts), lambda: strings(texts.to_pylist()), some, plain=plain
    )


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
