"""Vectors in search indexes: FAISS files, Pyserini's folders, PyTerrier's FlexIndex.

Flat FAISS indexes are parsed here. Others need the library, which reads files in a way
that a prepared one can abuse, so it is used only if the user names the format
`faiss-library`, for files from a trusted source.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson

from rankbound.data.embeddings import Embeddings
from rankbound.errors import FormatError, UsageError
from rankbound.read.source import Source, one_line
from rankbound.read.vectors.common import (
    Container,
    Held,
    Shape,
    check_end,
    check_unpacked,
    mapped,
    write_numbers,
)
from rankbound.read.vectors.row_ids import as_ids, read_ids, write_ids

# FAISS files

FLAT = (b"IxFI", b"IxF2", b"IxFl")
MAPPED = (b"IxMp", b"IxM2")
METRICS = {0: "inner product", 1: "L2"}
# Signature, width, number of vectors, two fillers, trained, metric
HEADER = struct.Struct("<4siqqqBi")
FILLER = 1 << 20  # as faiss writes it
NAMED = {"ip": "inner product", "l2": "L2"}
MARKS = b"Ix", b"IH", b"Iw", b"Iv", b"IN", b"IL", b"Is", b"Ip", b"Ir"


def _is_index(source: Source) -> bool:
    """Whether the head is that of an index: a signature, a plausible width and size."""
    head = source.head[: HEADER.size]
    if not head.startswith(MARKS) or len(head) < HEADER.size:
        return False
    _, dim, count, _ = _header(head)
    return 0 < dim < 1 << 20 and 0 <= count < 1 << 40


def _header(head: bytes) -> tuple[bytes, int, int, int]:
    """Signature, width, number of vectors and metric."""
    fields = HEADER.unpack(head[: HEADER.size])
    return fields[0], fields[1], fields[2], fields[6]


def _sniff(source: Source) -> str | None:
    mark = source.head[:4]
    if mark in FLAT and source.packing == "none":
        return f"the signature {mark.decode()} of a flat FAISS index"
    return None


def _sniff_other(source: Source) -> str | None:
    flat = source.head[:4] in FLAT or _inner(source) is not None
    if _is_index(source) and not flat:
        return f"the signature {source.head[:4]!r} of a FAISS index"
    return None


def hold_flat(source: Source, _: Shape) -> Held:
    """Map the vectors of a flat index, without the library."""
    check_unpacked(source)
    if source.head[:4] not in FLAT:
        raise source.fail(
            f"a flat FAISS index begins with IxF, this file with {source.head[:4]!r}"
        )
    flat = _flat_at(source, 0)
    check_end(source, flat.end)
    return Held(flat.matrix, metadata=flat.metadata)


def hold_with_ids(source: Source, _: Shape) -> Held:
    """Map the vectors of a flat index inside IDMap, whose numbers are the ids."""
    check_unpacked(source)
    start = _inner(source)
    if start is None:
        raise source.fail("expected a flat FAISS index inside IDMap or IDMap2")
    flat = _flat_at(source, start)
    rows = len(flat.matrix)
    with source.path.open("rb") as stream:
        stream.seek(flat.end)
        counted = stream.read(8)
        stored = stream.read(8 * rows)
    count = int.from_bytes(counted, "little")
    if len(counted) < 8 or count != rows or len(stored) < 8 * rows:
        raise source.fail(
            f"{count} ids for {rows} vectors; the file is cut or damaged, copy it again"
        )
    check_end(source, flat.end + 8 + 8 * rows)
    ids = as_ids(np.frombuffer(stored, dtype="<i8"), source)
    return Held(flat.matrix, ids, metadata=flat.metadata)


class Flat(NamedTuple):
    """A flat index inside a file: its vectors, what it says, and where it ends."""

    matrix: Any
    metadata: Mapping[str, Any]
    end: int


def _flat_at(source: Source, start: int) -> Flat:
    """The flat index whose header begins at `start`."""
    head = source.head[start:]
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
    if not count:
        raise source.fail("the FAISS index holds no vectors")
    offset += start + 8
    matrix = mapped(source, dtype="<f4", rows=count, dim=dim, offset=offset)
    metadata = {"metric": METRICS.get(metric, f"number {metric}")}
    return Flat(matrix, metadata, offset + 4 * stored)


def _inner(source: Source) -> int | None:
    """Where the flat index inside IDMap begins; None for any other file."""
    head = source.head
    if head[:4] not in MAPPED or len(head) < HEADER.size:
        return None
    start = HEADER.size + (4 if _header(head)[3] > 1 else 0)
    return start if head[start : start + 4] in FLAT else None


def _sniff_with_ids(source: Source) -> str | None:
    if source.packing != "none" or _inner(source) is None:
        return None
    mark = source.head[:4].decode()
    return f"the signature {mark} of a FAISS index with ids, around a flat one"


def write_flat(
    embeddings: Embeddings, path: Path, metadata: Mapping[str, Any]
) -> str | None:
    """Write a flat index of float32 numbers as faiss does, without the library.

    The metric is that of the metadata, by default inner product.

    Raises
    ------
    FormatError
        For a metric other than inner product and L2.
    """
    given = metadata.get("metric")
    name = NAMED["ip"] if given is None else str(given)
    number = next((n for n, metric in METRICS.items() if metric == name), None)
    if number is None:
        raise FormatError(
            path,
            f"a flat FAISS index is written for inner product or L2, but the metric is "
            f"{name!r}; choose one with `to='faiss-flat:ip'` or `to='faiss-flat:l2'`",
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
    """Refuse an index that is not flat, and say how it can be read."""
    raise source.fail(
        f"a FAISS index of kind {source.head[:4].decode('latin-1')!r}; only flat ones "
        "are parsed: `format='faiss-library'` (needs the extra rankbound[faiss]) lets "
        "faiss reconstruct the vectors, for a file that you trust"
    )


def hold_by_library(source: Source, _: Shape) -> Held:
    """Let faiss reconstruct the vectors in memory; lossy for quantised indexes."""
    try:
        import faiss
    except ImportError:
        raise source.fail(
            "reading this index needs faiss; pip install 'rankbound[faiss]'"
        ) from None
    try:
        whole: Any = faiss.read_index(str(source.path), faiss.IO_FLAG_MMAP)
        index, ids = whole, None  # `whole` owns the memory of `index`
        if hasattr(whole, "id_map"):
            ids = [str(i) for i in faiss.vector_to_array(whole.id_map)]
            index = faiss.downcast_index(whole.index)
        if hasattr(index, "make_direct_map"):
            index.make_direct_map()
        matrix = index.reconstruct_n(0, index.ntotal)
    except RuntimeError as error:
        raise source.fail(
            f"faiss cannot read or reconstruct it ({one_line(error)})"
        ) from None
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
FAISS = (
    FLAT_INDEX,
    Container(
        "faiss-idmap",
        "flat FAISS index with ids (IDMap)",
        _sniff_with_ids,
        hold_with_ids,
        has_ids=True,
        keeps=("vectors", "metric"),
    ),
    Container("faiss", "another FAISS index", _sniff_other, refuse_other),
    Container(
        "faiss-library",
        "FAISS index, read by faiss (only files that you trust)",
        lambda _: None,
        hold_by_library,
        has_ids=True,
    ),
)


# Folders

FLEX_META = "pt_meta.json"


def _sniff_flex(source: Source) -> str | None:
    if not source.is_folder or not (source.path / FLEX_META).is_file():
        return None
    return f"a folder with {FLEX_META} and vecs.f4"


def hold_flex(source: Source, _: Shape) -> Held:
    """Map ``vecs.f4`` of a FlexIndex, with the ids in ``docnos.npids``."""
    rows, dim, meta = _flex_meta(source)
    vectors = Source(source.path / "vecs.f4")
    if not vectors.path.is_file():
        raise vectors.fail("no such file; a FlexIndex keeps its vectors there")
    matrix = mapped(vectors, dtype="<f4", rows=rows, dim=dim, offset=0)
    if vectors.path.stat().st_size != rows * dim * 4:
        raise vectors.fail(
            f"does not hold the {rows:,} x {dim} float32 numbers that {FLEX_META} "
            "promises"
        )
    return Held(matrix, _flex_docnos(source, rows), metadata=meta)


def _flex_meta(source: Source) -> tuple[int, int, Mapping[str, object]]:
    """The numbers of vectors and of dimensions, and all that the file says."""
    meta_source = Source(source.path / FLEX_META)
    try:
        meta = orjson.loads(meta_source.data())
    except orjson.JSONDecodeError as error:
        raise meta_source.fail(f"not JSON ({error.msg})", line=error.lineno) from None
    wanted = {"type": "dense_index", "format": "flex"}
    found = {key: meta.get(key) for key in wanted} if isinstance(meta, dict) else meta
    if found != wanted:
        raise meta_source.fail(f"expected {wanted}, found {found}")
    rows, dim = counts = [meta.get("doc_count"), meta.get("vec_size")]
    if not all(isinstance(count, int) and count > 0 for count in counts):
        raise meta_source.fail(
            f"doc_count and vec_size must be positive, found {counts}"
        )
    return rows, dim, meta


def _flex_docnos(source: Source, rows: int) -> list[str]:
    path = source.path / "docnos.npids"
    if not path.is_file():
        raise source.fail("has no docnos.npids, which holds the ids of vecs.f4")
    try:
        import npids
    except ImportError:
        raise source.fail(
            "its ids need the extra rankbound[io]: pip install 'rankbound[io]'"
        ) from None
    try:
        with npids.Lookup(str(path)) as lookup:
            # A damaged file may promise an endless number of ids
            count = len(lookup)
            names = [str(name) for name in lookup] if count == rows else []
    except Exception as error:  # the library promises nothing about damaged files
        raise Source(path).fail(
            f"not a readable npids file ({one_line(error)})"
        ) from None
    if count != rows or len(names) != rows:
        raise Source(path).fail(f"{count:,} ids for {rows:,} vectors")
    return names


def write_flex(embeddings: Embeddings, path: Path, _: Mapping[str, Any]) -> None:
    """Write a FlexIndex folder: float32 numbers, ids in npids, and the sizes.

    Raises
    ------
    UsageError
        If npids is not installed.
    FormatError
        For ids that npids cannot hold.
    """
    try:
        import npids
    except ImportError:
        raise UsageError(
            "a FlexIndex keeps its ids in npids: pip install 'rankbound[io]', or write "
            "another format"
        ) from None
    path.mkdir()
    with (path / "vecs.f4").open("wb") as stream:
        write_numbers(stream, embeddings, "<f4")
    names = embeddings.ids.tolist()
    try:
        npids.Lookup.build(names, str(path / "docnos.npids"), return_self=False)
    except Exception as error:  # the library promises nothing about odd ids
        raise FormatError(
            embeddings.name, f"npids cannot hold these ids ({one_line(error)})"
        ) from None
    count, dim = embeddings.vectors.shape
    kind = {"type": "dense_index", "format": "flex"}
    meta = orjson.dumps({**kind, "vec_size": dim, "doc_count": count})
    (path / FLEX_META).write_bytes(meta)


def _sniff_pyserini(source: Source) -> str | None:
    names = ("index", "docid")
    if not source.is_folder or not all((source.path / n).is_file() for n in names):
        return None
    return "a folder with index (FAISS) and docid"


def hold_pyserini(source: Source, shape: Shape) -> Held:
    """Map Pyserini's folder: a flat FAISS file ``index``, and ids in ``docid``."""
    inner = hold_flat(Source(source.path / "index"), shape)
    return Held(inner.matrix, read_ids(source.path / "docid"), inner.metadata)


def write_pyserini(
    embeddings: Embeddings, path: Path, metadata: Mapping[str, Any]
) -> str | None:
    """Write Pyserini's folder: a flat FAISS file ``index``, and ids in ``docid``."""
    path.mkdir()
    write_ids(embeddings.ids.tolist(), path / "docid", embeddings.name)
    return write_flat(embeddings, path / "index", metadata)


FOLDERS = (
    Container(
        "flexindex",
        "FlexIndex folder",
        _sniff_flex,
        hold_flex,
        has_ids=True,
        write=write_flex,
        lies="folder",
    ),
    Container(
        "pyserini-faiss",
        "Pyserini FAISS folder",
        _sniff_pyserini,
        hold_pyserini,
        has_ids=True,
        write=write_pyserini,
        keeps=("vectors", "metric"),
        lies="folder",
    ),
)
CONTAINERS = (*FAISS, *FOLDERS)
