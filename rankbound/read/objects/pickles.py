"""Pickles of scores (sentence-transformers) or vectors (Tevatron), never executed.

A pickle may name any function and have it called. Here, each name is looked up in a
short table of our own functions, and nothing is imported. A pickle cannot change the
objects that stand for NumPy classes either. So it can hold numbers, text, containers
and NumPy arrays, and no code.
"""

from __future__ import annotations

import copyreg
import math
import pickle
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, NoReturn

import numpy as np

from rankbound.data.embeddings import Embeddings
from rankbound.errors import FormatError
from rankbound.memory import (
    bounded_addresses,
    budget,
    most_of_objects,
    size_in_words,
)
from rankbound.read.contents import Contents, Format
from rankbound.read.fields import check_code_points
from rankbound.read.json.blocks import Unsure
from rankbound.read.json.records import lacking
from rankbound.read.objects.arrays import embeddings_of_array, scores_of_nested
from rankbound.read.objects.pickled import scores_in_blocks
from rankbound.read.source import Source, one_line, out_of_memory

# Unpickling

START = re.compile(rb"\x80[\x02-\x05]")
DTYPE = re.compile(r"[<>|=]?(?:[fiu][248]|[iu]1|[US]\d{1,6})")
REMEDY = (
    "nothing in it was run; if you trust it, load it yourself and write its numbers as "
    "JSON or parquet"
)


class Refused(pickle.UnpicklingError):
    """A pickle asks for more than numbers, text and arrays."""


class Global:
    """A function of ours that replaces one named by a pickle; it has no state."""

    __slots__ = ("_call",)
    _call: Callable[..., Any]

    def __init__(self, call: Callable[..., Any]) -> None:
        object.__setattr__(self, "_call", call)

    def __call__(self, *args: Any) -> Any:
        """Call our function."""
        return self._call(*args)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise Refused("sets attributes of a function")

    def __setstate__(self, state: object) -> NoReturn:
        raise Refused("sets the state of a function")


class Dtype:
    """A plain number or text dtype, as a pickle describes it."""

    __slots__ = ("value",)

    def __init__(self, text: object) -> None:
        if not isinstance(text, str) or not DTYPE.fullmatch(text):
            what = "a NumPy object array" if str(text)[:1] == "O" else "a NumPy dtype"
            raise Refused(f"holds {what} ({text!r})")
        self.value = np.dtype(text)

    def __setstate__(self, state: Any) -> None:
        order, (subdtype, names, fields) = state[1], state[2:5]
        if (
            order not in ("<", ">", "|", "=")
            or (subdtype, names, fields) != (None,) * 3
        ):
            raise Refused("holds a structured NumPy array")
        self.value = self.value.newbyteorder(order)


class Array:
    """A NumPy array whose content follows in the pickle."""

    __slots__ = ("value",)

    def __init__(self, value: np.ndarray | None = None) -> None:
        self.value = value

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, fortran, data = state
        self.value = _filled(data, dtype, shape, "F" if fortran else "C")


def _filled(data: Any, dtype: Any, shape: Any, order: str) -> np.ndarray:
    if not isinstance(dtype, Dtype) or not isinstance(data, bytes | bytearray):
        raise Refused("fills a NumPy array with objects")
    if math.prod(shape) * dtype.value.itemsize != len(data):
        raise Refused(f"gives {len(data)} bytes for an array of shape {shape}")
    flat = np.frombuffer(bytes(data), dtype=dtype.value)
    check_code_points(flat, ValueError)
    return flat.reshape(shape, order="F" if order == "F" else "C")


def _reconstruct(*_: object) -> Array:
    return Array()


def _from_buffer(
    data: Any, dtype: Any, shape: Any, order: str, axes: tuple[int, ...] | None = None
) -> Array:
    array = _filled(data, dtype, shape, order)
    return Array(array if axes is None else array.transpose(axes))


def _scalar(dtype: Any, data: Any) -> Any:
    return _filled(data, dtype, (1,), "C")[0].item()


