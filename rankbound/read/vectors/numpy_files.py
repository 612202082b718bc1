"""Vectors as NumPy keeps them: .npy, .npz, and raw memory maps without a header."""

from __future__ import annotations

import codecs
import os
import re
import warnings
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from rankbound.data.embeddings import Embeddings
from rankbound.errors import UsageError
from rankbound.read.source import Source
from rankbound.read.vectors.common import (
    Container,
    Held,
    Shape,
    check_end,
    check_unpacked,
    checked_matrix,
    mapped,
    one_line,
    only_matrix,
    write_numbers,
)
from rankbound.read.vectors.row_ids import as_ids

NPY_MAGIC = b"\x93NUMPY"
ZIP_MAGIC = b"PK\x03\x04"
# What NumPy raises for a header that is cut, damaged or promises too much
UNREADABLE = (ValueError, OSError, OverflowError, SyntaxError, TokenError, EOFError)
# An encrypted member is a RuntimeError, an unknown compression a NotImplementedError
BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, RuntimeError, KeyError)
TAIL_MAGIC, TAIL = b"PK\x05\x06", 22
LARGEST_TAIL = TAIL + (1 << 16)
ID_ARRAYS = ("ids", "docnos", "docids", "doc_ids", "qids")
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
RAW_SUFFIXES = (".f4", ".f32", ".fp32", ".float32", ".bin", ".memmap", ".mmap")


def _sniff_npy(source: Source) -> str | None:
    return "the signature of .npy" if source.head.startswith(NPY_MAGIC) else None


