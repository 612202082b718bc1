"""Embeddings: a .npy matrix, left on disk, and a text file with one id a line."""

from __future__ import annotations

from pathlib import Path
from tokenize import TokenError

import numpy as np

from estimators.embeddings import Embeddings
from estimators.scores import strings
from rankbound.formats.contents import Format
from rankbound.formats.errors import FormatError
from rankbound.formats.opening import read_bytes

NPY_MAGIC = b"\x93NUMPY"
ZIP_MAGIC = b"PK"
# What NumPy raises for a header that is cut, damaged or promises too much
UNREADABLE = (ValueError, OSError, OverflowError, SyntaxError, TokenError)


def read_embeddings(vectors: Path | str, ids: Path | str) -> Embeddings:
    """Read vectors (memory-mapped) and the ids of their rows.

    Parameters
    ----------
    vectors : path
        A two-dimensional .npy file of floating-point numbers.
    ids : path
        One id a line, in the order of the rows; plain or gzip.

    Raises
    ------
    FormatError
        When the array is of another kind, an id is blank or stands twice, or the
        numbers of ids and of vectors differ.
    """
    vectors, ids = Path(vectors), Path(ids)
    names = _ids(ids)
    matrix = _matrix(vectors)
    if len(names) != len(matrix):
        raise FormatError(
            ids,
            f"{len(names)} ids for the {len(matrix)} vectors of {vectors}; the two "
            "files must have the same rows in the same order",
            line=len(names),
        )
    return Embeddings(
        ids=strings(names), vectors=matrix, name=f"{vectors} (ids: {ids})"
    )


def _matrix(path: Path) -> np.ndarray:
    _check_magic(path)
    try:
        matrix = np.lib.format.open_memmap(path, mode="r")
    except UNREADABLE as error:
        raise FormatError(path, f"not a readable .npy array ({error})") from None
    floating = np.issubdtype(matrix.dtype, np.floating)
    if matrix.ndim != 2 or matrix.shape[1] == 0 or not floating:
        raise FormatError(
            path,
            "expected a two-dimensional array of floating-point numbers, found shape "
            f"{matrix.shape} of {matrix.dtype}",
        )
    return matrix


def _check_magic(path: Path) -> None:
    """Raise unless the file begins as .npy files do."""
    try:
        if path.is_dir():
            raise FormatError(path, "is a directory; name the .npy file in it")
        with path.open("rb") as stream:
            start = stream.read(len(NPY_MAGIC))
    except FileNotFoundError:
        raise FormatError(path, "no such file") from None
    except OSError as error:
        raise FormatError(path, f"cannot be read ({error.strerror})") from None
    if start.startswith(ZIP_MAGIC):
        raise FormatError(path, "holds several arrays (.npz); save one matrix as .npy")
    if start != NPY_MAGIC:
        raise FormatError(path, "not a .npy file; write it with numpy.save")


def _ids(path: Path) -> list[str]:
    data = read_bytes(path)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FormatError(path, f"not UTF-8 text ({error})", line=line) from None
    names = [line.strip() for line in text.removesuffix("\n").split("\n")]
    seen: dict[str, int] = {}
    for number, name in enumerate(names, start=1):
        if not name:
            raise FormatError(path, "a blank line where an id should be", line=number)
        before = seen.setdefault(name, number)
        if before != number:
            raise FormatError(
                path,
                f"id {name!r} stands twice (first in line {before}); one vector per id",
                line=number,
            )
    return names


FORMATS: tuple[Format, ...] = ()
