"""Layouts of tables: which columns hold queries, documents, scores or vectors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import pyarrow.types as pt

from rankbound.read.tables.frames import is_list, is_text

# The names that columns of tables, headers of CSV and keys of JSON go by. Case does not
# count, and a hyphen or a blank is an underscore: BEIR writes query-id
QUERY: Final = ("qid", "query_id", "q_id", "queryid", "topic_id", "topic")
DOCUMENT: Final = (
    *("docno", "doc_id", "passage_id", "document_id", "corpus_id", "pid"),
    *("documentid", "passageid", "corpusid", "doc"),
)
LISTED: Final = ("doc_ids", "document_ids", "passage_ids", "docnos")
POSITIVE: Final = ("positive_id", "pos_id", "doc_id_a")
POSITIVES: Final = ("positive_ids", "pos_ids", "positives", "positive_doc_ids")
NEGATIVE: Final = ("negative_id", "neg_id", "doc_id_b")
NEGATIVES: Final = ("negative_ids", "neg_ids", "negatives", "negative_doc_ids")
SCORE: Final = ("score",)
SCORES: Final = ("scores", "score", "teacher_scores")
OF_POSITIVE: Final = ("positive_score", "pos_score", "score_pos")
OF_POSITIVES: Final = ("positive_scores", "pos_scores", *OF_POSITIVE)
OF_NEGATIVE: Final = ("negative_score", "neg_score", "score_neg")
OF_NEGATIVES: Final = ("negative_scores", "neg_scores")
MARGIN: Final = ("score", "label", "margin")
GRADE: Final = ("relevance", "label", "rel", "grade")
LABELS: Final = ("labels", "label")
RANK: Final = ("rank",)
# Which system a row is of. Other things have a name, too, and more than MOST_SYSTEMS
SYSTEM: Final = ("run_tag", "tag", "run_id", "runid", "run_name", "system", "run")
NAMED: Final = ("name", "model", "model_name")
VECTOR: Final = ("embedding", "embeddings", "vector", "emb", "doc_vec", "query_vec")
VECTOR_ID: Final = (*DOCUMENT, "docid", "id", "_id", *QUERY)
# All names that mean something in one place or another
NAMES: Final = frozenset(
    {
        *(*QUERY, *DOCUMENT, *LISTED, *POSITIVE, *POSITIVES, *NEGATIVE, *NEGATIVES),
        *(*SCORE, *SCORES, *OF_POSITIVES, *OF_NEGATIVE, *OF_NEGATIVES, *MARGIN),
        *(*GRADE, *LABELS, *RANK, *VECTOR, *VECTOR_ID),
    }
)
SCORED: Final = frozenset({"score", "rank", "scores", "positive_scores"})
BEIR_DOCUMENTS: Final = ("corpus_id", "corpusid")


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

    `document`, `scores` and `labels` hold lists; `positive` and its scores hold lists
    or single values.
    """

    query: str
    document: str
    positive: str | None = None
    scores: str | None = None
    labels: str | None = None
    positive_scores: str | None = None
    negative_scores: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TripleColumns:
    """The names of the columns of triples; `score` holds margins.

    `positive_score` and `negative_score` hold the scores of both documents.
    """

    query: str
    positive: str
    negative: str
    score: str | None = None
    positive_score: str | None = None
    negative_score: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorColumns:
    """The names of the columns of ids and vectors."""

    id: str
    vector: str


