"""Texts in columns, as sentence-transformers mines them and trains on them.

The first column is the query (anchor). The other columns depend on the shape:

- n-tuple and triplet: a positive, then ``negative_1`` ... or ``negative``;
- passages that nothing calls negative: ``passage1``, ``passage2`` or the like;
- labeled-pair: one passage; the passages of a query make one group;
- labeled-list: a list of passages;
- samples of a reranking evaluator: lists ``positive`` and ``negative`` or
  ``documents``.

Numbers stand in ``label``, ``labels``, ``score`` or ``scores``, and their content says
what they are, as in the losses of the library. Beside several passages, as many numbers
are a teacher's scores, one fewer are its margins (the first passage minus each other
one), and a single number beside two passages is their margin. Beside one passage or a
list, labels that are all 0 or 1 mark positives, and fractions are a teacher's scores.
Other whole numbers may be grades or classes, so the user has to say that they are
scores: ``mined:scores``. ``mined:margins`` and ``mined:scores`` say it of any file.

The evaluator of information retrieval writes its predictions as a query and its
``results``, with ids. Elsewhere ids are made from the texts.
"""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from rankbound.errors import UsageError
from rankbound.read.contents import IDLE, Contents
from rankbound.read.json.building import Builder, columns
from rankbound.read.json.jsonl import Row, RowFormat, write_records
from rankbound.read.json.lists import add_scores
from rankbound.read.json.margins import Triples
from rankbound.read.json.records import (
    group_records,
    query_texts,
    ranked_records,
    text_of,
)
from rankbound.read.source import Source, decoded
from rankbound.read.tables.layouts import recognise

TITLE: Final = "texts in columns (sentence-transformers): anchor, positive, negative_1"
LABELS: Final = ("label", "labels")
SCORES: Final = ("score", "scores")
NUMBERS: Final = (*LABELS, *SCORES)
PASSED_OVER: Final = ("dataset_name", "return_loss")  # by the trainer, too
WHOLE: Final = (
    "labels are whole numbers other than 0 and 1 ({value}), which may be grades, "
    "classes or a teacher's scores; if they are scores, read them with "
    "`format='mined:scores'`"
)
BESIDE: Final = "labels beside scores must be 0 or 1, found {value}"
AS_SCORES: Final = (
    "labels that are not all 0 or 1 are read as a teacher's scores; nothing marks the "
    "positives"
)
AS_MARGINS: Final = (
    "{key} is read as the teacher's margin, the first passage minus each other one, "
    "since it has one number fewer than there are passages"
)
UNMARKED: Final = "scores without labels: nothing marks the positives"
FIRST: Final = (
    f"{UNMARKED}; if mine_hard_negatives wrote the lists, the first passage of each is "
    "one: read them with `format='mined:positive-first'`"
)
LACKING: Final = "negatives missing from a row"
UNSCORED: Final = "rows without scores, in a file whose other rows have them"


