"""Scored documents and judgements of ir_datasets, by id: ``irds:<dataset id>``."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from rankbound.data.scores import Scores
from rankbound.errors import UsageError
from rankbound.read.contents import Contents, Format
from rankbound.read.source import Source, one_line
from rankbound.read.text.assembling import Assembly, Repeat
from rankbound.read.text.candidates import candidate_groups
from rankbound.read.text.ids import ids_of

BATCH = 1 << 16


def _dataset(source: Source) -> Any:
    """The dataset of a path ``irds:<id>``; nothing is downloaded until it is used."""
    if source.dataset is None:
        raise source.fail("is not the id of a dataset; write irds:<dataset id>")
    try:
        import ir_datasets
    except ImportError:
        raise UsageError(
            f"{source.path}: ir_datasets is not installed; "
            "pip install 'rankbound[irds]'"
        ) from None
    try:
        return ir_datasets.load(source.dataset)
    except KeyError:
        raise source.fail(
            "ir_datasets has no such dataset; its ids are listed at ir-datasets.com"
        ) from None


def _scoreddocs(source: Source) -> Contents:
    dataset = _dataset(source)
    if not dataset.has_scoreddocs():
        raise source.fail("the dataset has no scored documents; name one that has")
    with _fetched(source):
        rows = ((r.query_id, r.doc_id, r.score) for r in dataset.scoreddocs_iter())
        scores = _scores(source, rows)
    name = IRDS_SCOREDDOCS.name
    if scores.values.any():
        return Contents(name, source.path, scores=scores)
    # ir_datasets returns 0 if the files have no scores
    starts = scores.offsets
    listed = [
        scores.docnos[scores.codes[start:stop]].tolist()
        for start, stop in itertools.pairwise(starts)
    ]
    return Contents(
        name,
        source.path,
        groups=candidate_groups(scores.qids.tolist(), listed, name=str(source.path)),
        notes=(f"{source.path}: the dataset lists documents without scores",),
    )


def _qrels(source: Source) -> Contents:
    dataset = _dataset(source)
    if not dataset.has_qrels():
        raise source.fail("the dataset has no judgements; name one that has")
    with _fetched(source):
        rows = ((r.query_id, r.doc_id, r.relevance) for r in dataset.qrels_iter())
        qrels = _scores(source, rows)
    return Contents(IRDS_QRELS.name, source.path, qrels=qrels)


def read_irds_texts(source: Source) -> tuple[dict[str, str], dict[str, str]]:
    """The texts of documents and of queries by id.

    Raises
    ------
    UsageError
        When ir_datasets is not installed.
    FormatError
        When there is no such dataset, or it has no documents or no queries.
    """
    dataset = _dataset(source)
    if not (dataset.has_docs() and dataset.has_queries()):
        raise source.fail("the dataset lacks documents or queries; name one with both")
    with _fetched(source):
        documents = {one.doc_id: _text(one) for one in dataset.docs_iter()}
        queries = {one.query_id: _text(one) for one in dataset.queries_iter()}
    return documents, queries


def _text(one: Any) -> str:
    """What ir_datasets takes for the text; of older versions all fields but the id."""
    if hasattr(one, "default_text"):
        return str(one.default_text())
    return " ".join(field for field in one[1:] if isinstance(field, str))


@contextmanager
def _fetched(source: Source) -> Iterator[None]:
    """Report errors of the network or the disk as one line about the dataset."""
    try:
        yield
    except OSError as error:  # includes those of requests
        raise source.fail(
            f"ir_datasets could not fetch the files ({one_line(error)}); "
            "connect to the network, or put them where ir_datasets keeps its downloads"
        ) from None


def _scores(source: Source, rows: Iterable[tuple[str, str, float]]) -> Scores:
    table = Assembly(str(source.path))
    stream = iter(rows)
    while batch := list(itertools.islice(stream, BATCH)):
        qids, docnos, values = zip(*batch, strict=True)
        table.add(
            list(qids),
            np.arange(len(batch)),
            ids_of(docnos),
            np.array(values, dtype=np.float64),
        )
    if not table.values:
        raise source.fail("the dataset gives no rows")
    try:
        return table.sorted().scores
    except Repeat as repeat:
        first, second = (row + 1 for row in repeat.rows)
        raise source.fail(
            f"rows {first} and {second} of the dataset are about the same query and "
            "document; it cannot be used as it is"
        ) from None


def _sniff(source: Source) -> str | None:
    return None if source.dataset is None else f"the id {source.dataset!r} of a dataset"


IRDS_SCOREDDOCS = Format(
    "irds-scoreddocs",
    "scored documents of ir_datasets: irds:<dataset id>",
    ("scores", "groups"),
    _sniff,
    _scoreddocs,
)
IRDS_QRELS = Format(
    "irds-qrels",
    "relevance judgements of ir_datasets: irds:<dataset id>",
    ("qrels",),
    _sniff,
    _qrels,
)
FORMATS = (IRDS_SCOREDDOCS, IRDS_QRELS)
