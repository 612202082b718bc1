"""Vectors as NumPy keeps them: .npy, .npz, and raw memory maps without a header."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from tokenize import TokenError

import numpy as np

from estimators.embeddings import Embeddings
from rankbound.formats.row_ids import as_ids
from rankbound.formats.source import Source
from rankbound.formats.vectors import (
    Container,
    Held,
    Shape,
    checked_matrix,
    mapped,
    only_matrix,
)

NPY_MAGIC = b"\x93NUMPY"
ZIP_MAGIC = b"PK\x03\x04"
# What NumPy raises for a header that is cut, damaged or promises too much
UNREADABLE = (ValueError, OSError, OverflowError, SyntaxError, TokenError, EOFError)
ID_ARRAYS = ("ids", "docnos", "docids", "doc_ids", "qids")
RAW_SUFFIXES = (".f4", ".f32", ".fp32", ".float32", ".bin", ".memmap", ".mmap")


def _sniff_npy(source: Source) -> str | None:
    return "the signature of .npy" if source.head.startswith(NPY_MAGIC) else None


def hold_npy(source: Source, _: Shape) -> Held:
    """A memory map of a .npy file; arrays of objects are refused."""
    if source.packing != "none":
        raise source.fail(
            f"is packed with {source.packing}; unpack it, so that it can stay on disk"
        )
    try:
        matrix = np.lib.format.open_memmap(source.path, mode="r")
    except UNREADABLE as error:
        raise source.fail(f"not a readable .npy array ({error})") from None
    return Held(checked_matrix(matrix, source))


def _sniff_npz(source: Source) -> str | None:
    if source.packing != "none" or not source.head.startswith(ZIP_MAGIC):
        return None
    try:
        with zipfile.ZipFile(source.path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        names = ["damaged.npy"] if source.path.suffix == ".npz" else []
    found = bool(names) and all(name.endswith(".npy") for name in names)
    return "a zip archive of .npy arrays" if found else None


def hold_npz(source: Source, _: Shape) -> Held:
    """The matrix of an .npz archive, in memory, and its array of ids if there is one.

    The matrix is the only one, or is called `vectors` or `embeddings`; ids are called
    `ids`, `docnos`, `docids`, `doc_ids` or `qids`.
    """
    try:
        # Opened here: NumPy leaves a file open when it is damaged
        with (
            source.path.open("rb") as stream,
            np.load(stream, allow_pickle=False) as archive,
        ):
            arrays = {name: archive[name] for name in archive.files}
    except (*UNREADABLE, zipfile.BadZipFile, zlib.error) as error:
        raise source.fail(f"not a readable .npz archive ({error})") from None
    matrix = only_matrix(arrays, source)[1]
    named = next((arrays[name] for name in ID_ARRAYS if name in arrays), None)
    ids = None
    if named is not None and named.ndim == 1:
        ids = as_ids(named, source)
    return Held(matrix, ids, notes=("held in memory: an archive cannot be mapped",))


def write_npz(embeddings: Embeddings, path: Path) -> None:
    """Write the arrays `vectors` and `ids`; the same vectors give the same bytes."""
    with path.open("wb") as stream:
        ids = np.array(embeddings.ids.tolist())
        np.savez(stream, vectors=np.asarray(embeddings.vectors), ids=ids)


def _sniff_raw(source: Source) -> str | None:
    # Nothing in the content says so; the name must, and it is asked last
    if source.is_folder or source.path.suffix not in RAW_SUFFIXES:
        return None
    return f"the suffix {source.path.suffix} of raw float32 numbers"


def hold_raw(source: Source, shape: Shape) -> Held:
    """float32 numbers without a header; the width comes from the ids or the user."""
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


CONTAINERS = (
    Container("npy", "NumPy matrix", _sniff_npy, hold_npy),
    Container(
        "npz", "NumPy archive", _sniff_npz, hold_npz, has_ids=True, write=write_npz
    ),
)
RAW = Container("raw", "raw float32 memory map", _sniff_raw, hold_raw)