@dataclass(eq=False, slots=True)
class _Reader:
    """Reads the rows of one file, and decides at its end what labels are.

    Attributes
    ----------
    builder : Builder
    said : str
        What the user says of the numbers: "margins", "scores", "positive-first" or "".
    margins : Triples or None
        Receives margins; None as long as there are none.
    labels : tuple of arrays: queries, groups, documents, labels, lines
        Of pairs and lists, whose members are added at the end.
    scored, unscored : int
        Rows of several passages with and without numbers.
    """

    builder: Builder
    said: str
    margins: Triples | None = None
    labels: tuple[Any, ...] = field(default_factory=lambda: columns("iiidq"))
    scored: int = 0
    unscored: int = 0
    marked: bool | None = None

    def add(self, row: Row) -> None:
        """Add a row of any shape."""
        anchor, *passages = _text_columns(row)
        query = self.builder.query_text(row[anchor], row.line)
        values = [row[key] for key in passages]
        if isinstance(values[0], list) and len(values) > 1:
            self._add_sample(row, query, passages)
        elif isinstance(values[0], list):
            group = self.builder.group(query, row.line)
            self._add_labelled(row, query, group, values[0], listed=True)
        elif len(values) == 1:
            group = self.builder.group(query, row.line, key=("pairs", query))
            self._add_labelled(row, query, group, values, listed=False)
        else:
            self._add_tuple(row, query, passages)

    def contents(self) -> Contents:
        """Everything read."""
        self._settle()
        self.builder.count(UNSCORED, self.unscored if self.scored else 0)
        self.builder.marks = self.marked is not False
        found = self.builder if self.margins is None else self.margins
        return found.contents("mined")

    # Several passages

    def _add_tuple(self, row: Row, query: int, passages: list[str]) -> None:
        self._mark(row, _are_negatives(passages[1:]))
        first, *others = (row[key] for key in passages)
        # Data sets of different widths, when concatenated, lack the last columns
        given = [first, *(text for text in others if text is not None)]
        self.builder.count(LACKING, len(passages) - len(given))
        documents = row.document_texts(given)
        key = self._numbers(row)
        if key is not None and self._are_margins(row, key, len(documents)):
            self._add_margins(row, query, documents, key)
            return
        if len(passages) == 2:
            group = self.builder.positive_group(query, documents[0], row.line)
        else:
            group = self.builder.group(query, row.line)
            self.builder.member(group, documents[0], positive=True)
        self.builder.members(group, documents[1:])
        if key is not None:
            add_scores(row, query, documents, key)

    def _numbers(self, row: Row) -> str | None:
        """The column of numbers of a row with several passages, if it has one."""
        keys = [key for key in NUMBERS if key in row]
        if len(keys) > 1:
            raise row.fail(f"gives both {' and '.join(keys)}; keep one of the two")
        if not keys and (self.margins is not None or self.said == "margins"):
            row.need("label")
        self.scored += bool(keys)
        self.unscored += not keys
        return keys[0] if keys else None

    def _are_margins(self, row: Row, key: str, passages: int) -> bool:
        """Whether numbers are margins, by how many there are or what the user says."""
        value = row[key]
        if not isinstance(value, list) and passages != 2:
            raise row.fail(
                f"{key} must be a list, found {value!r:.60}; give a score for each of "
                f"the {passages} passages, or a margin for each but the first"
            )
        size = len(value) if isinstance(value, list) else 1
        found = size == passages - 1 and self.said != "scores"
        if self.said == "margins" and not found:
            raise row.fail(
                f"{key} has {size} margins for {passages - 1} negatives; there must be "
                "one for each (a teacher's scores have one more: mined:scores)"
            )
        if found and key == "scores" and self.said != "margins":
            row.parallel(key, passages, "documents")  # refuses: the name says scores
        if found != (self.margins is not None) and self.scored > 1:
            raise row.fail(
                f"{key} holds {'margins' if found else 'scores'} here and "
                f"{'scores' if found else 'margins'} in other lines; the file must "
                "hold one of the two"
            )
        return found

    def _add_margins(
        self, row: Row, query: int, documents: list[int], key: str
    ) -> None:
        if self.margins is None:
            self.margins = Triples(self.builder)
            if self.said != "margins":
                self.builder.notes.append(AS_MARGINS.format(key=key))
        values = row[key] if isinstance(row[key], list) else [row[key]]
        for other, margin in zip(documents[1:], values, strict=True):
            self.margins.add(query, documents[0], other, margin, row.line)

    def _add_sample(self, row: Row, query: int, passages: list[str]) -> None:
        self._mark(row, True)
        group = self.builder.group(query, row.line)
        for key in passages:
            documents = row.document_texts(row.listed(key))
            self.builder.members(group, documents, positive=key == passages[0])

    # One passage, or a list

    def _add_labelled(
        self, row: Row, query: int, group: int, texts: list[Any], *, listed: bool
    ) -> None:
        documents = row.document_texts(texts)
        if self.said == "margins":
            raise row.fail(
                "a margin needs two passages in two columns; this row has one"
            )
        size = len(documents) if listed else None
        labels, scores = (_beside(row, keys, size) for keys in (LABELS, SCORES))
        if scores is not None:
            self.builder.scored(query, documents, scores, row.line)
        if labels is not None and self.said != "scores":
            self._mark(row, True)
            self._label(row, query, group, documents, labels)
            return
        if labels is not None:
            self.builder.scored(query, documents, labels, row.line)
        elif scores is None:
            row.need("labels" if listed else "label")
        self._add_unlabelled(row, group, documents, listed=listed)

    def _add_unlabelled(
        self, row: Row, group: int, documents: list[int], *, listed: bool
    ) -> None:
        first = self.said == "positive-first" and listed
        self._mark(row, first)
        for place, document in enumerate(documents):
            self.builder.member(group, document, positive=first and place == 0)
        note = FIRST if listed else UNMARKED
        if not self.said and note not in self.builder.notes:
            self.builder.notes.append(note)

    def _label(
        self, row: Row, query: int, group: int, documents: list[int], labels: list[Any]
    ) -> None:
        for document, label in zip(documents, labels, strict=True):
            truth = isinstance(label, bool)
            value = float(label) if truth else row.number(label, "a label")
            found = (query, group, document, value, row.line)
            for column, one in zip(self.labels, found, strict=True):
                column.append(one)

    def _settle(self) -> None:
        """Add the members with labels: as marks, or else with scores."""
        labels, lines = (np.array(self.labels[place]) for place in (3, 4))
        others = ~np.isin(labels, (0, 1))
        scores = bool(others.any())
        if scores:
            first = int(np.argmax(others))
            whole = bool((labels == np.trunc(labels)).all())
            if whole or self.builder.has_scores:
                said = BESIDE if self.builder.has_scores else WHOLE
                label = f"{labels[first]:g}"
                raise self.builder.fail(said.format(value=label), int(lines[first]))
            self.marked = False
            self.builder.notes.append(AS_SCORES)
        for query, group, document, label, line in zip(*self.labels, strict=True):
            if scores:
                self.builder.score(query, document, label, line)
            self.builder.member(group, document, positive=not scores and label == 1)

    def _mark(self, row: Row, marked: bool) -> None:
        """Note whether a row says which of its passages are positives."""
        if self.marked not in (None, marked):
            raise row.fail(
                "marks positives, but other lines do not, or the other way round; the "
                "columns of all lines must say the same"
            )
        self.marked = marked


