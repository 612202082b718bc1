"""Every format by name, and detection from content.

A family of formats is a module with a tuple `FORMATS`. Families are listed in the
order of detection: containers with a signature first, then particular before general
formats.
"""

from __future__ import annotations

import difflib
from functools import cache
from importlib import import_module
from pathlib import Path

import orjson

from rankbound.errors import FormatError, UsageError
from rankbound.memory import reading_within
from rankbound.read.contents import Contents, Format
from rankbound.read.json.jsonl import RowFormat
from rankbound.read.likely import FORMATS as LISTED
from rankbound.read.likely import likely, misleading
from rankbound.read.source import HEAD, ZIP_MAGIC, Source

FAMILIES: tuple[str, ...] = (
    "objects.irds",
    "tables.columnar",
    "tables.tables",
    "objects.pickles",
    "vectors.embeddings",
    "json.groups",
    "json.lists",
    "json.passages",
    "json.margins",
    "json.tables",
    "json.mined",
    "json.nested",
    "json.lookup",
    "text.texts",
    "text.tables",
    "json.hofstaetter",
    "text.triples",
    "text.trec",
)


@cache
def formats() -> dict[str, Format]:
    """All formats by name, in the order of detection."""
    found: dict[str, Format] = {}
    for family in FAMILIES:
        for entry in import_module(f"rankbound.read.{family}").FORMATS:
            if entry.name in found:
                raise ValueError(f"two formats are called {entry.name!r}")
            found[entry.name] = entry
    return found


@cache
def row_formats() -> tuple[RowFormat, ...]:
    """The formats of records, which lines, tables and Python objects can hold."""
    modules = (import_module(f"rankbound.read.{family}") for family in FAMILIES)
    return tuple(
        entry for module in modules for entry in getattr(module, "ROW_FORMATS", ())
    )


def row_format(name: str) -> RowFormat | None:
    """The format of records of a name, with its argument; None for other formats.

    Raises
    ------
    UsageError
        For an unknown argument.
    """
    base, colon, argument = name.partition(":")
    found = next((entry for entry in row_formats() if entry.name == base), None)
    if found is None or not colon or found.configure is None:
        return None if colon else found
    return found.configure(argument)


def by_name(name: str) -> Format:
    """The format of a name, which may be followed by a colon and an argument.

    Parameters
    ----------
    name : str
        ``NAME`` or ``NAME:ARGUMENT``.

    Raises
    ------
    UsageError
        For an unknown name or argument, with the names that are most like it.
    """
    known = formats()
    base, colon, argument = name.partition(":")
    if base not in known:
        near = difflib.get_close_matches(base, known, n=3)
        meant = f"did you mean {' or '.join(near)}? " if near else ""
        raise UsageError(f"no format is called {base!r}; {meant}{LISTED}")
    if not colon:
        return known[base]
    configure = known[base].configure
    if configure is None:
        raise UsageError(f"`format={name!r}`: {base} takes no argument after a colon")
    return configure(argument)


def detect(source: Source, *, part: str | None = None) -> tuple[Format, str]:
    """The first format that recognises the content, and its evidence.

    Parameters
    ----------
    source : Source
    part : str, optional
        The part that is wanted, of `PARTS`. Formats that can hold it are tried first,
        since two formats may recognise the same content.

    Raises
    ------
    FormatError
        If no format recognises the content, or the file is empty.
    """
    if source.dataset is not None:
        wanted = "qrels" if part == "qrels" else "scoreddocs"
        return by_name(f"irds-{wanted}"), f"the id {source.dataset!r} of a dataset"
    if not source.is_folder and not source.head.strip():
        raise FormatError(source.path, "the file is empty", line=1)
    other = misleading(source)
    if other is not None:
        raise FormatError(source.path, other, line=1)
    for entry in sorted(formats().values(), key=lambda one: part not in one.parts):
        evidence = entry.sniff(source)
        if evidence is not None:
            return entry, evidence
    if source.is_folder:
        raise FormatError(
            source.path, "is a directory of no known format; name the file in it"
        )
    _refuse_packed(source)
    broken = _no_json(source.head)
    found = None if broken else likely(source)
    start = source.head[:60]
    raise FormatError(
        source.path,
        f"of no known format, it begins with {start!r}{broken}; {LISTED}"
        if found is None
        else f"{found}; {LISTED}",
        line=1,
    )


def _refuse_packed(source: Source) -> None:
    """Refuse packed vectors, which cannot be memory-mapped."""
    if source.packing == "none" or source.is_folder:
        return
    bare = Source(source.path, content=source.head)
    mapped = [entry for entry in formats().values() if entry.lies == "mapped"]
    if source.head.startswith(ZIP_MAGIC) or any(entry.sniff(bare) for entry in mapped):
        raise FormatError(
            source.path,
            f"is packed with {source.packing}; unpack it, so that it can be mapped",
        )


def _no_json(head: bytes) -> str:
    """Why the first line is broken JSON; empty if it is valid or not meant as JSON."""
    line, end, _ = head.partition(b"\n")
    if (
        not line.startswith((b"{", b"["))
        or len(line) < 3
        or (not end and len(head) >= HEAD)
    ):
        return ""
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return f", which is not valid JSON ({error.msg} at column {error.colno})"
    return ""


def read_any(
    path: Path | str,
    *,
    format: str | None = None,
    memory: int | str | None = None,
) -> Contents:
    r"""Read a file or folder of any known format, detected from its content.

    Parameters
    ----------
    path : path
    format : str, optional
        The name of a format, instead of detection.
    memory : int or str, optional
        The most memory that reading may take, in bytes or such as "2GiB"; by default
        three quarters of what the machine or its container gives.

    Returns
    -------
    Contents
        All parts that the file holds, with counts of what was repaired.

    Raises
    ------
    FormatError
        With path:line (or row), naming the rule that the file breaks.
    UsageError
        If no format has the given name.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "run.txt")
    ...     _ = path.write_text("q1 Q0 d1 1 2.5 bm25\n")
    ...     contents = read_any(path)
    >>> contents.format, contents.scores.values.tolist()
    ('trec-run', [2.5])
    """
    source = Source(Path(path), named=format is not None)
    with reading_within(memory):
        entry = detect(source)[0] if format is None else by_name(format)
        return entry.read(source)