def hold_npy(source: Source, _: Shape) -> Held:
    """A memory map of a .npy file; arrays of objects are refused."""
    check_unpacked(source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of files of Python 2
            matrix = np.lib.format.open_memmap(source.path, mode="r")
    except UNREADABLE as error:
        raise source.fail(f"not a readable .npy array ({one_line(error)})") from None
    check_end(source, matrix.offset + matrix.nbytes)
    return Held(checked_matrix(matrix, source))


def write_npy(embeddings: Embeddings, path: Path, _: Mapping[str, Any]) -> None:
    """Write the vectors as they are; their ids go into a file beside."""
    vectors = embeddings.vectors
    with path.open("wb") as stream:
        np.lib.format.write_array_header_1_0(
            stream,
            {
                "descr": np.lib.format.dtype_to_descr(vectors.dtype),
                "fortran_order": False,
                "shape": vectors.shape,
            },
        )
        write_numbers(stream, embeddings, vectors.dtype.str)


def _sniff_npz(source: Source) -> str | None:
    if source.packing != "none" or not source.head.startswith(ZIP_MAGIC):
        return None
    try:
        with zipfile.ZipFile(source.path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError):
        names = ["damaged.npy"] if source.path.suffix == ".npz" else []
    found = bool(names) and all(name.endswith(".npy") for name in names)
    return "a zip archive of .npy arrays" if found else None


def hold_npz(source: Source, _: Shape) -> Held:
    """The matrix of an .npz archive, in memory, and its array of ids if there is one.

    The matrix is the only one, or is called `vectors` or `embeddings`; ids are called
    `ids`, `docnos`, `docids`, `doc_ids` or `qids`.
    """
    try:
        with source.path.open("rb") as stream, zipfile.ZipFile(stream) as archive:
            _check_tail(stream, source)
            names = [name.removesuffix(".npy") for name in archive.namelist()]
            arrays = {name: _member(archive, name) for name in names}
    except (*UNREADABLE, *BROKEN_ZIP) as error:
        reason = one_line(error)
        raise source.fail(f"not a readable .npz archive ({reason})") from None
    matrix = only_matrix(arrays, source)[1]
    named = next((arrays[name] for name in ID_ARRAYS if name in arrays), None)
    ids = None
    if named is not None and named.ndim == 1:
        ids = as_ids(named, source)
    return Held(matrix, ids, notes=("held in memory: an archive cannot be mapped",))


def _member(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    """An array of an archive, read to its end so that its checksum is looked at."""
    with archive.open(f"{name}.npy") as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = np.lib.format.read_array(stream, allow_pickle=False)
        if stream.read(1):
            raise ValueError(f"more follows the array {name!r}")
    return np.asarray(found)


def _check_tail(stream: IO[bytes], source: Source) -> None:
    """Raise unless the archive ends where its directory says."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(-min(size, LARGEST_TAIL), os.SEEK_END)
    tail = stream.read()
    place = tail.rfind(TAIL_MAGIC)
    comment = int.from_bytes(tail[place + TAIL - 2 : place + TAIL], "little")
    check_end(source, size - len(tail) + place + TAIL + comment)


def write_npz(embeddings: Embeddings, path: Path, _: Mapping[str, Any]) -> None:
    """Write the arrays `vectors` and `ids`; the same vectors give the same bytes."""
    with path.open("wb") as stream:
        ids = np.array(embeddings.ids.tolist())
        np.savez(stream, vectors=np.asarray(embeddings.vectors), ids=ids)


def _is_text(head: bytes) -> bool:
    """Whether bytes are UTF-8 without control characters, as numbers hardly ever are.

    Examples
    --------
    >>> _is_text(b"q Q0 d 1 2.5 t"), _is_text(np.ones(4, dtype=np.float32).tobytes())
    (True, False)
    """
    if CONTROL.search(head):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _sniff_raw(source: Source) -> str | None:
    # Nothing in the content says so; the name must, where the content is no text
    if source.is_folder or source.path.suffix not in RAW_SUFFIXES:
        return None
    if _is_text(source.head):
        return None
    return f"the suffix {source.path.suffix} of raw float32 numbers"


def hold_raw(source: Source, shape: Shape) -> Held:
    """float32 numbers without a header; the width comes from the ids or the user."""
    check_unpacked(source)
    count, rest = divmod(source.path.stat().st_size, 4)
    dim = shape.dim
    if dim is None and shape.rows:
        dim, surplus = divmod(count, shape.rows)
        rest = rest or surplus
    if not dim:
        raise source.fail(
            "raw float32 numbers have no header; give the ids of the rows, or the "
            "width as --format raw:DIM"
        )
    if rest or count % dim:
        raise source.fail(
            f"{source.path.stat().st_size:,} bytes are no whole number of rows of "
            f"{dim} float32 numbers; the width, the ids or the file is wrong"
        )
    matrix = mapped(source, dtype="<f4", rows=count // dim, dim=dim, offset=0)
    return Held(matrix)


def write_raw(embeddings: Embeddings, path: Path, _: Mapping[str, Any]) -> str:
    """Write float32 numbers without a header; their ids go into a file beside."""
    with path.open("wb") as stream:
        write_numbers(stream, embeddings, "<f4")
    return f"float32 numbers without a header, {embeddings.dim} a row"


def _of_width(argument: str) -> Container:
    if not argument.isdecimal() or not int(argument):
        raise UsageError(f"raw:{argument}: the width comes as raw:DIM, as raw:768")

    def hold(source: Source, shape: Shape) -> Held:
        return hold_raw(source, replace(shape, dim=int(argument)))

    return replace(RAW, name=f"raw:{argument}", hold=hold)


ALL_FLOATS = ("vectors", "dtype", "precision")
CONTAINERS = (
    Container(
        "npy",
        "NumPy matrix",
        _sniff_npy,
        hold_npy,
        write=write_npy,
        keeps=ALL_FLOATS,
    ),
    Container(
        "npz",
        "NumPy archive",
        _sniff_npz,
        hold_npz,
        has_ids=True,
        write=write_npz,
        keeps=ALL_FLOATS,
    ),
)
RAW = Container(
    "raw",
    "raw float32 memory map; raw:DIM gives the width",
    _sniff_raw,
    hold_raw,
    write=write_raw,
    configure=_of_width,
)
