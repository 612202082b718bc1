"""Pickles of scores (sentence-transformers) or vectors (Tevatron), never executed."""

from __future__ import annotations

from typing import Any

import numpy as np

from estimators.embeddings import Embeddings
from rankbound.formats.arrays import embeddings_of_array
from rankbound.formats.contents import Contents, Format
from rankbound.formats.nested import scores_of_nested
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
    listed = ids.value if isinstance(ids, Array) else ids
    if vectors.value is None or not isinstance(listed, list | tuple | np.ndarray):
        raise source.fail("expected an array of vectors and a list of ids")
    # Arrays of the other byte order are slow, and torch and jax refuse them
    native = vectors.value.dtype.newbyteorder("=")
    matrix = vectors.value.astype(native, copy=False)
    return embeddings_of_array(matrix, listed, source.fail, name=str(source.path))


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
