"""Find the results of earlier commands in a folder, by the schema they name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from rankbound.engine import HIDDEN
from rankbound.errors import UsageError
from rankbound.results import Result, result_type
from rankbound.rows import Rows
from rankbound.writing import settle

# The files that commands leave, and the schema at the top of each; in the order in
# which a report shows them
FILES = {
    "study.json": "rankbound.study/1",
    "ledger.json": "rankbound.ledger/1",
    "comparison.json": "rankbound.comparison/1",
    "validation.json": "rankbound.validation/1",
    "ablation.json": "rankbound.ablation/1",
    "inspection.json": "rankbound.inspection/1",
    "power.json": "rankbound.power/1",
}
# Schemas of commands that write JSON under a name that the user chooses
FREE = ("rankbound.inspection/1", "rankbound.power/1")
Content = TypeVar("Content", bound=Result)
HEAD = 200  # bytes, within which a result names its schema


@dataclass(frozen=True, slots=True)
class Found:
    """What one command left in one folder.

    Attributes
    ----------
    schema : str
        Such as "rankbound.ledger/1".
    name : str
        The path of its folder below the one asked for, for titles and file names; empty
        for that folder itself. A JSON file that the user named adds its name.
    content : Result
        The JSON file, decoded.
    table : Rows
        The table of queries beside it; without rows where there is none.
    file : str
        The JSON file, relative to the folder asked for.
    """

    schema: str
    name: str
    content: Result
    table: Rows = field(default_factory=lambda: Rows({}), repr=False)
    file: str = ""

    @property
    def kind(self) -> str:
        """The kind of result, such as "ledger"."""
        return kind_of(self.schema)

    def as_a(self, wanted: type[Content]) -> Content:
        """The content as the type that its kind has, with its texts in options."""
        if not isinstance(self.content, wanted):
            made = type(self.content).__name__
            raise TypeError(f"expected a {wanted.__name__}, got a {made}")
        # Pages and figures of the command line speak of its options
        return self.content.in_options()


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
    >>> file_of(Found("rankbound.ledger/1", "a/b", Result()))
    'a/b/ledger.json'
    """
    if result.file:
        return result.file
    name = next(n for n, schema in FILES.items() if schema == result.schema)
    return Path(result.name, name).as_posix()


def files_of(folder: Path, results: Iterable[Found]) -> list[Path]:
    """The files of results in a folder."""
    found = []
    for result in results:
        path = folder / file_of(result)
        beside = [kind.path(path.parent) for kind in result.content.BESIDE]
        found += [path, *filter(None, beside)]
    return found


def inputs_of(results: Iterable[Found]) -> list[Path]:
    """The files that results were made from."""
    given = [one.path for it in results for one in getattr(it.content, "inputs", ())]
    return [*map(Path, filter(None, given))]


def find_results(folder: Path, *, asked: str = "`folder` ") -> list[Found]:
    """All results in a folder and its sub-folders, in the order of their paths.

    `asked` stands before the folder in messages: the parameter that it was given as.

    Raises
    ------
    UsageError
        When it is no folder, or holds no result.
    FormatError
        When a file is damaged or of a version that this program does not know.
    """
    if not folder.is_dir():
        raise UsageError(f"{asked}{folder}: no such folder")
    for one in (folder, *filter(Path.is_dir, folder.rglob("*"))):
        settle(one)
    found = [
        _result(path, folder, schema)
        for path in sorted(folder.rglob("*.json"))
        if path.is_file() and HIDDEN not in path.relative_to(folder).parent.as_posix()
        if (schema := FILES.get(path.name) or _free_schema(path)) is not None
    ]
    if not found:
        raise UsageError(
            f"{asked}{folder}: holds none of {', '.join(FILES)}; give a folder with "
            "results of measure, compare or validate, or with the JSON files of "
            "inspect or power"
        )
    return found


def _free_schema(path: Path) -> str | None:
    """The schema of a result under another name, without reading the whole file."""
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD).decode("utf-8-sig", errors="replace")
    except OSError:
        return None
    named = re.match(r'\s*\{\s*"schema":\s*"([^"]*)"', head)
    return named[1] if named is not None and named[1] in FREE else None


def _result(path: Path, folder: Path, schema: str) -> Found:
    made = result_type(kind_of(schema)).load(path)
    name, file = _place(path, folder)
    table = made.beside.get(made.BESIDE[0].name) if made.BESIDE else None
    return Found(schema, name, made, Rows({}) if table is None else table, file)


def _place(path: Path, folder: Path) -> tuple[str, str]:
    """The name and the file of a result, relative to the folder asked for."""
    name = path.parent.relative_to(folder).as_posix()
    name = "" if name == "." else name
    if path.name not in FILES:  # several may lie in one folder
        name = "/".join(filter(None, (name, path.stem)))
    return name, path.relative_to(folder).as_posix()