def _dtype(text: object, *_: object) -> Dtype:
    return Dtype(text)


def _latin1(text: object, encoding: object = None) -> bytes:
    """Bytes as in protocol 2; other encodings are refused, as they import modules."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise Refused(f"encodes text as {encoding!r}")
    return text.encode("latin-1")


def _no_bytes(*given: object) -> bytes:
    """Empty bytes as in protocol 2."""
    if given:
        raise Refused("makes bytes of other objects")
    return b""


def _array_class(*_: object) -> NoReturn:
    raise Refused("makes a NumPy array by itself")


_CALLS: dict[tuple[str, str], Callable[..., Any]] = {
    ("_codecs", "encode"): _latin1,
    ("__builtin__", "bytes"): _no_bytes,
    ("builtins", "bytes"): _no_bytes,
    ("numpy", "dtype"): _dtype,
    ("numpy", "ndarray"): _array_class,
}
for _core in ("numpy.core", "numpy._core"):
    _CALLS[f"{_core}.multiarray", "_reconstruct"] = _reconstruct
    _CALLS[f"{_core}.multiarray", "scalar"] = _scalar
    _CALLS[f"{_core}.numeric", "_frombuffer"] = _from_buffer
ALLOWED: Final = {names: Global(call) for names, call in _CALLS.items()}


class Restricted(pickle.Unpickler):
    """An unpickler that finds only the functions in `ALLOWED`."""

    def find_class(self, module: str, name: str) -> Any:
        """Our function for a known name; nothing is imported.

        Raises
        ------
        Refused
            Naming any other class or function.
        """
        found = ALLOWED.get((module, name))
        if found is None:
            # A hostile name may hold control characters, or be very long
            shown = ascii(f"{module}.{name}"[:100])[1:-1]
            raise Refused(f"names {shown}")
        return found

    def persistent_load(self, pid: Any) -> Any:  # noqa: ARG002
        """Refuse: a persistent id refers to an object outside the file."""
        raise Refused("refers to an object outside the file")


def load(source: Source) -> Any:
    """The content of a pickle: dicts, lists, tuples, numbers, text and `Array`.

    Raises
    ------
    FormatError
        If the pickle names any other class or function, or is truncated or damaged.
    """
    if not START.match(source.head):
        raise source.fail("not a pickle of protocol 2, 3, 4 or 5")
    # Names in the extension cache would bypass find_class
    copyreg.clear_extension_cache()
    with source.stream() as stream:
        return unpickled(Restricted(stream), stream, source)


def unpickled(loader: Restricted, stream: IO[bytes], source: Source) -> Any:
    """What a loader finds in its stream, which must end there.

    Raises
    ------
    FormatError
        As `load`.
    """
    problem = ""
    most = _most(source)
    try:
        with bounded_addresses(most), _no_false_alarm():
            found = loader.load()
        if stream.read(1):
            problem = "more follows after its end"
    except Refused as error:
        raise source.fail(
            f"this pickle {error}, which scores and vectors do not need; {REMEDY}"
        ) from None
    except FormatError:  # the stream's compression is damaged
        raise
    except OSError as error:
        raise source.fail(f"cannot be read ({error.strerror})") from None
    except MemoryError:
        raise _takes_too_much(source, most) from None
    except Exception as error:  # a damaged pickle may cause any exception
        problem = one_line(error)
    if problem:
        raise source.fail(
            f"the pickle is truncated or damaged ({problem}); copy or download the "
            "file again"
        )
    return found


@contextmanager
def _no_false_alarm() -> Iterator[None]:
    """Keep CPython from printing what it says of an array of bytes that it lacks.

    Where there is no memory for one (opcode BYTEARRAY8 may ask for any length),
    CPython raises MemoryError, and may also print that it gives back an array in use,
    since it looks at a field of it that it has not filled yet.
    """
    before = sys.excepthook

    def tell(kind: type[BaseException], error: BaseException, trace: Any) -> None:
        if kind is not SystemError or "deallocated bytearray" not in str(error):
            before(kind, error, trace)

    sys.excepthook = tell
    try:
        yield
    finally:
        sys.excepthook = before


def _most(source: Source) -> float:
    """Bytes that objects of a file of this size take at most."""
    if source.size is None:
        return math.inf
    return most_of_objects(source.size, packed=source.packing != "none")


def _takes_too_much(source: Source, most: float) -> Exception:
    if most > budget().left():
        return out_of_memory(source.fail)
    return source.fail(
        f"the pickle asks for more than {size_in_words(most)} of memory, which objects "
        "of its size do not take, so that it is damaged or made to fill memory; if it "
        f"is right, {budget().more(most)}"
    )


# Scores and vectors

NAME = "pickle"
# At most 18 digits, so that 64-bit readers hold them; no 007, +7 or -0
CANONICAL: Final = re.compile(r"0|-?[1-9][0-9]{0,17}", re.ASCII)
SHAPES = "scores[qid][docno] or a tuple (vectors, ids)"


def read_pickle(source: Source) -> Contents:
    """Read ``scores[qid][docno] -> float`` or ``(vectors, ids)`` from a pickle.

    Raises
    ------
    FormatError
        If the pickle names other classes or functions, is damaged, or holds something
        else.
    """
    try:
        with source.fitting_into_memory():
            return Contents(NAME, source.path, scores=scores_in_blocks(source))
    except Unsure:
        found = load(source)
    if isinstance(found, dict):
        scores = scores_of_nested(found, source.fail, name=str(source.path))
        return Contents(NAME, source.path, scores=scores)
    pair = isinstance(found, tuple | list) and len(found) == 2
    if pair and isinstance(found[0], Array):
        return Contents(
            NAME, source.path, embeddings=_embeddings(found[0], found[1], source)
        )
    kind = "an array alone" if isinstance(found, Array) else type(found).__name__
    raise source.fail(f"expected a pickle of {SHAPES}, found {kind}")


def _embeddings(vectors: Array, ids: Any, source: Source) -> Embeddings:
    listed = ids.value if isinstance(ids, Array) else ids
    if vectors.value is None or not isinstance(listed, list | tuple | np.ndarray):
        raise source.fail("expected an array of vectors and a list of ids")
    # Arrays in foreign byte order are slow, and torch and jax refuse them
    native = vectors.value.dtype.newbyteorder("=")
    matrix = vectors.value.astype(native, copy=False)
    return embeddings_of_array(matrix, listed, source.fail, name=str(source.path))


def write_pickle(contents: Contents, path: Path) -> str:
    """Write a plain dict ``{qid: {docno: score}}`` of built-in types.

    Ids become integers, as in sentence-transformers, if all ids of queries and
    documents are integers in the form that Python writes.

    Raises
    ------
    FormatError
        If there are no scores.
    """
    scores = contents.scores
    if scores is None:
        raise lacking(contents, "a pickle", "scores")
    numbers = all(map(CANONICAL.fullmatch, [*scores.qids, *scores.docnos]))
    of: Callable[[str], int | str] = int if numbers else str
    documents = [of(docno) for docno in scores.docnos]
    table: dict[int | str, dict[int | str, float]] = {}
    for place, qid in enumerate(scores.qids):
        rows = slice(*scores.offsets[place : place + 2])
        codes, values = scores.codes[rows].tolist(), scores.values[rows].tolist()
        row = dict(zip((documents[code] for code in codes), values, strict=True))
        table[of(qid)] = row
    with path.open("wb") as stream:
        pickle.dump(table, stream, protocol=4)
    kind = "whole numbers" if numbers else "text, since not all are whole numbers"
    return f"the ids in the pickle are {kind}"


def _sniff(source: Source) -> str | None:
    if not START.match(source.head):
        return None
    return f"a pickle of protocol {source.head[1]}"


FORMATS = (
    Format(
        NAME,
        "pickle of scores[qid][docno] or (vectors, ids); nothing in it is run",
        ("scores", "embeddings"),
        _sniff,
        read_pickle,
        write_pickle,
        ("scores",),
    ),
)
