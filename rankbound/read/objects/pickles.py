"""Pickles of scores (sentence-transformers) or vectors (Tevatron), never executed."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from rankbound.data.embeddings import Embeddings
from rankbound.read.contents import Contents, Format
from rankbound.read.json.records import lacking
from rankbound.read.objects.arrays import embeddings_of_array
from rankbound.read.objects.nested import scores_of_nested
from rankbound.read.objects.unpickling import START, Array, load
from rankbound.read.source import Source

NAME = "pickle"
# At most 18 digits, so that 64-bit readers hold them; no 007, +7 or -0
CANONICAL: Final = re.compile(r"0|-?[1-9][0-9]{0,17}", re.ASCII)
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
    kind = "an array alone" if isinstance(found, Array) else type(found).__name__
    raise source.fail(f"expected a pickle of {SHAPES}, found {kind}")


def _embeddings(vectors: Array, ids: Any, source: Source) -> Embeddings:
    listed = ids.value if isinstance(ids, Array) else ids
    if vectors.value is None or not isinstance(listed, list | tuple | np.ndarray):
        raise source.fail("expected an array of vectors and a list of ids")
    # Arrays of the other byte order are slow, and torch and jax refuse them
    native = vectors.value.dtype.newbyteorder("=")
    matrix = vectors.value.astype(native, copy=False)
    return embeddings_of_array(matrix, listed, source.fail, name=str(source.path))


def write_pickle(contents: Contents, path: Path) -> str:
    """Write a plain dict ``{qid: {docno: score}}`` of built-in types.

    Ids become whole numbers, as sentence-transformers has them, where every query id
    and every document id is one, written as Python writes it.

    Raises
    ------
    FormatError
        When there are no scores.
    """
    scores = contents.scores
    if scores is None:
        raise lacking(contents, "a pickle", "scores")
    numbers = all(map(CANONICAL.fullmatch, [*scores.qids, *scores.docnos]))
    of: Callable[[str], int | str] = int if numbers else str
    documents = [of(docno) for docno in scores.docnos]
    table: dict[int | str, dict[int | str, float]] = {}
    for place, qid in enumerate(scores.qids):
        rows = slice(*scores.offsets[place : place + 2])
        codes, values = scores.codes[rows].tolist(), scores.values[rows].tolist()
        row = dict(zip((documents[code] for code in codes), values, strict=True))
        table[of(qid)] = row
    with path.open("wb") as stream:
        pickle.dump(table, stream, protocol=4)
    kind = "whole numbers" if numbers else "text, since not all are whole numbers"
    return f"the ids in the pickle are {kind}"


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
        write_pickle,
        ("scores",),
    ),
)
