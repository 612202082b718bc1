"""Results of searches and rerankings in memory, as `Contents`.

- hits: a list for each query of ``{"corpus_id", "score"}``, from semantic_search, or
  one such list, from CrossEncoder.rank; also by query id in a dictionary;
- numbers and places of the k best documents, two arrays of shape (n_queries, k): what
  bm25s retrieves, a FAISS index searches, and torch.topk selects;
- rerankings of RankLLM, and samples of lightning-ir, which have ids of their own.

A place is a number only: it counts the documents that were searched, so their ids have
to be given.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from rankbound.read.contents import Contents
from rankbound.read.json.building import Builder
from rankbound.read.objects.arrays import Fail, Ids, as_array, is_array
from rankbound.read.source import Source

KEYS: Final = ("corpus_id", "score")
OWN_ID: Final = ("id", "_id", "docno", "docid", "doc_id", "corpus_id")
EMPTY_PLACES: Final = "places of the k best without a document (-1)"
PLACES: Final = (
    "a place counts the documents that were searched; give their ids, in that order, "
    "as `docnos`"
)
RISING: Final = (
    "its numbers rise down every list, so they are distances, of which the smallest is "
    "the best; give their negatives, or search by inner product"
)


class Hit(NamedTuple):
    """A document found: its place, id or record, its score, and perhaps its text."""

    document: Any
    score: Any
    text: Any = None


def hits_of(value: Any, fail: Fail) -> list[tuple[Any, list[Hit]]] | None:
    """The hits of each query with its id, if it has one; None for any other object.

    Parameters
    ----------
    value : object
    fail : callable
        Turns a message into the error to raise.

    Examples
    --------
    >>> found = hits_of([[{"corpus_id": 3, "score": 0.5}]], ValueError)
    >>> [(qid, [tuple(hit) for hit in hits]) for qid, hits in found]
    [(None, [(3, 0.5, None)])]
    """
    if isinstance(value, Mapping):
        listed = value and all(map(_is_list_of_hits, value.values()))
        found = ((qid, _hits(hits)) for qid, hits in value.items())
        return list(found) if listed and any(value.values()) else None
    if _is_list_of_hits(value) and value:
        return [(None, _hits(value))]
    if isinstance(value, list | tuple) and value and all(map(_is_list_of_hits, value)):
        return [(None, _hits(hits)) for hits in value] if any(value) else None
    best = _best(value)
    return None if best is None else _of_best(*best, fail)


def _is_list_of_hits(value: Any) -> bool:
    """Whether a value is a list of hits, or an empty one."""
    return isinstance(value, list | tuple) and all(
        isinstance(hit, Mapping) and all(key in hit for key in KEYS) for hit in value
    )


def _hits(listed: Iterable[Mapping[str, Any]]) -> list[Hit]:
    return [Hit(hit["corpus_id"], hit["score"], hit.get("text")) for hit in listed]


# Numbers and places of the k best


def _best(value: Any) -> tuple[Any, Any] | None:
    """The numbers and the places or documents of the k best."""
    for numbers, places in (("scores", "documents"), ("values", "indices")):
        named = [getattr(value, name, None) for name in (numbers, places)]
        if isinstance(value, tuple) and all(map(is_array, named)):
            return named[0], named[1]
    if not isinstance(value, tuple | list) or len(value) != 2:
        return None
    both = all(is_array(one) and one.ndim == 2 for one in value)
    return (value[0], value[1]) if both else None


def _of_best(numbers: Any, places: Any, fail: Fail) -> list[tuple[Any, list[Hit]]]:
    scores, documents = as_array(numbers, fail), as_array(places, fail)
    kinds = scores.dtype.kind, documents.dtype.kind
    if scores.shape != documents.shape or scores.ndim != 2:
        raise fail(
            "expected two arrays of one shape (n_queries, k), scores and places, found "
            f"the shapes {scores.shape} and {documents.shape}"
        )
    if kinds[0] not in "fiu" or kinds[1] not in "iuOU":
        raise fail(
            "expected an array of scores and one of places, found "
            f"{scores.dtype} and {documents.dtype}; the scores come first"
        )
    held = documents != -1 if kinds[1] in "iu" else np.ones(documents.shape, dtype=bool)
    steps = np.diff(scores, axis=1)[held[:, 1:]] if scores.shape[1] else scores[:0]
    if steps.size and (steps >= 0).all() and (steps > 0).any():
        raise fail(RISING)
    rows = zip(documents.tolist(), scores.tolist(), strict=True)
    return [(None, [*itertools.starmap(Hit, zip(*row, strict=True))]) for row in rows]


# Contents


def contents_of_hits(
    found: Sequence[tuple[Any, list[Hit]]],
    ids: tuple[Ids | None, Any],
    *,
    name: str,
    fail: Fail,
) -> Contents:
    """The scores of hits.

    Parameters
    ----------
    found : sequence of (qid or None, hits)
        As `hits_of` returns it.
    ids : qids and docnos
        `qids` by default the hits' own, or the numbers of the queries from 0. `docnos`
        are the ids of the documents in the order in which they were searched, for all
        queries or a sequence for each; needed where a hit has a place alone.
    name : str
    fail : callable

    Raises
    ------
    FormatError
        As made by `fail`, for ids that do not fit, or hits that need them.
    """
    qids, docnos = ids
    builder = Builder(Source(Path(name)))
    names = _qids(found, qids, fail)
    lists = _docnos(docnos, len(found), fail)
    for line, (qid, (_, hits), own) in enumerate(
        zip(names, found, lists, strict=True), start=1
    ):
        query = builder.query(qid, line)
        for hit in hits:
            if type(hit.document) is int and hit.document == -1:
                builder.count(EMPTY_PLACES)
                continue
            document = _document(builder, hit, own, line, fail)
            builder.score(query, document, _plain(hit.score), line)
    contents = builder.contents("object")
    return contents


def _qids(found: Sequence[tuple[Any, Any]], qids: Ids | None, fail: Fail) -> list[Any]:
    own = [qid for qid, _ in found]
    if qids is None:
        return [number if qid is None else qid for number, qid in enumerate(own)]
    if any(qid is not None for qid in own):
        raise fail("its queries have ids already; leave `qids` out")
    names = [qids] if isinstance(qids, str) else list(qids)
    if len(names) != len(own):
        raise fail(f"{len(names)} qids for the hits of {len(own)} queries")
    return names


def _docnos(docnos: Any, queries: int, fail: Fail) -> list[Sequence[Any] | None]:
    """The ids that places count, for each query."""
    if docnos is None:
        return [None] * queries
    listed = list(docnos)
    nested = bool(listed) and not isinstance(listed[0], str | int | np.integer)
    if not nested:
        return [listed] * queries
    if len(listed) != queries:
        raise fail(f"{len(listed)} lists of docnos for the hits of {queries} queries")
    return [list(one) for one in listed]


def _document(
    builder: Builder, hit: Hit, docnos: Sequence[Any] | None, line: int, fail: Fail
) -> int:
    """The code of a document, by its place, its id, or its text."""
    found = hit.document
    if isinstance(found, Mapping):
        key = next((key for key in OWN_ID if found.get(key) is not None), None)
        if key is None:
            raise fail(f"its documents have no id ({', '.join(OWN_ID)}): {found!r:.60}")
        return builder.document(found[key], line)
    if docnos is not None:
        return builder.document(_at(docnos, found, fail), line)
    if isinstance(hit.text, str):
        return builder.document_text(hit.text, line)
    if isinstance(found, str):
        worded = " " in found.strip()
        return (builder.document_text if worded else builder.document)(found, line)
    raise fail(PLACES)


def _at(docnos: Sequence[Any], place: Any, fail: Fail) -> Any:
    if isinstance(place, bool) or not isinstance(place, int | np.integer):
        raise fail(f"{place!r:.60} is no place of a document; leave `docnos` out")
    if not 0 <= place < len(docnos):
        raise fail(
            f"a place of {place}, but `docnos` has {len(docnos)} ids; give the ids of "
            "all documents that were searched"
        )
    return docnos[int(place)]


def _plain(score: Any) -> Any:
    """A number of NumPy or torch as one of Python."""
    return score.item() if hasattr(score, "item") else score


# Objects with ids of their own


def records_of(value: Any) -> Iterator[Mapping[str, object]] | None:
    """Rerankings of RankLLM and samples of lightning-ir as records.

    None for any other object.

    Examples
    --------
    >>> records_of([1.0]) is None
    True
    """
    several = value if isinstance(value, list | tuple) else [value]
    if not several:
        return None
    if all(hasattr(one, "query") and hasattr(one, "candidates") for one in several):
        return map(_reranking, several)
    if all(hasattr(one, "query_id") and hasattr(one, "doc_ids") for one in several):
        return map(_sample, several)
    return None


def _reranking(one: Any) -> Mapping[str, object]:
    return {
        "query": {"text": one.query.text, "qid": one.query.qid},
        "candidates": [
            {"docid": hit.docid, "score": _plain(hit.score), "doc": hit.doc}
            for hit in one.candidates
        ],
    }


def _sample(one: Any) -> Mapping[str, object]:
    targets = getattr(one, "targets", None)
    known = {"query_id": one.query_id, "doc_ids": list(one.doc_ids)}
    if targets is None:
        return known
    return known | {"labels": np.ravel(as_array(targets, ValueError)).tolist()}
