"""Pairwise scores of Hofstätter's distillation: five columns, scores before ids.

The columns ``pos_score neg_score query_id pos_id neg_id`` are separated by tabs or
spaces and have no header. The file of a single teacher and that of the mean of three
look the same. A document occurs in many lines and must have the same score in all of
them, up to rounding. Triples with one positive make one group.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from rankbound.errors import FormatError, UsageError
from rankbound.read.contents import Contents, Format
from rankbound.read.fields import parsed_number
from rankbound.read.json.building import Builder
from rankbound.read.json.records import lacking, pair_records
from rankbound.read.source import Source, decoded
from rankbound.read.text.claims import (
    HOFSTAETTER,
    may_begin_with_scores,
    roles_of,
    settled,
)

NAMES: Final = "pos_score neg_score query_id pos_id neg_id"
HINT: Final = (
    f". The columns look like {NAMES}; `format='hofstaetter:mean'` averages the scores"
)
TITLE: Final = f"pairwise scores (Hofstätter): {NAMES}"


def read(source: Source, *, repeats: str = "refuse") -> Contents:
    """Read the scores of all documents, and a group for each query and positive.

    Parameters
    ----------
    source : Source
    repeats : {"refuse", "mean"}
        Whether different scores of one query and document are an error or are averaged.

    Raises
    ------
    FormatError
        With path:line, also if a pair has different scores that must not be averaged.
    """
    settled(source, "hofstaetter", HOFSTAETTER)
    builder = Builder(source, repeats=repeats, hint="" if source.named else HINT)
    before: Scored = None
    for line, text in source.lines(builder.repairs):
        if text:
            before = _add(builder, text, line, before)
    if repeats == "mean":
        builder.notes.append("the scores of a pair given several times are averaged")
    return builder.contents("hofstaetter")


Scored = tuple[int, int, float] | None  # a query, a positive and its score


def _add(builder: Builder, text: bytes, line: int, before: Scored) -> Scored:
    """Add a line; `before` is what the last one said of its positive."""
    fields = text.split()
    if len(fields) != 5:
        raise builder.fail(f"expected 5 columns ({NAMES}), found {len(fields)}", line)
    qid, *docnos = (decoded(one, builder.source.path, line) for one in fields[2:])
    query = builder.query(qid, line)
    positive, negative = builder.documents(docnos, line)
    given = (query, positive, _number(builder, fields[0], line))
    if given == before and builder.repeats == "refuse":
        builder.again += 1  # held once, as most lines repeat it
    else:
        builder.score(*given, line)
    builder.score(query, negative, _number(builder, fields[1], line), line)
    builder.member(builder.positive_group(query, positive, line), negative)
    return given


def _number(builder: Builder, field: bytes, line: int) -> float:
    number = parsed_number(field)
    if number is None:
        raise builder.fail(
            f"expected 5 columns ({NAMES}), of which the first two are finite numbers, "
            f"found {field.decode(errors='replace')!r}",
            line,
        )
    return number


def _sniff(source: Source) -> str | None:
    """Five columns that begin with two numbers, one of which has a decimal point.

    A run without a tag also has five columns, but its first two are not such numbers.
    """
    start = source.head.lstrip().split(b"\n", 1)[0].split()
    if len(start) != 5 or any(parsed_number(field) is None for field in start[:2]):
        return None
    decimal = any(set(field) & set(b".eE") for field in start[:2])
    if not may_begin_with_scores(source):
        return None
    decimal = decimal or roles_of(source) is not None
    return f"5 columns that begin with two scores ({NAMES})" if decimal else None


def _configured(argument: str) -> Format:
    if argument != "mean":
        raise UsageError(
            f"`format='hofstaetter:{argument}'`: only 'mean' may follow the colon "
            "(different scores of one pair are averaged)"
        )
    averaged = partial(read, repeats="mean")
    return replace(FORMATS[0], name="hofstaetter:mean", reader=averaged)


def write(contents: Contents, path: Path) -> None:
    """Write a line for each positive and negative of each group.

    Raises
    ------
    FormatError
        If there are no scores, positives are not marked, a group has no pair of a
        positive and a negative, or an id holds a blank.
    """
    if contents.scores is None:
        raise lacking(contents, TITLE, "scores")
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.writelines(_lines(contents))


def _lines(contents: Contents) -> Iterator[str]:
    for record, upper, lowers in pair_records(contents, TITLE):
        names = (record.qid, *record.docnos)
        broken = next((name for name in names if len(name.split()) != 1), None)
        if broken is not None:
            raise FormatError(
                contents.path,
                f"the id {broken!r} holds a blank, which separates the columns of "
                f"{TITLE}",
            )
        values = record.scores or []
        for lower in lowers:
            ids = (record.qid, record.docnos[upper], record.docnos[lower])
            yield "\t".join((repr(values[upper]), repr(values[lower]), *ids)) + "\n"


FORMATS: tuple[Format, ...] = (
    Format(
        "hofstaetter",
        TITLE,
        ("scores", "groups"),
        _sniff,
        read,
        write,
        ("groups", "positives", "scores"),
        _configured,
    ),
)
