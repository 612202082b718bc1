"""FlagEmbedding's training lines: query, pos, neg and perhaps a teacher's scores.

Queries and documents are texts, so their ids are made from the texts. Scores come as
pos_scores and neg_scores, in older files as teacher_scores, the positives' first. A
line is one group.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from rankbound.read.contents import Contents
from rankbound.read.json.building import Builder
from rankbound.read.json.jsonl import Row, write_records
from rankbound.read.json.records import group_records, query_texts, text_of
from rankbound.read.json.rowformats import RowFormat

TITLE: Final = "texts with negatives (FlagEmbedding): query, pos, neg, pos_scores"
CHARACTERS: Final = (
    "training would take its single characters for documents; put it in brackets"
)
SCORE_KEYS: Final = ("pos_scores", "neg_scores", "teacher_scores")
UNSCORED: Final = "lines without scores, in a file whose other lines have them"


def read_rows(builder: Builder, found: Iterable[Row]) -> Contents:
    """Groups of texts, with scores where the lines have them."""
    prompts: dict[str, int] = {}
    scored, lines = 0, 0
    for row in found:
        row.need("query", "pos", "neg")
        scored += _add(row)
        lines += 1
        if isinstance(row.fields.get("prompt"), str):
            prompts[row["prompt"]] = prompts.get(row["prompt"], 0) + 1
    builder.count(UNSCORED, lines - scored if scored else 0)
    return builder.contents(
        "flagembedding", metadata={"prompts": prompts} if prompts else {}
    )


def _add(row: Row) -> bool:
    """Add a line and say whether it has scores."""
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
    # An empty list stands for no scores, as null does
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


def _matches(record: Mapping[str, Any]) -> str | None:
    if not record.keys() >= {"query", "pos", "neg"} or "qid" in record:
        return None
    with_scores = [key for key in SCORE_KEYS if record.get(key)]
    found = ["query", "pos", "neg", *with_scores]
    return f"lines of objects with {', '.join(found)}"


def write(contents: Contents, path: Path) -> None:
    """Write groups whose queries and documents have texts.

    Raises
    ------
    FormatError
        When a text is lacking, or positives are not marked.
    """
    write_records(path, _lines(contents))


def _lines(contents: Contents) -> Iterator[dict[str, Any]]:
    queries, documents = query_texts(contents), dict(contents.texts)
    for record in group_records(contents, TITLE):
        good, bad = record.split()
        texts = [text_of(contents, documents, name, TITLE) for name in record.docnos]
        line: dict[str, Any] = {
            "query": text_of(contents, queries, record.qid, TITLE),
            "pos": [texts[place] for place in good],
            "neg": [texts[place] for place in bad],
        }
        if record.scores is not None:
            line["pos_scores"] = record.scores_at(good)
            line["neg_scores"] = record.scores_at(bad)
        yield line


ROW_FORMATS = (
    RowFormat(
        "flagembedding",
        TITLE,
        ("scores", "groups"),
        _matches,
        read_rows,
        write,
        ("groups", "positives", "scores", "texts", "query_texts", "made_ids"),
    ),
)
FORMATS = tuple(entry.as_format() for entry in ROW_FORMATS)