def _read_rows(said: str, builder: Builder, found: Iterable[Row]) -> Contents:
    """Read rows; `said` is what the user says of their numbers."""
    reader = _Reader(builder, said)
    for row in found:
        reader.add(row)
    return reader.contents()


def _text_columns(row: Row) -> list[str]:
    keys = _texts(row.fields)
    if len(keys) < 2:
        raise row.fail(
            "expected at least a column of queries and one of passages, found "
            f"{[*row.fields]}"
        )
    return keys


def _beside(row: Row, keys: tuple[str, ...], size: int | None) -> list[Any] | None:
    """The numbers in one of the columns: a list of `size`, or a single one."""
    key = next((key for key in keys if key in row), None)
    if key is None or size is None:
        return None if key is None else [row[key]]
    return row.parallel(key, size, "documents")


def _texts(record: Mapping[str, Any]) -> list[str]:
    return [key for key in record if key not in (*NUMBERS, *PASSED_OVER)]


SAID: Final = ("margins", "scores", "positive-first")


def _said(argument: str) -> RowFormat:
    if argument not in SAID:
        raise UsageError(
            f"`format='mined:{argument}'`: after the colon stands what the numbers "
            "are, margins or scores, or positive-first: the first of each list is one"
        )
    read = partial(_read_rows, argument)
    return replace(MINED, name=f"mined:{argument}", read_rows=read)


# Detection

NUMBERED: Final = re.compile(r"[ _-]?(?:\d+|one|two|three|four|five|[a-e])$")
IDS: Final = re.compile(r"(?:id|ids|no|nos|number|key)$")
# Columns of the documentation whose rows may be single words
DOCUMENTED: Final = frozenset(
    {
        *("positive", "negative", "answer", "response", "passage", "candidate"),
        *("document", "documents", "docs", "sentence2", "sentence_B", "text2"),
        *("text_B", "input_B", "candidates"),
    }
)


def _are_negatives(keys: list[str]) -> bool:
    return all(key.casefold().startswith(("neg", "hard_neg")) for key in keys)


def _matches(record: Mapping[str, Any]) -> str | None:
    keys = _texts(record)
    if len(keys) < 2 or not isinstance(record[keys[0]], str):
        return None
    if IDS.search(keys[0]) or IDS.search(keys[1]):
        return None
    shape = _shape(record, keys)
    return None if shape is None else f"texts in the columns {', '.join(keys)}: {shape}"


