"""Vectors in folders: PyTerrier's FlexIndex, and Pyserini's FAISS folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from rankbound.data.embeddings import Embeddings
from rankbound.errors import FormatError, UsageError
from rankbound.read.source import Source
from rankbound.read.vectors.common import (
    Container,
    Held,
    Shape,
    mapped,
    one_line,
    write_numbers,
)
from rankbound.read.vectors.faiss_files import hold_flat, write_flat
from rankbound.read.vectors.row_ids import read_ids, write_ids

META = "pt_meta.json"


def _sniff_flex(source: Source) -> str | None:
    if not source.is_folder or not (source.path / META).is_file():
        return None
    return f"a folder with {META} and vecs.f4"


def hold_flex(source: Source, _: Shape) -> Held:
    """A FlexIndex: ``vecs.f4`` mapped, ids from ``docnos.npids``."""
    meta = _meta(source)
    rows, dim = meta["doc_count"], meta["vec_size"]
    vectors = Source(source.path / "vecs.f4")
    if not vectors.path.is_file():
        raise vectors.fail("no such file; a FlexIndex keeps its vectors there")
    matrix = mapped(vectors, dtype="<f4", rows=rows, dim=dim, offset=0)
    if vectors.path.stat().st_size != rows * dim * 4:
        raise vectors.fail(
            f"has other than the {rows:,} x {dim} float32 numbers that {META} promises"
        )
    return Held(matrix, _docnos(source, rows), metadata=meta)


def _meta(source: Source) -> dict[str, Any]:
    meta_source = Source(source.path / META)
    try:
        meta = orjson.loads(meta_source.data())
    except orjson.JSONDecodeError as error:
        raise meta_source.fail(f"not JSON ({error.msg})", line=error.lineno) from None
    wanted = {"type": "dense_index", "format": "flex"}
    found = {key: meta.get(key) for key in wanted} if isinstance(meta, dict) else meta
    if found != wanted:
        raise meta_source.fail(f"expected {wanted}, found {found}")
    counts = [meta.get("doc_count"), meta.get("vec_size")]
    if not all(isinstance(count, int) and count > 0 for count in counts):
        raise meta_source.fail(
            f"doc_count and vec_size must be positive, found {counts}"
        )
    return dict(meta)


def _docnos(source: Source, rows: int) -> list[str]:
    path = source.path / "docnos.npids"
    if not path.is_file():
        raise source.fail("has no docnos.npids, which names the rows of vecs.f4")
    try:
        import npids
    except ImportError:
        raise source.fail(
            "its ids need the extra rankbound[io]: pip install 'rankbound[io]'"
        ) from None
    try:
        with npids.Lookup(str(path)) as lookup:
            # A damaged count may promise ids without end
            count = len(lookup)
            names = [str(name) for name in lookup] if count == rows else []
    except Exception as error:  # the library promises nothing about damaged files
        reason = one_line(error)
        raise Source(path).fail(f"not a readable npids file ({reason})") from None
    if count != rows or len(names) != rows:
        raise Source(path).fail(f"{count:,} ids for {rows:,} vectors")
    return names


def write_flex(embeddings: Embeddings, path: Path, _: Mapping[str, Any]) -> None:
    """Make the folder of a FlexIndex: float32 numbers, ids by npids, and the sizes.

    Raises
    ------
    UsageError
        Without npids.
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
    (path / META).write_bytes(meta)


def _sniff_pyserini(source: Source) -> str | None:
    names = ("index", "docid")
    if not source.is_folder or not all((source.path / n).is_file() for n in names):
        return None
    return "a folder with index (FAISS) and docid"


def hold_pyserini(source: Source, shape: Shape) -> Held:
    """Pyserini's folder: ``index``, a flat FAISS file, and ``docid``, one id a line."""
    inner = hold_flat(Source(source.path / "index"), shape)
    return Held(inner.matrix, read_ids(source.path / "docid"), inner.metadata)


def write_pyserini(
    embeddings: Embeddings, path: Path, metadata: Mapping[str, Any]
) -> str | None:
    """Make Pyserini's folder: a flat FAISS file ``index``, and ``docid``."""
    path.mkdir()
    write_ids(embeddings.ids.tolist(), path / "docid", embeddings.name)
    return write_flat(embeddings, path / "index", metadata)


CONTAINERS = (
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
