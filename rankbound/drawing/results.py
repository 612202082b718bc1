"""Find the results of earlier commands in a folder, by the schema they name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rankbound.errors import UsageError
from rankbound.results import result_type

# The files that commands leave, and the schema at the top of each; in the order in
# which a report shows them
FILES = {
    "ledger.json": "rankbound.ledger/1",
    "comparison.json": "rankbound.comparison/1",
    "validation.json": "rankbound.validation/1",
    "inspection.json": "rankbound.inspection/1",
    "power.json": "rankbound.power/1",
}
# Commands that write JSON under a name of the user's choice
FREE = ("rankbound.inspection/1", "rankbound.power/1")
HEAD = 200  # bytes, within which a result names its schema
# Columns of the per-query table that some of them leave beside it
COLUMNS = {
    "ledger.json": ("qid", "student", "entropy_nats"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """What one command left in one folder.

    Attributes
    ----------
    schema : str
        Such as "rankbound.ledger/1".
    name : str
        The folder below the one asked for, for titles and file names; empty for that
        folder itself. A JSON file of the user's own naming adds its name.
    content : Result
        The JSON file, decoded; a mapping for a kind that has no type yet.
    table : sequence of mappings
        The rows of the table of queries beside it; empty where there is none.
    file : str
        The JSON file, relative to the folder asked for.
    """

    schema: str
    name: str
    content: Any
    table: Sequence[Mapping[str, str]] = field(default=(), repr=False)
    file: str = ""

    @property
    def kind(self) -> str:
        """The kind of result, such as "ledger"."""
        return kind_of(self.schema)


def kind_of(schema: str) -> str:
    """The kind of result that a schema is of.

    Examples
    --------
    >>> kind_of("rankbound.ledger/1")
    'ledger'
    """
    return schema.removeprefix("rankbound.").partition("/")[0]


def file_of(result: Found) -> str:
    """Where a result lies below the folder asked for.

    Examples
    --------
    >>> file_of(Found("rankbound.ledger/1", "a/b", {}))
    'a/b/ledger.json'
    """
    if result.file:
        return result.file
    name = next(n for n, schema in FILES.items() if schema == result.schema)
    return Path(result.name, name).as_posix()


def find_results(folder: Path, *, asked: str = "--from ") -> list[Found]:
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
        _result(path, folder, schema)
        for path in sorted(folder.rglob("*.json"))
        if (schema := FILES.get(path.name) or _free_schema(path)) is not None
    ]
    if not found:
        raise UsageError(
            f"{asked}{folder}: holds none of {', '.join(FILES)}; give the --out folder "
            "of rankbound measure, compare or validate, or where the --json of inspect "
            "or power lies"
        )
    return found


def columns_of(table: Sequence[Mapping[str, str]], *names: str) -> list[list[float]]:
    """Numeric columns of a table, over the rows where all of them are filled."""
    full = [row for row in table if all(row.get(name) for name in names)]
    return [[float(row[name]) for row in full] for name in names]


def _free_schema(path: Path) -> str | None:
    """The schema of a result under another name, told without reading all of it."""
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD).decode("utf-8", errors="replace")
    except OSError:
        return None
    named = re.match(r'\s*\{\s*"schema":\s*"([^"]*)"', head)
    return named[1] if named is not None and named[1] in FREE else None


def _result(path: Path, folder: Path, schema: str) -> Found:
    content = result_type(kind_of(schema)).load(path)
    # The first table that a result may have beside it is that of its queries
    table = [content.beside.get(beside.name, ()) for beside in content.BESIDE[:1]]
    name, file = _place(path, folder)
    return Found(schema, name, content, table[0] if table else (), file)


def _place(path: Path, folder: Path) -> tuple[str, str]:
    """The name and the file of a result, relative to the folder asked for."""
    name = path.parent.relative_to(folder).as_posix()
    name = "" if name == "." else name
    if path.name not in FILES:  # several may lie in one folder
        name = "/".join(filter(None, (name, path.stem)))
    return name, path.relative_to(folder).as_posix()
