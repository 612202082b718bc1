"""Training lines and rerankings with texts: FlagEmbedding, Tevatron, RankLLM.

FlagEmbedding has query, pos, neg and perhaps a teacher's scores: pos_scores and
neg_scores, or teacher_scores in older files, the positives' first. Queries and
documents are texts, from which their ids are made.

Tevatron's version 1 has ``positive_passages`` and ``negative_passages``, lists of
objects with docid, title, text and, for distillation, score. Version 2 has ids alone:
``positive_document_ids`` and ``negative_document_ids``. If a query has too few
negatives, the trainer draws with replacement, so files made from its batches name a
document twice; it is kept once in its group and counted.

RankLLM has a query with its text, and candidates, the best first. After a listwise
reranking the scores are a function of the rank alone. The file does not say so, but
`estimators.kinds.infer_kind` recognises it by the numbers.
"""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from rankbound.errors import UsageError
from rankbound.read.contents import Contents
from rankbound.read.json.building import AGAIN, Builder
from rankbound.read.json.jsonl import Row, RowFormat, write_records
from rankbound.read.json.records import (
    Record,
    group_records,
    query_texts,
    ranked_records,
    text_of,
)

# FlagEmbedding

FLAGEMBEDDING: Final = (
    "texts with negatives (FlagEmbedding): query, pos, neg, pos_scores"
)
CHARACTERS: Final = (
    "training would take its single characters for documents; put it in brackets"
)
SCORE_KEYS: Final = ("pos_scores", "neg_scores", "teacher_scores")
UNSCORED_LINES: Final = "lines without scores, in a file whose other lines have them"


def read_flagembedding(builder: Builder, found: Iterable[Row]) -> Contents:
    """Read groups of texts, and scores if the lines have them."""
    prompts: dict[str, int] = {}
    scored, lines = 0, 0
    for row in found:
        row.need("query", "pos", "neg")
        scored += _add_line(row)
        lines += 1
        prompt = row.fields.get("prompt")
        if isinstance(prompt, str):
            prompts[prompt] = prompts.get(prompt, 0) + 1
    builder.count(UNSCORED_LINES, lines - scored if scored else 0)
    return builder.contents(
        "flagembedding", metadata={"prompts": prompts} if prompts else {}
    )


def _add_line(row: Row) -> bool:
    """Add a line; whether it has scores."""
    query = row.builder.query_text(row["query"], row.line)
    good, bad = (
        row.document_texts(row.listed(key, otherwise=CHARACTERS))
        for key in ("pos", "neg")
    )
    group = row.builder.group(query, row.line)
    row.builder.members(group, good, positive=True)
    row.builder.members(group, bad)
    values = _scores(row, len(good), len(bad))
    if values is not None:
        row.builder.scored(query, good + bad, values, row.line)
    return values is not None


def _scores(row: Row, good: int, bad: int) -> list[Any] | None:
    # An empty list means no scores, as null does
    given = [key for key in SCORE_KEYS if row.fields.get(key) not in (None, [])]
    if not given:
        return None
    if given == ["teacher_scores"]:
        return row.parallel("teacher_scores", good + bad, "texts of pos and neg")
    if "teacher_scores" in given:
        raise row.fail("give teacher_scores, or pos_scores and neg_scores, not both")
    return [
        *_part(row, "pos_scores", good, "texts of pos"),
        *_part(row, "neg_scores", bad, "texts of neg"),
    ]


def _part(row: Row, key: str, size: int, of: str) -> list[Any]:
    return row.parallel(key, size, of) if size or row.fields.get(key) else []


def _matches_flagembedding(record: Mapping[str, Any]) -> str | None:
    if not record.keys() >= {"query", "pos", "neg"} or "qid" in record:
        return None
    with_scores = [key for key in SCORE_KEYS if record.get(key)]
    found = ["query", "pos", "neg", *with_scores]
    return f"lines of objects with {', '.join(found)}"


def write_flagembedding(contents: Contents, path: Path) -> None:
    """Write groups whose queries and documents have texts.

    Raises
    ------
    FormatError
        If a text is missing, or positives are not marked.
    """
    write_records(path, _flagembedding_lines(contents))


