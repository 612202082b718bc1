"""The columns of a text table, and the parser of a single line, which defines them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rankbound.data.columns import Floats
from rankbound.data.scores import LARGEST
from rankbound.errors import FormatError
from rankbound.memory import LONGEST_ID, LONGEST_NUMBER, long_number
from rankbound.read.fields import check_lengths, wanted_number
from rankbound.read.source import Source, decoded

WIDEST = 6
MORE_COLUMNS = (
    "; take the blanks out of ids and tag, or, where only the tag has several words, "
    "say `format='trec-run-lenient'` to pass over what follows its first, as "
    "trec_eval does"
)
HEADER = "; this is a header, which such a file has not: delete the line"
LARGEST_WHOLE = 2**53
JSON_START = re.compile(rb'\{ ?(["}]|\Z)|\[ ?(["\[{\]0-9-]|true|false|null|\Z)')
WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Layout:
    """Positions of the columns that are read, among `width` columns.

    `numbers` is what errors call the value, and `names` lists all columns. `integral`
    asks for whole numbers (grades); `rank` is the column of ranks, if there is one, and
    `tag` that of the system.
    """

    width: int
    qid: int
    docno: int
    value: int
    names: str
    numbers: str
    integral: bool = False
    rank: int | None = None
    tag: int | None = None


class Row(NamedTuple):
    """The fields of a line; `rank` is None unless it is a whole number."""

    qid: str
    docno: str
    value: float
    rank: int | None = None
    pointed: bool = False
    tag: str = ""


def are_whole(values: Floats | float) -> bool:
    """Whether numbers are whole, and small enough to be held exactly.

    Examples
    --------
    >>> are_whole(-2.0), are_whole(1.5), are_whole(1e20)
    (True, False, False)
    """
    sizes = np.abs(values)
    return bool((sizes <= LARGEST_WHOLE).all() and (sizes == np.trunc(sizes)).all())


def is_comment(line: bytes) -> bool:
    """Whether a line is a comment, "# ..."; an id may begin with the same character.

    Examples
    --------
    >>> is_comment(b"# a run"), is_comment(b"#7 Q0 d 1 2.5 t")
    (True, False)
    """
    return line[:2].strip() == b"#"


def refuse_bare_returns(raw: bytes, path: Path, number: int) -> None:
    """Raise if carriage returns separate rows: `split` would take them for blanks."""
    if b"\r" in raw and b"\r" in raw.rstrip():
        raise FormatError(
            path,
            "a carriage return (CR) inside a line, as where CR alone ends each; make "
            "line ends of them, as by: tr '\\r' '\\n' < FILE > NEW",
            line=number,
        )


def words_of(raw: bytes, path: Path, number: int) -> list[str]:
    r"""The fields of a line, which blanks and tabs part.

    Raises
    ------
    FormatError
        For a carriage return inside the line, or text that is not UTF-8.

    Examples
    --------
    >>> words_of(b"q1 \td1", Path("x"), 1)
    ['q1', 'd1']
    """
    refuse_bare_returns(raw, path, number)
    # Split first: to str.split a no-break space inside an id is a blank too
    return [decoded(field, path, number) for field in raw.split()]


def parsed_row(raw: bytes, layout: Layout, path: Path, number: int) -> Row:
    """Parse a line.

    Raises
    ------
    FormatError
        For a wrong number of columns, a field that is not a finite number, a carriage
        return inside the line, or text that is not UTF-8.
    """
    fields = words_of(raw, path, number)
    if len(fields) != layout.width:
        more = len(fields) > layout.width == WIDEST
        raise FormatError(
            path,
            f"expected {layout.width} columns ({layout.names}), found {len(fields)}"
            + (MORE_COLUMNS if more else _lacking(raw, fields, layout)),
            line=number,
        )
    text = fields[layout.value]
    if len(text) > LONGEST_NUMBER:
        raise FormatError(path, long_number(text), line=number)
    value = _number(text)
    if value is None or (layout.integral and not are_whole(value)):
        kind = "a whole number" if layout.integral else wanted_number(text)
        if value is not None and value == np.trunc(value):
            kind += " up to 2**53"
        named = text.casefold() in (layout.numbers, "score", "rank", "label")
        header = HEADER if named and number == 1 else ""
        raise FormatError(
            path,
            f"the {layout.numbers} must be {kind}, found {text!r}{header}",
            line=number,
        )
    if len(raw) > LONGEST_ID:
        check_lengths(fields, partial(FormatError, path, line=number))
    rank = None if layout.rank is None else fields[layout.rank]
    return Row(
        fields[layout.qid],
        fields[layout.docno],
        value,
        int(rank) if rank is not None and WHOLE.fullmatch(rank) else None,
        layout.integral and "." in text,
        "" if layout.tag is None else fields[layout.tag],
    )


def _lacking(raw: bytes, fields: list[str], layout: Layout) -> str:
    """What a line with too few columns lacks, or what it holds instead."""
    if not raw.strip(b"\0\r\n "):
        return " of null bytes, as after a write that was cut off; delete the line"
    if len(fields) != layout.width - 1 or layout.rank is None:
        return ""
    names = layout.names.split()
    after = fields[layout.rank :]
    if not WHOLE.fullmatch(after[0]):
        missing = names[layout.rank]
    elif layout.tag is not None and len(after) > 1 and is_number(after[1].encode()):
        missing = names[layout.tag]
    else:
        missing = names[layout.value]
    return f", {' '.join(fields)!r}: the {missing} seems to be missing"


def is_number(text: bytes) -> bool:
    """Whether a field is a finite number.

    Examples
    --------
    >>> is_number(b"1.5"), is_number(b"nan"), is_number(b"Q0")
    (True, False, False)
    """
    return _number(text.decode("latin-1")) is not None


def _number(text: str) -> float | None:
    if len(text) > LONGEST_NUMBER:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    plain = text.isascii() and "_" not in text
    return value if abs(value) <= LARGEST and plain else None  # a NaN is not


ALL_TAGS = "*"  # takes the lines of all tags for one system


def counts(line: bytes, layout: Layout, tag: str | None) -> bool:
    """Whether a line is of the system that is wanted.

    Examples
    --------
    >>> layout = Layout(4, 0, 1, 2, "qid docno score tag", "score", tag=3)
    >>> counts(b"q d 1.5 a", layout, "a"), counts(b"q d 1.5 b", layout, "a")
    (True, False)
    """
    if tag in (None, ALL_TAGS) or layout.tag is None:
        return True
    return line.split()[layout.tag].decode("utf-8") == tag


def several_tags(source: Source, layout: Layout, tags: list[str]) -> FormatError:
    """The error for several systems in one file, with the line of the second.

    Parameters
    ----------
    source : Source
    layout : Layout
    tags : list of str
        In the order of the file.
    """
    place = next(
        number
        for number, line in source.lines()
        if line and not is_comment(line) and counts(line, layout, tags[1])
    )
    return source.fail(
        f"holds {len(tags):,} systems by its tags ({named_tags(tags)}); choose one "
        f"with `run_tag`, as in `run_tag='{tags[0]}'`, or say `run_tag='{ALL_TAGS}'` "
        "if all lines are of one",
        line=place,
    )


def named_tags(tags: list[str]) -> str:
    """The first tags, quoted.

    Examples
    --------
    >>> named_tags(["a", "b"]), named_tags(["a", "b", "c", "d"])
    ("'a', 'b'", "'a', 'b', 'c' ...")
    """
    return ", ".join(map(repr, tags[:3])) + (" ..." if len(tags) > 3 else "")


class NoSuchTagError(FormatError):
    """The system that was chosen is not in a file that names its systems."""


def repeat_error(
    source: Source, layout: Layout, rows: tuple[int, int], *, skip: int
) -> FormatError:
    """The error for a document that occurs twice in one query, with both lines.

    Parameters
    ----------
    source : Source
    layout : Layout
    rows : (int, int)
        The first and the second of the two, counting rows from 0.
    skip : int
        Header lines.
    """
    lines: list[int] = []
    row = -1
    for number, line in source.lines():
        if number <= skip or not line or is_comment(line):
            continue
        if not counts(line, layout, source.tag):
            continue
        row += 1
        if row in rows:
            lines.append(number)
        if row == rows[1]:
            qid, docno = parsed_row(line, layout, source.path, number)[:2]
            break
    return source.fail(
        f"document {docno!r} stands a second time under query {qid!r} (first in line "
        f"{lines[0]}); keep one of the two",
        line=lines[1],
    )


def is_json_like(row: Sequence[bytes]) -> bool:
    """Whether words begin as JSON does, and not as an id such as "[x" may.

    Examples
    --------
    >>> is_json_like([b'{"a":']), is_json_like([b"[", b"1]"]), is_json_like([b"[x"])
    (True, True, False)
    """
    return JSON_START.match(b" ".join(row[:2])) is not None


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
