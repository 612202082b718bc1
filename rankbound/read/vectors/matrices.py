"""Vectors in files of one matrix: .npy, .npz, safetensors, and raw float32 numbers."""

from __future__ import annotations

import codecs
import math
import os
import re
import warnings
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tokenize import TokenError
from typing import IO, Annotated, Any

import msgspec
import numpy as np
import orjson
from numpy.typing import NDArray

from rankbound.data.embeddings import Embeddings
from rankbound.errors import FormatError, UsageError
from rankbound.memory import check_unpacked_size
from rankbound.read.source import NUMPY_MAGIC, ZIP_MAGIC, Source, one_line
from rankbound.read.vectors.common import (
    Container,
    Held,
    Shape,
    check_end,
    check_unpacked,
    checked_matrix,
    mapped,
    only_matrix,
    write_numbers,
)
from rankbound.read.vectors.row_ids import as_ids

# NumPy files and raw numbers

# Raised by NumPy for a header that is cut, damaged or promises too much
UNREADABLE = (ValueError, OSError, OverflowError, SyntaxError, TokenError, EOFError)
# zipfile raises RuntimeError or its subclass NotImplementedError for an encrypted
# member or an unknown compression
BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, RuntimeError, KeyError)
TAIL_MAGIC, TAIL = b"PK\x05\x06", 22
LARGEST_TAIL = TAIL + (1 << 16)
ID_NAMES = ("ids", "docnos", "docids", "doc_ids", "qids")
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
RAW_SUFFIXES = (".f4", ".f32", ".fp32", ".float32", ".bin", ".memmap", ".mmap")


def _sniff_npy(source: Source) -> str | None:
    return "the signature of .npy" if source.head.startswith(NUMPY_MAGIC) else None


def hold_npy(source: Source, _: Shape) -> Held:
    """Map a .npy file; arrays of objects are refused."""
    check_unpacked(source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about files from Python 2
            matrix = np.lib.format.open_memmap(source.path, mode="r")
    except UNREADABLE as error:
        raise source.fail(f"not a readable .npy array ({one_line(error)})") from None
    check_end(source, matrix.offset + matrix.nbytes)
    return Held(checked_matrix(matrix, source))


def write_npy(embeddings: Embeddings, path: Path, _: Mapping[str, Any]) -> None:
    """Write the vectors in their own type; the caller writes the ids."""
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
        if source.is_pipe:  # whose directory comes last: the first member's own name
            names = [source.head[30 : 30 + source.head[26]].decode(errors="replace")]
        else:
            with zipfile.ZipFile(source.path) as archive:
                names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError):
        names = ["damaged.npy"] if source.path.suffix == ".npz" else []
    found = bool(names) and all(name.endswith(".npy") for name in names)
    return "a zip archive of .npy arrays" if found else None


def hold_npz(source: Source, _: Shape) -> Held:
    """Load the matrix of an .npz archive, and its array of ids if there is one.

    The matrix is the only one, or is called `vectors` or `embeddings`; ids are called
    `ids`, `docnos`, `docids`, `doc_ids` or `qids`.
    """
    try:
        with source.path.open("rb") as stream, zipfile.ZipFile(stream) as archive:
            _check_tail(stream, source)
            infos = archive.infolist()
            size = sum(one.file_size for one in infos)
            on_disk = sum(one.compress_size for one in infos)
            check_unpacked_size(size, on_disk, source.fail)
            names = [name.removesuffix(".npy") for name in archive.namelist()]
            arrays = {name: _member(archive, name) for name in names}
    except FormatError:
        raise
    except (*UNREADABLE, *BROKEN_ZIP) as error:
        raise source.fail(f"not a readable .npz archive ({one_line(error)})") from None
    matrix = only_matrix(arrays, source)[1]
    named = next((arrays[name] for name in ID_NAMES if name in arrays), None)
    ids = None
    if named is not None and named.ndim == 1:
        ids = as_ids(named, source)
    return Held(matrix, ids, notes=("held in memory: an archive cannot be mapped",))


