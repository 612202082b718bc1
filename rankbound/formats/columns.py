"""Blank-separated text as columns: quickly when it is regular, line by line when not.

The line parser is the definition of the format; it also finds the line of an error. The
quick way (pyarrow) is only taken for text on which both give the same columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from estimators.arrow import encode as encode
from estimators.scores import Floats, Integers, Scores
from rankbound.formats.errors import FormatError


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the three columns that count stand among `width` columns.

    `numbers` says what the last of them is called in an error; `names` lists all
    columns; `integral` asks for whole numbers (grades).
    """

    width: int
    qid: int
    docno: int
    value: int
    names: str
    numbers: str
    integral: bool = False


def read_columns(data: bytes, layout: Layout, path: Path, *, skip: int = 0) -> Scores:
    """Parse a table of (qid, docno, number) rows into `Scores`.

    Parameters
    ----------
    data : bytes
        Text without a byte order mark.
    layout : Layout
    path : Path
        For errors and the name of the scores.
    skip : int
        Header lines to pass over.

    Raises
    ------
    FormatError
        With path:line, on a wrong number of columns, a number that is none or not
        finite, a document twice in one query, or text that is not UTF-8.
    """
    table = _quick(data, layout, skip) or _by_line(data, layout, path, skip)
    qids, query_codes = encode(table[0], ordered=False)
    docnos, doc_codes = encode(table[1], ordered=True)
    values = table[2]
    keys = query_codes * len(docnos) + doc_codes
    repeated = _first_repeat(keys)
    if repeated is not None or not np.isfinite(values).all():
        _by_line(data, layout, path, skip, strict=True)
    return Scores.from_rows(
        query_codes, qids, doc_codes, docnos, values, name=str(path)
    )


Columns = tuple[Any, Any, Floats]


def _quick(data: bytes, layout: Layout, skip: int) -> Columns | None:
    """Columns by pyarrow, or None when the text needs the careful way."""
    first = data.split(b"\n", skip + 1)[skip] if skip else data[: data.find(b"\n")]
    separator = b"\t" if b"\t" in first else b" "
    if not _is_regular(data, separator):
        return None
    names = [str(number) for number in range(layout.width)]
    wanted = [names[layout.qid], names[layout.docno], names[layout.value]]
    try:
        table = pacsv.read_csv(
            pa.BufferReader(data),
            read_options=pacsv.ReadOptions(column_names=names, skip_rows=skip),
            parse_options=pacsv.ParseOptions(
                delimiter=separator.decode(), quote_char=False
            ),
            convert_options=pacsv.ConvertOptions(
                column_types={
                    wanted[0]: pa.string(),
                    wanted[1]: pa.string(),
                    wanted[2]: pa.float64(),
                },
                include_columns=wanted,
                null_values=[],
                strings_can_be_null=False,
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError):
        return None
    qids, docnos, values = (table.column(name) for name in wanted)
    numbers = values.to_numpy()
    if layout.integral and not np.array_equal(numbers, np.trunc(numbers)):
        return None
    if bool(pc.any(pc.equal(qids, "")).as_py() or pc.any(pc.equal(docnos, "")).as_py()):
        return None
    return qids, docnos, numbers


def _is_regular(data: bytes, separator: bytes) -> bool:
    """Whether single separators part the columns, and nothing else could."""
    other = b" " if separator == b"\t" else b"\t"
    blanks = (other, b"\r", b"\v", b"\f", separator * 2, separator + b"\n")
    if data.startswith(b"#") or data.endswith(separator):
        return False
    if any(irregular in data for irregular in (b"\n#", *blanks)):
        return False
    try:
        return data.isascii() or bool(data.decode("utf-8"))
    except UnicodeDecodeError:
        return False  # pyarrow would only look at the columns that count


def _by_line(
    data: bytes, layout: Layout, path: Path, skip: int, *, strict: bool = False
) -> Columns:
    """Parse line by line; with `strict`, also refuse repeated documents."""
    rows: list[tuple[str, str, float]] = []
    seen: dict[tuple[str, str], int] = {}
    for number, raw in enumerate(data.split(b"\n"), start=1):
        # A comment is "# ..."; an id may begin with the same character
        if number <= skip or not raw.strip() or raw[:2].strip() == b"#":
            continue
        row = _row(raw, layout, path, number)
        if strict:
            before = seen.setdefault(row[:2], number)
            if before != number:
                raise FormatError(
                    path,
                    f"document {row[1]!r} stands a second time under query "
                    f"{row[0]!r} (first in line {before}); keep one of the two",
                    line=number,
                )
        rows.append(row)
    if not rows:
        raise FormatError(path, f"no rows of {layout.names!r}", line=1)
    qids, docnos, values = zip(*rows, strict=True)
    return pa.array(qids), pa.array(docnos), np.array(values, dtype=np.float64)


def _row(raw: bytes, layout: Layout, path: Path, number: int) -> tuple[str, str, float]:
    try:
        # Split first: to str.split a no-break space inside an id is a blank too
        fields = [field.decode("utf-8") for field in raw.split()]
    except UnicodeDecodeError as error:
        raise FormatError(path, f"not UTF-8 text ({error})", line=number) from None
    if len(fields) != layout.width:
        raise FormatError(
            path,
            f"expected {layout.width} columns ({layout.names}), found {len(fields)}",
            line=number,
        )
    text = fields[layout.value]
    value = _number(text)
    if value is None or (layout.integral and value != int(value)):
        kind = "a whole number" if layout.integral else "a finite number"
        raise FormatError(
            path, f"the {layout.numbers} must be {kind}, found {text!r}", line=number
        )
    return fields[layout.qid], fields[layout.docno], value


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    plain = text.isascii() and "_" not in text
    return value if np.isfinite(value) and plain else None


def _first_repeat(keys: Integers) -> int | None:
    ordered = np.sort(keys)
    repeats = np.flatnonzero(ordered[1:] == ordered[:-1])
    return int(repeats[0]) if repeats.size else None
