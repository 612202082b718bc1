"""Pickles of scores (sentence-transformers) or vectors (Tevatron), never executed."""

from __future__ import annotations

from typing import Any

import numpy as np

from estimators.embeddings import Embeddings
from estimators.scores import strings
from rankbound.formats.contents import Contents, Format
from rankbound.formats.nested import scores_of_nested, texts
from rankbound.formats.source import Source
from rankbound.formats.unpickling import START, Array, load

NAME = "pickle"
SHAPES = "scores[qid][docno] or a tuple (vectors, ids)"


def read_pickle(source: Source) -> Contents:
    """Read ``scores[qid][docno] -> float`` or ``(vectors, ids)`` from a pickle.

    Raises
    ------
    FormatError
        When the pickle asks for anything but numbers, text, containers and arrays, is
        damaged, or holds something else.
    """
    found = load(source)
    if isinstance(found, dict):
        scores = scores_of_nested(found, source.fail, name=str(source.path))
        return Contents(NAME, source.path, scores=scores)
    pair = isinstance(found, tuple | list) and len(found) == 2
    if pair and isinstance(found[0], Array):
        return Contents(
            NAME, source.path, embeddings=_embeddings(found[0], found[1], source)
        )
    raise source.fail(f"expected a pickle of {SHAPES}, found {type(found).__name__}")


def _embeddings(vectors: Array, ids: Any, source: Source) -> Embeddings:
    matrix = vectors.value
    listed = (
        ids.value.tolist() if isinstance(ids, Array) and ids.value is not None else ids
    )
    if matrix is None or matrix.ndim != 2 or matrix.dtype.kind != "f":
        shape = None if matrix is None else f"{matrix.shape} of {matrix.dtype}"
        raise source.fail(
            f"expected vectors of shape (n, dim), floating-point numbers, found {shape}"
        )
    if not isinstance(listed, list | tuple) or len(listed) != len(matrix):
        raise source.fail(f"expected {len(matrix)} ids beside {len(matrix)} vectors")
    names = texts(list(listed), source.fail, what="an id")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise source.fail(f"id {twice!r} stands twice; one vector per id")
    native = np.asarray(matrix, dtype=matrix.dtype.newbyteorder("="))
    return Embeddings(strings(names), native, name=str(source.path))


def _sniff(source: Source) -> str | None:
    if not START.match(source.head):
        return None
    return f"a pickle of protocol {source.head[1]}"


FORMATS = (
    Format(
        NAME,
        "pickle of scores[qid][docno] or (vectors, ids); nothing in it is run",
        ("scores", "embeddings"),
        _sniff,
        read_pickle,
    ),
)
