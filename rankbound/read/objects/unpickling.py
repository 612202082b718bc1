"""Pickles without their danger: numbers, text, containers and NumPy arrays, no code.

A pickle may name any function and have it called. Here every name that a pickle gives
is looked up in a short table of our own functions, and nothing is imported for it; what
stands in the place of a NumPy class cannot be changed by the pickle either.
"""

from __future__ import annotations

import copyreg
import math
import pickle
import re
from collections.abc import Callable
from typing import IO, Any, Final, NoReturn

import numpy as np

from rankbound.errors import FormatError
from rankbound.read.source import Source

START = re.compile(rb"\x80[\x02-\x05]")
DTYPE = re.compile(r"[<>|=]?(?:[fiu][248]|[iu]1|[US]\d{1,6})")
REMEDY = (
    "nothing of it was run; load it where you trust it, and write its numbers as JSON "
    "or parquet"
)


class Refused(pickle.UnpicklingError):
    """A pickle asks for more than numbers, text and arrays."""


class Global:
    """A function of ours in the place of one that a pickle names; it has no state."""

    __slots__ = ("_call",)
    _call: Callable[..., Any]

    def __init__(self, call: Callable[..., Any]) -> None:
        object.__setattr__(self, "_call", call)

    def __call__(self, *args: Any) -> Any:
        """Call ours."""
        return self._call(*args)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise Refused("sets attributes of a function")

    def __setstate__(self, state: object) -> NoReturn:
        raise Refused("sets the state of a function")


class Dtype:
    """A plain number or text dtype, as pickles describe one."""

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
    """A NumPy array whose content the pickle gives afterwards."""

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
    """Bytes as protocol 2 writes them; other encodings would load other modules."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise Refused(f"encodes text as {encoding!r}")
    return text.encode("latin-1")


def _no_bytes(*given: object) -> bytes:
    """How protocol 2 writes empty bytes."""
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
    """An unpickler for which only `ALLOWED` exists."""

    def find_class(self, module: str, name: str) -> Any:
        """Ours in the place of a known name; nothing is imported.

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

    def persistent_load(self, pid: Any) -> NoReturn:  # noqa: ARG002
        """Refuse: a persistent id refers to an object outside the file."""
        raise Refused("refers to an object outside the file")


def load(source: Source) -> Any:
    """What a pickle holds: dicts, lists, tuples, numbers, text and `Array`.

    Raises
    ------
    FormatError
        Naming the class or function that the pickle asks for, or saying that it is
        truncated or damaged.
    """
    if not START.match(source.head):
        raise source.fail("not a pickle of protocol 2, 3, 4 or 5")
    # Names registered as numbers would be looked up without asking find_class
    copyreg.clear_extension_cache()
    with source.stream() as stream:
        return _loaded(stream, source)


def _loaded(stream: IO[bytes], source: Source) -> Any:
    problem = ""
    try:
        found = Restricted(stream).load()
        if stream.read(1):
            problem = "more follows after its end"
    except Refused as error:
        raise source.fail(
            f"this pickle {error}, which scores and vectors do not need; {REMEDY}"
        ) from None
    except FormatError:  # from the stream: its packing is damaged
        raise
    except OSError as error:
        raise source.fail(f"cannot be read ({error.strerror})") from None
    except (MemoryError, OverflowError):
        problem = "it asks for more memory than there is"
    except Exception as error:  # a damaged pickle may raise nearly anything
        problem = f"{error}".split("\n", 1)[0][:120] or type(error).__name__
    if problem:
        raise source.fail(
            f"the pickle is truncated or damaged ({problem}); copy or download the "
            "file again"
        )
    return found
