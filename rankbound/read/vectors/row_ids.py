"""Ids of the rows of a matrix, in a file of their own: text, JSON or NumPy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import orjson

from rankbound.errors import FormatError
from rankbound.read.fields import (
    all_composed,
    check_code_points,
    check_lengths,
    is_odd,
    odd_id,
    odd_words,
)
from rankbound.read.source import NUMPY_MAGIC, Source, decoded

LINE_ENDS = frozenset("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029")
SUFFIXES = (
    ".ids.txt",
    ".ids.txt.gz",
    ".ids",
    ".ids.npy",
    ".ids.json",
    ".docnos.txt",
    ".docids.txt",
    ".txt",
    ".json",
)


def ids_beside(path: Path) -> Path | None:
    """The file with the ids of a file of vectors, found by its name, or None.

    For `docs.npy` it is the first that exists of `docs.ids.txt`, `docs.ids.txt.gz`,
    `docs.ids`, `docs.ids.npy`, `docs.ids.json`, `docs.docnos.txt`, `docs.docids.txt`,
    `docs.txt` and `docs.json`.
    """
    stem = path.with_suffix("")
    named = (stem.parent / f"{stem.name}{suffix}" for suffix in SUFFIXES)
    return next((file for file in named if file.is_file() and file != path), None)


def paths_of(vectors: Path | None, ids: Path | None) -> tuple[Path, ...]:
    """The files that vectors and their ids are read from."""
    if vectors is None:
        return ()
    beside = ids or (None if vectors.is_dir() else ids_beside(vectors))
    return (vectors,) if beside is None else (vectors, beside)


def read_ids(path: Path, repairs: dict[str, int] | None = None) -> list[str]:
    """Distinct ids: one a line, a JSON list, or a one-dimensional .npy array.

    Raises
    ------
    FormatError
        With path:line, for a blank id, an id twice, or text that is not UTF-8.
    """
    source = Source(path)
    if source.is_folder:
        raise source.fail("is a directory; name the file of ids in it")
    if source.head.startswith(NUMPY_MAGIC):
        names = as_ids(_array(source), source)
    elif source.head.lstrip().startswith(b"["):
        names = as_ids(_json(source), source)
    else:
        names = _lines(source)
    return distinct(names, source, repairs)


def ids_path(vectors: Path) -> Path:
    """The path where the ids of a file of vectors are written.

    Examples
    --------
    >>> ids_path(Path("docs.npy")).name
    'docs.ids.txt'
    """
    return vectors.with_suffix("").with_name(
        f"{vectors.with_suffix('').name}{SUFFIXES[0]}"
    )


def write_ids(names: list[str], path: Path, name: str) -> None:
    """Write ids, one a line.

    Parameters
    ----------
    names : list of str
    path : Path
    name : str
        Where the ids come from, for errors.

    Raises
    ------
    FormatError
        For an id that would not be read back unchanged.
    """
    for row, one in enumerate(names):
        odd = one.strip() != one or not one or not LINE_ENDS.isdisjoint(one)
        if odd or (row == 0 and one[0] in "[\ufeff"):
            raise FormatError(
                name,
                f"id {one!r} cannot be a line of a list of ids; write a format that "
                "holds its own ids, such as .npz or .parquet",
            )
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.writelines(f"{one}\n" for one in names)


def as_ids(values: Any, source: Source) -> list[str]:
    """Ids as text; each must be text or a whole number."""
    if isinstance(values, np.ndarray):
        check_code_points(values, source.fail)
    return [_one(value, source, row) for row, value in enumerate(values, start=1)]


def distinct(
    names: list[str], source: Source, repairs: dict[str, int] | None = None
) -> list[str]:
    """The names in composed form, of which none may be blank or occur twice."""
    check_lengths(names, source.fail)
    names = all_composed(names, repairs)
    once = {*names}
    if len(once) == len(names) and "" not in once and odd_id(names) is None:
        return names
    seen: dict[str, int] = {}
    for number, name in enumerate(names, start=1):
        if not name:
            raise source.fail("a blank line where an id should be", line=number)
        if is_odd(name):
            raise source.fail(odd_words("an id", name), line=number)
        before = seen.setdefault(name, number)
        if before != number:
            raise source.fail(
                f"id {name!r} occurs twice (first in line {before}); one vector per id",
                line=number,
            )
    return names


def _one(value: Any, source: Source, row: int) -> str:
    if isinstance(value, bytes | np.bytes_):
        value = decoded(bytes(value), source.path, row)
    if isinstance(value, str):
        return str(value).strip()
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return str(int(value))
    raise source.fail(
        f"an id must be text or a whole number, found {value!r}", line=row
    )


def _lines(source: Source) -> list[str]:
    data = source.data()
    if not data.strip():
        raise source.fail("the file is empty", line=1)
    text = decoded(data, source.path)
    return [line.strip() for line in text.removesuffix("\n").split("\n")]


def _json(source: Source) -> Any:
    try:
        return orjson.loads(source.data())
    except orjson.JSONDecodeError as error:
        raise source.fail(
            f"not a JSON list of ids ({error.msg})", line=error.lineno
        ) from None


def _array(source: Source) -> Any:
    try:
        array = np.load(source.path, allow_pickle=False)
    except (ValueError, OSError, EOFError, SyntaxError) as error:
        raise FormatError(source.path, f"not a readable .npy ({error})") from None
    if array.ndim != 1 or array.dtype.kind not in "USiu":
        raise source.fail(
            "ids must be a one-dimensional array of text or whole numbers, found shape "
            f"{array.shape} of {array.dtype}"
        )
    return array
