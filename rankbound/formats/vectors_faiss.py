"""Vectors in FAISS files: flat indexes are parsed, others only by faiss itself.

The library reads files in a way that a prepared one can abuse, so it is only asked when
the user names the format `faiss-library`, for files from a trusted source.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from rankbound.formats.source import Source
from rankbound.formats.vectors import Container, Held, Shape, mapped

FLAT = {b"IxFI": "inner product", b"IxF2": "L2", b"IxFl": "L2"}
HEADER = struct.Struct("<4siqqqBi")
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
    head = source.head
    if len(head) < HEADER.size + 8:
        raise source.fail("the header of the FAISS index is cut; copy the file again")
    mark, dim, count, metric = _header(head)
    offset = HEADER.size + (4 if metric > 1 else 0)
    (stored,) = struct.unpack_from("<Q", head, offset)
    if dim <= 0 or count < 0 or stored != count * dim:
        raise source.fail(
            f"the FAISS header contradicts itself: {count} vectors of width {dim}, "
            f"{stored} numbers; write the index again"
        )
    matrix = mapped(source, dtype="<f4", rows=count, dim=dim, offset=offset + 8)
    return Held(matrix, metadata={"metric": FLAT[mark]})


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


CONTAINERS = (
    Container("faiss-flat", "flat FAISS index", _sniff, hold_flat),
    Container("faiss", "another FAISS index", _sniff_other, refuse_other),
    Container(
        "faiss-library",
        "FAISS index, read by faiss (only files that you trust)",
        lambda _: None,
        hold_by_library,
        has_ids=True,
    ),
)