class TextLine(msgspec.Struct, omit_defaults=True):
    """A line as it is written."""

    query: str
    pos: list[str]
    neg: list[str]
    pos_scores: list[float] | None = None
    neg_scores: list[float] | None = None


def _flagembedding_lines(contents: Contents) -> Iterator[TextLine]:
    queries, documents = query_texts(contents), dict(contents.texts)
    for record in group_records(contents, FLAGEMBEDDING):
        good, bad = record.split()
        texts = [
            text_of(contents, documents, name, FLAGEMBEDDING) for name in record.docnos
        ]
        scored = record.scores is not None
        yield TextLine(
            text_of(contents, queries, record.qid, FLAGEMBEDDING),
            [texts[place] for place in good],
            [texts[place] for place in bad],
            record.scores_at(good) if scored else None,
            record.scores_at(bad) if scored else None,
        )


OF_FLAGEMBEDDING = (
    RowFormat(
        "flagembedding",
        FLAGEMBEDDING,
        ("scores", "groups"),
        _matches_flagembedding,
        read_flagembedding,
        write_flagembedding,
        ("groups", "positives", "scores", "texts", "query_texts", "made_ids"),
    ),
)


# Tevatron

PASSAGES: Final = ("positive_passages", "negative_passages")
IDS: Final = ("positive_document_ids", "negative_document_ids")
V1: Final = f"passages (Tevatron 1): query_id, query, {', '.join(PASSAGES)}"
V2: Final = f"document ids (Tevatron 2): query_id, query_text, {', '.join(IDS)}"
UNSCORED_PASSAGES: Final = "passages without a score, in a file whose others have one"


class Passage(msgspec.Struct, omit_defaults=True):
    """A passage of version 1; the builder checks the types."""

    docid: Any
    title: Any = None
    text: Any = None
    score: Any = None


class PassageLine(msgspec.Struct):
    """A line of version 1 as it is written."""

    query_id: str
    query: str
    positive_passages: list[Passage]
    negative_passages: list[Passage]


