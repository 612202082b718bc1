"""Score files of one model: JSON lookups ``{qid: {docno: score}}`` or TREC runs."""

from __future__ import annotations

import json
import re
from contextlib import closing
from pathlib import Path

from rankbound.data.scores import Scores
from rankbound.errors import FormatError
from rankbound.read.contents import Contents, Format
from rankbound.read.json.blocks import parse_block
from rankbound.read.json.cutting import Unsure, inner_blocks
from rankbound.read.json.lookup_careful import EMPTY, is_qid, parse_lookup
from rankbound.read.opening import text_of
from rankbound.read.source import Source, count
from rankbound.read.text.assembling import Assembly, Repeat
from rankbound.read.text.blocks import blocks, in_order, is_short
from rankbound.read.text.trec import read_run


def read_scores(path: Path | str) -> Scores:
    """Read scores of one model: a JSON lookup or a TREC run, told apart by content.

    Raises
    ------
    FormatError
        With path:line, naming the rule that the file breaks.
    """
    source = Source(Path(path), whole=False)
    if source.head.lstrip()[:1] in (b"{", b"["):
        return read_lookup(source)
    return read_run(source.path)


def read_lookup(source: Source, repairs: dict[str, int] | None = None) -> Scores:
    """Read ``{qid: {docno: score}}`` in blocks; BEIR's results and ranx's JSON alike.

    `repairs` counts the queries that have no documents, which are left out.

    Raises
    ------
    FormatError
        See `parse_lookup`.
    """
    with source.fitting_into_memory():
        try:
            scores, empty = _in_blocks(source)
        except (Unsure, Repeat):
            return parse_lookup(text_of(source), source.path, repairs)
    if repairs is not None:
        count(repairs, EMPTY, empty)
    return scores


def _in_blocks(source: Source) -> tuple[Scores, int]:
    empty = 0
    rows = Assembly(str(source.path))
    inner = inner_blocks(blocks(source, end=b"}"))
    with closing(in_order(parse_block, inner, short=is_short(source))) as parsed:
        for _, found in parsed:
            # The id must fit into a table of text, and come once
            if not all(map(is_qid, found.qids)):
                raise Unsure
            before = len(rows.places) + len(found.qids)
            rows.add(found.qids, found.queries, found.docnos, found.values)
            if len(rows.places) != before:
                raise Unsure
            empty += found.empty
    if not rows.values:
        raise Unsure
    return rows.sorted().scores, empty


NESTED = re.compile(rb'\s*\{\s*"(?:[^"\\]|\\.)*"\s*:\s*\{')


def _sniff(source: Source) -> str | None:
    found = NESTED.match(source.head)
    return "an object of objects: {qid: {docno: score}}" if found else None


def _read(source: Source) -> Contents:
    repairs: dict[str, int] = {}
    count(repairs, "byte order mark", source.has_mark)
    scores = read_lookup(source, repairs)
    return Contents("lookup", source.path, scores=scores, repairs=repairs)


def _write(contents: Contents, path: Path) -> None:
    """Write the object, a query a line; numbers read back to the same bits."""
    scores = contents.scores
    if scores is None:
        held = " and ".join(contents.parts()) or "nothing"
        raise FormatError(path, f"needs scores, and {contents.path} holds {held}")
    with path.open("w", encoding="utf-8", newline="") as stream:
        for place, qid in enumerate(scores.qids):
            rows = slice(*scores.offsets[place : place + 2])
            row = dict(
                zip(
                    scores.docnos[scores.codes[rows]].tolist(),
                    scores.values[rows].tolist(),
                    strict=True,
                )
            )
            stream.write("{\n" if place == 0 else ",\n")
            stream.write(json.dumps({qid: row}, ensure_ascii=False)[1:-1])
        stream.write("\n}\n")


FORMATS = (
    Format(
        "lookup",
        "JSON lookup {qid: {docno: score}}",
        ("scores",),
        _sniff,
        _read,
        _write,
        ("scores",),
    ),
)