def _member(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    """An array of an archive, read to its end so that zipfile checks the checksum."""
    with archive.open(f"{name}.npy") as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = np.lib.format.read_array(stream, allow_pickle=False)
        if stream.read(1):
            raise ValueError(f"more follows the array {name!r}")
    return np.asarray(found)


def _check_tail(stream: IO[bytes], source: Source) -> None:
    """Check that the archive ends where its directory says."""
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
    """Whether bytes are UTF-8 without control characters; numbers hardly ever are.

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
    # Raw numbers have no signature, so the name decides unless the content is text
    if source.is_folder or source.path.suffix not in RAW_SUFFIXES:
        return None
    if _is_text(source.head):
        return None
    return f"the suffix {source.path.suffix} of raw float32 numbers"


def hold_raw(source: Source, shape: Shape) -> Held:
    """Map float32 numbers without a header; the ids or the user give the width."""
    check_unpacked(source)
    count, rest = divmod(source.path.stat().st_size, 4)
    dim = shape.dim
    if dim is None and shape.rows:
        dim, surplus = divmod(count, shape.rows)
        rest = rest or surplus
    if not dim:
        raise source.fail(
            "raw float32 numbers have no header; give the ids of the rows, or the "
            "width as `format='raw:DIM'`"
        )
    if rest or count % dim:
        raise source.fail(
            f"{source.path.stat().st_size:,} bytes are not a whole number of rows of "
            f"{dim} float32 numbers; the width, the ids or the file is wrong"
        )
    matrix = mapped(source, dtype="<f4", rows=count // dim, dim=dim, offset=0)
    return Held(matrix)


def write_raw(embeddings: Embeddings, path: Path, _: Mapping[str, Any]) -> str:
    """Write float32 numbers without a header; the caller writes the ids."""
    with path.open("wb") as stream:
        write_numbers(stream, embeddings, "<f4")
    return f"float32 numbers without a header, {embeddings.dim} a row"


def _of_width(argument: str) -> Container:
    if not argument.isdecimal() or not int(argument):
        raise UsageError(f"raw:{argument}: give the width as raw:DIM, such as raw:768")

    def hold(source: Source, shape: Shape) -> Held:
        return hold_raw(source, replace(shape, dim=int(argument)))

    return replace(RAW, name=f"raw:{argument}", hold=hold)


ALL_FLOATS = ("vectors", "dtype", "precision")
NUMPY = (
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


# safetensors

DTYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}
WIDTHS = {"F16": 2, "F32": 4, "F64": 8, "BF16": 2}
METADATA = "__metadata__"
LARGEST_HEADER = 100_000_000  # the format's own limit


def _sniff_safetensors(source: Source) -> str | None:
    head = source.head
    length = int.from_bytes(head[:8], "little")
    # The upper bytes of such a length are zeros, which text does not hold
    found = head[8:9] == b"{" and 2 <= length <= LARGEST_HEADER and b"\0" in head[:8]
    return "a JSON header behind its length" if found else None


def hold_safetensors(source: Source, _: Shape) -> Held:
    """Map the matrix; ids are a JSON list in the metadata, under `ids` or the like."""
    header = _header(source)
    arrays = {
        name: _matrix(source, name, tensor, header.length + 8)
        for name, tensor in header.tensors.items()
    }
    name, matrix = only_matrix(arrays, source)
    metadata = header.metadata
    listed = next((metadata[key] for key in ID_NAMES if key in metadata), None)
    ids = None if listed is None else as_ids(_listed_ids(listed, source), source)
    kept = {key: value for key, value in metadata.items() if key not in ID_NAMES}
    return Held(matrix, ids, metadata={"tensor": name, **kept})


class Tensor(msgspec.Struct, frozen=True):
    """A tensor as the header of a safetensors file describes it.

    `data_offsets` are the places of its first byte and behind its last one, counted
    from the end of the header.
    """

    dtype: str
    shape: list[Annotated[int, msgspec.Meta(ge=0)]]
    data_offsets: tuple[Annotated[int, msgspec.Meta(ge=0)], int]

    def __post_init__(self) -> None:
        start, end = self.data_offsets
        width = WIDTHS.get(self.dtype)
        size = end - start if width is None else math.prod(self.shape) * width
        if start > end or size != end - start:
            raise ValueError("the offsets do not fit the shape")


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a safetensors file, and its length in bytes."""

    length: int
    tensors: dict[str, Tensor]
    metadata: dict[str, str]


def _header(source: Source) -> Header:
    check_unpacked(source)
    with source.stream() as stream:
        length = int.from_bytes(stream.read(8), "little")
        if length > min(LARGEST_HEADER, source.path.stat().st_size):
            raise source.fail(f"the safetensors header cannot be {length:,} bytes long")
        text = stream.read(length)
    try:
        entries = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        said = entries.pop(METADATA, None)
        metadata = (
            {} if said is None else msgspec.json.decode(said, type=dict[str, str])
        )
        tensors = {
            name: msgspec.json.decode(entry, type=Tensor)
            for name, entry in entries.items()
        }
    except msgspec.ValidationError:
        raise source.fail(
            "the safetensors header does not describe its tensors"
        ) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise source.fail(
            f"the safetensors header is damaged or cut ({error})"
        ) from None
    if not tensors:
        raise source.fail("holds no tensors")
    check_end(source, 8 + length + max(it.data_offsets[1] for it in tensors.values()))
    return Header(length, tensors, metadata)


def _matrix(source: Source, name: str, tensor: Tensor, start: int) -> Any:
    """A tensor: matrices are mapped, others are empty arrays of as many dimensions."""
    if len(tensor.shape) != 2:
        return np.empty((0,) * len(tensor.shape), dtype=np.float32)
    rows, dim = tensor.shape
    offset = start + tensor.data_offsets[0]
    if tensor.dtype == "BF16":
        halves = mapped(source, dtype="<u2", rows=rows, dim=dim, offset=offset)
        return of_bfloat16(halves)
    dtype = DTYPES.get(tensor.dtype)
    if dtype is None:
        raise source.fail(
            f"tensor {name!r} is of type {tensor.dtype}; save it as F16, F32 or F64"
        )
    return mapped(source, dtype=dtype, rows=rows, dim=dim, offset=offset)


def of_bfloat16(halves: NDArray[Any]) -> NDArray[np.float32]:
    """Numbers of bfloat16, which are the upper halves of those of float32, in memory.

    Examples
    --------
    >>> of_bfloat16(np.array([0x3FC0, 0xC000], dtype="<u2")).tolist()
    [1.5, -2.0]
    """
    return (halves.astype(np.uint32) << 16).view(np.float32)


def _listed_ids(listed: str, source: Source) -> Any:
    try:
        names = orjson.loads(listed)
    except orjson.JSONDecodeError:
        names = None
    if not isinstance(names, list):
        raise source.fail("the ids in the metadata must be a JSON list of text")
    return names


def write_safetensors(embeddings: Embeddings, path: Path, _: Mapping[str, Any]) -> None:
    """Write the tensor `vectors`, and the ids as a JSON list in the metadata."""
    codes = {np.dtype(dtype): code for code, dtype in DTYPES.items()}
    matrix = np.ascontiguousarray(embeddings.vectors)
    matrix = matrix.astype(matrix.dtype.newbyteorder("<"), copy=False)
    if matrix.dtype not in codes:
        raise FormatError(
            path,
            f"safetensors cannot hold {matrix.dtype} numbers; convert to .npz",
        )
    header = orjson.dumps(
        {
            METADATA: {"ids": orjson.dumps(embeddings.ids.tolist()).decode()},
            "vectors": {
                "dtype": codes[matrix.dtype],
                "shape": [*matrix.shape],
                "data_offsets": [0, matrix.nbytes],
            },
        }
    )
    header += b" " * (-len(header) % 8)  # so that the numbers are aligned
    with path.open("wb") as stream:
        stream.write(len(header).to_bytes(8, "little") + header)
        matrix.tofile(stream)


SAFETENSORS = (
    Container(
        "safetensors",
        "safetensors file",
        _sniff_safetensors,
        hold_safetensors,
        has_ids=True,
        write=write_safetensors,
        keeps=("vectors", "dtype", "precision"),
    ),
)
CONTAINERS = (*NUMPY, *SAFETENSORS)
