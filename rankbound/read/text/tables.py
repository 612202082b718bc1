"""CSV and TSV with a header, as pandas writes the frames of PyTerrier and others."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from rankbound.read.contents import Contents, Format
from rankbound.read.json.records import lacking, ranked_records
from rankbound.read.source import Source
from rankbound.read.tables.reading import read_layout
from rankbound.read.text.delimited import Header, TextFrame, header_of, open_delimited

DELIMITER_NAMES: Final = {"\t": "tabs", ",": "commas"}
DOCID: Final = (
    "the column docid is taken for the docno; if it numbers the documents of one "
    "PyTerrier index, write the docno instead"
)


def read_text_table(source: Source, kind: str) -> Contents:
    """Read a text table of one kind of layout.

    Raises
    ------
    FormatError
        With path:line; for a header of another layout, too.
    """
    header = header_of(source)
    if header is None or header.layout.kind != kind:
        raise source.fail(
            f"expected a header of a table of {kind}, parted by tabs or commas, as "
            "qid, docno, score",
            line=1,
        )
    repairs: dict[str, int] = {}
    frame = open_delimited(source, header, repairs)
    parts = _parts(frame, header)
    unused = [name for name in header.names if name not in header.layout.columns]
    notes = tuple(parts.pop("notes", ()))
    if "docid" in header.layout.columns:
        notes += (DOCID,)
    return Contents(
        f"csv-{kind}",
        source.path,
        metadata={"columns_unused": unused} if unused else {},
        repairs={**repairs, **parts.pop("repairs", {})},
        notes=notes,
        **parts,
    )


def _parts(frame: TextFrame, header: Header) -> dict[str, Any]:
    parts = read_layout(frame, header.layout)
    groups = parts.get("groups")
    if groups is not None and groups.lines is not None and frame.lines is not None:
        # Groups name the lines that they come from
        parts["groups"] = replace(groups, lines=frame.lines[groups.lines - 1])
    return parts


def _sniff(source: Source, kind: str) -> str | None:
    header = header_of(source)
    if header is None or header.layout.kind != kind:
        return None
    parted = DELIMITER_NAMES[header.delimiter]
    return f"a header parted by {parted} with the {header.layout.evidence()}"


def write_scores(contents: Contents, path: Path) -> None:
    """Write PyTerrier's columns qid, docno, score, rank, the best document first.

    A name in .csv gives commas, any other tabs. Ranks are those of the file that was
    read, else counted from 0.

    Raises
    ------
    FormatError
        When there are no scores.
    """
    rows = [("qid", "docno", "score", "rank")]
    given = contents.ranks is not None
    ranks = _ranks(contents) if given else {}
    for record in ranked_records(contents, "a table of scores"):
        for place, docno in enumerate(record.docnos):
            score = (record.scores or [])[place]
            rank = ranks[record.qid, docno] if given else place
            rows.append((record.qid, docno, repr(score), str(rank)))
    _write(rows, path)


def _ranks(contents: Contents) -> dict[tuple[str, str], int]:
    scores = contents.scores
    if scores is None or contents.ranks is None:
        return {}
    qids = scores.qids[scores.row_query()].tolist()
    docnos = scores.docnos[scores.codes].tolist()
    pairs = zip(qids, docnos, strict=True)
    return dict(zip(pairs, contents.ranks.tolist(), strict=True))


def write_qrels(contents: Contents, path: Path) -> None:
    """Write judgements in PyTerrier's columns: qid, docno, label."""
    qrels = contents.qrels
    if qrels is None:
        raise lacking(contents, "a table of judgements", "judgements")
    qids = qrels.qids[qrels.row_query()].tolist()
    docnos = qrels.docnos[qrels.codes].tolist()
    grades = [f"{grade:.0f}" for grade in qrels.values.tolist()]
    _write([("qid", "docno", "label"), *zip(qids, docnos, grades, strict=True)], path)


def _write(rows: Iterable[tuple[str, ...]], path: Path) -> None:
    delimiter = "," if path.suffix.casefold() == ".csv" else "\t"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
        writer.writerows(rows)


def _format(
    kind: str,
    title: str,
    parts: tuple[str, ...],
    write: Callable[[Contents, Path], None] | None = None,
    keeps: tuple[str, ...] = (),
) -> Format:
    return Format(
        f"csv-{kind}",
        f"{title}, CSV or TSV with a header",
        parts,
        partial(_sniff, kind=kind),
        partial(read_text_table, kind=kind),
        write,
        keeps,
    )


FORMATS = (
    _format(
        "scores",
        "table of query, document, score (PyTerrier, pandas)",
        ("scores", "qrels"),
        write_scores,
        ("scores", "ranks"),
    ),
    _format(
        "qrels",
        "table of query, document, grade (PyTerrier, BEIR)",
        ("qrels",),
        write_qrels,
        ("grades",),
    ),
    _format(
        "lists",
        "table of query, document list, score or label list",
        ("scores", "groups"),
    ),
    _format(
        "margins",
        "table of query, positive, negative and margin",
        ("scores", "groups"),
    ),
)