def _shape(record: Mapping[str, Any], keys: list[str]) -> str | None:
    values = [record[key] for key in keys[1:]]
    if isinstance(values[0], list):
        return _list_shape(record, keys)
    if len(values) == 1 and isinstance(values[0], str):
        return _pair_shape(record, keys)
    if not isinstance(values[0], str) or _broken(values[1:]):
        return None
    if _are_negatives(keys[2:]):
        return "triplet" if len(keys) == 3 else "n-tuple"
    alike = len({NUMBERED.sub("", key) for key in keys[1:]}) == 1
    return (
        "passages with a teacher's numbers" if alike and _fits(record, keys) else None
    )


def _broken(values: list[Any]) -> bool:
    return not all(isinstance(value, str | None) for value in values)


def _list_shape(record: Mapping[str, Any], keys: list[str]) -> str | None:
    values = [record[key] for key in keys[1:]]
    if len(values) == 1:
        numbered = any(isinstance(record.get(key), list) for key in NUMBERS)
        return "labeled-list" if numbered else None
    lists = len(values) == 2 and isinstance(values[1], list)
    named = keys[1].startswith("positive") and (
        _are_negatives(keys[2:]) or keys[2:] == ["documents"]
    )
    return "positives and others in lists" if lists and named else None


def _pair_shape(record: Mapping[str, Any], keys: list[str]) -> str | None:
    if any(isinstance(record.get(key), list) for key in NUMBERS):
        return None
    if any(record.get(key) is not None for key in LABELS):
        return "labeled-pair"
    worded = any(" " in record[key].strip() for key in keys)
    if record.get("score") is None or not (worded or keys[1] in DOCUMENTED):
        return None
    return "pairs with scores"


def _fits(record: Mapping[str, Any], keys: list[str]) -> bool:
    """Whether there are as many numbers as passages, or one fewer."""
    passages = len(keys) - 1
    found = [record[key] for key in NUMBERS if record.get(key) is not None]
    if len(found) != 1:
        return False
    if isinstance(found[0], list):
        return len(found[0]) in (passages, passages - 1)
    return passages == 2 and not isinstance(found[0], str)


def write(contents: Contents, path: Path) -> None:
    """Write labelled lists of texts.

    Raises
    ------
    FormatError
        If a text is missing, or positives are not marked.
    """
    write_records(path, _lines(contents))


class Line(msgspec.Struct, omit_defaults=True):
    """A labelled list as it is written."""

    anchor: str
    positive: list[str]
    labels: list[int]
    scores: list[float] | None = None


def _lines(contents: Contents) -> Iterator[Line]:
    queries, documents = query_texts(contents), dict(contents.texts)
    for record in group_records(contents, TITLE):
        yield Line(
            text_of(contents, queries, record.qid, TITLE),
            [text_of(contents, documents, name, TITLE) for name in record.docnos],
            [int(mark) for mark in record.positive or []],
            record.scores,
        )


# CSV and TSV, where `datasets` prints lists as NumPy does: ['a' 'b'] and [0.5 1.25]

NUMBER_LIST: Final = re.compile(r"\[[-+.,\seE0-9]*\]")
QUOTED: Final = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
TEXT_LIST: Final = re.compile(rf"\[\s*{QUOTED}(?:[\s,]+{QUOTED})*\s*\]", re.DOTALL)
SHORTENED: Final = re.compile(r"[\s,]\.\.\.[\s,]")
LARGEST_CELL: Final = 1 << 30