KINDS: Final = ("scores", "qrels", "lists", "margins", "embeddings")


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a table that are read.

    Attributes
    ----------
    kind : str
        "scores", "qrels", "margins", "lists" or "embeddings".
    by_role : RowColumns, ListColumns, TripleColumns or VectorColumns
        The name of the column of each role.
    system : str or None
        The column that may name the system of each row, beside scores.
    """

    kind: str
    by_role: RowColumns | ListColumns | TripleColumns | VectorColumns
    system: str | None = None

    @property
    def roles(self) -> dict[str, str]:
        """The column of each role that has one."""
        system = {"system": self.system}
        return {
            role: name
            for role, name in (asdict(self.by_role) | system).items()
            if name is not None
        }

    @property
    def columns(self) -> list[str]:
        """The names of the columns that are read."""
        return list(dict.fromkeys(self.roles.values()))

    def evidence(self) -> str:
        """The columns, as a phrase that begins with "columns"."""
        read = [name for name in self.columns if name != self.system]
        return f"columns {', '.join(read)}"


def recognise(schema: Any) -> Layout | None:
    """The layout of an Arrow schema, or None if its columns are unknown.

    Examples
    --------
    >>> import pyarrow as pa
    >>> fields = [("qid", pa.string()), ("docno", pa.string()), ("score", pa.float32())]
    >>> recognise(pa.schema(fields)).kind
    'scores'
    """
    names = {plain(name): name for name in schema.names}
    columns = _Columns(names, schema)
    found = _lists(columns) or _margins(columns) or _rows(columns)
    if found is None:
        return _vectors(columns)
    scored = any(role in SCORED for role in found.roles)
    return replace(found, system=columns.find_system()) if scored else found


def plain(name: str) -> str:
    """The name of a column as the lists of this module have it.

    Examples
    --------
    >>> plain("Query-ID"), plain(" docno ")
    ('query_id', 'docno')
    """
    return name.strip().casefold().replace("-", "_").replace(" ", "_")


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

    def find_system(self) -> str | None:
        """The column that names systems, which may be numbered."""
        found = (self.names[name] for name in SYSTEM if name in self.names)
        whole = (name for name in found if pt.is_integer(self.kind(name)))
        named = self.find((*SYSTEM, *NAMED))
        if named is not None and not _holds_names(self.kind(named)):
            named = None
        return named or next(whole, None)

    def find_list(self, wanted: Iterable[str]) -> str | None:
        """As `find`, of columns whose type is one of lists, not of text."""
        names = (self.names[name] for name in wanted if name in self.names)
        return next((name for name in names if is_list(self.kind(name))), None)


def _holds_names(kind: Any) -> bool:
    """Whether a column has text, or categories as of pandas."""
    return is_text(kind) or pt.is_dictionary(kind)


def _lists(columns: _Columns) -> Layout | None:
    query = columns.find(QUERY)
    documents = columns.find((*LISTED, *NEGATIVES), lists=True)
    # In pairs of ir_datasets, doc_id_b is a single document
    documents = documents or columns.find_list(NEGATIVE)
    if query is None or documents is None:
        return None
    found = ListColumns(
        query=query,
        document=documents,
        positive=columns.find((*POSITIVE, *POSITIVES), lists=None),
        scores=columns.find(SCORES, lists=True),
        labels=columns.find(LABELS, lists=True),
        positive_scores=columns.find(OF_POSITIVES, lists=None),
        negative_scores=columns.find(OF_NEGATIVES, lists=True),
    )
    return Layout("lists", found)


def _margins(columns: _Columns) -> Layout | None:
    query, positive = columns.find(QUERY), columns.find(POSITIVE)
    negative = columns.find(NEGATIVE)
    if query is None or positive is None or negative is None:
        return None
    both = columns.find(OF_POSITIVE), columns.find(OF_NEGATIVE)
    if None in both:
        both = (None, None)
    margin = None if both[0] else columns.find(MARGIN, lists=None)
    found = TripleColumns(
        query=query,
        positive=positive,
        negative=negative,
        score=margin,
        positive_score=both[0],
        negative_score=both[1],
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
    if plain(document) in BEIR_DOCUMENTS and grade is None:
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
    wanted = QUERY if plain(vector) == "query_vec" else VECTOR_ID
    name = columns.find(wanted)
    if name is None or pt.is_floating(columns.kind(name)):
        return None
    return Layout("embeddings", VectorColumns(id=name, vector=vector))
