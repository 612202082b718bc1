"""Vectors in safetensors files: the header is JSON, the numbers are mapped."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from rankbound.data.embeddings import Embeddings
from rankbound.errors import FormatError
from rankbound.read.source import Source
from rankbound.read.vectors.common import (
    Container,
    Held,
    Shape,
    check_end,
    check_unpacked,
    mapped,
    only_matrix,
)
from rankbound.read.vectors.row_ids import as_ids

DTYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}
WIDTHS = {"F16": 2, "F32": 4, "F64": 8}
METADATA = "__metadata__"
LARGEST_HEADER = 100_000_000  # the format's own limit
ID_KEYS = ("ids", "docnos", "docids", "doc_ids", "qids")


def _sniff(source: Source) -> str | None:
    head = source.head
    length = int.from_bytes(head[:8], "little")
    # A small length leaves zeros in the upper bytes, which text never has
    found = head[8:9] == b"{" and 2 <= length <= LARGEST_HEADER and b"\0" in head[:8]
    return "a JSON header behind its length" if found else None


def hold(source: Source, _: Shape) -> Held:
    """A memory map of the matrix; ids as a JSON list under `ids` in the metadata."""
    length, header = _header(source)
    metadata = header.pop(METADATA, {})
    arrays = {
        name: _array(source, name, entry, length + 8) for name, entry in header.items()
    }
    name, matrix = only_matrix(arrays, source)
    listed = next((metadata[key] for key in ID_KEYS if key in metadata), None)
    ids = None if listed is None else as_ids(_ids(listed, source), source)
    kept = {key: value for key, value in metadata.items() if key not in ID_KEYS}
    return Held(matrix, ids, metadata={"tensor": name, **kept})


def _header(source: Source) -> tuple[int, dict[str, Any]]:
    check_unpacked(source)
    with source.stream() as stream:
        length = int.from_bytes(stream.read(8), "little")
        if length > min(LARGEST_HEADER, source.path.stat().st_size):
            raise source.fail(f"the safetensors header cannot be {length:,} bytes long")
        text = stream.read(length)
    try:
        header = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise source.fail(
            f"the safetensors header is damaged or cut ({error.msg})"
        ) from None
    if not isinstance(header, dict) or not all(map(_is_described, header.items())):
        raise source.fail("the safetensors header does not describe its tensors")
    ends = [it["data_offsets"][1] for name, it in header.items() if name != METADATA]
    if not ends:
        raise source.fail("holds no tensors")
    check_end(source, 8 + length + max(ends))
    return length, header


def _is_described(item: tuple[str, Any]) -> bool:
    """Whether an entry of the header has the shape that the format asks for."""
    name, entry = item
    if not isinstance(entry, dict):
        return False
    if name == METADATA:
        return all(isinstance(value, str) for value in entry.values())
    shape: Any = entry.get("shape")
    offsets: Any = entry.get("data_offsets")
    if not isinstance(entry.get("dtype"), str) or not _are_counts(shape):
        return False
    if not _are_counts(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        return False
    width = WIDTHS.get(entry["dtype"])
    return width is None or math.prod(shape) * width == offsets[1] - offsets[0]


def _are_counts(values: Any) -> bool:
    return isinstance(values, list) and all(
        isinstance(value, int) and not isinstance(value, bool) and value >= 0
        for value in values
    )


def _array(source: Source, name: str, entry: dict[str, Any], start: int) -> Any:
    """A tensor; only matrices of known types are mapped, others show their shape."""
    shape, dtype = entry["shape"], DTYPES.get(entry["dtype"])
    if len(shape) != 2:
        return np.empty((0,) * len(shape), dtype=np.float32)
    if dtype is None:
        raise source.fail(
            f"tensor {name!r} is of type {entry['dtype']}; save it as F16, F32 or F64"
        )
    offset = start + int(entry["data_offsets"][0])
    return mapped(source, dtype=dtype, rows=shape[0], dim=shape[1], offset=offset)


def _ids(listed: str, source: Source) -> Any:
    try:
        names = orjson.loads(listed)
    except orjson.JSONDecodeError:
        names = None
    if not isinstance(names, list):
        raise source.fail("the ids in the metadata must be a JSON list of text")
    return names


def write(embeddings: Embeddings, path: Path, _: Mapping[str, Any]) -> None:
    """Write the tensor `vectors`, and the ids as a JSON list in the metadata."""
    codes = {np.dtype(dtype): code for code, dtype in DTYPES.items()}
    matrix = np.ascontiguousarray(embeddings.vectors)
    matrix = matrix.astype(matrix.dtype.newbyteorder("<"), copy=False)
    if matrix.dtype not in codes:
        raise FormatError(
            path, f"safetensors hold no {matrix.dtype} numbers; convert to .npz"
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


CONTAINERS = (
    Container(
        "safetensors",
        "safetensors file",
        _sniff,
        hold,
        has_ids=True,
        write=write,
        keeps=("vectors", "dtype", "precision"),
    ),
)
