"""Runs with more than six columns: a tag of several words, or columns that were added.

trec_eval takes the first six words of a line and passes over the rest. A reader that
does so by itself would also pass over a row whose docno holds a blank, and take the
wrong column for the score; so a run of more columns is refused, and the user may ask
for trec_eval's reading by its name.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from rankbound.errors import FormatError
from rankbound.read.contents import Contents, Format
from rankbound.read.source import Source, count
from rankbound.read.text.layout import (
    MORE_COLUMNS,
    is_comment,
    is_number,
    refuse_bare_returns,
)
from rankbound.read.text.trec import FORMATS as TREC
from rankbound.read.text.trec_sniffing import head_rows

WIDTH: Final = 6
BEHIND: Final = "lines with words behind the tag"
RUN: Final = next(entry for entry in TREC if entry.name == "trec-run")


def read_lenient(source: Source) -> Contents:
    """Read a run, passing over what follows the tag; such lines are counted.

    Raises
    ------
    FormatError
        As for a run of six columns.
    """
    repairs: dict[str, int] = {}
    cut = Source(source.path, content=_cut(source, repairs), whole=source.whole)
    found = RUN.read(cut)
    mark = {"byte order mark": 1} if source.has_mark else {}
    return replace(
        found,
        format=LENIENT.name,
        repairs={**mark, **found.repairs, **repairs},
    )


def _cut(source: Source, repairs: dict[str, int]) -> bytes:
    """The text of the first six words of every line, line for line."""
    lines = []
    with source.stream() as stream:
        for number, line in enumerate(stream, start=1):
            refuse_bare_returns(line, source.path, number)
            words = line.split(None, WIDTH)
            if len(words) > WIDTH and not is_comment(line):
                count(repairs, BEHIND)
                end = b"\r\n" if line.endswith(b"\r\n") else b"\n"
                line = b" ".join(words[:WIDTH]) + end
            lines.append(line)
    return b"".join(lines)


def refuse(source: Source) -> Contents:
    """Raise, saying how the file can be read.

    Raises
    ------
    FormatError
        Always.
    """
    for number, line in enumerate(source.head.split(b"\n"), start=1):
        refuse_bare_returns(line, source.path, number)
    found = f"found {_width(source)}{MORE_COLUMNS}"
    raise FormatError(
        source.path,
        f"expected 6 columns ({' '.join(RUN_COLUMNS)}), {found}",
        line=_first_line(source),
    )


def _width(source: Source) -> int:
    rows = head_rows(source)
    return len(rows[0]) if rows else 0


def _first_line(source: Source) -> int:
    lines = enumerate(source.head.split(b"\n"), start=1)
    return next((n for n, line in lines if line.strip() and not is_comment(line)), 1)


def _sniff_wide(source: Source) -> str | None:
    """Whether the first row is that of a run, with more behind."""
    rows = head_rows(source)
    if not rows or len(rows[0]) <= WIDTH:
        return None
    row = rows[0]
    if not (row[1] == b"Q0" or is_number(row[3])) or not is_number(row[4]):
        return None
    return f"{len(row)} columns, the first of them {', '.join(RUN_COLUMNS)}"


RUN_COLUMNS: Final = ("qid", "Q0", "docno", "rank", "score", "tag")
LENIENT: Final = Format(
    "trec-run-lenient",
    "TREC run, passing over what follows the tag, as trec_eval does",
    ("scores",),
    lambda _: None,
    read_lenient,
)
WIDE: Final = Format(
    "trec-run-wide",
    "TREC run of more than six columns; read it as trec-run-lenient",
    ("scores",),
    _sniff_wide,
    refuse,
)
FORMATS = (LENIENT, WIDE)