def _delimited(
    source: Source, repairs: dict[str, int]
) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The rows below a header that names texts, with the lines where they begin."""
    header, delimiter = _header(source)
    if not header:
        return
    before = csv.field_size_limit(LARGEST_CELL)
    try:
        text = (
            decoded(line, source.path, number) + "\n"
            for number, line in source.lines(repairs)
        )
        found = csv.reader(text, delimiter=delimiter, strict=True)
        begins = 1
        for cells in found:
            if cells and begins > 1:
                if len(cells) != len(header):
                    raise source.fail(
                        f"expected {len(header)} fields as in the header, found "
                        f"{len(cells)}",
                        line=begins,
                    )
                yield (
                    begins,
                    _record(source, dict(zip(header, cells, strict=True)), begins),
                )
            begins = found.line_num + 1
    except csv.Error as error:
        raise source.fail(f"broken quotation ({error})", line=begins) from None
    finally:
        csv.field_size_limit(before)


def _header(source: Source) -> tuple[list[str], str]:
    """The names of columns, if a table of ids has no such ones, and what parts them."""
    line = source.head.lstrip(b"\r\n").partition(b"\n")[0].decode("utf-8", "replace")
    for delimiter in (",", "\t"):
        try:
            names = next(csv.reader([line.rstrip("\r")], delimiter=delimiter), [])
        except csv.Error:
            continue
        plain_names = {*NUMBERS, "negative", "negative_1"} & {*names}
        if len(names) < 3 or len({*names}) < len(names) or not plain_names:
            continue
        schema = pa.schema([(name, pa.string()) for name in names])
        if recognise(schema) is None:
            return names, delimiter
    return [], ""


def _record(source: Source, cells: Mapping[str, str], line: int) -> dict[str, Any]:
    """The values of a row, whose cells print numbers and lists."""
    found: dict[str, Any] = {}
    for key, cell in cells.items():
        if key in IDLE:  # the index of a frame
            continue
        text = cell.strip()
        printed = text.startswith("[") and text.endswith("]")
        bare = re.sub(QUOTED, "", text) if printed else ""
        if NUMBER_LIST.fullmatch(bare) and SHORTENED.search(bare):
            raise source.fail(
                f"{key} was shortened with '...' when it was written; write JSON lines "
                "or parquet instead",
                line=line,
            )
        if printed and NUMBER_LIST.fullmatch(text):
            found[key] = [
                _number(one) for one in re.split(r"[\s,]+", text[1:-1]) if one
            ]
        elif printed and TEXT_LIST.fullmatch(text):
            found[key] = [ast.literal_eval(one) for one in re.findall(QUOTED, text)]
        elif key in NUMBERS:
            found[key] = _number(text) if text else None
        else:
            found[key] = cell or None
    return found


def _number(text: str) -> float | int | str:
    """A number; what is none stays text, which the reader refuses."""
    try:
        return int(text) if text.lstrip("+-").isdecimal() else float(text)
    except ValueError:
        return text


MINED: Final = RowFormat(
    "mined",
    TITLE,
    ("scores", "groups"),
    _matches,
    partial(_read_rows, ""),
    write,
    ("groups", "positives", "scores", "texts", "query_texts", "made_ids"),
    _said,
    others=_delimited,
)


# Predictions

PREDICTIONS: Final = (
    "predictions of an evaluator (sentence-transformers): query_id, query, results"
)
RESULTS: Final = "results must be a list of objects with corpus_id and score"


class Result(msgspec.Struct):
    """A document found for a query; the builder checks the types."""

    corpus_id: Any
    score: Any


class Prediction(msgspec.Struct, omit_defaults=True):
    """A line as it is written."""

    query_id: str
    results: list[Result]
    query: str | None = None


def _read_predictions(builder: Builder, found: Iterable[Row]) -> Contents:
    """Read the scores of the documents found for each query."""
    for row in found:
        row.need("query_id", "results")
        if row.fields.get("query") is None:
            query = row.query("query_id")
        else:
            query = builder.query_text(row["query"], row.line, qid=row["query_id"])
        for listed in row.listed("results"):
            result = row.nested(listed, Result, RESULTS)
            document = builder.document(result.corpus_id, row.line)
            builder.score(query, document, result.score, row.line)
    return builder.contents("predictions")


def _matches_predictions(record: Mapping[str, Any]) -> str | None:
    results = record.get("results")
    if "query_id" not in record or not isinstance(results, list):
        return None
    if any(isinstance(one, list) for one in results):
        return None  # pairs of a lookup
    return "lines of objects with query_id and results"


def write_predictions(contents: Contents, path: Path) -> None:
    """Write the scored documents of each query, the best first.

    Raises
    ------
    FormatError
        If there are no scores.
    """
    texts = query_texts(contents)
    found = ranked_records(contents, PREDICTIONS)
    write_records(
        path,
        (
            Prediction(
                one.qid,
                [*map(Result, one.docnos, one.scores or [])],
                texts.get(one.qid),
            )
            for one in found
        ),
    )


OF_EVALUATORS: Final = RowFormat(
    "predictions",
    PREDICTIONS,
    ("scores",),
    _matches_predictions,
    _read_predictions,
    write_predictions,
    ("scores", "query_texts"),
)
ROW_FORMATS = (MINED, OF_EVALUATORS)
FORMATS = tuple(entry.as_format() for entry in ROW_FORMATS)
