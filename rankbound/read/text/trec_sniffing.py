"""Which of the tables of text a file is, by the rows in its first 64 KiB."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rankbound.errors import FormatError
from rankbound.read.source import HEAD, Source
from rankbound.read.text.layout import is_comment

BEIR_HEADER = b"query-id"
JSON_START = re.compile(rb'\{ ?(["}]|\Z)|\[ ?(["\[{\]0-9-]|true|false|null|\Z)')
LARGEST_GRADE = 127  # trec_eval's
ROWS = 5000

Rows = Sequence[Sequence[bytes]]


def head_rows(source: Source) -> Rows:
    """Fields of the whole lines at the start that are neither blank nor comments.

    None where the text looks like JSON.
    """
    rows = [fields for _, fields in numbered_rows(source)]
    return [] if rows and is_json_like(rows[0]) else rows


def numbered_rows(source: Source) -> Iterator[tuple[int, Sequence[bytes]]]:
    """The same with the number of each line, whatever the text looks like."""
    head = source.head
    if len(head) >= HEAD and b"\n" in head:
        head = head[: head.rfind(b"\n")]  # the last line may be cut
    lines = enumerate(head.split(b"\n"), start=1)
    rows = ((number, line.split()) for number, line in lines if not is_comment(line))
    return itertools.islice((row for row in rows if row[1]), ROWS)


def is_json_like(row: Sequence[bytes]) -> bool:
    """Whether words begin as JSON does, and not as an id such as "[x" may.

    Examples
    --------
    >>> is_json_like([b'{"a":']), is_json_like([b"[", b"1]"]), is_json_like([b"[x"])
    (True, True, False)
    """
    return JSON_START.match(b" ".join(row[:2])) is not None


def first_fields(source: Source) -> Sequence[bytes]:
    """The fields of the first row; none in a file without one."""
    return next(iter(head_rows(source)), [])


def is_beir(rows: Rows) -> bool:
    """Whether the first row is BEIR's header."""
    return bool(rows) and len(rows[0]) == 3 and rows[0][0] == BEIR_HEADER


def is_prels(rows: Rows) -> bool:
    """Whether five columns are ``qid docno grade method probability``.

    A run without a tag has one word, mostly Q0, all down its second column.

    Examples
    --------
    >>> is_prels([b"1 d7 1 1 0.5".split(), b"1 d8 0 1 0.25".split()])
    True
    >>> is_prels([b"1 Q0 7 1 0.5".split(), b"1 Q0 8 2 0.25".split()])
    False
    """
    if not rows or any(len(row) != 5 for row in rows):
        return False
    if rows[0][1] == b"Q0" or (len(rows) > 1 and len({row[1] for row in rows}) == 1):
        return False
    return all(
        _is_grade(row[2]) and _is_grade(row[3]) and 0 <= _number(row[4]) <= 1
        for row in rows
    )


def _count_in_any_order(lists: list[list[bytes]]) -> bool:
    """Whether all lists hold the numbers from 0 or 1 on; the last may be cut."""
    whole = lists[:-1] if len(lists) > 1 else lists
    return any(
        all({b"%d" % (n + base) for n in range(len(one))} == {*one} for one in whole)
        for base in (0, 1)
    )


def is_ranks(rows: Rows) -> bool:
    """Whether the third of three columns counts 0.. or 1.. within each query.

    A query at least must have two documents: a lone 1 may well be a grade. Where a
    query has four documents or more, the ranks may stand in any order.

    Examples
    --------
    >>> is_ranks([b"q d 1".split(), b"q e 2".split(), b"r d 1".split()])
    True
    >>> is_ranks([b"q d 1".split(), b"r e 1".split()])
    False
    """
    if not is_scores(rows):
        return False
    lists = [
        [row[2] for row in group]
        for _, group in itertools.groupby(rows, key=lambda row: row[0])
    ]
    longest = max(map(len, lists), default=0)
    if longest >= 4 and _count_in_any_order(lists):
        return True
    bases = set()
    for ranks in lists:
        base = ranks[0] == b"1"
        if ranks != [b"%d" % (place + base) for place in range(len(ranks))]:
            return False
        bases.add(base)
    return longest > 1 and len(bases) == 1


def unordered(rows: Rows) -> int | None:
    """The place of the rank -1 among three columns, as ColBERT writes ``qid pid -1``.

    None where there is none in every row.

    Examples
    --------
    >>> unordered([b"q d -1".split(), b"q e -1".split()])
    2
    """
    if not rows or any(len(row) != 3 for row in rows):
        return None
    places = (place for place in range(3) if {row[place] for row in rows} == {b"-1"})
    return next(places, None)


def is_grades(rows: Rows) -> bool:
    """Whether the third of three columns holds whole numbers as grades are."""
    return is_scores(rows) and all(_is_grade(row[2]) for row in rows)


def is_scores(rows: Rows) -> bool:
    """Whether there are three columns, and the third is a number."""
    return bool(rows) and all(
        len(row) == 3 and not math.isnan(_number(row[2])) for row in rows
    )


def _is_grade(text: bytes) -> bool:
    value = _number(text)
    return abs(value) <= LARGEST_GRADE and value == int(value)


def _number(text: bytes) -> float:
    """The number, NaN where it is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


# Ids that would be read as something else


def check_ids(qids: Sequence[str], docnos: Sequence[str], path: Path) -> None:
    """Raise for ids that cannot stand in a table that begins its lines with the qid.

    An id must be one word, and must not make its line a comment, a mark, or JSON.

    Raises
    ------
    FormatError
        About the file to be written.

    Examples
    --------
    >>> check_ids(["q"], ["d 1"], Path("x"))
    Traceback (most recent call last):
    ...
    rankbound.errors.FormatError: x: a document id must be one word to stand in a...
    """
    check_words(qids, "a query id", path)
    first = qids[0] if qids else ""
    marked = first.startswith("\ufeff") or is_json_like([first.encode(), b""])
    odd = first if marked else next((name for name in qids if name == "#"), None)
    if odd is not None:
        raise FormatError(
            path,
            f"a line that begins with the query id {odd!r} would be taken for a "
            "comment, a byte order mark or JSON; write a format that is no such table",
        )
    check_words(docnos, "a document id", path)


def check_words(names: Iterable[str], what: str, path: Path) -> None:
    """Raise for a name that is not one word.

    Examples
    --------
    >>> check_words(["mine"], "the tag", Path("x"))
    """
    for name in names:
        data = name.encode()
        if len(data.split()) != 1 or data[:1].isspace() or b"\0" in data:
            raise FormatError(
                path,
                f"{what} must be one word to stand in a table of text, got {name!r}; "
                "write a format that is no such table",
            )
