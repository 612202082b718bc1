"""Spreads over queries, read from the results of `measure` and `compare`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rankbound.bounds.wording import counted
from rankbound.catalogue import QUANTITIES, base
from rankbound.data.scores import Floats
from rankbound.errors import FormatError, UsageError
from rankbound.read.opening import read_bytes

Table = list[dict[str, str]]
Range = tuple[float, float]
TABLE = "per_query.tsv"
MEASURED = ("qid", "student")
COMPARED = ("qid", "sampling", "quantity", "pairs", "value")
# The other columns of measure count documents and pairs, or repeat one in bits
COLUMNS = {
    "entropy_nats": "nats",
    "divergence_nats": "nats",
    "risk_nats": "nats",
    "diameter": "distance",
    "mean_distance": "distance",
    "teacher_range": "temperatures",
    "student_range": "temperatures",
}
PAIRED = ("divergence_nats", "risk_nats")
LN2 = float(np.log(2))
RANGES: dict[str, Range] = {"entropy": (0.0, LN2), "ties": (0.0, 1.0)}


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """How much a per-query number varies.

    Attributes
    ----------
    source, unit : str
        What varies; the unit may be empty.
    sd : float
        Above 0.
    n : int or None
        Queries behind it, None where the number was given.
    values : float64 array or None
        The numbers themselves.
    bounds : tuple of float or None
        Where one number lies, if that is known before looking.
    """

    source: str
    unit: str
    sd: float
    n: int | None = None
    values: Floats | None = None
    bounds: Range | None = None


def spreads_of(folder: Path) -> tuple[list[Spread], list[str]]:
    """The spreads in a folder of results, and what does not vary.

    Parameters
    ----------
    folder : Path
        What `measure` or `compare` wrote. Of `measure`: every column of every student,
        and the paired differences of students. Of `compare`: the paired differences
        of every sampling and the reference, by quantity and pair set.

    Raises
    ------
    FormatError, UsageError
        When there is no such table, it is of another kind, or nothing in it varies.
    """
    path = folder / TABLE
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: is a file; --from needs the folder of results")
    if not path.is_file():
        what = f"holds no {TABLE}" if folder.exists() else "no such folder"
        raise UsageError(
            f"{folder}: {what}; --from needs results of measure or compare"
        )
    rows = _rows(path)
    columns = tuple(rows[0])
    if columns[: len(COMPARED)] == COMPARED:
        found = _compared(rows, path, _record(folder / "comparison.json"))
    elif columns[: len(MEASURED)] == MEASURED:
        found = _measured(rows, path, _record(folder / "ledger.json"))
    else:
        raise FormatError(
            path, f"expected the columns of measure or compare, found {columns}", line=1
        )
    still = [spread.source for spread in found if not spread.sd > 0]
    moving = [spread for spread in found if spread.sd > 0]
    if not moving:
        raise UsageError(f"{path}: nothing varies over queries; there is nothing to do")
    return moving, still


def _rows(path: Path) -> Table:
    lines = read_bytes(path).decode("utf-8", errors="replace").splitlines()
    header = lines[0].split("\t")
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        cells = line.split("\t")
        if len(cells) != len(header):
            raise FormatError(
                path,
                f"expected {counted(len(header), 'column')}, found {len(cells)}",
                line=number,
            )
        rows.append(dict(zip(header, cells, strict=True)) | {"": str(number)})
    if not rows:
        raise FormatError(path, "holds no queries", line=1)
    return rows


def _record(path: Path) -> dict[str, Any]:
    """The JSON beside the table; empty where there is none."""
    if not path.is_file():
        return {}
    try:
        value = json.loads(read_bytes(path))
    except ValueError as error:
        raise FormatError(path, f"broken JSON: {error}") from None
    return value if isinstance(value, dict) else {}


def _measured(rows: Table, path: Path, ledger: dict[str, Any]) -> list[Spread]:
    students = list(dict.fromkeys(row["student"] for row in rows))
    by_student = {
        name: {row["qid"]: row for row in rows if row["student"] == name}
        for name in students
    }
    found = []
    for name, table in by_student.items():
        for column, unit in COLUMNS.items():
            cells = [row for row in table.values() if row.get(column, "") != ""]
            if not cells:
                continue
            bounds = _column_range(column, ledger, name)
            label = f"{name}: {column}" if name else column
            values = [_number(row, column, path) for row in cells]
            found.append(_spread(label, unit, values, bounds))
    first = students[0]
    for name in students[1:]:
        for column in PAIRED:
            both = _shared(by_student[name], by_student[first], column, path)
            if both:
                sides = [_column_range(column, ledger, n) for n in (name, first)]
                label = f"{name} - {first}: {column}"
                found.append(_spread(label, "nats", both, _difference(*sides)))
    return found


def _shared(
    rows: dict[str, dict[str, str]],
    others: dict[str, dict[str, str]],
    column: str,
    path: Path,
) -> list[float]:
    """Paired differences of a column, over the queries where both have it."""
    return [
        _number(row, column, path) - _number(others[qid], column, path)
        for qid, row in rows.items()
        if row.get(column, "") and qid in others and others[qid].get(column, "")
    ]


def _column_range(column: str, ledger: dict[str, Any], student: str) -> Range | None:
    if column == "entropy_nats":
        return RANGES["entropy"]
    if column not in PAIRED:
        return None
    known = ledger.get("students", {}).get(student, {}).get("range")
    if known is None:
        return None
    return (known["low"] if column == "risk_nats" else 0.0), known["high"]


def _compared(rows: Table, path: Path, record: dict[str, Any]) -> list[Spread]:
    values: dict[tuple[str, str, str], dict[str, float]] = {}
    for row in rows:
        key = (row["quantity"], row["pairs"], row["sampling"])
        values.setdefault(key, {})[row["qid"]] = _number(row, "value", path)
    baseline = record.get("reference", rows[0]["sampling"])
    found = []
    for (quantity, pairs, sampling), column in values.items():
        against = values.get((quantity, pairs, baseline), {})
        shared = [qid for qid in column if qid in against]
        if sampling in (baseline, "target") or not shared:
            continue
        side = RANGES.get(quantity)
        found.append(
            _spread(
                f"{sampling} - {baseline}: {quantity}, {pairs}",
                QUANTITIES[base(quantity)].unit if base(quantity) in RANGES else "",
                [column[qid] - against[qid] for qid in shared],
                _difference(side, side),
            )
        )
    if not found:
        raise UsageError(
            f"{path}: no sampling has a query in common with the reference {baseline!r}"
        )
    return found


def _difference(first: Range | None, second: Range | None) -> Range | None:
    if first is None or second is None:
        return None
    return first[0] - second[1], first[1] - second[0]


def _spread(label: str, unit: str, values: list[float], bounds: Range | None) -> Spread:
    array = np.array(values)
    sd = float(array.std(ddof=1)) if len(array) > 1 else 0.0
    if sd <= 1e-13 * max(1.0, float(np.abs(array).max())):  # rounding of one number
        sd = 0.0
    return Spread(label, unit, sd, len(array), array, bounds)


def _number(row: dict[str, str], column: str, path: Path) -> float:
    try:
        value = float(row[column])
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise FormatError(
            path,
            f"{column} must be a finite number, found {row[column]!r}",
            line=int(row[""]),
        )
    return value
