"""Find the results of earlier commands in a folder, by the schema they name."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rankbound.drawing.rows import read_rows
from rankbound.errors import UsageError
from rankbound.formats.errors import FormatError

# The files that commands leave, and the schema at the top of each
FILES = {
    "ledger.json": "rankbound.ledger/1",
    "comparison.json": "rankbound.comparison/1",
    "validation.json": "rankbound.validation/1",
    "inspection.json": "rankbound.inspection/1",
}
# Columns of the per-query table that some of them leave beside it
COLUMNS = {
    "ledger.json": ("qid", "student", "entropy_nats"),
    "comparison.json": ("qid", "sampling", "quantity", "pairs", "value"),
}


@dataclass(frozen=True, slots=True)
class Result:
    """What one command left in one folder.

    Attributes
    ----------
    schema : str
        Such as "rankbound.ledger/1".
    name : str
        The folder below the one asked for, for titles and file names; empty for that
        folder itself.
    content : mapping
        The JSON file.
    table : sequence of mappings
        The rows of ``per_query.tsv`` beside it; empty where there is none.
    """

    schema: str
    name: str
    content: Mapping[str, Any]
    table: Sequence[Mapping[str, str]] = field(default=(), repr=False)


def find_results(folder: Path, *, asked: str = "--from ") -> list[Result]:
    """All results in a folder and its sub-folders, in the order of their paths.

    `asked` is the option in front of the folder, for messages.

    Raises
    ------
    UsageError
        When it is no folder, or holds no result.
    FormatError
        When a file is damaged or of a version that this program does not know.
    """
    if not folder.is_dir():
        raise UsageError(f"{asked}{folder}: no such folder")
    found = [
        _result(path, folder)
        for path in sorted(folder.rglob("*.json"))
        if path.name in FILES
    ]
    if not found:
        raise UsageError(
            f"{asked}{folder}: holds none of {', '.join(FILES)}; give the --out folder "
            "of rankbound measure, compare or validate"
        )
    return found


def columns_of(table: Sequence[Mapping[str, str]], *names: str) -> list[list[float]]:
    """Numeric columns of a table, over the rows where all of them are filled."""
    full = [row for row in table if all(row.get(name) for name in names)]
    return [[float(row[name]) for row in full] for name in names]


def _result(path: Path, folder: Path) -> Result:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FormatError(path, f"cannot be read as JSON ({error})", line=1) from None
    schema = content.get("schema") if isinstance(content, dict) else None
    if schema != FILES[path.name]:
        raise FormatError(
            path,
            f"expected the schema {FILES[path.name]!r}, found {schema!r}; run the "
            "command again with this version",
            line=1,
        )
    name = path.parent.relative_to(folder).as_posix()
    table = _table(path.with_name("per_query.tsv"), COLUMNS.get(path.name))
    return Result(schema, "" if name == "." else name, content, table)


def _table(path: Path, needed: Sequence[str] | None) -> Sequence[Mapping[str, str]]:
    if needed is None or not path.is_file():
        return ()
    return read_rows(path, needed=needed)
