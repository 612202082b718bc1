"""Vectors in FAISS files: flat indexes are parsed, others only by faiss itself.

The library reads files in a way that a prepared one can abuse, so it is only asked when
the user names the format `faiss-library`, for files from a trusted source.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from rankbound.data.embeddings import Embeddings
from rankbound.errors import FormatError, UsageError
from rankbound.read.source import Source
from rankbound.read.vectors.common import (
    Container,
    Held,
    Shape,
    check_end,
    check_unpacked,
    mapped,
    write_numbers,
)

FLAT = (b"IxFI", b"IxF2", b"IxFl")
METRICS = {0: "inner product", 1: "L2"}
# Mark, width, number of vectors, two fillers, trained, metric
HEADER = struct.Struct("<4siqqqBi")
FILLER = 1 << 20  # what faiss writes there
NAMED = {"ip": "inner product", "l2": "L2"}
MARKS = b"Ix", b"IH", b"Iw", b"Iv", b"IN", b"IL", b"Is", b"Ip", b"Ir"


def _is_index(source: Source) -> bool:
    """Whether the header is that of an index: a mark, then a likely width and size."""
    head = source.head[: HEADER.size]
    if not head.startswith(MARKS) or len(head) < HEADER.size:
        return False
    _, dim, count, _ = _header(head)
    return 0 < dim < 1 << 20 and 0 <= count < 1 << 40


def _header(head: bytes) -> tuple[bytes, int, int, int]:
    """Mark, width, number of vectors and metric."""
    fields = HEADER.unpack(head[: HEADER.size])
    return fields[0], fields[1], fields[2], fields[6]


def _sniff(source: Source) -> str | None:
    mark = source.head[:4]
    if mark in FLAT and source.packing == "none":
        return f"the mark {mark.decode()} of a flat FAISS index"
    return None


def _sniff_other(source: Source) -> str | None:
    if _is_index(source) and source.head[:4] not in FLAT:
        return f"the mark {source.head[:4]!r} of a FAISS index"
    return None


def hold_flat(source: Source, _: Shape) -> Held:
    """A memory map of the vectors of a flat index, without the library."""
    check_unpacked(source)
    head = source.head
    if head[:4] not in FLAT:
        raise source.fail(f"a flat FAISS index begins with IxF, this with {head[:4]!r}")
    metric = _header(head)[3] if len(head) >= HEADER.size else 0
    offset = HEADER.size + (4 if metric > 1 else 0)
    if len(head) < offset + 8:
        raise source.fail("the header of the FAISS index is cut; copy the file again")
    dim, count = _header(head)[1:3]
    (stored,) = struct.unpack_from("<Q", head, offset)
    if dim <= 0 or count < 0 or stored != count * dim:
        raise source.fail(
            f"the FAISS header contradicts itself: {count} vectors of width {dim}, "
            f"{stored} numbers; write the index again"
        )
    check_end(source, offset + 8 + 4 * stored)
    if not count:
        raise source.fail("the FAISS index holds no vectors")
    matrix = mapped(source, dtype="<f4", rows=count, dim=dim, offset=offset + 8)
    return Held(matrix, metadata={"metric": METRICS.get(metric, f"number {metric}")})


def write_flat(
    embeddings: Embeddings, path: Path, metadata: Mapping[str, Any]
) -> str | None:
    """Write a flat index as faiss does, without it: float32, of one of two metrics.

    The metric is that of the metadata; inner product where they give none.

    Raises
    ------
    FormatError
        For another metric.
    """
    given = metadata.get("metric")
    name = NAMED["ip"] if given is None else str(given)
    number = next((n for n, metric in METRICS.items() if metric == name), None)
    if number is None:
        raise FormatError(
            path,
            f"a flat FAISS index is written for inner product or L2, and the metric is "
            f"{name!r}; choose with --to faiss-flat:ip or faiss-flat:l2",
        )
    count, dim = embeddings.vectors.shape
    fields = (FLAT[number], dim, count, FILLER, FILLER, 1, number)
    with path.open("wb") as stream:
        stream.write(HEADER.pack(*fields) + struct.pack("<Q", count * dim))
        write_numbers(stream, embeddings, "<f4")
    if given is not None:
        return None
    return "the index searches by inner product; faiss-flat:l2 makes it L2"


def _of_metric(argument: str) -> Container:
    if argument not in NAMED:
        raise UsageError(f"faiss-flat:{argument}: the metric is ip or l2")

    def write(embeddings: Embeddings, path: Path, _: Mapping[str, Any]) -> None:
        write_flat(embeddings, path, {"metric": NAMED[argument]})

    return replace(
        FLAT_INDEX, name=f"faiss-flat:{argument}", write=write, keeps=("vectors",)
    )


def refuse_other(source: Source, _: Shape) -> Held:
    """Say how another index can be read."""
    raise source.fail(
        f"a FAISS index of kind {source.head[:4].decode('latin-1')!r}; only flat ones "
        "are parsed: pass --format faiss-library (needs the extra rankbound[faiss]) to "
        "let faiss reconstruct the vectors, for a file that you trust"
    )


def hold_by_library(source: Source, _: Shape) -> Held:
    """Vectors as faiss reconstructs them, in memory; lossy for quantised indexes."""
    try:
        import faiss
    except ImportError:
        raise source.fail(
            "reading this index needs faiss; pip install 'rankbound[faiss]'"
        ) from None
    try:
        whole: Any = faiss.read_index(str(source.path), faiss.IO_FLAG_MMAP)
        index, ids = whole, None  # `whole` owns what `index` points to
        if hasattr(whole, "id_map"):
            ids = [str(i) for i in faiss.vector_to_array(whole.id_map)]
            index = faiss.downcast_index(whole.index)
        if hasattr(index, "make_direct_map"):
            index.make_direct_map()
        matrix = index.reconstruct_n(0, index.ntotal)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise source.fail(f"faiss cannot read or reconstruct it ({reason})") from None
    note = f"reconstructed by faiss from {type(index).__name__}; exact only if flat"
    return Held(np.asarray(matrix), ids, notes=(note,))


FLAT_INDEX = Container(
    "faiss-flat",
    "flat FAISS index; faiss-flat:l2 or faiss-flat:ip is written for that metric",
    _sniff,
    hold_flat,
    write=write_flat,
    keeps=("vectors", "metric"),
    configure=_of_metric,
)
CONTAINERS = (
    FLAT_INDEX,
    Container("faiss", "another FAISS index", _sniff_other, refuse_other),
    Container(
        "faiss-library",
        "FAISS index, read by faiss (only files that you trust)",
        lambda _: None,
        hold_by_library,
        has_ids=True,
    ),
)