class IdLine(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A line of version 2 as it is written."""

    query_id: str
    query_text: str | None = None
    positive_document_ids: list[str]
    negative_document_ids: list[str]


def read_passages(builder: Builder, found: Iterable[Row]) -> Contents:
    """Read version 1: groups of passages with texts, and the scores that they have."""
    passages, scored = 0, 0
    for row in found:
        row.need("query_id", *PASSAGES)
        query = _query_with_text(row, "query")
        group = builder.group(query, row.line)
        for key in PASSAGES:
            rule = f"{key} must be a list of objects with docid"
            for listed in row.listed(key):
                passage = row.nested(listed, Passage, rule)
                document = _passage(row, passage)
                builder.member(group, document, positive=key == PASSAGES[0])
                passages += 1
                if passage.score is not None:
                    builder.score(query, document, passage.score, row.line)
                    scored += 1
    builder.count(UNSCORED_PASSAGES, passages - scored if scored else 0)
    return builder.contents("tevatron")


def read_ids(builder: Builder, found: Iterable[Row]) -> Contents:
    """Read version 2: groups of ids."""
    for row in found:
        row.need("query_id", *IDS)
        group = builder.group(_query_with_text(row, "query_text"), row.line)
        for key in IDS:
            documents = row.documents(row.listed(key))
            builder.members(group, documents, positive=key == IDS[0])
    return builder.contents("tevatron-v2")


def _query_with_text(row: Row, key: str) -> int:
    if row.fields.get(key) is None:
        return row.query("query_id")
    return row.builder.query_text(row[key], row.line, qid=row["query_id"])


def _passage(row: Row, passage: Passage) -> int:
    title, text = passage.title, passage.text
    if text is None:
        return row.builder.document(passage.docid, row.line)
    whole = f"{title} {text}" if title and isinstance(text, str) else text
    return row.builder.document_text(whole, row.line, docno=passage.docid)


def _matches_tevatron(keys: tuple[str, ...], record: Mapping[str, Any]) -> str | None:
    if not record.keys() >= {"query_id", *keys}:
        return None
    return f"lines of objects with query_id, {', '.join(keys)}"


def write_passages(contents: Contents, path: Path) -> None:
    """Write version 1, with titles as part of the texts.

    Raises
    ------
    FormatError
        If a text is missing, or positives are not marked.
    """
    write_records(path, _with_passages(contents))


def _with_passages(contents: Contents) -> Iterator[PassageLine]:
    queries, documents = query_texts(contents), dict(contents.texts)
    for record in group_records(contents, V1):
        # Without scores, that of each passage is left out
        scores = itertools.repeat(None) if record.scores is None else record.scores
        passages = [
            Passage(name, "", text_of(contents, documents, name, V1), score)
            for name, score in zip(record.docnos, scores, strict=False)
        ]
        good, bad = record.split()
        yield PassageLine(
            record.qid,
            text_of(contents, queries, record.qid, V1),
            [passages[place] for place in good],
            [passages[place] for place in bad],
        )


def write_ids(contents: Contents, path: Path) -> None:
    """Write version 2, with the texts of the queries that have one.

    Raises
    ------
    FormatError
        If positives are not marked.
    """
    texts = query_texts(contents)
    write_records(
        path, (_with_ids(record, texts) for record in group_records(contents, V2))
    )


def _with_ids(record: Record, texts: Mapping[str, str]) -> IdLine:
    good, bad = record.split()
    return IdLine(
        query_id=record.qid,
        query_text=texts.get(record.qid),
        positive_document_ids=record.pick(good),
        negative_document_ids=record.pick(bad),
    )


OF_TEVATRON = (
    RowFormat(
        "tevatron",
        V1,
        ("scores", "groups"),
        lambda record: _matches_tevatron(PASSAGES, record),
        read_passages,
        write_passages,
        ("groups", "positives", "scores", "texts", "query_texts"),
    ),
    RowFormat(
        "tevatron-v2",
        V2,
        ("groups",),
        lambda record: _matches_tevatron(IDS, record),
        read_ids,
        write_ids,
        ("groups", "positives", "query_texts"),
    ),
)


# RankLLM

RANKLLM: Final = "rerankings (RankLLM): query {text, qid}, candidates [{docid, score}]"
CANDIDATES: Final = "candidates must be a list of objects with docid and score"
TEXT_KEYS: Final = ("contents", "text", "passage", "segment", "body", "content")


class Query(msgspec.Struct, kw_only=True):
    """A query of a reranking; the builder checks the types."""

    text: Any = None
    qid: Any


class Candidate(msgspec.Struct):
    """A reranked document, with its text in `doc`; the builder checks the types."""

    docid: Any
    score: Any
    doc: Any = None


class Reranking(msgspec.Struct):
    """A line as it is written."""

    query: Query
    candidates: list[Candidate]


def read_rankllm(builder: Builder, found: Iterable[Row]) -> Contents:
    """Read the scores, ranks and texts of the candidates."""
    ranks = array("i")
    for row in found:
        row.need("query", "candidates")
        asked = row.nested(row["query"], Query, "query must be an object with qid")
        query = _reranked_query(row, asked)
        for rank, listed in enumerate(row.listed("candidates"), start=1):
            candidate = row.nested(listed, Candidate, CANDIDATES)
            document = _candidate(row, candidate)
            builder.score(query, document, candidate.score, row.line)
            ranks.append(rank)
    contents = builder.contents("rankllm")
    if contents.scores is None or contents.repairs.get(AGAIN):
        return contents
    return replace(contents, ranks=np.array(ranks, dtype=np.int64)[builder.rows])


def _reranked_query(row: Row, query: Query) -> int:
    if query.text in (None, ""):
        return row.builder.query(query.qid, row.line)
    return row.builder.query_text(query.text, row.line, qid=query.qid)


def _candidate(row: Row, candidate: Candidate) -> int:
    text = candidate.doc
    if isinstance(text, dict):
        text = next((text[key] for key in TEXT_KEYS if key in text), None)
    if not isinstance(text, str):
        return row.builder.document(candidate.docid, row.line)
    return row.builder.document_text(text, row.line, docno=candidate.docid)


def _matches_rankllm(record: Mapping[str, Any]) -> str | None:
    if not isinstance(record.get("candidates"), list) or "query" not in record:
        return None
    return "lines of objects with query and candidates"


def write_rankllm(contents: Contents, path: Path) -> None:
    """Write the scored documents of each query, the best first, with known texts.

    Raises
    ------
    FormatError
        If there are no scores.
    """
    write_records(path, _rankllm_lines(contents))


def _rankllm_lines(contents: Contents) -> Iterator[Reranking]:
    queries = query_texts(contents)
    texts = {docno: {"contents": text} for docno, text in contents.texts.items()}
    for record in ranked_records(contents, RANKLLM):
        pairs = zip(record.docnos, record.scores or [], strict=True)
        yield Reranking(
            Query(text=queries.get(record.qid, ""), qid=record.qid),
            [Candidate(docno, score, texts.get(docno, {})) for docno, score in pairs],
        )


OF_RANKLLM = (
    RowFormat(
        "rankllm",
        RANKLLM,
        ("scores",),
        _matches_rankllm,
        read_rankllm,
        write_rankllm,
        ("scores", "ranks", "texts", "query_texts"),
    ),
)

# DPR

DPR: Final = "retrieval training (DPR): question, positive_ctxs, hard_negative_ctxs"
CONTEXTS: Final = ("positive_ctxs", "negative_ctxs", "hard_negative_ctxs")
PASSAGE_KEYS: Final = ("passage_id", "psg_id", "id", "docid")
OF_RETRIEVAL: Final = (
    "the scores of its passages are those of the first retriever, with 1000 for gold "
    "ones, and are not read; `format='dpr:scores'` reads them"
)


def _read_dpr(as_scores: bool, builder: Builder, found: Iterable[Row]) -> Contents:
    """Read the groups of questions, and scores where the user says so."""
    told = False
    for row in found:
        row.need("question", CONTEXTS[0])
        query = row.builder.query_text(row["question"], row.line)
        group = row.builder.group(query, row.line)
        for key in CONTEXTS:
            for context in row.listed(key) if key in row else ():
                if not isinstance(context, dict):
                    raise row.fail(f"{key} must hold objects, found {context!r:.60}")
                document = _context(row, context)
                row.builder.member(group, document, positive=key == CONTEXTS[0])
                if "score" not in context:
                    continue
                if as_scores:
                    row.builder.score(query, document, context["score"], row.line)
                elif not told:
                    told = True
                    row.builder.notes.append(OF_RETRIEVAL)
    return builder.contents("dpr")


def _context(row: Row, context: Mapping[str, Any]) -> int:
    docno = next((context[key] for key in PASSAGE_KEYS if context.get(key)), None)
    text, title = context.get("text"), context.get("title")
    if not isinstance(text, str):
        return row.builder.document(docno, row.line)
    whole = f"{title} {text}" if isinstance(title, str) and title else text
    return row.builder.document_text(whole, row.line, docno=docno)


def _matches_dpr(record: Mapping[str, Any]) -> str | None:
    if not (isinstance(record.get(CONTEXTS[0]), list) and "question" in record):
        return None
    return f"objects with question and {CONTEXTS[0]}"


def _dpr_as(argument: str) -> RowFormat:
    if argument != "scores":
        raise UsageError(
            f"`format='dpr:{argument}'`: only 'scores' may follow the colon (the "
            "scores of the passages are a teacher's)"
        )
    return replace(OF_DPR, name="dpr:scores", read_rows=partial(_read_dpr, True))


OF_DPR: Final = RowFormat(
    "dpr",
    DPR,
    ("scores", "groups"),
    _matches_dpr,
    partial(_read_dpr, False),
    configure=_dpr_as,
)

ROW_FORMATS = (OF_DPR, *OF_FLAGEMBEDDING, *OF_TEVATRON, *OF_RANKLLM)
FORMATS = tuple(entry.as_format() for entry in ROW_FORMATS)
