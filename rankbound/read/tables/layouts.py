"""Layouts of tables: which columns hold queries, documents, scores or vectors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

import pyarrow.types as pt

from rankbound.read.tables.frames import is_list, is_text

# A hyphen counts as an underscore: BEIR writes query-id
QUERY: Final = ("qid", "query_id", "q_id")
DOCUMENT: Final = ("docno", "doc_id", "passage_id", "document_id", "corpus_id", "pid")
LISTED: Final = ("doc_ids", "document_ids", "passage_ids", "docnos", "doc_id_b")
POSITIVE: Final = ("positive_id", "pos_id", "doc_id_a")
NEGATIVE: Final = ("negative_id", "neg_id", "doc_id_b")
SCORE: Final = ("score",)
SCORES: Final = ("scores", "score", "teacher_scores")
GRADE: Final = ("relevance", "label", "rel", "grade")
LABELS: Final = ("labels", "label")
RANK: Final = ("rank",)
VECTOR: Final = ("embedding", "embeddings", "vector", "emb", "doc_vec", "query_vec")
VECTOR_ID: Final = (*DOCUMENT, "docid", "id", "_id", *QUERY)
BEIR_DOCUMENT: Final = "corpus_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowColumns:
    """The names of the columns of a query and a document in each row."""

    query: str
    document: str
    score: str | None = None
    grade: str | None = None
    rank: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListColumns:
    """The names of the columns of a query and lists in each row.

    `document`, `scores` and `labels` hold lists, and `positive` holds single documents.
    """

    query: str
    document: str
    positive: str | None = None
    scores: str | None = None
    labels: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TripleColumns:
    """The names of the columns of triples; `score` holds margins."""

    query: str
    positive: str
    negative: str
    score: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorColumns:
    """The names of the columns of ids and vectors."""

    id: str
    vector: str


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a table that are read.

    Attributes
    ----------
    kind : str
        "scores", "qrels", "margins", "lists" or "embeddings".
    by_role : RowColumns, ListColumns, TripleColumns or VectorColumns
        The name of the column of each role.
    """

    kind: str
    by_role: RowColumns | ListColumns | TripleColumns | VectorColumns

    @property
    def roles(self) -> dict[str, str]:
        """The column of each role that has one."""
        return {
            role: name
            for role, name in asdict(self.by_role).items()
            if name is not None
        }

    @property
    def columns(self) -> list[str]:
        """The names of the columns that are read."""
        return list(dict.fromkeys(self.roles.values()))

    def evidence(self) -> str:
        """The columns, as a phrase that begins with "columns"."""
        return f"columns {', '.join(self.columns)}"


def recognise(schema: Any) -> Layout | None:
    """The layout of an Arrow schema, or None if its columns are unknown.

    Examples
    --------
    >>> import pyarrow as pa
    >>> fields = [("qid", pa.string()), ("docno", pa.string()), ("score", pa.float32())]
    >>> recognise(pa.schema(fields)).kind
    'scores'
    """
    names = {name.replace("-", "_"): name for name in schema.names}
    columns = _Columns(names, schema)
    found = _lists(columns) or _margins(columns) or _rows(columns)
    return found or _vectors(columns)


@dataclass(frozen=True, slots=True)
class _Columns:
    names: dict[str, str]
    schema: Any

    def kind(self, name: str) -> Any:
        return self.schema.field(name).type

    def find(self, wanted: Iterable[str], *, lists: bool | None = False) -> str | None:
        """The first existing column of those `wanted`.

        `lists` asks for lists (True; text may be a printed list), for single values
        (False), or for either (None).
        """
        for name in wanted:
            real = self.names.get(name)
            if real is None:
                continue
            kind = self.kind(real)
            listed = is_list(kind) or (lists is True and is_text(kind))
            if lists is None or lists is listed:
                return real
        return None


def _lists(columns: _Columns) -> Layout | None:
    query = columns.find(QUERY)
    documents = columns.find(LISTED[:-1], lists=True)
    # In pairs of ir_datasets, doc_id_b is a single document
    documents = documents or columns.find(LISTED[-1:], lists=None)
    if query is None or documents is None or not _is_listed(columns, documents):
        return None
    found = ListColumns(
        query=query,
        document=documents,
        positive=columns.find(POSITIVE),
        scores=columns.find(SCORES, lists=True),
        labels=columns.find(LABELS, lists=True),
    )
    return Layout("lists", found)


def _is_listed(columns: _Columns, name: str) -> bool:
    plural = name.replace("-", "_") in LISTED[:-1]
    return plural or is_list(columns.kind(name))


def _margins(columns: _Columns) -> Layout | None:
    query, positive = columns.find(QUERY), columns.find(POSITIVE)
    negative = columns.find(NEGATIVE)
    if query is None or positive is None or negative is None:
        return None
    score = columns.find(("score", "label", "margin"), lists=None)
    found = TripleColumns(
        query=query, positive=positive, negative=negative, score=score
    )
    return Layout("margins", found)


def _rows(columns: _Columns) -> Layout | None:
    query, document = columns.find(QUERY), columns.find(DOCUMENT)
    if document is None and "docid" in columns.names:
        # PyTerrier's docid is a number inside an index; as text it is a docno
        real = columns.names["docid"]
        document = real if is_text(columns.kind(real)) else None
    score, grade = columns.find(SCORE), columns.find(GRADE)
    rank = columns.find(RANK)
    if query is None or document is None or (score or grade or rank) is None:
        return None
    if document.replace("-", "_") == BEIR_DOCUMENT and grade is None:
        score, grade = None, score
        kind = "qrels"
    else:
        kind = "qrels" if score is None and grade is not None else "scores"
    found = RowColumns(
        query=query, document=document, score=score, grade=grade, rank=rank
    )
    return Layout(kind, found)


def _vectors(columns: _Columns) -> Layout | None:
    vector = columns.find(VECTOR, lists=True)
    if vector is None or not is_list(columns.kind(vector)):
        return None
    wanted = QUERY if vector == "query_vec" else VECTOR_ID
    name = columns.find(wanted)
    if name is None or pt.is_floating(columns.kind(name)):
        return None
    return Layout("embeddings", VectorColumns(id=name, vector=vector))
